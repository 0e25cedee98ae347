import type { StoreAccount } from '../core/ledger.ts'
import { pause } from '../sequences/repeating.ts'
import type { ReadableStore } from './readable-store.ts'

/** How often a store is asked again whose figures do not fit together: others may be at work in it. */
const ATTEMPTS = 5
const AGAIN_MS = 20

/** Draws up the account of a store. It never rejects: a store that is away says so. */
export async function storeAccount(store: ReadableStore): Promise<StoreAccount> {
  try {
    for (let attempts = 1; ; attempts++) {
      const account = await ask(store)
      const { stored, delivered, moved, dropped, died, held } = account
      if (stored === delivered + moved + dropped + died + held || attempts === ATTEMPTS) return account
      await pause(AGAIN_MS, NEVER)
    }
  } catch (error) {
    return { ...NOTHING, store: store.name, kind: store.kind, unknown: (error as Error).message }
  }
}

async function ask(store: ReadableStore): Promise<StoreAccount> {
  const { name, kind, deadLetters } = store
  const [tally, held, died] = await Promise.all([store.tally(), store.size(), deadLetters.count()])
  return { store: name, kind, ...tally, held, deadLetters: died }
}

const NEVER = new AbortController().signal

const NOTHING = {
  stored: 0,
  delivered: 0,
  moved: 0,
  dropped: 0,
  died: 0,
  redelivered: 0,
  held: 0,
  deadLetters: 0,
}
