// Answers with a stream: each element is a message, and the next one is made when the client has read enough.
//   bin/myelin run examples/services/stream.ts
//   echo 3 | bin/myelin ws ws://localhost:8280/stream
import { service } from 'myelin'

async function* countdown(from: number): AsyncGenerator<unknown> {
  for (let left = from; left > 0; left--) yield { left }
  yield 'off'
}

export default service({
  basePath: '/stream',
  onTextMessage: (_caller, text: string) => countdown(Math.min(Number(text), 1000)),
})
