import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { FailedAttempts } from '../core/access/failed-attempts.ts'
import { readAuthorization } from '../core/access/token-place.ts'
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

export { FAILURES_MS, MAX_FAILURES } from '../core/access/failed-attempts.ts'

/** What commands of the same user on this machine are called in the log. */
const LOCAL: Caller = { name: 'local', isAdmin: true }

/** Who may use the management API: users with a password, who get tokens, and who has the local token. */
export class Access {
  readonly #users: readonly ApiUser[]
  readonly #local: Buffer
  readonly #now: () => number
  /** By the hash of the token, so that how long finding one takes says nothing of it. */
  readonly #tokens = new Map<string, { readonly caller: Caller; readonly until: number }>()
  readonly #failed = new FailedAttempts()

  /** `now` is the time in milliseconds. */
  constructor(users: readonly ApiUser[], localToken: string, now: () => number = Date.now) {
    this.#users = users
    this.#local = digest(localToken)
    this.#now = now
  }

  /** Takes the credentials of an Authorization header and gives a token, 'wrong', or how long to wait in seconds. */
  login(authorization: string | undefined, address: string): string | 'wrong' | number {
    const now = this.#now()
    const waitSeconds = this.#failed.waitSeconds(address, now)
    if (waitSeconds > 0) return waitSeconds
    const user = this.#userOf(authorization)
    if (!user) {
      this.#failed.add(address, now)
      return 'wrong'
    }
    this.#failed.forget(address)
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
    const shown = readAuthorization(authorization)
    const isBasic = typeof shown === 'object' && shown.scheme === 'Basic'
    const [name, password] = isBasic ? [digest(shown.user), digest(shown.password)] : [digest(''), digest('')]
    let found: ApiUser | undefined
    // All are looked at, so that the time it takes says nothing of who there is.
    for (const user of this.#users) {
      const isName = timingSafeEqual(digest(user.name), name)
      const isPassword = timingSafeEqual(digest(user.password), password)
      if (isName && isPassword && isBasic) found = user
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
}

/** Makes a token that nobody can guess. */
export function newToken(): string {
  return randomBytes(32).toString('base64url')
}

function bearer(authorization: string | undefined): string | undefined {
  const shown = readAuthorization(authorization)
  return typeof shown === 'object' && shown.scheme === 'Bearer' ? shown.token : undefined
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
