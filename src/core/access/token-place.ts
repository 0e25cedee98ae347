import type { RequestHead } from '../route.ts'
import type { Credentials } from './identity.ts'

/** Where a client may have its token: a header, or what it is called elsewhere. */
export interface TokenPlace {
  readonly at: 'header' | 'query' | 'cookie' | 'subprotocol' | 'message'
  /** Name of the parameter, the cookie or the subprotocol; the key of the message, dotted for one inside another. */
  readonly name: string
}

/** What an Authorization header holds; 'malformed' where that is nothing that is known. */
export function readAuthorization(header: string | undefined): Credentials | 'malformed' | undefined {
  if (header === undefined || header.trim() === '') return undefined
  const [, scheme = '', value = ''] = /^\s*([A-Za-z]+) +(\S+)\s*$/.exec(header) ?? []
  if (scheme.toLowerCase() === 'bearer') return { scheme: 'Bearer', token: value }
  if (scheme.toLowerCase() !== 'basic') return 'malformed'
  if (!/^[\w+/-]+={0,2}$/.test(value)) return 'malformed'
  const text = Buffer.from(value, 'base64').toString()
  const colon = text.indexOf(':')
  if (colon <= 0 || text.includes('\0')) return 'malformed'
  return { scheme: 'Basic', user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** Finds the token of a request at one place. `subprotocols` are those that the client offers. */
export function tokenAt(
  { at, name }: TokenPlace,
  { target, headers }: RequestHead,
  subprotocols: readonly string[],
): string | undefined {
  if (at === 'query') {
    const query = target.indexOf('?')
    const values = query < 0 ? [] : new URLSearchParams(target.slice(query + 1)).getAll(name)
    return values.length > 1 ? '' : values[0]
  }
  if (at === 'cookie') return cookieOf(headers.cookie, name)
  if (at === 'subprotocol') return bearerOf(subprotocols, name)?.token
  return undefined
}

/** Gives the subprotocols that a client offers without those that hold its token. */
export function withoutBearer(subprotocols: readonly string[], names: readonly string[]): string[] {
  let left = [...subprotocols]
  for (const name of names) {
    for (let found = bearerOf(left, name); found; found = bearerOf(left, name)) {
      const { at, count } = found
      left = left.filter((_, i) => i < at || i >= at + count)
    }
  }
  return left
}

/** `NAME.TOKEN`, or `NAME` and the token behind it. */
function bearerOf(
  subprotocols: readonly string[],
  name: string,
): { readonly at: number; readonly count: number; readonly token: string } | undefined {
  for (const [at, each] of subprotocols.entries()) {
    if (each === name) return { at, count: 2, token: subprotocols[at + 1] ?? '' }
    if (each.startsWith(`${name}.`)) return { at, count: 1, token: each.slice(name.length + 1) }
  }
  return undefined
}

function cookieOf(header: string | string[] | undefined, name: string): string | undefined {
  const all = Array.isArray(header) ? header.join(';') : (header ?? '')
  for (const each of all.split(';')) {
    const equals = each.indexOf('=')
    if (equals > 0 && each.slice(0, equals).trim() === name)
      return each
        .slice(equals + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1')
  }
  return undefined
}

/** Where a JSON message has its token. */
export interface TokenKey {
  readonly path: readonly string[]
  /** What such a message has in it, so that others need not be read. */
  readonly mark: Buffer
}

/** A message with a token is no larger, in bytes. */
const MOST_MESSAGE_BYTES = 64 * 1024

/** Makes the place in a message that a key names, dotted for one inside another. */
export function tokenKey(name: string): TokenKey {
  const path = name.split('.')
  return { path, mark: Buffer.from(JSON.stringify(path.at(-1))) }
}

/** Finds the token in a text message: a member of a JSON object. */
export function tokenInMessage(data: Buffer, { path, mark }: TokenKey): string | undefined {
  if (data.length > MOST_MESSAGE_BYTES || !data.includes(mark)) return undefined
  let value: unknown
  try {
    value = JSON.parse(data.toString())
  } catch {
    return undefined
  }
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    value = (value as Record<string, unknown>)[part]
  }
  return typeof value === 'string' ? value : undefined
}
