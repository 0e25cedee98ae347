import { parse, TomlError } from 'smol-toml'
import type { Source, Span } from '../language/source.ts'

/** A key of a TOML file, with the names of its tables in front, and what it was set to. */
export interface TomlEntry {
  readonly key: string
  readonly value: unknown
  readonly span: Span
}

/** Says why a text is no TOML, and where. */
export class MalformedToml extends Error {
  readonly span: Span

  constructor(message: string, span: Span, cause: unknown) {
    super(message, { cause })
    this.name = 'MalformedToml'
    this.span = span
  }
}

/** Lists what a TOML file sets, each with its place. @throws MalformedToml for what is none */
export function readToml(source: Source): TomlEntry[] {
  try {
    return [...flatten(parse(source.text), '')].map(([key, value]) => ({
      key,
      value,
      span: spanOf(source, key),
    }))
  } catch (error) {
    if (!(error instanceof TomlError)) throw error
    const start = offsetOf(source, error.line, error.column)
    throw new MalformedToml(firstLine(error.message), { source, start, end: start + 1 }, error)
  }
}

function* flatten(value: unknown, path: string): Generator<[string, unknown]> {
  if (value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date)) {
    for (const [key, inner] of Object.entries(value))
      yield* flatten(inner, path === '' ? key : `${path}.${key}`)
  } else {
    yield [path, value]
  }
}

/** Finds the line of a key; the parser gives none. */
function spanOf(source: Source, key: string): Span {
  let table = ''
  let offset = 0
  for (const line of source.text.split('\n')) {
    const header = /^\s*\[\[?\s*([^\]]+?)\s*\]\]?/.exec(line)
    if (header) {
      table = plain(header[1]!)
      if (table === key) return { source, start: offset, end: offset + header[0].length }
    }
    const pair = /^(\s*)([\w."'-]+(?:\s*\.\s*[\w."'-]+)*)\s*=/.exec(line)
    if (pair) {
      const full = table === '' ? plain(pair[2]!) : `${table}.${plain(pair[2]!)}`
      if (full === key || key.startsWith(`${full}.`)) {
        const start = offset + pair[1]!.length
        return { source, start, end: start + pair[2]!.length }
      }
    }
    offset += line.length + 1
  }
  return { source, start: 0, end: 1 }
}

function plain(key: string): string {
  return key.replace(/["'\s]/g, '')
}

function offsetOf(source: Source, line: number, column: number): number {
  let offset = 0
  for (const text of source.text.split('\n').slice(0, line - 1)) offset += text.length + 1
  return offset + column - 1
}

function firstLine(message: string): string {
  return `${message.split('\n', 1)[0]?.replace(/^Invalid TOML document: /, '')}.`
}
