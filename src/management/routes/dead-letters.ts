import type { FastifyRequest } from 'fastify'
import { type Api, fieldOf, listed, queryOf, refuse } from '../api.ts'

const DEFAULT_LIMIT = 100
const MAX_LIMIT = 1_000

/** Lists the messages that were given up, sends them again, and lets go of them. */
export function deadLetterRoutes({ on, gateway, whole }: Api): void {
  on('/dead-letters', {
    async GET(request, reply) {
      const name = queryOf(request, 'store')
      if (name === undefined) {
        const { list: stores } = listed(request, gateway.stores, store => store.name)
        const accounts = await whole.accounts(stores)
        const list = accounts.map(({ store, deadLetters, unknown }) => ({
          name: store,
          size: deadLetters,
          ...(unknown !== undefined && { unknown }),
        }))
        return { count: list.length, list }
      }
      const store = gateway.stores.find(each => each.name === name)
      if (!store) return reply.code(404).send()
      const list = await whole.deadLetters(store, limitOf(request), queryOf(request, 'after'))
      const [account] = await whole.accounts([store])
      return { count: list.length, total: account!.deadLetters, list }
    },
    async POST(request, reply) {
      const store = gateway.stores.find(each => each.name === fieldOf(request, 'store'))
      if (!store) return refuse(reply, 404, 'there is no message store of that name')
      const action = fieldOf(request, 'action')
      if (action !== 'resend' && action !== 'discard')
        return refuse(reply, 400, `action is ${JSON.stringify(action)}; expected resend or discard`)
      const ids = idsOf(request)
      if (ids === undefined)
        return refuse(reply, 400, 'ids is neither a list of message ids nor the word all')
      const count = await whole.dealWith(store, action, ids)
      return { Message: `${count} messages ${action === 'resend' ? 'sent again' : 'discarded'}`, count }
    },
  })
}

function idsOf(request: FastifyRequest): readonly string[] | 'all' | undefined {
  const ids = fieldOf(request, 'ids')
  if (ids === 'all') return 'all'
  if (!Array.isArray(ids) || ids.some(id => typeof id !== 'string')) return undefined
  return ids as string[]
}

function limitOf(request: FastifyRequest): number {
  const limit = Number(queryOf(request, 'limit') ?? DEFAULT_LIMIT)
  return Number.isInteger(limit) && limit > 0 ? Math.min(limit, MAX_LIMIT) : DEFAULT_LIMIT
}
