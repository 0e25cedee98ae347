import type { RequestHead } from '../route.ts'
import { type Authority, AuthorityError, type Credentials, type Identity } from './identity.ts'
import { readAuthorization, type TokenKey, type TokenPlace, tokenAt, tokenKey } from './token-place.ts'

/** One way to be let in. */
export interface GateEntry {
  readonly authority: Authority
  /** One of these is needed; empty for none. */
  readonly scopes: readonly string[]
  /** Where tokens may be, in order. */
  readonly places: readonly TokenPlace[]
  /** Where messages have the token by which a session renews its own; undefined where it cannot. */
  readonly renewal: TokenKey | undefined
  /** Close code for a session whose credentials are not good any more, or were not good in its first message. */
  readonly closeCode: number
  /** How long a client may take for its first message, in milliseconds. */
  readonly firstMessageMs: number
}

/** What somebody is told who is not let in. */
export interface GateRefusal {
  readonly status: 401 | 403 | 429 | 503
  readonly message: string
  /** For the log. */
  readonly detail: string
  readonly headers: readonly (readonly [name: string, value: string])[]
}

/** Somebody who is let in, and by which entry. */
export interface Admitted extends Identity {
  readonly terms: GateEntry
}

/** Who asks: the head of the request, and where it comes from. */
export type Asking = RequestHead & { readonly remoteAddress: string }

/** Decides who may use a service: the first entry that knows somebody says whether they may. */
export class Gate {
  readonly #realm: string
  readonly #entries: readonly GateEntry[]
  readonly #challenge: string
  /** Names of what holds tokens and is seen by nobody behind the gate. */
  readonly queryParameters: readonly string[]
  readonly subprotocols: readonly string[]
  /** The entry that waits for a first message, and the keys that have the token in it. */
  readonly waiting: GateEntry | undefined
  readonly messageKeys: readonly TokenKey[]
  /** Whether messages may hold a token. */
  readonly readsMessages: boolean

  constructor(name: string, entries: readonly GateEntry[]) {
    this.#realm = name.replace(/[^\w .-]/g, '')
    this.#entries = entries
    const named = (at: TokenPlace['at']): string[] => [
      ...new Set(
        entries.flatMap(({ places }) => places.filter(place => place.at === at).map(place => place.name)),
      ),
    ]
    this.queryParameters = named('query')
    this.subprotocols = named('subprotocol')
    this.messageKeys = named('message').map(tokenKey)
    this.waiting = entries.find(({ places }) => places.some(({ at }) => at === 'message'))
    this.readsMessages = entries.some(
      ({ places, renewal }) => renewal !== undefined || places.some(({ at }) => at === 'message'),
    )
    const schemes = new Set(entries.map(({ authority }) => authority.scheme))
    this.#challenge = [...schemes].map(scheme => `${scheme} realm="${this.#realm}"`).join(', ')
  }

  /**
   * Says who asks, or why they are not let in; 'later' for a client that may say it in its first message. Never rejects.
   */
  async admit(request: Asking, subprotocols?: readonly string[]): Promise<Admitted | GateRefusal | 'later'> {
    const given = this.#entries.map(entry => credentialsOf(entry, request, subprotocols))
    if (subprotocols && this.waiting && given.every(each => each === undefined)) return 'later'
    return this.#decide(given, request.remoteAddress)
  }

  /** Says whose token came in a message. Never rejects. */
  async take(token: string, address: string): Promise<Admitted | GateRefusal> {
    const credentials = { scheme: 'Bearer', token } as const
    return this.#decide(
      this.#entries.map(({ authority }) => (authority.scheme === 'Bearer' ? credentials : undefined)),
      address,
    )
  }

  async #decide(
    given: readonly (Credentials | 'malformed' | undefined)[],
    address: string,
  ): Promise<Admitted | GateRefusal> {
    let down: AuthorityError | undefined
    const why: string[] = []
    for (const [i, entry] of this.#entries.entries()) {
      const credentials = given[i]
      if (credentials === undefined) continue
      if (credentials === 'malformed') {
        why.push('the credentials are malformed')
        continue
      }
      try {
        const found = await entry.authority.identify(credentials, address)
        if ('why' in found) why.push(found.why)
        else return mayUse(found, entry) ? { ...found, terms: entry } : this.#lacksScope(found, entry)
      } catch (error) {
        if (error instanceof AuthorityError) down ??= error
        // A bug, or what a library does not take: nobody is let in by it.
        else why.push(`the credentials could not be checked (${(error as Error).name})`)
      }
    }
    // The one that could not say may know them.
    if (down) return awayFor(down)
    return this.#unknown(why)
  }

  #unknown(why: readonly string[]): GateRefusal {
    const isGiven = why.length > 0
    const error = isGiven ? ', error="invalid_token"' : ''
    return {
      status: 401,
      message: isGiven ? 'the credentials are not good' : 'credentials are needed',
      detail: isGiven ? [...new Set(why)].join('; ') : 'no credentials',
      headers: [['WWW-Authenticate', this.#challenge.replace(/(Bearer realm="[^"]*")/, `$1${error}`)]],
    }
  }

  #lacksScope({ user }: Identity, { scopes, authority: { scheme } }: GateEntry): GateRefusal {
    const wanted = scopes.join(' ').replace(/["\\]/g, '')
    const more = scheme === 'Bearer' ? `, error="insufficient_scope", scope="${wanted}"` : ''
    return {
      status: 403,
      message: 'a scope is missing',
      detail: `user ${user.slice(0, 100).replace(/[^\x20-\x7e]/g, '?')} has no scope of ${wanted}`,
      headers: [['WWW-Authenticate', `${scheme} realm="${this.#realm}"${more}`]],
    }
  }
}

function awayFor({ status, message, retryAfterSeconds }: AuthorityError): GateRefusal {
  return {
    status,
    message: status === 429 ? message : 'credentials cannot be checked now',
    detail: message,
    headers: [['Retry-After', String(retryAfterSeconds)]],
  }
}

function mayUse({ scopes }: Identity, entry: GateEntry): boolean {
  return entry.scopes.length === 0 || entry.scopes.some(scope => scopes.includes(scope))
}

function credentialsOf(
  { authority: { scheme }, places }: GateEntry,
  request: Asking,
  subprotocols: readonly string[] = [],
): Credentials | 'malformed' | undefined {
  for (const place of scheme === 'Basic' ? AUTHORIZATION : places) {
    if (place.at === 'header') {
      const { authorization } = request.headers
      const read = readAuthorization(Array.isArray(authorization) ? authorization[0] : authorization)
      // Credentials of another kind are for another entry.
      if (read === 'malformed' || read?.scheme === scheme) return read
      continue
    }
    const token = tokenAt(place, request, subprotocols)
    if (token !== undefined) return /^[\x21-\x7e]+$/.test(token) ? { scheme: 'Bearer', token } : 'malformed'
  }
  return undefined
}

const AUTHORIZATION: readonly TokenPlace[] = [{ at: 'header', name: 'Authorization' }]
