import type { ConnectFailure } from '../collections/connect-failure.ts'
import type { Handshake } from '../collections/conversation.ts'

const SHOWN_BYTES = 16

/** Gives the headers of an upgrade request from `Name: value` lines; a repeated name keeps all its values. */
export function requestHeaders(lines: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    headers[name] = name in headers ? [headers[name] ?? [], value].flat() : value
  }
  return headers
}

/** Shows a message in one line: `< text`, or `< (binary, 256 bytes) 00 01 02 …`. */
export function messageLine(direction: '<' | '>', data: Buffer, isBinary: boolean): string {
  if (!isBinary) return `${direction} ${forDisplay(data.toString())}`
  const size = data.length === 1 ? '1 byte' : `${data.length} bytes`
  const bytes = [...data.subarray(0, SHOWN_BYTES)].map(byte => byte.toString(16).padStart(2, '0'))
  return [direction, `(binary, ${size})`, ...bytes, ...(data.length > SHOWN_BYTES ? ['…'] : [])].join(' ')
}

/** Shows how the server ended the connection: `< close 1001 shutdown`. */
export function closeLine(
  code: number,
  reason: string,
  failure: Error | undefined,
  direction: '<' | '>' = '<',
): string {
  const why =
    failure?.message ?? (code === 1006 ? 'connection lost' : code === 1005 ? 'no status' : undefined)
  return [direction, 'close', code, forDisplay(reason), why && `(${why})`].filter(Boolean).join(' ')
}

/** Shows a ping or pong in one line: `< (pong, 0 bytes)`. */
export function controlLine(direction: '<' | '>', kind: string, data: Buffer): string {
  const text = data.length === 0 ? '' : ` ${forDisplay(data.toString())}`
  return `${direction} (${kind}, ${data.length} bytes)${text}`
}

/** Says how a handshake went: how long it took, and what the server answered. */
export function handshakeLines({ elapsedMs, headers, subprotocol, extensions }: Handshake): string[] {
  const lines = [`status 101 after ${Math.round(elapsedMs)} ms`]
  for (let i = 0; i < headers.length; i += 2) lines.push(`  ${headers[i]}: ${headers[i + 1]}`)
  return [
    ...lines,
    `  subprotocol agreed on: ${subprotocol === '' ? 'none' : subprotocol}`,
    `  compression agreed on: ${extensions === '' ? 'none' : extensions}`,
  ]
}

/**
 * Says why a connection could not be opened: how far it came, how long that took, what the server said beside its
 * status, and what may help.
 * @param isVerbose whether the headers of the answer are told, too
 */
export function failureLines(
  url: string,
  message: string,
  failure: ConnectFailure,
  isVerbose: boolean,
): string {
  const { step, elapsedMs, fix, headers = [], body = '' } = failure
  const shown = isVerbose ? headers : []
  return [
    `cannot connect to ${url}: ${message}${fix && `; ${fix}`}`,
    `  step: ${step}, after ${Math.round(elapsedMs)} ms`,
    ...shown.flatMap((name, i) => (i % 2 === 0 ? [`  ${name}: ${shown[i + 1]}`] : [])),
    ...(body.trim() === '' ? [] : [`  it said: ${forDisplay(cut(body.trim()))}`]),
  ].join('\n')
}

const SHOWN_CHARACTERS = 1_000

function cut(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text
}

/** A terminal obeys control characters, and a message must not command it. */
function forDisplay(text: string): string {
  if (!process.stdout.isTTY) return text
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '\ufffd')
}
