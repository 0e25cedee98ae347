import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Admitted } from '../core/access/gate.ts'
import type { CertificateFacts, RequestFacts, RestFacts } from '../core/ports.ts'
import type { RequestHead } from '../core/route.ts'
import { clientAddress } from './client-address.ts'
import { certificateOf } from './client-certificate.ts'
import type { Forwarded, TrustedProxies } from './trusted-proxies.ts'

/** An HTTP request that came in: what is known of it before its body matters, worked out when it is asked for. */
export class HttpRequest implements RequestHead, RequestFacts {
  readonly raw: IncomingMessage
  readonly method: string
  target: string
  readonly path: string
  /** The inbound endpoint it came to, where that is not the service itself. */
  inbound: string | undefined
  /** Which resource of an API takes it. */
  rest: RestFacts | undefined
  /** Who sent it, once that is known. */
  identity: Admitted | undefined
  /** How much of the path is the service's own. */
  ownLength = 0
  readonly #proxies: TrustedProxies | undefined
  #forwarded: Forwarded | null | undefined

  /** Takes what came in; what the proxies that are trusted say of it counts. */
  constructor(raw: IncomingMessage, proxies?: TrustedProxies) {
    const target = originForm(raw.url ?? '/')
    const query = target.indexOf('?')
    this.raw = raw
    this.#proxies = proxies
    this.method = raw.method ?? 'GET'
    this.target = target
    this.path = query < 0 ? target : target.slice(0, query)
  }

  /** What a trusted proxy says of it; looked up once. */
  get #byProxy(): Forwarded | undefined {
    if (this.#proxies === undefined) return undefined
    if (this.#forwarded === undefined) this.#forwarded = this.#proxies.forwarded(this.raw) ?? null
    return this.#forwarded ?? undefined
  }

  get isSecure(): boolean {
    return this.#byProxy?.isSecure ?? (this.raw.socket as TLSSocket).encrypted === true
  }

  /** Host and port as the client used them. */
  get host(): string {
    return this.#byProxy?.host ?? this.raw.headers.host ?? ''
  }

  get headers(): RequestHead['headers'] {
    return this.raw.headers
  }

  get hasBody(): boolean {
    const { headers } = this.raw
    return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
  }

  /** Scheme and host as the client used them. */
  get here(): string {
    return `${this.isSecure ? 'https' : 'http'}://${this.host}`
  }

  get url(): string {
    return this.here + this.target
  }

  get remoteAddress(): string {
    return this.#byProxy?.address ?? clientAddress(this.raw)
  }

  get certificate(): CertificateFacts | undefined {
    return certificateOf(this.raw.socket)
  }

  /** Forgets parameters of its query: those behind see an address without them. */
  leaveOut(parameters: readonly string[]): void {
    if (parameters.length === 0 || this.target.length === this.path.length) return
    const query = this.target
      .slice(this.path.length + 1)
      .split('&')
      .filter(each => !parameters.some(name => new URLSearchParams(each).has(name)))
      .join('&')
    this.target = query === '' ? this.path : `${this.path}?${query}`
    this.raw.url = this.target
  }

  get postfix(): string {
    return this.target.slice(this.ownLength)
  }
}

/** Takes scheme and host off the target of a client that takes us for a proxy (RFC 9112, 3.2.2). */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target
  return target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '') || '/'
}
