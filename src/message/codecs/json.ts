import type { Content } from '../content.ts'
import { ContentError } from '../content-error.ts'
import type { XmlElement } from '../xml/tree.ts'
import type { Codec } from './codec.ts'
import { readExactJson } from './exact-json.ts'
import { ExactNumber } from './exact-number.ts'
import { scanJson } from './json-scan.ts'
import { jsonToXml } from './json-to-xml.ts'
import { JsonXmlError, MAX_DEPTH } from './json-xml-error.ts'
import { wrap } from './soap.ts'
import { payloadToJson } from './xml.ts'

/**
 * Parses JSON text. Numbers whose digits a JavaScript number would change become an `ExactNumber`. Of members with
 * one name the last counts; a member called `__proto__` is one like any other.
 * @throws ContentError with line and column, also where values are nested more than 500 deep
 */
export function parseJson(text: string): unknown {
  const { tooDeepAt, hasExactNumbers } = scanJson(text)
  if (tooDeepAt >= 0) {
    const place = lineAndColumn(text, tooDeepAt)
    throw new ContentError(`the payload is no JSON: values are nested more than ${MAX_DEPTH} deep${place}`)
  }
  try {
    const plain = text.startsWith('\ufeff') ? text.slice(1) : text
    const value: unknown = JSON.parse(plain)
    return hasExactNumbers ? readExactJson(plain) : value
  } catch (error) {
    const message = (error as Error).message
    throw new ContentError(`the payload is no JSON: ${reasonOf(message)}${placeOf(text, message)}`, error)
  }
}

/**
 * Writes a JSON value as text; exact numbers keep their digits, a bigint is a number.
 * @throws ContentError when it cannot be written, as a value that holds itself
 */
export function writeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? ''
  } catch {
    return writeJsonSlowly(value)
  }
}

/** A bigint cannot be written without a function that looks at every value, which costs. */
function writeJsonSlowly(value: unknown): string {
  try {
    return JSON.stringify(value, (_key, member: unknown) =>
      typeof member === 'bigint' ? JSON.rawJSON(String(member)) : member,
    )
  } catch (error) {
    throw new ContentError(
      `the payload cannot be written as JSON: ${(error as Error).message.split('\n', 1)[0]}`,
    )
  }
}

/** From this many characters on the place of an error is looked for no more: it takes several passes. */
const MAX_SEARCHED = 65_536

/** The engine does not tell where an unexpected token stands: it is where the shortest wrong beginning ends. */
function placeOf(text: string, message: string): string {
  const told = /at position (\d+)/.exec(message)?.[1]
  const isCut = /end of JSON input/.test(message)
  if (told === undefined && !isCut && text.length > MAX_SEARCHED) return ''
  const offset = told !== undefined ? Number(told) : isCut ? text.length : search(text)
  return lineAndColumn(text, offset)
}

function lineAndColumn(text: string, offset: number): string {
  let line = 1
  let lineStart = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', lineStart)) {
    line++
    lineStart = at + 1
  }
  return ` at line ${line}, column ${offset - lineStart + 1}`
}

function search(text: string): number {
  let [right, wrong] = [0, text.length]
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1
    if (isBeginning(text.slice(0, middle))) right = middle
    else wrong = middle
  }
  return wrong - 1
}

/** Whether a text can be continued to JSON: whatever is wrong with it is wrong at its end. */
function isBeginning(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    const { message } = error as Error
    return /end of JSON input/.test(message) || message.includes(`at position ${text.length} `)
  }
}

function toXml(value: unknown): XmlElement {
  try {
    return jsonToXml(value)
  } catch (error) {
    if (!(error instanceof JsonXmlError)) throw error
    throw new ContentError(`the payload has no XML form: ${error.message}`, error)
  }
}

function reasonOf(message: string): string {
  return message
    .replace(/,? *(?:\.\.\.)?".*$/s, '')
    .replace(/ in JSON at position.*$/s, '')
    .replace(/ \(line.*$/s, '')
}

/** Puts the XML form of a JSON payload into an envelope. @throws ContentError where it has none */
export function jsonToEnvelope(content: Content): XmlElement {
  const value = content.json()
  return value === undefined ? wrap([]) : wrap([toXml(value)])
}

/** JSON. An empty payload is no value. */
export const jsonCodec: Codec = {
  name: 'json',
  toJson: content => (content.text().trim() === '' ? undefined : parseJson(content.text())),
  isJson: () => true,
  isXml: () => false,
  toEnvelope: jsonToEnvelope,
  write(content: Content) {
    return Buffer.from(writeJson(jsonOf(content)))
  },
  describe: content => ({ label: 'Payload', text: content.text() }),
}

/** Text and bytes have no JSON value of their own; the element that carries them has one. */
function jsonOf(content: Content): unknown {
  const value = content.json()
  const isCarried = value === undefined && content.form !== 'json' && content.form !== 'envelope'
  return isCarried && !content.isEmpty ? payloadToJson(content) : value
}

/** Copies a JSON value, exact numbers included. */
export function cloneJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return value
  if (Array.isArray(value)) return value.map(cloneJson)
  const copy: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value)) {
    if (key !== '__proto__') copy[key] = cloneJson(member)
    else
      Object.defineProperty(copy, key, {
        value: cloneJson(member),
        writable: true,
        enumerable: true,
        configurable: true,
      })
  }
  return copy
}
