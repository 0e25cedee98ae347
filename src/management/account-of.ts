import type { Account } from '../cluster/control-messages.ts'
import { IN_MEMORY, serviceAccount } from '../core/ledger.ts'
import type { Gateway } from '../gateway.ts'
import { storeAccount } from '../stores/store-account.ts'

/** Draws up what would be gone with this process: what its services have counted, and its stores in memory. */
export async function accountOf({ counters, stores }: Gateway): Promise<Account> {
  const inMemory = stores.filter(({ kind }) => kind === IN_MEMORY)
  return {
    stores: await Promise.all(inMemory.map(storeAccount)),
    services: [...counters].map(([name, each]) => serviceAccount(name, each)),
    at: Date.now(),
  }
}
