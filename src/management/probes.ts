import type { AddressInfo } from 'node:net'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Gateway } from '../gateway.ts'
import { absentResources } from '../language/options/options-management.ts'
import { anyHost } from '../websocket/options.ts'

/** Where the probes are served, and what they say of the product. */
export interface ProbeOptions {
  readonly port: number
  readonly host: string | undefined
  readonly version: string
}

/**
 * Serves `GET /healthz` and `GET /liveness` as the original does: ready is 200 once everything listens, 503 while
 * starting or stopping; alive is 200 as long as the process answers.
 * @throws Error when the port cannot be opened
 */
export async function startProbes(
  gateway: Gateway,
  options: ProbeOptions,
): Promise<{ port: number; close(): Promise<void> }> {
  const server: FastifyInstance = Fastify({ logger: false, forceCloseConnections: true })
  server.get('/healthz', async (_request, reply) => {
    const isReady = gateway.state === 'ready'
    const status = isReady ? 'ready' : `not ready, the gateway is ${gateway.state}`
    return reply.code(isReady ? 200 : 503).send({ version: options.version, update_level: '', status })
  })
  server.get('/liveness', async () => ({ server: 'started' }))
  for (const [path, why] of absentResources('probe'))
    server.get(path, async (_request, reply) => reply.code(501).send({ Error: why }))
  server.setNotFoundHandler(async (_request, reply) => reply.code(404).send())
  await server.listen({ port: options.port, host: options.host ?? anyHost() })
  const { port } = server.server.address() as AddressInfo
  return { port, close: () => server.close() }
}
