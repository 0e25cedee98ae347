import { parseArgs } from 'node:util'
import httpProxy from '@fastify/http-proxy'
import { fastify } from 'fastify'

// The baseline of HTTP to HTTP: Fastify with its own proxy plugin as it comes, thus with undici and kept connections,
// bodies streamed both ways, no log.
const { values } = parseArgs({ options: { port: { type: 'string' }, backend: { type: 'string' } } })

const server = fastify()
await server.register(httpProxy, { upstream: `http://127.0.0.1:${values.backend}` })
await server.listen({ host: '127.0.0.1', port: Number(values.port), backlog: 4096 })
console.log('ready')
