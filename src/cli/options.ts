import { didYouMean } from '../language/diagnostic.ts'
import type { OptionEntry } from '../language/option-registry.ts'
import { optionEntries } from '../language/options/index.ts'
import { printColumns, printJson } from './columns.ts'

/** How options are printed. */
export interface OptionsOptions {
  /** As one JSON array instead of a table for people. */
  readonly json: boolean
}

/**
 * Prints what becomes of an option that somebody brings along, by its id or its name, or one of the names before and
 * behind its dots; of all without one. Where there is none, those are found that contain it. Gives 1 where none does.
 */
export function options(wanted: string | undefined, { json }: OptionsOptions): number {
  const found = wanted === undefined ? optionEntries : entriesFor(wanted)
  if (json) printJson(found)
  else if (found.length > 0)
    printColumns(
      ['ID', 'OPTION', 'WHERE', 'STATUS', 'AS'],
      found.map(({ id, option, where, status, as }) => [id, option, where, status, as]),
    )
  if (found.length > 0 || wanted === undefined) return 0
  const names = new Set(optionEntries.map(({ option }) => option))
  const hint = didYouMean(wanted, names)
  console.error(`myelin: there is no option ${wanted}${hint === undefined ? '' : `. ${hint}`}`)
  return 1
}

function entriesFor(wanted: string): readonly OptionEntry[] {
  const word = wanted.toLowerCase()
  const exact = optionEntries.filter(
    ({ id, option }) => id.toLowerCase() === word || `.${option.toLowerCase()}.`.includes(`.${word}.`),
  )
  if (exact.length > 0) return exact
  return optionEntries.filter(({ option }) => option.toLowerCase().includes(word))
}
