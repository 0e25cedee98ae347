import type { Diagnostics } from '../language/diagnostic.ts'
import { checkOption, optionsOf } from '../language/option-registry.ts'
import { collectionOptions } from '../language/options/options-collections.ts'
import type { Span } from '../language/source.ts'
import { plainOf, type YamlEntry, type YamlList, type YamlMap, type YamlNode } from '../language/yaml.ts'
import type { Extra } from './collection.ts'

/** Reads the options of one map of a collection; what is unknown or no such value is reported. */
export class ItemReader {
  readonly node: YamlMap
  /** What it is, as sentences name it. */
  readonly owner: string
  readonly diagnostics: Diagnostics

  /** @param where the place of its options in the registry */
  constructor(node: YamlMap, owner: string, where: string, diagnostics: Diagnostics) {
    this.node = node
    this.owner = owner
    this.diagnostics = diagnostics
    const table = optionsOf(where, collectionOptions)
    for (const { key, keySpan } of node.entries) {
      const found = checkOption(key, owner, table)
      if (!found) continue
      const { code, message, hint } = found
      diagnostics.report({
        severity: 'error',
        code,
        message,
        span: keySpan,
        ...(hint !== undefined && { hint }),
      })
    }
  }

  /** The entry of a key that has a value. */
  entry(key: string): YamlEntry | undefined {
    return this.node.entries.find(entry => entry.key === key && !isNothing(entry.value))
  }

  has(key: string): boolean {
    return this.node.entries.some(entry => entry.key === key)
  }

  /** Where the value of a key stands, or else the map. */
  span(key: string): Span {
    return this.entry(key)?.value.span ?? this.node.span
  }

  text(key: string): string | undefined {
    const value = this.entry(key)?.value
    if (!value) return undefined
    if (value.kind === 'scalar') return value.text
    this.expected(value, key, 'text')
    return undefined
  }

  /** Gives text that has to be there; '' where it is not, which is reported. */
  required(key: string): string {
    if (!this.has(key)) {
      this.diagnostics.error(startOf(this.node.span), 'missing', `${this.owner} needs option ${key}.`)
      return ''
    }
    return this.text(key) ?? ''
  }

  /** Gives a name that has to be there; '' where it is not or is blank, which is reported. */
  requiredName(): string {
    const name = this.required('name')
    const value = this.node.entries.find(({ key }) => key === 'name')?.value
    if (value?.kind !== 'scalar' || name.trim() !== '') return name
    this.diagnostics.error(
      value.span,
      'missing',
      `${this.owner} has a blank name.`,
      'Give it a name that tells it from the others.',
    )
    return ''
  }

  flag(key: string, fallback: boolean): boolean {
    const value = this.entry(key)?.value
    if (!value) return fallback
    if (value.kind === 'scalar' && typeof value.value === 'boolean') return value.value
    this.expected(value, key, 'true or false')
    return fallback
  }

  whole(key: string, min: number, max: number): number | undefined {
    const value = this.entry(key)?.value
    if (!value) return undefined
    const number = value.kind === 'scalar' ? value.value : undefined
    if (typeof number === 'number' && Number.isInteger(number) && number >= min && number <= max)
      return number
    this.expected(value, key, `a whole number from ${min} to ${max}`)
    return undefined
  }

  /** Gives one of a few words. */
  word<W extends string>(key: string, words: readonly W[]): W | undefined {
    const text = this.text(key)
    if (text === undefined) return undefined
    const found = words.find(word => word === text)
    if (found === undefined)
      this.expected(this.entry(key)!.value, key, `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`)
    return found
  }

  /** Gives the items of a list; undefined where there is none. */
  list(key: string): readonly YamlNode[] | undefined {
    const value = this.entry(key)?.value
    if (!value) return undefined
    if (value.kind === 'list') return (value as YamlList).items
    this.expected(value, key, 'a list')
    return undefined
  }

  /** Gives the maps in a list; what is no map is reported. */
  maps(key: string): readonly YamlMap[] | undefined {
    return this.list(key)?.filter(item => {
      if (item.kind !== 'map') this.expected(item, key, 'a list of maps')
      return item.kind === 'map'
    }) as readonly YamlMap[] | undefined
  }

  map(key: string): YamlMap | undefined {
    const value = this.entry(key)?.value
    if (!value) return undefined
    if (value.kind === 'map') return value
    this.expected(value, key, 'a map')
    return undefined
  }

  expected(value: YamlNode, key: string, what: string): void {
    this.diagnostics.error(value.span, 'bad-value', `${this.owner} option ${key} takes ${what}.`)
  }

  /** Reads what an import has kept. */
  extra(): Extra | undefined {
    const fields = this.map('pororoca')
    const without = this.list('pororocaWithout')?.map(item => String(plainOf(item)))
    if (!fields && !without) return undefined
    return { fields: (fields ? plainOf(fields) : {}) as Record<string, unknown>, without: without ?? [] }
  }
}

function isNothing(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null
}

/** A whole map would be underlined over all its lines. */
export function startOf({ source, start }: Span): Span {
  return { source, start, end: start + 1 }
}
