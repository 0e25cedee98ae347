import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { type Api, queryOf } from '../api.ts'
import type { Whole } from '../whole.ts'

/** Takes the gateway out of service and tells, line by line, how far it is; `follows` are those who are being told. */
export function drainRoutes({ on, gateway, whole, stop }: Api, follows: Set<Promise<void>>): void {
  const follow = (reply: FastifyReply): FastifyReply => {
    reply.hijack()
    const following = tell(whole, reply.raw).finally(() => follows.delete(following))
    follows.add(following)
    return reply
  }
  on('/drain', {
    GET(request, reply) {
      if (whole.draining && queryOf(request, 'follow') !== undefined) return follow(reply)
      return { state: gateway.state, steps: whole.draining?.all ?? [] }
    },
    POST(_request, reply) {
      stop('drain')
      return follow(reply)
    },
  })
}

/** Writes each step as a line of JSON; never rejects. */
async function tell(whole: Whole, response: ServerResponse): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson', Connection: 'close' })
  for await (const step of whole.draining!.follow()) {
    if (response.destroyed) return
    response.write(`${JSON.stringify(step)}\n`)
  }
  response.end()
  if (!response.destroyed) await once(response, 'close').catch(() => {})
}
