import {
  type Authority,
  AuthorityError,
  type Credentials,
  type Identity,
  type Refused,
  scopesOf,
} from './identity.ts'
import { callJson } from './json-call.ts'
import { MOST_TOKEN_CHARACTERS } from './jwt.ts'
import { type KeptAnswers, keyOf } from './kept-answers.ts'
import { Turnstile } from './turnstile.ts'

/** How an authorization server is asked about tokens. */
export interface IntrospectionOptions {
  readonly url: URL
  readonly tokenTypeHint: string | undefined
  /** The member of the answer that has the scopes. */
  readonly scopeKey: string
  /** How long a token is good of which the server does not say it, in milliseconds. */
  readonly defaultLifeMs: number
  /** Further fields of the request. */
  readonly parameters: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly ca: string | undefined
  /** Told when the server cannot be asked. */
  onDown(message: string): void
}

/** Questions at the same time, and those that wait. */
const AT_ONCE = 32
const MOST_WAITING = 1_000

/** Knows those who show a token that the server which gave it out says is good (RFC 7662). */
export class Introspection implements Authority {
  readonly scheme = 'Bearer'
  readonly #options: IntrospectionOptions
  readonly #kept: KeptAnswers<Identity> | undefined
  readonly #asking = new Map<string, Promise<Identity | Refused>>()
  readonly #turnstile = new Turnstile(AT_ONCE, MOST_WAITING)

  constructor(options: IntrospectionOptions, kept?: KeptAnswers<Identity>) {
    this.#options = options
    this.#kept = kept
  }

  async identify(credentials: Credentials): Promise<Identity | Refused> {
    if (credentials.scheme !== 'Bearer') return { why: 'there is no token' }
    const { token } = credentials
    if (token.length > MOST_TOKEN_CHARACTERS) return { why: 'the token is too long' }
    const key = keyOf(token)
    const known = this.#kept?.get(key)
    if (known) return known
    const asked = this.#asking.get(key)
    if (asked !== undefined) return asked
    if (this.#turnstile.isFull) throw new AuthorityError('too many tokens are being asked about')
    const asking = this.#turnstile
      .run(() => this.#ask(token))
      .then(found => {
        if (!('why' in found)) this.#kept?.set(key, found, found.until)
        return found
      })
      .finally(() => this.#asking.delete(key))
    this.#asking.set(key, asking)
    return asking
  }

  async #ask(token: string): Promise<Identity | Refused> {
    const { url, tokenTypeHint, parameters, headers, timeoutMs, ca, onDown } = this.#options
    const form = new URLSearchParams({ token })
    if (tokenTypeHint !== undefined) form.set('token_type_hint', tokenTypeHint)
    for (const [name, value] of Object.entries(parameters)) form.set(name, value)
    let answer: unknown
    try {
      answer = await callJson({ url, form, headers, timeoutMs, ca })
    } catch (error) {
      onDown(`no answer about tokens from ${url.origin}${url.pathname}: ${(error as Error).message}`)
      throw new AuthorityError('the server that knows the tokens cannot be asked')
    }
    return this.#identityOf((answer ?? {}) as Readonly<Record<string, unknown>>)
  }

  #identityOf(answer: Readonly<Record<string, unknown>>): Identity | Refused {
    const { active, username, sub, client_id: client, exp } = answer
    if (active !== true) return { why: 'the token is not active' }
    const { scopeKey, defaultLifeMs } = this.#options
    const until = typeof exp === 'number' ? exp * 1000 : Date.now() + defaultLifeMs
    if (until <= Date.now()) return { why: 'the token has expired' }
    const user = [username, sub, client].find(each => typeof each === 'string') as string | undefined
    return { user: user ?? '', scopes: scopesOf(answer[scopeKey]), claims: answer, until }
  }
}
