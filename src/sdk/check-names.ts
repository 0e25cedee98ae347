import { checkOption, type OptionTable, optionsOf } from '../language/option-registry.ts'
import { clientOptions } from '../language/options/options-sdk.ts'
import { OptionError } from '../services/web-socket-error.ts'

const tables = new Map<string, OptionTable>()

/** Refuses options that are not known at a place, or cannot be had. @throws OptionError with what to use instead */
export function checkNames(options: object, where: string): void {
  let table = tables.get(where)
  if (!table) {
    table = optionsOf(where, clientOptions)
    tables.set(where, table)
  }
  for (const name of Object.keys(options)) {
    const finding = checkOption(name, where, table)
    if (finding) throw new OptionError([finding.message, finding.hint].filter(Boolean).join(' '))
  }
}
