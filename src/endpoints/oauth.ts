import { Readable } from 'node:stream'
import { Fault } from '../core/fault.ts'
import type { Resource } from '../language/declare.ts'
import type { HttpAnswer, HttpClient } from './http-client.ts'
import { basic } from './http-headers.ts'

/** How a token is asked for (RFC 6749, 4.3, 4.4 and 6; what else a grant needs stands in its parameters). */
export interface Grant {
  readonly type:
    | 'client_credentials'
    | 'refresh_token'
    | 'password'
    | 'urn:ietf:params:oauth:grant-type:jwt-bearer'
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
  /** How long the token may take, in milliseconds. */
  readonly timeoutMs: number
  /** How long a token is kept that does not say, in seconds; default as long as any. */
  readonly defaultSeconds?: number
  /** How long before its end a token is not used any more, in seconds. Default 0. */
  readonly marginSeconds?: number
}

interface Token {
  readonly authorization: string
  readonly expiresAt: number
}

/** More tokens than this are not kept; the oldest goes first. */
const MOST_TOKENS = 1_000

/** No token is longer than this. */
const MAX_ANSWER_CHARACTERS = 1024 * 1024

/** Gets OAuth tokens and keeps them until they run out. Requests that come together wait for the same token. */
export class OAuthTokens implements Resource {
  readonly #client: HttpClient
  readonly #keptSeconds: number
  readonly #tokens = new Map<string, Promise<Token>>()

  /** A token is kept as long as it says, at most the seconds given. */
  constructor(client: HttpClient, keptSeconds: number) {
    this.#client = client
    this.#keptSeconds = keptSeconds
  }

  /**
   * Gives the Authorization header for a grant: another one than was refused, where one was.
   * @throws Fault 303003 when no token can be had
   */
  async authorization(grant: Grant, refused?: string): Promise<string> {
    // Whoever does not know all of the secrets has no use of the token.
    const key = JSON.stringify(grant)
    const asked = this.#tokens.get(key)
    if (asked !== undefined) {
      const { authorization, expiresAt } = await asked
      if (expiresAt > performance.now() && authorization !== refused) return authorization
    }
    // Somebody else who waited as long may have asked already.
    const current = this.#tokens.get(key)
    if (current !== undefined && current !== asked) return (await current).authorization
    return (await this.#askAgain(key, grant)).authorization
  }

  #askAgain(key: string, grant: Grant): Promise<Token> {
    const asked = this.#ask(grant)
    this.#tokens.delete(key)
    if (this.#tokens.size >= MOST_TOKENS) this.#tokens.delete(this.#tokens.keys().next().value!)
    this.#tokens.set(key, asked)
    asked.catch(() => {
      if (this.#tokens.get(key) === asked) this.#tokens.delete(key)
    })
    return asked
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
    } else if (grant.clientId !== '' || grant.type === 'client_credentials')
      headers.push('Authorization', basic(grant.clientId, grant.clientSecret))
    for (const [name, value] of grant.headers) headers.push(name, value)
    try {
      return tokenOf(await this.#post(grant, headers, form), this.#keptSeconds, grant)
    } catch (error) {
      const why = (error as Error).message
      throw new Fault(303003, `no token from ${grant.tokenUrl}: ${why}`, { cause: error })
    }
  }

  async #post(
    { tokenUrl, timeoutMs }: Grant,
    headers: readonly string[],
    form: URLSearchParams,
  ): Promise<unknown> {
    const answer = await this.#client.send({
      method: 'POST',
      url: new URL(tokenUrl),
      headers,
      body: Buffer.from(form.toString()),
      timeoutMs,
      isOneWay: false,
      closes: false,
      hasFullUri: false,
    })
    if (!answer) throw new Error('it did not answer')
    const text = await wholeText(answer.body)
    if (answer.status !== 200) throw new Error(`it answered with status ${answer.status}`)
    return JSON.parse(text)
  }
}

async function wholeText(body: HttpAnswer['body']): Promise<string> {
  if (!(body instanceof Readable)) return body.toString()
  let text = ''
  for await (const chunk of body.setEncoding('utf8')) {
    text += chunk
    if (text.length > MAX_ANSWER_CHARACTERS) throw new Error('its answer is too large')
  }
  return text
}

/** Compatibility: a token that does not say how long it holds is kept as long as any. */
function tokenOf(
  answer: unknown,
  keptSeconds: number,
  { defaultSeconds = keptSeconds, marginSeconds = 0 }: Grant,
): Token {
  const { access_token: token, expires_in: seconds } = (answer ?? {}) as Record<string, unknown>
  if (typeof token !== 'string' || token === '') throw new Error('the answer holds no access_token')
  const lifetime = Number(seconds) > 0 ? Math.min(Number(seconds), keptSeconds) : defaultSeconds
  return {
    authorization: `Bearer ${token}`,
    expiresAt: performance.now() + (lifetime - marginSeconds) * 1000,
  }
}
