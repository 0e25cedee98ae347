import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { type RawBackend, startRaw } from '../support/backends.ts'

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Starts a server that does the handshake by hand, and then what it is told: bytes leave as they are. */
export function startByHand(act: (socket: Socket) => void): Promise<RawBackend> {
  return startRaw(socket => {
    socket.once('data', head => {
      const [, key = ''] = /sec-websocket-key: (.*)\r\n/i.exec(head.toString()) ?? []
      const accept = createHash('sha1')
        .update(key + MAGIC)
        .digest('base64')
      socket.write(
        `HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
      )
      act(socket)
    })
  })
}

/** Makes an unmasked frame of less than 126 bytes. */
export function frame(first: number, payload: string | Buffer = ''): Buffer {
  const data = Buffer.from(payload as string)
  return Buffer.concat([Buffer.of(first, data.length), data])
}
