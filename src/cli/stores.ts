import { printColumns, printJson } from './columns.ts'
import { clientFor, type TargetOptions } from './management-client.ts'

interface Listed {
  readonly list: readonly {
    readonly name: string
    readonly type: string
    readonly size: number
    readonly deadLetters: number
    readonly unknown?: string
  }[]
}

/** Lists the message stores and how much each holds; gives the exit code. */
export async function stores(options: TargetOptions): Promise<number> {
  const { list } = await clientFor(options).ask<Listed>('GET', '/message-stores')
  if (options.json) printJson(list)
  else
    printColumns(
      ['NAME', 'TYPE', 'SIZE', 'DEAD LETTERS'],
      list.map(({ name, type, size, deadLetters, unknown }) => [
        name,
        type,
        unknown === undefined ? size : `away: ${unknown}`,
        unknown === undefined ? deadLetters : '',
      ]),
    )
  return 0
}
