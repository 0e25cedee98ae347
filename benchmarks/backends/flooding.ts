import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { parseArgs } from 'node:util'
import { acceptOf, FIN, OPCODE } from '../load/frames.ts'

// A WebSocket backend that sends each client numbered messages of 1 KiB, as fast as they are taken. GET /stop ends
// that, and tells how many they were.
const { values } = parseArgs({ options: { port: { type: 'string' } } })

const PAYLOAD_BYTES = 1024
const FRAME_BYTES = PAYLOAD_BYTES + 4
const AT_ONCE = 32

/** Of each client, in the order they came. */
const sent: number[] = []
let isStopped = false

function flood(socket: Duplex): void {
  const client = sent.push(0) - 1
  const send = (): void => {
    let goesOn = true
    while (goesOn && !isStopped && socket.writable) {
      // The socket keeps what it does not take at once: each block is a new one.
      const block = Buffer.alloc(AT_ONCE * FRAME_BYTES, 'x')
      for (let i = 0; i < AT_ONCE; i++) {
        const at = i * FRAME_BYTES
        block[at] = FIN | OPCODE.binary
        block[at + 1] = 126
        block.writeUInt16BE(PAYLOAD_BYTES, at + 2)
        block.writeUInt32BE(sent[client]!, at + 4)
        sent[client]!++
      }
      goesOn = socket.write(block)
    }
  }
  socket.on('drain', send).on('error', () => socket.destroy())
  socket.on('data', () => {}).on('end', () => socket.end())
  send()
}

function upgraded(request: IncomingMessage, socket: Duplex): void {
  const accept = acceptOf(request.headers['sec-websocket-key'] ?? '')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  flood(socket)
}

createServer((request, response) => {
  if (request.url === '/stop') isStopped = true
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ sent }))
})
  .on('upgrade', upgraded)
  .listen({ host: '127.0.0.1', port: Number(values.port), backlog: 4096 }, () => console.log('ready'))
