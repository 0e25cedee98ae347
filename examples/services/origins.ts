// Lets in pages of one origin alone, and says why: in place of the option origins where more is to be known.
import { reject, service } from 'myelin'

export default service({
  basePath: '/basic/ws',
  onUpgrade: request =>
    request.origin === 'https://app.example.com' ? undefined : reject(403, 'Invalid upgrade request'),
  onMessage: (_caller, text: string) => text,
})
