// Closes who asks for it, and tells the others with which code and reason a client has gone.
//   bin/myelin run examples/services/close.ts
//   echo bye | bin/myelin ws ws://localhost:8280/close
import { close, service } from 'myelin'

export default service({
  basePath: '/close',
  async onOpen(caller) {
    await caller.groups.join('close')
  },
  onTextMessage: () => close(4001, 'the shift is over'),
  async onClose(caller, code, reason) {
    await caller.groups.send('close', `Client closed connection with ${code} because of ${reason}`)
  },
})
