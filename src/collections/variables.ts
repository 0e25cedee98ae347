import type { Collection, Environment, Variable } from './collection.ts'
import { PREDEFINED } from './predefined.ts'

const PLACEHOLDER = /\{\{\s*(\$?[\p{L}\p{N}_.-]+)\s*\}\}/gu

/** Values inside values are looked up this deep; deeper ones stay as they are written. */
const MOST_LEVELS = 4

/** Secrets of less than this are not looked for in what is shown: they would be found everywhere. */
const SHORTEST_SECRET = 3

/** What stands where a secret was. */
export const MASK = '***'

/**
 * The values that templates are filled in with: what was captured, what the call gives, the environment, the collection,
 * in this order.
 */
export class Variables {
  readonly #values = new Map<string, string>()
  readonly #secrets = new Set<string>()
  readonly #secretNames = new Set<string>()
  /** Variables of the process that are not set, by the names that stand for them. */
  readonly #lacking = new Map<string, string>()

  constructor(
    collection: Pick<Collection, 'variables'>,
    environment?: Environment,
    given: ReadonlyMap<string, string> = new Map(),
    process: Readonly<Record<string, string | undefined>> = {},
  ) {
    for (const variable of [...collection.variables, ...(environment?.variables ?? [])])
      this.#add(variable, process)
    for (const [name, value] of given) this.set(name, value)
  }

  #add(
    { name, value, fromProcess, isEnabled, isSecret }: Variable,
    process: typeof globalThis.process.env,
  ): void {
    if (!isEnabled) return
    const found = fromProcess === undefined ? value : process[fromProcess]
    if (isSecret) this.#secretNames.add(name)
    if (found !== undefined) this.set(name, found)
    else if (fromProcess !== undefined) this.#lacking.set(name, fromProcess)
  }

  /** Sets a value, as a capture does; it goes before all others. */
  set(name: string, value: string): void {
    this.#values.set(name, value)
    if (this.#secretNames.has(name) && value.length >= SHORTEST_SECRET) this.#secrets.add(value)
  }

  get(name: string): string | undefined {
    return this.#values.get(name)
  }

  /** Tells whether a variable is a secret, be there a value or not. */
  isSecret(name: string): boolean {
    return this.#secretNames.has(name)
  }

  /** Gives the variable of the process that a value was to come from, and that is not set. */
  lackingSource(name: string): string | undefined {
    return this.#lacking.get(name)
  }

  /** A copy with more values. */
  with(values: Readonly<Record<string, string>>): Variables {
    const copy = new Variables({ variables: [] })
    for (const name of this.#secretNames) copy.#secretNames.add(name)
    for (const [name, source] of this.#lacking) copy.#lacking.set(name, source)
    for (const secret of this.#secrets) copy.#secrets.add(secret)
    for (const [name, value] of this.#values) copy.#values.set(name, value)
    for (const [name, value] of Object.entries(values)) copy.set(name, value)
    return copy
  }

  /** Fills in a template. What is unknown stays as it is written. */
  fill(template: string): string {
    return this.#fill(template, MOST_LEVELS)
  }

  #fill(template: string, levels: number): string {
    if (levels === 0 || !template.includes('{{')) return template
    return template.replace(PLACEHOLDER, (written, name: string) => {
      if (Object.hasOwn(PREDEFINED, name)) return PREDEFINED[name]!()
      const value = this.#values.get(name)
      return value === undefined ? written : this.#fill(value, levels - 1)
    })
  }

  /** Keeps a value that was filled in from being shown. */
  hide(secret: string): void {
    if (secret.length >= SHORTEST_SECRET) this.#secrets.add(secret)
  }

  /** Masks the secrets in something that is to be shown. */
  masked(text: string): string {
    let shown = text
    // A secret may be part of a longer one.
    for (const secret of [...this.#secrets].sort((a, b) => b.length - a.length))
      shown = shown.replaceAll(this.#fill(secret, MOST_LEVELS), MASK).replaceAll(secret, MASK)
    return shown
  }
}

/** Gives the names in a template that nothing has a value for. */
export function unknownIn(filled: string): string[] {
  return [...filled.matchAll(PLACEHOLDER)].map(match => match[1]!)
}
