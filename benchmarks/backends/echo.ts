import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { parseArgs } from 'node:util'
import { acceptOf, FIN, headerBytes, OPCODE, payloadBytes } from '../load/frames.ts'

// The WebSocket backend behind every subject: sends each message back, or with --sink only counts it. It has to cost
// much less than the subject, so it turns the bytes of a read into the bytes of one write without taking messages
// out: a server's frame is the client's frame, unmasked and four bytes shorter, so the answer fits where the question
// was. GET on any path tells how many messages arrived.
const { values } = parseArgs({ options: { port: { type: 'string' }, sink: { type: 'boolean' } } })

let messages = 0

/** Moves masked bytes forward to where they belong, unmasked; both places are in the same chunk. */
function unmask(chunk: Buffer, from: number, to: number, length: number): void {
  const key = chunk.readInt32LE(from - 4)
  let i = 0
  const byteWise = (end: number): void => {
    for (; i < end; i++) chunk[to + i] = chunk[from + i]! ^ ((key >>> ((i & 3) * 8)) & 0xff)
  }
  const start = chunk.byteOffset + from
  const distance = from - to
  // Whole words where both places are equally aligned, which four bytes less per frame keep true.
  if (length >= 32 && distance % 4 === 0) {
    byteWise((4 - (start & 3)) & 3)
    const words = new Int32Array(chunk.buffer, 0, chunk.buffer.byteLength >> 2)
    const turn = (i & 3) * 8
    const turned = turn === 0 ? key : (key >>> turn) | (key << (32 - turn))
    const shift = distance >> 2
    for (let word = (start + i) >> 2; i + 4 <= length; i += 4, word++) {
      words[word - shift] = words[word]! ^ turned
    }
  }
  byteWise(length)
}

/** Rewrites one whole frame in place as its answer; gives the answer's end, or `to` when there is none. */
function answer(chunk: Buffer, from: number, to: number, header: number, length: number): number {
  const first = chunk[from]!
  const opcode = first & 0x0f
  if (opcode < OPCODE.close && first & FIN) messages++
  if (opcode === OPCODE.pong || (values.sink && opcode < OPCODE.close)) return to
  chunk[to] = opcode === OPCODE.ping ? FIN | OPCODE.pong : first
  chunk.copyWithin(to + 1, from + 1, from + header)
  chunk[to + 1]! &= 0x7f
  unmask(chunk, from + header + 4, to + header, length)
  return to + header + length
}

function serve(socket: Duplex, head: Buffer): void {
  let rest: Buffer = Buffer.alloc(0)
  const take = (data: Buffer): void => {
    const chunk = rest.length > 0 ? Buffer.concat([rest, data]) : data
    let at = 0
    let out = 0
    let closing = false
    while (chunk.length - at >= 2) {
      const header = headerBytes(chunk[at + 1]! & 0x7f)
      if (chunk.length - at < header + 4) break
      const length = payloadBytes(chunk, at)
      const end = at + header + 4 + length
      if (end > chunk.length) break
      closing = (chunk[at]! & 0x0f) === OPCODE.close
      out = answer(chunk, at, out, header, length)
      at = end
    }
    rest = chunk.subarray(at)
    if (out > 0) socket.write(chunk.subarray(0, out))
    if (closing) socket.end()
  }
  if (head.length > 0) take(head)
  socket.on('data', take)
  socket.on('error', () => socket.destroy())
}

const server = createServer((request, response) => {
  request.resume()
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ messages }))
})
server.on('upgrade', (request, socket, head) => {
  const accept = acceptOf(request.headers['sec-websocket-key'] ?? '')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  serve(socket, head)
})
server.listen({ host: '127.0.0.1', port: Number(values.port), backlog: 4096 }, () => console.log('ready'))
