import type { Refused } from './identity.ts'

/** A token as it was read: nothing of it is known to be true. */
export interface ReadJwt {
  readonly algorithm: string
  readonly keyId: string | undefined
  readonly claims: Readonly<Record<string, unknown>>
  /** What is signed. */
  readonly input: string
  readonly signature: Buffer
}

/** No token is longer, in characters. */
export const MOST_TOKEN_CHARACTERS = 16_384

const PARTS = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Reads a signed JSON Web Token in its compact form (RFC 7519, RFC 7515), or says why it is none. */
export function readJwt(token: string): ReadJwt | Refused {
  if (token.length > MOST_TOKEN_CHARACTERS) return { why: 'the token is too long' }
  const [, head, body, end] = PARTS.exec(token) ?? []
  if (head === undefined || body === undefined || end === undefined)
    return { why: 'the token is no signed JWT' }
  const header = objectOf(head)
  const claims = objectOf(body)
  const signature = Buffer.from(end, 'base64url')
  if (!header || !claims || signature.toString('base64url') !== end)
    return { why: 'the token is no JWT: a part of it is malformed' }
  const { alg, kid, crit } = header
  if (typeof alg !== 'string') return { why: 'the token names no algorithm' }
  if (crit !== undefined) return { why: 'the token demands what is not known here (crit)' }
  if (kid !== undefined && typeof kid !== 'string') return { why: 'the key id of the token is no text' }
  return { algorithm: alg, keyId: kid, claims, input: `${head}.${body}`, signature }
}

function objectOf(part: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(utf8.decode(Buffer.from(part, 'base64url'))) as unknown
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
