import type { Content } from '../content.ts'
import { ContentError } from '../content-error.ts'
import type { Codec } from './codec.ts'
import { jsonToXml } from './json-xml.ts'
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
    const offset = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length)
    const before = text.slice(0, offset).split('\n')
    const place = `line ${before.length}, column ${before.at(-1)!.length + 1}`
    throw new ContentError(`the payload is no JSON: ${reasonOf(message)} at ${place}`, error)
  }
}

function reasonOf(message: string): string {
  return message
    .replace(/,? *(?:\.\.\.)?".*$/s, '')
    .replace(/ in JSON at position.*$/s, '')
    .replace(/ \(line.*$/s, '')
}

/** JSON. An empty payload is no value. */
export const jsonCodec: Codec = {
  name: 'json',
  toJson: content => (content.text().trim() === '' ? undefined : parseJson(content.text())),
  toEnvelope(content) {
    const value = content.json()
    return value === undefined ? wrap([]) : wrap([jsonToXml(value)])
  },
  write(content: Content) {
    const value = content.json()
    return Buffer.from(value === undefined ? '' : JSON.stringify(value))
  },
  describe: content => ({ label: 'Payload', text: content.text() }),
}
