// Answers pings itself, and says when a client answers its own.
import { service } from 'myelin'

export default service({
  basePath: '/frames',
  onOpen: caller => caller.ping('are you there'),
  onPing: (_caller, data: Buffer) => data,
  onPong: (_caller, data: Buffer) => `pong received with ${data}`,
})
