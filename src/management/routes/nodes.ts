import { type Api, listed } from '../api.ts'

/** Tells which processes run the configuration together, and how many WebSocket clients each has. */
export function nodeRoutes({ on, gateway }: Api): void {
  on('/nodes', {
    GET(request) {
      const { nodeId, bus } = gateway.cluster
      const nodes = [
        { node: nodeId, isThis: true },
        ...(bus?.others ?? []).map(node => ({ node, isThis: false })),
      ]
      return listed(request, nodes, ({ node }) => node)
    },
  })
  on('/sessions', {
    GET: async request => listed(request, await gateway.sessions(), ({ service }) => service),
  })
}
