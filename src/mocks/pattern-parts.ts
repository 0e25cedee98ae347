import type { Hole, JsonPattern, TextPart } from './json-pattern.ts'
import { lookupOf, NoSuchValue } from './template-value.ts'
import { isValueType, VALUE_TYPES } from './value-type.ts'

const HOLE = /\{\{\s*([^{}]*?)\s*\}\}/g

/** Splits a text at its holes. @throws PatternError for a hole that names nothing */
export function partsOf(text: string): readonly TextPart[] {
  const parts: TextPart[] = []
  let end = 0
  for (const match of text.matchAll(HOLE)) {
    if (match.index > end) parts.push(text.slice(end, match.index))
    else if (parts.length > 0) throw new PatternError('Two holes need something between them.', match[0])
    parts.push(holeOf(match[1]!, match[0]))
    end = match.index + match[0].length
  }
  if (end < text.length || parts.length === 0) parts.push(text.slice(end))
  return parts
}

/** Why a pattern cannot be read. */
export class PatternError extends Error {
  readonly part: string

  constructor(message: string, part: string) {
    super(message)
    this.part = part
  }
}

function holeOf(inner: string, part: string): Hole {
  const [expression = '', type] = inner.split('|').map(each => each.trim())
  if (type !== undefined && !isValueType(type))
    throw new PatternError(`${type} is no type of a hole: ${VALUE_TYPES.join(', ')}.`, part)
  const [source = '', ...path] = expression.split('.')
  if (expression === '' || expression === '_') return { name: '', type, known: undefined }
  if (/^[A-Za-z_][\w-]*$/.test(expression) && !KNOWN.has(source))
    return { name: expression, type, known: undefined }
  if (source === 'json-params' && path.length > 0 && !path.includes(''))
    return { name: path.join('.'), type, known: undefined }
  if (!KNOWN.has(source))
    throw new PatternError(`A hole has a name, such as {{json-params.${path.at(-1) ?? 'name'}}}.`, part)
  try {
    return { name: '', type, known: lookupOf([expression], false) }
  } catch (error) {
    if (error instanceof NoSuchValue) throw new PatternError(error.message, part)
    throw error
  }
}

/** What is known before the message is: a hole that names it asks for its value. */
const KNOWN: ReadonlySet<string> = new Set(['path-params', 'query-params', 'header-params', 'state'])

/** Characters that stand for holes while JSON is parsed; no message means anything by them. */
const [BEGIN, END] = ['\ue000', '\ue001']

/**
 * Reads a pattern as JSON with holes, in quotes or without; undefined where it is no JSON.
 * @throws PatternError for a hole that names nothing
 */
export function jsonPatternOf(text: string): JsonPattern | undefined {
  if (text.includes(BEGIN)) return undefined
  const holes: string[] = []
  let isQuoted = false
  let marked = ''
  let end = 0
  for (const match of text.matchAll(HOLE)) {
    const literal = text.slice(end, match.index)
    isQuoted = quotedAfter(literal, isQuoted)
    const mark = `${BEGIN}${holes.length}${END}`
    marked += literal + (isQuoted ? mark : `"${mark}"`)
    holes.push(match[0])
    end = match.index + match[0].length
  }
  let value: unknown
  try {
    value = JSON.parse(marked + text.slice(end))
  } catch {
    return undefined
  }
  return patternOf(value, holes)
}

/** Makes a pattern of a value whose texts may have holes. @throws PatternError for a hole that names nothing */
export function patternOf(value: unknown, holes?: readonly string[]): JsonPattern {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(item => patternOf(item, holes)) }
  if (typeof value === 'object' && value !== null)
    return {
      kind: 'object',
      entries: Object.entries(value).map(([key, inner]) => [key, patternOf(inner, holes)]),
    }
  if (typeof value !== 'string') return { kind: 'value', value: value as number | boolean | null }
  const text = holes ? value.replace(MARK, (_mark, index: string) => holes[Number(index)] ?? '') : value
  const parts = partsOf(text)
  const [only] = parts
  if (parts.length > 1) return { kind: 'text', parts }
  return typeof only === 'object' ? { kind: 'hole', hole: only } : { kind: 'value', value: text }
}

const MARK = new RegExp(`${BEGIN}(\\d+)${END}`, 'g')

function quotedAfter(text: string, isQuoted: boolean): boolean {
  let quoted = isQuoted
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\' && quoted) i++
    else if (text[i] === '"') quoted = !quoted
  }
  return quoted
}
