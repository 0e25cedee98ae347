// Lets in pages of one origin alone, and says why. Where nothing is to be said the option origins does it.
//   bin/myelin run examples/services/origins.ts
//   bin/myelin ws ws://localhost:8280/basic/ws --header 'Origin: https://app.example.com'
import { reject, service } from 'myelin'

export default service({
  basePath: '/basic/ws',
  onUpgrade: request =>
    request.origin === 'https://app.example.com' ? undefined : reject(403, 'Invalid upgrade request'),
  onMessage: (_caller, data: string | Buffer) => data,
})
