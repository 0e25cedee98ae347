import { parseArgs } from 'node:util'
import { WebSocketServer } from 'ws'

// The baseline of an echo service: the bare `ws` library, one write per message.
const { values } = parseArgs({ options: { port: { type: 'string' } } })

const server = new WebSocketServer({
  host: '127.0.0.1',
  port: Number(values.port),
  perMessageDeflate: false,
  backlog: 4096,
})
server.on('connection', client => {
  client.on('message', (data, binary) => client.send(data, { binary }))
  client.on('error', () => client.terminate())
})
server.on('listening', () => console.log('ready'))
