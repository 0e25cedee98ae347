import { createServer, type ServerResponse } from 'node:http'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import { corking } from './corked-send.ts'

// The baseline of request and reply: node:http and the bare `ws` library. All requests share one connection, so each
// message gets an id of this process's own and the answer the caller's again. What is not answered in ten seconds
// gets 504, and what comes later is dropped. With --cork the messages of one turn leave in one write.
const { values } = parseArgs({
  options: { port: { type: 'string' }, backend: { type: 'string' }, cork: { type: 'boolean' } },
})

const TIMEOUT_MS = 10_000

interface Pending {
  readonly response: ServerResponse
  readonly id: unknown
  readonly timer: NodeJS.Timeout
}

const backend = new WebSocket(`ws://127.0.0.1:${values.backend}/`, { perMessageDeflate: false })
const send = values.cork ? corking(backend) : (text: string): void => backend.send(text)

const pending = new Map<number, Pending>()
let last = 0

function ask(body: string, response: ServerResponse): void {
  let message: { id?: unknown }
  try {
    message = JSON.parse(body)
  } catch {
    response.writeHead(400).end()
    return
  }
  const own = ++last
  const timer = setTimeout(() => {
    pending.delete(own)
    response.writeHead(504).end()
  }, TIMEOUT_MS)
  pending.set(own, { response, id: message.id, timer })
  message.id = own
  send(JSON.stringify(message))
}

backend.on('message', data => {
  const message = JSON.parse(String(data)) as { id: unknown }
  const asked = pending.get(message.id as number)
  if (!asked) return
  pending.delete(message.id as number)
  clearTimeout(asked.timer)
  message.id = asked.id
  const body = JSON.stringify(message)
  asked.response
    .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body)
})

const server = createServer((request, response) => {
  const parts: Buffer[] = []
  request.on('data', (part: Buffer) => parts.push(part))
  request.on('end', () => ask(Buffer.concat(parts).toString(), response))
})

backend.on('open', () => {
  server.listen({ host: '127.0.0.1', port: Number(values.port), backlog: 4096 }, () => console.log('ready'))
})
