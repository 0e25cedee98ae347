import { printColumns, printJson } from './columns.ts'
import { clientFor, type TargetOptions } from './management-client.ts'

interface Listed {
  readonly list: readonly { readonly name: string; readonly type: string; readonly status: string }[]
}

const STATES: Readonly<Record<string, string>> = { activate: 'active', deactivate: 'inactive' }

/** Lists the message processors, or switches one on or off; gives the exit code. */
export async function processors(
  action: string | undefined,
  name: string | undefined,
  options: TargetOptions,
): Promise<number> {
  const client = clientFor(options)
  if (action === undefined || action === 'list') {
    const { list } = await client.ask<Listed>('GET', '/message-processors')
    if (options.json) printJson(list)
    else
      printColumns(
        ['NAME', 'TYPE', 'STATUS'],
        list.map(each => [each.name, each.type, each.status]),
      )
    return 0
  }
  const status = STATES[action]
  if (status === undefined)
    throw new Error(`processors cannot be told to ${action}; there are activate and deactivate`)
  if (name === undefined) throw new Error(`name the message processor to ${action}`)
  const answer = await client.ask<{ Message: string }>('POST', '/message-processors', { name, status })
  if (options.json) printJson(answer)
  else console.log(answer.Message)
  return 0
}
