import { parseArgs } from 'node:util'
import { WebSocket, WebSocketServer } from 'ws'

// The baseline of the relay: what one writes with the bare `ws` library in twenty lines. Each client gets a backend
// connection of its own; each message is one `send`, thus one write. `--cork`, for orientation only, holds back what
// one tick sends so that it leaves in one write.
const { values } = parseArgs({
  options: { port: { type: 'string' }, backend: { type: 'string' }, cork: { type: 'boolean' } },
})

const corked = new WeakSet<object>()

function corkUntilNextTick(to: WebSocket): void {
  const socket = (to as unknown as { _socket?: import('node:net').Socket })._socket
  if (socket === undefined || corked.has(socket)) return
  corked.add(socket)
  socket.cork()
  process.nextTick(() => {
    corked.delete(socket)
    socket.uncork()
  })
}

function send(to: WebSocket, data: WebSocket.RawData, binary: boolean): void {
  if (values.cork) corkUntilNextTick(to)
  to.send(data, { binary })
}

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(values.port),
  perMessageDeflate: false,
  backlog: 4096,
})
server.on('connection', client => {
  const backend = new WebSocket(`ws://127.0.0.1:${values.backend}/`, { perMessageDeflate: false })
  let early: Array<[WebSocket.RawData, boolean]> | undefined = []
  client.on('message', (data, binary) => {
    if (early) early.push([data, binary])
    else send(backend, data, binary)
  })
  backend.on('open', () => {
    for (const [data, binary] of early ?? []) send(backend, data, binary)
    early = undefined
  })
  backend.on('message', (data, binary) => send(client, data, binary))
  client.on('close', () => backend.close())
  backend.on('close', () => client.close())
  client.on('error', () => backend.terminate())
  backend.on('error', () => client.terminate())
})
server.on('listening', () => console.log('ready'))
