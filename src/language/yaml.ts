import { createRequire } from 'node:module'
import type * as Yaml from 'yaml'
import type { Diagnostics } from './diagnostic.ts'
import type { Source, Span } from './source.ts'

/** A value of a YAML file, with its place. */
export type YamlNode = YamlMap | YamlList | YamlScalar

/** A map: its entries in the order of the file, every key once. */
export interface YamlMap {
  readonly kind: 'map'
  readonly span: Span
  readonly entries: readonly YamlEntry[]
}

/** One key of a map, and what it has. */
export interface YamlEntry {
  readonly key: string
  readonly keySpan: Span
  readonly value: YamlNode
}

/** A list. */
export interface YamlList {
  readonly kind: 'list'
  readonly span: Span
  readonly items: readonly YamlNode[]
}

/** A single value. `null` is what nothing at all is read as. */
export interface YamlScalar {
  readonly kind: 'scalar'
  readonly span: Span
  readonly value: string | number | boolean | null
  /** As it is written, quotes and escapes resolved: `1.10` stays `1.10`. Empty for null. */
  readonly text: string
}

/** Bytes a file may have. */
const MOST_BYTES = 8 * 1024 * 1024
/** Values a file may stand for, those that anchors repeat counted each time. */
const MOST_VALUES = 500_000
const MOST_LEVELS = 200
/** Errors of one file that are reported; what follows a mistake is often no mistake. */
const MOST_ERRORS = 20

/**
 * Reads a file of one document. What is malformed, a key that is there twice, and what is too large are reported, and
 * undefined is given then. An empty file is a scalar that is null.
 */
export function readYaml(source: Source, diagnostics: Diagnostics): YamlNode | undefined {
  const whole: Span = { source, start: 0, end: Math.min(1, source.text.length) }
  if (Buffer.byteLength(source.text) > MOST_BYTES) {
    const message = `The file is larger than ${MOST_BYTES / 1024 / 1024} MiB.`
    diagnostics.error(whole, 'malformed-yaml', message)
    return undefined
  }
  const documents = parse(source.text)
  if (documents === undefined) {
    diagnostics.error(whole, 'malformed-yaml', `More than ${MOST_LEVELS} values stand inside each other.`)
    return undefined
  }
  const [document, second] = documents
  if (!document) return { kind: 'scalar', span: whole, value: null, text: '' }
  const found = [...document.errors, ...document.warnings, ...(second?.errors ?? [])]
  for (const { pos, message } of found.slice(0, MOST_ERRORS)) {
    const start = Math.min(pos[0], Math.max(0, source.text.length - 1))
    const span = { source, start, end: Math.max(pos[1], start + 1) }
    diagnostics.error(span, 'malformed-yaml', sentence(message))
  }
  if (found.length > 0) return undefined
  if (second) {
    const start = second.range[0]
    const message = 'A second document begins here; a file holds one.'
    diagnostics.error({ source, start, end: start + 1 }, 'malformed-yaml', message)
    return undefined
  }
  const before = diagnostics.errors
  const node = new Conversion(source, diagnostics, whole).convert(document.contents, 0)
  return diagnostics.errors === before ? node : undefined
}

/** Gives what a key of a map has; undefined where it lacks the key, and for anything but maps. */
export function yamlValue(node: YamlNode | undefined, key: string): YamlNode | undefined {
  return node?.kind === 'map' ? node.entries.find(entry => entry.key === key)?.value : undefined
}

/** Gives a value as plain JavaScript: objects, arrays, text, numbers, booleans and null. */
export function plainOf(node: YamlNode): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(plainOf)
  // `__proto__` becomes a key like any other.
  return Object.fromEntries(node.entries.map(({ key, value }) => [key, plainOf(value)]))
}

let loaded: typeof Yaml | undefined

/** Loaded when the first file needs it. */
function parser(): typeof Yaml {
  loaded ??= createRequire(import.meta.url)('yaml') as typeof Yaml
  return loaded
}

