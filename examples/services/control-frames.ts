// Is told of pings and pongs, and answers the pings itself. A service without these hooks has them answered.
//   bin/myelin run examples/services/control-frames.ts
//   echo /ping hello | bin/myelin ws ws://localhost:8280/frames --words --show-control-frames
import { service } from 'myelin'

export default service({
  basePath: '/frames',
  onPing: (_caller, data: Buffer) => data,
  onPong: (_caller, data: Buffer) => `Pong received with data (${data.toString('base64')})`,
})
