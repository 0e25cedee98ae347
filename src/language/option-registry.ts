import { nearest } from './diagnostic.ts'

/** What becomes of an option that people bring along. */
export type OptionStatus = 'honoured' | 'mapped' | 'refused'

/** An option of a service, a client, a mock or a collection, and what becomes of it. */
export interface OptionEntry {
  /** Identifies it for good, such as `B-65`. */
  readonly id: string
  /** Its name as it is written. */
  readonly option: string
  /** Whether it works under that name, stands for something else here, or is an error that says what to use. */
  readonly status: OptionStatus
  /** What it is here: the name or names it has, or what the refusal says. */
  readonly as: string
  /** Where it is written: `service`, `connect`, `mock`, `collection`, … */
  readonly where: string
}

/** Makes the entries of options, separated by blanks, that are written at a place under the names they have. */
export function honoured(id: string, where: string, options: string): OptionEntry[] {
  return options.split(' ').map(option => ({ id, option, status: 'honoured', as: option, where }))
}

/** Makes the entry of an option that stands for something else here, which `as` names. */
export function mapped(id: string, where: string, option: string, as: string): OptionEntry {
  return { id, option, status: 'mapped', as, where }
}

/** Makes the entry of an option that cannot be had; `as` says why, and what to use. */
export function refused(id: string, where: string, option: string, as: string): OptionEntry {
  return { id, option, status: 'refused', as, where }
}

/** Makes the entry of what nobody writes: something that holds. `option` names it, and `as` says what holds. */
export function behaviour(id: string, option: string, as: string): OptionEntry {
  return { id, option, status: 'honoured', as, where: 'behaviour' }
}

/** The options of one place, by name. */
export type OptionTable = ReadonlyMap<string, OptionEntry>

/** Gives the options that may be written at one place. */
export function optionsOf(where: string, entries: readonly OptionEntry[]): OptionTable {
  return new Map(entries.filter(entry => entry.where === where).map(entry => [entry.option, entry]))
}

/** What is wrong with an option: a sentence, and a hint where there is one. */
export interface OptionFinding {
  readonly code: 'unknown-option' | 'refused-option'
  readonly message: string
  readonly hint?: string
}

/**
 * Says what is wrong with an option that somebody wrote; undefined where nothing is.
 * @param owner what has the option, as the sentence names it: `service`
 */
export function checkOption(option: string, owner: string, table: OptionTable): OptionFinding | undefined {
  const entry = table.get(option)
  if (entry?.status === 'refused')
    return { code: 'refused-option', message: `${owner} option ${option} is refused: ${entry.as}` }
  if (entry) return undefined
  const near = nearest(option, table.keys())
  return {
    code: 'unknown-option',
    message: `${owner} has no option ${option}.`,
    ...(near !== undefined && { hint: `Did you mean ${near}?` }),
  }
}
