import type { Content } from '../content.ts'
import { ContentError } from '../content-error.ts'
import type { XmlElement } from '../xml/tree.ts'
import type { Codec } from './codec.ts'
import { JsonXmlError, jsonToXml } from './json-xml.ts'
import { wrap } from './soap.ts'

/**
 * Parses JSON text.
 * @throws ContentError with line and column
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const message = (error as Error).message
    throw new ContentError(`the payload is no JSON: ${reasonOf(message)}${placeOf(text, message)}`, error)
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
  const before = text.slice(0, offset).split('\n')
  return ` at line ${before.length}, column ${before.at(-1)!.length + 1}`
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
    const value = content.json()
    return Buffer.from(value === undefined ? '' : JSON.stringify(value))
  },
  describe: content => ({ label: 'Payload', text: content.text() }),
}
