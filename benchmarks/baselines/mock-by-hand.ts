import { randomUUID } from 'node:crypto'
import { WebSocketServer } from 'ws'

// What the mock of mocks.bench.ts answers, written by hand with the library `ws`. Takes its port as an argument.

interface Ask {
  readonly echo?: unknown
}

const server = new WebSocketServer({
  port: Number(process.argv[2]),
  host: '127.0.0.1',
  perMessageDeflate: false,
})
server.on('connection', socket => {
  const id = randomUUID()
  socket.on('message', data => {
    const text = (data as Buffer).toString()
    if (text === 'ping') {
      socket.send('pong')
      return
    }
    const { echo } = JSON.parse(text) as Ask
    if (echo !== undefined) socket.send(`{"echoed": ${JSON.stringify(echo)}}`)
    else socket.send(`{"unknown": "${id}"}`)
  })
})
server.on('listening', () => console.log('ready'))
