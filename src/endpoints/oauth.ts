import { Fault } from '../core/fault.ts'
import type { Resource } from '../language/declare.ts'
import type { HttpClient } from './http-client.ts'
import { basic } from './http-headers.ts'

/** How a token is asked for (RFC 6749, 4.3, 4.4 and 6). */
export interface Grant {
  readonly type: 'client_credentials' | 'refresh_token' | 'password'
  readonly tokenUrl: string
  readonly clientId: string
  readonly clientSecret: string
  readonly refreshToken: string
  readonly username: string
  readonly password: string
  /** Whether the client's credentials are form fields rather than a header. */
  readonly inPayload: boolean
  readonly parameters: readonly [string, string][]
  readonly headers: readonly [string, string][]
}

interface Token {
  readonly authorization: string
  readonly expiresAt: number
}

const TIMEOUT_MS = 30_000

/** Compatibility: a token that does not say how long it holds is kept this long, as the original does. */
const DEFAULT_SECONDS = 3_000

/** More tokens than this are not kept; the oldest goes first. */
const MOST_TOKENS = 1_000

/** Gets OAuth tokens and keeps them until they run out. Requests that come together wait for the same token. */
export class OAuthTokens implements Resource {
  readonly #client: HttpClient
  readonly #tokens = new Map<string, Promise<Token>>()

  constructor(client: HttpClient) {
    this.#client = client
  }

  /**
   * Gives the Authorization header for a grant; a new token where the last one was refused.
   * @throws Fault 303003 when no token can be had
   */
  async authorization(grant: Grant, isRefused: boolean): Promise<string> {
    const key = JSON.stringify([
      grant.tokenUrl,
      grant.type,
      grant.clientId,
      grant.username,
      grant.refreshToken,
    ])
    if (!isRefused) {
      const known = await this.#tokens.get(key)?.catch(() => undefined)
      if (known && known.expiresAt > Date.now()) return known.authorization
    }
    const asked = this.#ask(grant)
    this.#tokens.delete(key)
    if (this.#tokens.size >= MOST_TOKENS) this.#tokens.delete(this.#tokens.keys().next().value!)
    this.#tokens.set(key, asked)
    try {
      return (await asked).authorization
    } catch (error) {
      if (this.#tokens.get(key) === asked) this.#tokens.delete(key)
      throw error
    }
  }

  async stop(): Promise<void> {
    this.#tokens.clear()
  }

  async #ask(grant: Grant): Promise<Token> {
    const form = new URLSearchParams({ grant_type: grant.type })
    if (grant.type === 'refresh_token') form.set('refresh_token', grant.refreshToken)
    if (grant.type === 'password') {
      form.set('username', grant.username)
      form.set('password', grant.password)
    }
    for (const [name, value] of grant.parameters) form.set(name, value)
    const headers = ['Content-Type', 'application/x-www-form-urlencoded', 'Accept', 'application/json']
    if (grant.inPayload) {
      form.set('client_id', grant.clientId)
      form.set('client_secret', grant.clientSecret)
    } else headers.push('Authorization', basic(grant.clientId, grant.clientSecret))
    for (const [name, value] of grant.headers) headers.push(name, value)
    try {
      return tokenOf(await this.#post(grant.tokenUrl, headers, form))
    } catch (error) {
      const why = (error as Error).message
      throw new Fault(303003, `no token from ${grant.tokenUrl}: ${why}`, { cause: error })
    }
  }

  async #post(tokenUrl: string, headers: readonly string[], form: URLSearchParams): Promise<unknown> {
    const answer = await this.#client.send({
      method: 'POST',
      url: new URL(tokenUrl),
      headers,
      body: Buffer.from(form.toString()),
      timeoutMs: TIMEOUT_MS,
      isOneWay: false,
      closes: false,
      hasFullUri: false,
    })
    if (answer?.status !== 200) throw new Error(`it answered with status ${answer?.status}`)
    return JSON.parse(answer.body.toString())
  }
}

function tokenOf(answer: unknown): Token {
  const { access_token: token, expires_in: seconds } = (answer ?? {}) as Record<string, unknown>
  if (typeof token !== 'string' || token === '') throw new Error('the answer holds no access_token')
  const lifetime = Number(seconds) > 0 ? Number(seconds) : DEFAULT_SECONDS
  return { authorization: `Bearer ${token}`, expiresAt: Date.now() + lifetime * 1000 }
}
