/** Somebody whose credentials were good. */
export interface Identity {
  /** '' where the credentials name nobody. */
  readonly user: string
  readonly scopes: readonly string[]
  /** What the credentials say: the claims of a token. */
  readonly claims: Readonly<Record<string, unknown>>
  /** When the credentials end, in milliseconds since 1970; undefined for never. */
  readonly until: number | undefined
}

/** What somebody shows to be let in. */
export type Credentials =
  | { readonly scheme: 'Basic'; readonly user: string; readonly password: string }
  | { readonly scheme: 'Bearer'; readonly token: string }

/** Why credentials are not good: for the log, without any of them. */
export interface Refused {
  readonly why: string
}

/** Knows who has which credentials. */
export interface Authority {
  readonly scheme: Credentials['scheme']
  /**
   * Says who shows these credentials. `address` is where they come from.
   * @throws AuthorityError when that cannot be found out now
   */
  identify(credentials: Credentials, address: string): Promise<Identity | Refused> | Identity | Refused
}

/** It cannot be found out now who somebody is. */
export class AuthorityError extends Error {
  override readonly name = 'AuthorityError'
  /** 503 where it is not for the client to change that, 429 where the client asks too much. */
  readonly status: 429 | 503
  readonly retryAfterSeconds: number

  constructor(message: string, { status = 503, retryAfterSeconds = 5 }: AuthorityErrorOptions = {}) {
    super(message)
    this.status = status
    this.retryAfterSeconds = retryAfterSeconds
  }
}

interface AuthorityErrorOptions {
  readonly status?: 429 | 503
  readonly retryAfterSeconds?: number
}

/** Reads scopes as tokens have them: text with spaces between, or a list. */
export function scopesOf(value: unknown): string[] {
  if (typeof value === 'string') return value.split(/\s+/).filter(scope => scope !== '')
  return Array.isArray(value) ? value.filter(scope => typeof scope === 'string') : []
}