/** Undefined where the text is nested deeper than the stack. */
function parse(text: string): Yaml.Document.Parsed[] | undefined {
  try {
    const parsed = parser().parseAllDocuments(text, { prettyErrors: false, strict: true, uniqueKeys: false })
    return 'empty' in parsed ? [] : parsed
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function sentence(message: string): string {
  const first = message.split('\n')[0]!.trim()
  return /[.!?]$/.test(first) ? first : `${first}.`
}

/** Turns the parser's nodes into ours. */
class Conversion {
  readonly #source: Source
  /** What each anchor stands for at the place that is converted: one may be set again. */
  readonly #anchors = new Map<string, Yaml.ParsedNode>()
  readonly #diagnostics: Diagnostics
  readonly #whole: Span
  /** Nodes that are being converted: an alias to one of them has no end. */
  readonly #open = new Set<unknown>()
  #values = 0
  #isFull = false

  constructor(source: Source, diagnostics: Diagnostics, whole: Span) {
    this.#source = source
    this.#diagnostics = diagnostics
    this.#whole = whole
  }

  convert(node: unknown, level: number): YamlNode {
    const span = this.#spanOf(node)
    const nothing: YamlScalar = { kind: 'scalar', span, value: null, text: '' }
    if (!isNode(node) || this.#isFull) return nothing
    if (++this.#values > MOST_VALUES || level > MOST_LEVELS) {
      const message =
        level > MOST_LEVELS
          ? `More than ${MOST_LEVELS} values stand inside each other.`
          : `The file stands for more than ${MOST_VALUES} values.`
      this.#isFull = true
      this.#diagnostics.error(span, 'malformed-yaml', message)
      return nothing
    }
    if (parser().isAlias(node)) return this.#alias(node, span, level)
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node)
    this.#open.add(node)
    const made = this.#made(node, span, level)
    this.#open.delete(node)
    return made
  }

  #made(node: Yaml.ParsedNode, span: Span, level: number): YamlNode {
    const { isMap, isSeq } = parser()
    if (isSeq(node))
      return { kind: 'list', span, items: node.items.map(item => this.convert(item, level + 1)) }
    if (!isMap(node)) return scalar(node as Yaml.Scalar.Parsed, span)
    const entries: YamlEntry[] = []
    const merged: YamlEntry[] = []
    for (const { key, value } of node.items) {
      const name = this.convert(key, level + 1)
      if (name.kind !== 'scalar') {
        this.#diagnostics.error(name.span, 'malformed-yaml', 'A key is text, not a map or a list.')
        continue
      }
      const converted = this.convert(value, level + 1)
      const text = name.value === null ? '' : name.text
      if (text === '<<') merged.push(...this.#merged(converted))
      else
        entries.push({
          key: text,
          keySpan: name.span,
          value: value === null ? nullAt(name.span) : converted,
        })
    }
    const names = this.#names(entries)
    for (const entry of merged) if (!names.has(entry.key) && names.add(entry.key)) entries.push(entry)
    return { kind: 'map', span, entries }
  }

  /** The keys of a map; one that is there twice is reported, with both places. */
  #names(entries: readonly YamlEntry[]): Set<string> {
    const first = new Map<string, Span>()
    for (const { key, keySpan: span } of entries) {
      const before = first.get(key)
      // Of a file that is too large not all keys are read.
      if (!before || this.#isFull) first.set(key, span)
      else
        this.#diagnostics.report({
          severity: 'error',
          code: 'duplicate-key',
          message: 'This key is there twice in its map.',
          span,
          related: [{ message: 'The first is here', span: before }],
        })
    }
    return new Set(first.keys())
  }

  /** `<<: *defaults` puts in what the map itself does not say. */
  #merged(node: YamlNode): readonly YamlEntry[] {
    if (node.kind === 'map') return node.entries
    if (node.kind === 'list') return node.items.flatMap(item => this.#merged(item))
    this.#diagnostics.error(node.span, 'malformed-yaml', '<< takes a map, or a list of maps.')
    return []
  }

  #alias(node: Yaml.Alias.Parsed, span: Span, level: number): YamlNode {
    const target = this.#anchors.get(node.source)
    if (target && !this.#open.has(target)) return this.convert(target, level)
    const why = target ? 'stands for a value that it is part of' : 'names no anchor'
    this.#diagnostics.error(span, 'malformed-yaml', `*${node.source} ${why}.`)
    return nullAt(span)
  }

  #spanOf(node: unknown): Span {
    const range = isNode(node) ? node.range : undefined
    if (!range) return this.#whole
    const { length } = this.#source.text
    const start = Math.min(range[0], Math.max(0, length - 1))
    return { source: this.#source, start, end: Math.min(length, Math.max(range[1], start + 1)) }
  }
}

function isNode(node: unknown): node is Yaml.ParsedNode {
  return typeof node === 'object' && node !== null
}

function nullAt(span: Span): YamlScalar {
  return { kind: 'scalar', span, value: null, text: '' }
}

function scalar({ value, source, type }: Yaml.Scalar.Parsed, span: Span): YamlScalar {
  if (value === null || value === undefined) return nullAt(span)
  if (typeof value === 'number' || typeof value === 'boolean') {
    // A number that JavaScript cannot hold, such as an account's, stays as it is written.
    const isExact = typeof value === 'boolean' || !Number.isInteger(value) || Number.isSafeInteger(value)
    const text = source ?? String(value)
    return { kind: 'scalar', span, value: isExact ? value : text, text }
  }
  const text = type === 'PLAIN' ? (source ?? String(value)) : String(value)
  return { kind: 'scalar', span, value: String(value), text }
}
