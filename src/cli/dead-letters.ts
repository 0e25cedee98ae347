import type { DeadLetter } from '../stores/readable-store.ts'
import { printColumns, printJson } from './columns.ts'
import { clientFor, type ManagementClient, type TargetOptions } from './management-client.ts'

/** Options of `myelin dead-letters`. */
export interface DeadLetterOptions extends TargetOptions {
  readonly store?: string
  readonly all?: boolean
}

interface Listed {
  readonly total: number
  readonly list: readonly DeadLetter[]
}

const ACTIONS = ['list', 'resend', 'discard']

/** How many are asked for at once. */
const PAGE = 1_000

/** Lists the messages that were given up, sends them again, or discards them; gives the exit code. */
export async function deadLetters(
  action: string | undefined,
  ids: readonly string[],
  options: DeadLetterOptions,
): Promise<number> {
  const wanted = action ?? 'list'
  if (!ACTIONS.includes(wanted))
    throw new Error(`dead letters cannot be told to ${wanted}; there are ${ACTIONS.join(', ')}`)
  const client = clientFor(options)
  if (wanted === 'list') return await list(client, options)
  if (ids.length === 0 && !options.all)
    throw new Error(`name the ids of the messages to ${wanted}, or take all of the store with --all`)
  if (ids.length > 0 && options.all) throw new Error('either ids or --all, not both')
  const stores = options.store === undefined ? await storesOf(client) : [options.store]
  let count = 0
  for (const store of stores) {
    const body = { store, action: wanted, ids: options.all ? 'all' : ids }
    count += (await client.ask<{ count: number }>('POST', '/dead-letters', body)).count
  }
  if (options.json) printJson({ count })
  else console.log(`${count} ${wanted === 'resend' ? 'sent again' : 'discarded'}`)
  const isMissing = !options.all && count < ids.length
  if (isMissing) console.error(`myelin: ${ids.length - count} of the ids are no dead letters here`)
  return isMissing ? 1 : 0
}

async function list(client: ManagementClient, options: DeadLetterOptions): Promise<number> {
  const stores = options.store === undefined ? await storesOf(client) : [options.store]
  const found: (DeadLetter & { readonly store: string })[] = []
  for (const store of stores)
    for (let after = ''; ; ) {
      const query = `store=${encodeURIComponent(store)}&limit=${PAGE}${after && `&after=${encodeURIComponent(after)}`}`
      const page = await client.ask<Listed>('GET', `/dead-letters?${query}`)
      for (const letter of page.list) found.push({ store, ...letter })
      const last = page.list.at(-1)
      if (!last || page.list.length < PAGE) break
      after = last.id
    }
  if (options.json) printJson(found)
  else
    printColumns(
      ['STORE', 'ID', 'GIVEN UP', 'ATTEMPTS', 'BYTES', 'CODE', 'REASON'],
      found.map(({ store, id, diedAt, attempts, bytes, code, reason }) => [
        store,
        id,
        new Date(diedAt).toISOString(),
        attempts,
        bytes,
        code,
        reason,
      ]),
    )
  return 0
}

async function storesOf(client: ManagementClient): Promise<readonly string[]> {
  const { list } = await client.ask<{ list: readonly { name: string }[] }>('GET', '/dead-letters')
  return list.map(({ name }) => name)
}
