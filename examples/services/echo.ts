// Sends back what it gets: connect to ws://localhost:8280/echo
import { service } from 'myelin'

export default service({
  basePath: '/echo',
  onMessage: (_caller, data: string | Buffer) => data,
})
