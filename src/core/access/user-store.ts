import { randomBytes } from 'node:crypto'
import { FailedAttempts } from './failed-attempts.ts'
import { type Authority, AuthorityError, type Credentials, type Identity, type Refused } from './identity.ts'
import { KeptAnswers, keyOf } from './kept-answers.ts'
import { hashOfNobody, isPassword, type PasswordHash } from './password-hash.ts'
import { Turnstile } from './turnstile.ts'

/** Somebody with a password. */
export interface StoredUser {
  readonly name: string
  readonly hash: PasswordHash
  readonly scopes: readonly string[]
}

/** How long a password that was right is not worked out again, in milliseconds, and of how many. */
const KEPT = { capacity: 1_000, maxAgeMs: 300_000 }
/** Passwords that are worked out at the same time: threads are needed for other things, too. */
const AT_ONCE = 2
const MOST_WAITING = 256
/** Those of one address. */
const MOST_OF_ADDRESS = 64
const MOST_CHARACTERS = 1_024

/** Knows users by name and password. */
export class UserStore implements Authority {
  readonly scheme = 'Basic'
  readonly #users: ReadonlyMap<string, StoredUser>
  readonly #nobody: PasswordHash
  readonly #kept = new KeptAnswers<Identity>(KEPT)
  /** What is kept cannot be looked for without it. */
  readonly #pepper = randomBytes(32).toString('base64')
  readonly #failed = new FailedAttempts()
  readonly #turnstile = new Turnstile(AT_ONCE, MOST_WAITING)
  readonly #ofAddress = new Map<string, number>()
  /** The last one in line for each user and address: wrong passwords that come together count one by one. */
  readonly #lines = new Map<string, Promise<unknown>>()

  constructor(users: readonly StoredUser[]) {
    this.#users = new Map(users.map(user => [user.name, user]))
    this.#nobody = hashOfNobody(users[0]?.hash)
  }

  async identify(credentials: Credentials, address: string): Promise<Identity | Refused> {
    if (credentials.scheme !== 'Basic') return { why: 'there is no password' }
    const { user: name, password } = credentials
    if (name.length + password.length > MOST_CHARACTERS) return { why: 'name or password are too long' }
    const key = keyOf(this.#pepper, name, password)
    const kept = this.#kept.get(key)
    if (kept) return kept
    const who = keyOf(address, name)
    this.#refuseTooMany(who)
    return this.#inLine(who, address, () => this.#check(name, password, key, who))
  }

  async #check(name: string, password: string, key: string, who: string): Promise<Identity | Refused> {
    // Those in line before may have shown it to be right, or given too many that are wrong.
    const kept = this.#kept.get(key)
    if (kept) return kept
    this.#refuseTooMany(who)
    if (this.#turnstile.isFull) throw new AuthorityError('too many passwords are being checked')
    const user = this.#users.get(name)
    // Who is not there takes as long, so that the time says nothing of who is.
    const isRight = await this.#turnstile.run(() => isPassword(password, user?.hash ?? this.#nobody))
    if (!user || !isRight) {
      this.#failed.add(who)
      return { why: 'name or password are wrong' }
    }
    this.#failed.forget(who)
    const identity = { user: name, scopes: user.scopes, claims: {}, until: undefined }
    this.#kept.set(key, identity)
    return identity
  }

  #refuseTooMany(who: string): void {
    const waitSeconds = this.#failed.waitSeconds(who)
    if (waitSeconds > 0)
      throw new AuthorityError('too many wrong passwords', { status: 429, retryAfterSeconds: waitSeconds })
  }

  /** Does something once all others of the same user and address are done. */
  async #inLine<T>(who: string, address: string, work: () => Promise<T>): Promise<T> {
    const others = this.#ofAddress.get(address) ?? 0
    if (others >= MOST_OF_ADDRESS)
      throw new AuthorityError('too many passwords at once', { status: 429, retryAfterSeconds: 1 })
    this.#ofAddress.set(address, others + 1)
    const before = this.#lines.get(who)
    const done = before === undefined ? work() : before.then(work, work)
    this.#lines.set(who, done)
    try {
      return await done
    } finally {
      if (this.#lines.get(who) === done) this.#lines.delete(who)
      const left = this.#ofAddress.get(address)! - 1
      if (left > 0) this.#ofAddress.set(address, left)
      else this.#ofAddress.delete(address)
    }
  }
}
