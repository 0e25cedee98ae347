import { randomUUID } from 'node:crypto'
import { MessageContext } from '../core/context.ts'
import type { Origin, Service } from '../core/ports.ts'
import type { HeaderList } from '../core/route.ts'
import { Content } from '../message/content.ts'
import { Headers } from '../message/headers.ts'
import { Message } from '../message/message.ts'
import type { WebSocketServiceOptions } from '../websocket/options.ts'
import { type Arrival, ConnectionLimits, type ConnectionRefusal } from './connection-limits.ts'
import { hideTokens } from './hidden-tokens.ts'
import type { HttpRequest } from './http-request.ts'
import { originRefusal } from './origins.ts'
import type { QuietLog } from './quiet-log.ts'

/** An upgrade that is not made. */
export interface Refusal {
  readonly status: number
  readonly reason: string
  readonly retryAfterSeconds?: number
  readonly headers?: HeaderList
  /** Names it in the log and for the client. */
  readonly id: string
}

/** An upgrade that is made so that its client can be told why it is closed: browsers show pages no status. */
export interface ClosedAtOnce {
  readonly code: 1008 | 1013
  readonly reason: string
}

/** Decides which clients a service lets in: by the page they are on, and by how many there are. */
export class Admission {
  readonly #service: Service
  readonly #options: WebSocketServiceOptions
  readonly #log: QuietLog
  readonly #limits: ConnectionLimits | undefined

  constructor(service: Service, options: WebSocketServiceOptions, log: QuietLog) {
    const { limits } = options
    this.#service = service
    this.#options = options
    this.#log = log
    this.#limits = limits && new ConnectionLimits(limits)
  }

  /** Finds out who a client is, where the service asks for that; or says what becomes of it instead. */
  async identify(request: HttpRequest, offered: readonly string[]): Promise<Refusal | undefined> {
    const { access } = this.#options
    if (!access) return undefined
    const asked = access.admit(request, offered)
    hideTokens(request, access)
    const found = await asked
    if (found === 'later') return undefined
    if ('status' in found) {
      const { status, message: reason, detail, headers } = found
      return this.#refuse(request, { status, reason, headers }, detail)
    }
    request.identity = found
    return undefined
  }

  /** Counts a client in until its socket is gone; or says what becomes of it instead. */
  admit(request: HttpRequest): Refusal | ClosedAtOnce | undefined {
    const { origin, cookie } = request.raw.headers
    const foreign = originRefusal(this.#options.origins, { origin, cookie, host: request.host })
    if (foreign !== undefined) {
      const reason = 'a page of this origin may not connect'
      return this.#refuse(request, { status: 403, reason }, `page of ${origin?.slice(0, 200)}: ${foreign}`)
    }
    const limits = this.#limits
    if (!limits) return undefined
    const arrival = { address: request.remoteAddress, user: this.#userOf(request) }
    const refusal = limits.refusalOf(arrival)
    if (refusal && refusal.action !== 'warn') return this.#turnAway(request, refusal)
    if (refusal) this.#warn(request, refusal.reason, `let in client ${arrival.address}: ${refusal.reason}`)
    this.#enter(request, limits, arrival)
    return undefined
  }

  #enter({ raw: { socket } }: HttpRequest, limits: ConnectionLimits, arrival: Arrival): void {
    // A socket that is gone already says so no more.
    if (!socket.destroyed) socket.once('close', limits.enter(arrival))
  }

  #turnAway(
    request: HttpRequest,
    { action, reason, status, retryAfterSeconds }: ConnectionRefusal,
  ): Refusal | ClosedAtOnce {
    if (action !== 'close') return this.#refuse(request, { status, reason, retryAfterSeconds }, reason)
    this.#count()
    this.#warn(request, reason, `closed client ${request.remoteAddress}: ${reason}`)
    return { code: status === 503 ? 1013 : 1008, reason }
  }

  #refuse(request: HttpRequest, refusal: Omit<Refusal, 'id'>, detail: string): Refusal {
    const id = randomUUID()
    this.#count()
    const { status, reason } = refusal
    this.#warn(request, reason, `refused client ${request.remoteAddress}: ${detail}`, { id, status })
    return { ...refusal, id }
  }

  /** The handshake is the message that is refused. */
  #count(): void {
    const { counters } = this.#service
    counters.received++
    counters.ended.refused++
  }

  #warn({ path, remoteAddress }: HttpRequest, kind: string, text: string, fields: object = {}): void {
    const { label } = this.#service
    this.#log.warn(kind, { ...fields, client: remoteAddress, path }, `${label}${text}`)
  }

  /** What the request says of its user: its headers, its address and its certificate are there to look at. */
  #userOf(request: HttpRequest): string {
    const user = this.#options.limits?.user
    if (!user) return ''
    const message = new Message(Content.empty(), Headers.fromRaw(request.raw.rawHeaders))
    const ctx = new MessageContext(this.#service, new Asking(request), message, { event: 'open' })
    for (const { name, value } of message.headers.entries()) ctx.properties.set(name, value)
    return user(ctx)
  }
}

/** Somebody who is not in yet: there is nobody to answer. */
class Asking implements Origin {
  readonly kind = 'websocket'
  readonly request: HttpRequest

  constructor(request: HttpRequest) {
    this.request = request
  }

  reply(): void {}

  ended(): void {}
}
