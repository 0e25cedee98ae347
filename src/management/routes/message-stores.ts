import { type Api, listed, queryOf } from '../api.ts'

/** Tells what message stores hold. */
export function storeRoutes({ on, gateway, whole }: Api): void {
  on('/message-stores', {
    async GET(request, reply) {
      const name = queryOf(request, 'name')
      if (name !== undefined) {
        const store = gateway.stores.find(each => each.name === name)
        if (!store) return reply.code(404).send()
        const [account] = await whole.accounts([store])
        const { kind, held, ...rest } = account!
        return { name, type: kind, size: held, ...rest }
      }
      const { list } = listed(request, gateway.stores, store => store.name)
      const accounts = await whole.accounts(list)
      return {
        count: list.length,
        list: accounts.map(({ store, kind, held, deadLetters, unknown }) => ({
          name: store,
          type: kind,
          size: held,
          deadLetters,
          ...(unknown !== undefined && { unknown }),
        })),
      }
    },
  })
}
