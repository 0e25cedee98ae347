import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { ApiUser } from '../settings/users.ts'

/** Somebody who has shown who they are. */
export interface Caller {
  readonly name: string
  /** Whether they may change something. */
  readonly isAdmin: boolean
}

/** How long a token is good, in milliseconds. */
export const TOKEN_MS = 3_600_000

/** How many tokens there are at most; the one that was not used for longest goes for a new one. */
export const MAX_TOKENS = 200

/** Wrong passwords from one address until it has to wait, and for how long, in milliseconds. */
export const MAX_FAILURES = 5
export const FAILURES_MS = 60_000

/** Addresses whose failures are remembered. */
const MAX_ADDRESSES = 1_000

/** What commands of the same user on this machine are called in the log. */
const LOCAL: Caller = { name: 'local', isAdmin: true }

/** Who may use the management API: users with a password, who get tokens, and who has the local token. */
export class Access {
  readonly #users: readonly ApiUser[]
  readonly #local: Buffer
  readonly #now: () => number
  /** By the hash of the token, so that how long finding one takes says nothing of it. */
  readonly #tokens = new Map<string, { readonly caller: Caller; readonly until: number }>()
  readonly #failures = new Map<string, { count: number; since: number }>()

  /** `now` is the time in milliseconds. */
  constructor(users: readonly ApiUser[], localToken: string, now: () => number = Date.now) {
    this.#users = users
    this.#local = digest(localToken)
    this.#now = now
  }

  /** Takes the credentials of an Authorization header and gives a token, 'wrong', or how long to wait in seconds. */
  login(authorization: string | undefined, address: string): string | 'wrong' | number {
    const waitMs = this.#mustWait(address)
    if (waitMs > 0) return Math.ceil(waitMs / 1000)
    const user = this.#userOf(authorization)
    if (!user) {
      this.#failed(address)
      return 'wrong'
    }
    this.#failures.delete(address)
    return this.#issue({ name: user.name, isAdmin: user.isAdmin })
  }

  /** Gives who shows a token in an Authorization header; undefined where it is none, or no longer one. */
  callerOf(authorization: string | undefined): Caller | undefined {
    const token = bearer(authorization)
    if (token === undefined) return undefined
    const hash = digest(token)
    if (timingSafeEqual(hash, this.#local)) return LOCAL
    const key = hash.toString('hex')
    const known = this.#tokens.get(key)
    if (!known) return undefined
    this.#tokens.delete(key)
    if (known.until <= this.#now()) return undefined
    // The one used last stands last.
    this.#tokens.set(key, known)
    return known.caller
  }

  /** Makes a token good for nothing; false where it was not one of a login. */
  logout(authorization: string | undefined): boolean {
    const token = bearer(authorization)
    return token !== undefined && this.#tokens.delete(digest(token).toString('hex'))
  }

  #userOf(authorization: string | undefined): ApiUser | undefined {
    const encoded = /^Basic +([\w+/=-]+)$/i.exec(authorization ?? '')?.[1] ?? ''
    const text = Buffer.from(encoded, 'base64').toString()
    const colon = text.indexOf(':')
    const [name, password] = [digest(text.slice(0, Math.max(0, colon))), digest(text.slice(colon + 1))]
    let found: ApiUser | undefined
    // All are looked at, so that the time it takes says nothing of who there is.
    for (const user of this.#users) {
      const isName = timingSafeEqual(digest(user.name), name)
      const isPassword = timingSafeEqual(digest(user.password), password)
      if (isName && isPassword && colon > 0) found = user
    }
    return found
  }

  #issue(caller: Caller): string {
    const now = this.#now()
    for (const [key, { until }] of this.#tokens) if (until <= now) this.#tokens.delete(key)
    const [oldest] = this.#tokens.keys()
    if (this.#tokens.size >= MAX_TOKENS && oldest !== undefined) this.#tokens.delete(oldest)
    const token = newToken()
    this.#tokens.set(digest(token).toString('hex'), { caller, until: now + TOKEN_MS })
    return token
  }

  #mustWait(address: string): number {
    const failures = this.#failures.get(address)
    if (!failures) return 0
    const leftMs = failures.since + FAILURES_MS - this.#now()
    if (leftMs <= 0) this.#failures.delete(address)
    return failures.count >= MAX_FAILURES ? Math.max(0, leftMs) : 0
  }

  #failed(address: string): void {
    const failures = this.#failures.get(address) ?? { count: 0, since: this.#now() }
    failures.count++
    this.#failures.set(address, failures)
    const [oldest] = this.#failures.keys()
    if (this.#failures.size > MAX_ADDRESSES && oldest !== undefined) this.#failures.delete(oldest)
  }
}

/** Makes a token that nobody can guess. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

function bearer(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1]
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
