import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { readBody, writeBody } from '../load/body-streams.ts'

// The HTTP backend behind `bodies`: reads the body of a POST and answers with what it has seen of it; answers a GET
// with a body of --bytes. --rate, in bytes a second, makes it read slowly.
const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    bytes: { type: 'string', default: '0' },
    rate: { type: 'string' },
    chunked: { type: 'boolean', default: false },
  },
})

const bytes = Number(values.bytes)
const pace = values.rate === undefined ? {} : { rate: Number(values.rate) }

const server = createServer(async (request, response) => {
  try {
    if (request.method === 'GET') {
      response.setHeader('content-type', 'application/octet-stream')
      if (!values.chunked) response.setHeader('content-length', bytes)
      await writeBody(response, bytes)
      return
    }
    const report = await readBody(request, pace)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(report))
  } catch {
    response.destroy()
  }
})
server.listen({ host: '127.0.0.1', port: Number(values.port), backlog: 64 }, () => console.log('ready'))
