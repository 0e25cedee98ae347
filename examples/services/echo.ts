// Sends back what it gets, text as text and bytes as bytes.
//   bin/myelin run examples/services/echo.ts
//   bin/myelin ws ws://localhost:8280/echo
import { service } from 'myelin'

export default service({
  basePath: '/echo',
  onMessage: (_caller, data: string | Buffer) => data,
})
