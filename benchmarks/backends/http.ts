import { createServer, type Socket } from 'node:net'
import { parseArgs } from 'node:util'
import { jsonOf } from '../load/bodies.ts'

// The HTTP backend behind `http-to-http`: answers every request with the same JSON. It has to cost much less than
// the subject, so it looks for the end of a request and for nothing else.
const { values } = parseArgs({
  options: { port: { type: 'string' }, size: { type: 'string', default: '1024' } },
})

const body = jsonOf('backend', Number(values.size))
const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`
const answer = Buffer.concat([Buffer.from(head), body])

const END_OF_HEAD = '\r\n\r\n'
const END_OF_CHUNKS = Buffer.from('\r\n0\r\n\r\n')

/** Gives where the request that starts at an offset ends, or -1 when it is not all there. */
function endOf(chunk: Buffer, from: number): number {
  const headEnd = chunk.indexOf(END_OF_HEAD, from, 'latin1')
  if (headEnd < 0) return -1
  const text = chunk.toString('latin1', from, headEnd)
  const bodyStart = headEnd + END_OF_HEAD.length
  const length = /\r\ncontent-length: *(\d+)/i.exec(text)
  if (length !== null) {
    const end = bodyStart + Number(length[1])
    return end <= chunk.length ? end : -1
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(text)) return bodyStart
  const last = chunk.indexOf(END_OF_CHUNKS, bodyStart - 2)
  return last < 0 ? -1 : last + END_OF_CHUNKS.length
}

function serve(socket: Socket): void {
  let rest: Buffer = Buffer.alloc(0)
  socket.on('data', (data: Buffer) => {
    const chunk = rest.length > 0 ? Buffer.concat([rest, data]) : data
    let at = 0
    for (let end = endOf(chunk, at); end >= 0; end = at < chunk.length ? endOf(chunk, at) : -1) {
      socket.write(answer)
      at = end
    }
    rest = chunk.subarray(at)
  })
  socket.on('error', () => socket.destroy())
}

createServer({ noDelay: true }, serve).listen(
  { host: '127.0.0.1', port: Number(values.port), backlog: 4096 },
  () => console.log('ready'),
)
