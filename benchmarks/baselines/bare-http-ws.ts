import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import { corking } from './corked-send.ts'

// The baseline of HTTP to WebSocket: node:http and the bare `ws` library. Answers 202 and sends the body as one text
// message over one connection that all requests share. With --cork the messages of one turn leave in one write.
const { values } = parseArgs({
  options: { port: { type: 'string' }, backend: { type: 'string' }, cork: { type: 'boolean' } },
})

const backend = new WebSocket(`ws://127.0.0.1:${values.backend}/`, { perMessageDeflate: false })
const send = values.cork ? corking(backend) : (text: string): void => backend.send(text)

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => {
    send(Buffer.concat(parts).toString())
    response.writeHead(202).end()
  })
})

backend.on('open', () => {
  server.listen({ host: '127.0.0.1', port: Number(values.port), backlog: 4096 }, () => console.log('ready'))
})
