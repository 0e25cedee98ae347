import type { Socket } from 'node:net'
import { parseArgs } from 'node:util'
import * as library from 'ws'

// The baseline of the broadcast: the least one can do with the `ws` library. The frame of a message is made once, and
// written to the socket of each client; nothing is asked about how much a client has not read yet.
const { values } = parseArgs({ options: { port: { type: 'string' } } })

interface FrameOptions {
  readonly fin: boolean
  readonly opcode: number
  readonly mask: boolean
  readonly readOnly: boolean
  readonly rsv1: boolean
}
// The types of the library leave it out.
const { Sender } = library as unknown as {
  Sender: { frame(data: Buffer, options: FrameOptions): Buffer[] }
}

const sockets = new Set<Socket>()

function broadcast(data: Buffer, isBinary: boolean): void {
  const options = { fin: true, opcode: isBinary ? 2 : 1, mask: false, readOnly: true, rsv1: false }
  const bytes = Buffer.concat(Sender.frame(data, options))
  for (const socket of sockets) socket.write(bytes)
}

const server = new library.WebSocketServer({
  host: '127.0.0.1',
  port: Number(values.port),
  perMessageDeflate: false,
  backlog: 4096,
})
server.on('connection', (client: library.WebSocket) => {
  const socket = (client as unknown as { readonly _socket: Socket })._socket
  sockets.add(socket)
  client.on('message', (data, isBinary) => broadcast(data as Buffer, isBinary))
  client.on('close', () => sockets.delete(socket))
  client.on('error', () => client.terminate())
})
server.on('listening', () => console.log('ready'))
