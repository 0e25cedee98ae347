import { storeAccount } from '../../stores/store-account.ts'
import { type Api, listed, queryOf } from '../api.ts'

/** Tells what message stores hold. */
export function storeRoutes({ on, gateway }: Api): void {
  on('/message-stores', {
    async GET(request, reply) {
      const name = queryOf(request, 'name')
      if (name !== undefined) {
        const store = gateway.stores.find(each => each.name === name)
        if (!store) return reply.code(404).send()
        const { kind, held, ...rest } = await storeAccount(store)
        return { name, type: kind, size: held, ...rest }
      }
      const { list } = listed(request, gateway.stores, store => store.name)
      const accounts = await Promise.all(list.map(storeAccount))
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
