import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { AuthorityError } from './identity.ts'
import { callJson } from './json-call.ts'
import { algorithmsOf } from './jwt-signature.ts'

/** Gives the keys that a token may be signed with. */
export interface KeySource {
  /** @throws AuthorityError when the keys cannot be had now */
  keysFor(keyId: string | undefined, algorithm: string): Promise<readonly KeyObject[]> | readonly KeyObject[]
}

/** Where a set of keys is, and how long it is good. */
export interface KeySetOptions {
  readonly url: URL
  /** How long it is used before it is asked for again, in milliseconds. */
  readonly maxAgeMs: number
  /** How long it is not asked for again because of a key that is not in it, in milliseconds. */
  readonly refetchMs: number
  readonly timeoutMs: number
  readonly headers: Readonly<Record<string, string>>
  readonly ca: string | undefined
  /** Told when the keys cannot be had. */
  onDown(message: string): void
}

/** How long keys are used beyond their age while their server is away, in milliseconds. */
const STALE_MS = 3_600_000
/** How long a server that was away is not asked again, in milliseconds; less where a refetch may come sooner. */
const AWAY_MS = 1_000
/** Keys of a set that are looked at, and those that are tried for a token that does not say which. */
const MOST_KEYS = 100
const MOST_TRIED = 10

interface Key {
  readonly id: string | undefined
  readonly algorithms: readonly string[]
  readonly key: KeyObject
}

/**
 * The public keys at an address (RFC 7517). They are asked for when first needed, when they are old, and once more for
 * a key id that is not among them, which is how keys are rotated; callers that come together wait for one answer.
 */
export class KeySet implements KeySource {
  readonly #options: KeySetOptions
  #keys: readonly Key[] = []
  #fetchedAt = -Infinity
  #askedAt = -Infinity
  /** When it was last asked for because of a key that was not in it. */
  #missedAt = -Infinity
  #isAway = false
  #asking: Promise<void> | undefined

  constructor(options: KeySetOptions) {
    this.#options = options
  }

  async keysFor(keyId: string | undefined, algorithm: string): Promise<readonly KeyObject[]> {
    const { maxAgeMs, refetchMs } = this.#options
    const awayMs = Math.min(AWAY_MS, refetchMs)
    await this.#asking
    if (this.#ageMs > maxAgeMs && !(this.#isAway && this.#isWithin(awayMs, this.#askedAt))) await this.#ask()
    if (this.#ageMs > maxAgeMs + STALE_MS) throw new AuthorityError('the keys of tokens cannot be had')
    const found = this.#find(keyId, algorithm)
    if (found.length > 0 || this.#isWithin(refetchMs, this.#missedAt)) return found
    this.#missedAt = performance.now()
    await this.#ask()
    return this.#find(keyId, algorithm)
  }

  get #ageMs(): number {
    return performance.now() - this.#fetchedAt
  }

  #find(keyId: string | undefined, algorithm: string): readonly KeyObject[] {
    return this.#keys
      .filter(({ id, algorithms }) => (keyId === undefined || id === keyId) && algorithms.includes(algorithm))
      .slice(0, MOST_TRIED)
      .map(({ key }) => key)
  }

  #isWithin(ms: number, since: number): boolean {
    return performance.now() - since < ms
  }

  #ask(): Promise<void> {
    this.#askedAt = performance.now()
    this.#asking ??= this.#fetch().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #fetch(): Promise<void> {
    const { url, headers, timeoutMs, ca, onDown } = this.#options
    try {
      this.#keys = keysOf(await callJson({ url, headers, timeoutMs, ca }))
      this.#fetchedAt = performance.now()
      this.#isAway = false
    } catch (error) {
      this.#isAway = true
      onDown(`no keys from ${url.origin}${url.pathname}: ${(error as Error).message}`)
    }
  }
}

/** @throws Error for what is no set of keys */
function keysOf(answer: unknown): Key[] {
  const { keys } = (answer ?? {}) as { keys?: unknown }
  if (!Array.isArray(keys)) throw new Error('its answer is no set of keys')
  return keys.slice(0, MOST_KEYS).flatMap((each: unknown) => keyOf(each))
}

/** A key that cannot be used, a secret among them, is left out. */
function keyOf(each: unknown): Key[] {
  const { kid, alg, use, key_ops: operations, kty } = (each ?? {}) as Readonly<Record<string, unknown>>
  if (kty === 'oct' || (use !== undefined && use !== 'sig')) return []
  if (Array.isArray(operations) && !operations.includes('verify')) return []
  try {
    const key = createPublicKey({ key: each as JsonWebKey, format: 'jwk' })
    const algorithms = algorithmsOf(key).filter(name => alg === undefined || alg === name)
    return [{ id: typeof kid === 'string' ? kid : undefined, algorithms, key }]
  } catch {
    return []
  }
}
