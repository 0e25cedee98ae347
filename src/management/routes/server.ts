import { release, type } from 'node:os'
import { type Api, fieldOf, refuse } from '../api.ts'

const STATUSES: Readonly<Record<string, 'drain' | 'shutdown'>> = {
  shutdown: 'shutdown',
  shutdownGracefully: 'drain',
}

/** Tells what runs, and stops it. */
export function serverRoutes(api: Api): void {
  const { gateway, whole, version } = api
  api.on('/server', {
    // Compatibility: tools ask for these names; where they say Java, Node.js is what is told.
    GET: async () => ({
      carbonHome: process.cwd(),
      javaHome: process.execPath,
      javaVersion: process.versions.node,
      javaVendor: 'Node.js',
      osName: type(),
      osVersion: release(),
      productName: 'Myelin',
      productVersion: version,
      node: gateway.nodeId,
      pid: process.pid,
      state: gateway.state,
      uptimeSeconds: Math.round(process.uptime()),
      ...(await whole.workers()),
    }),
    PATCH(request, reply) {
      const status = fieldOf(request, 'status')
      const how = typeof status === 'string' ? STATUSES[status] : undefined
      if (!how)
        return refuse(
          reply,
          400,
          `status is ${JSON.stringify(status)}; expected shutdown or shutdownGracefully. What started the process starts it again.`,
        )
      // What is answered first is answered for sure.
      reply.raw.once('finish', () => api.stop(how))
      return { Message: `The server is to ${how === 'drain' ? 'shut down gracefully' : 'shut down'}` }
    },
  })
}
