import type { MessageContext } from '../core/context.ts'
import type { Service } from '../core/ports.ts'
import type { RequestHead } from '../core/route.ts'
import type { Handshake } from '../core/session.ts'
import { mayCompress } from '../expressions/may-compress.ts'
import type { ServedService } from '../language/declare.ts'
import { Headers } from '../message/headers.ts'
import type { Connection, ConnectionEvents } from '../websocket/connection.ts'
import type { WebSocketServiceOptions } from '../websocket/options.ts'
import { PreparedFrame } from '../websocket/prepared-frame.ts'
import { Violation } from '../websocket/violation.ts'
import { Admission, type ClosedAtOnce, type Refusal } from './admission.ts'
import { refusalWith } from './handshake-refusal.ts'
import type { HeldConnection } from './held-connection.ts'
import type { HttpRequest } from './http-request.ts'
import type { BrokenLimit } from './message-limits.ts'
import { QuietLog } from './quiet-log.ts'
import { ClientSession } from './session.ts'
import { SessionRoutes } from './session-routes.ts'

/** How long both sides must have been quiet before a session is closed at shutdown. */
const QUIET_MS = 400

/** How long clients that do not stop talking are read at shutdown. */
const MAX_READ_ON_MS = 1_000

/** How often it is looked whether sides that are not read were cut, in milliseconds. */
const PROBE_MS = 1_000

/** A client that waits for the answer to its handshake. */
export interface HeldClient {
  readonly session: ClientSession
  readonly connection: HeldConnection
}

/** The clients of one WebSocket service, by the path they connected to. */
export class ClientSessions {
  readonly service: Service
  readonly options: WebSocketServiceOptions
  readonly #routes: SessionRoutes
  readonly #quietLog: QuietLog
  readonly #admission: Admission
  readonly #byPath = new Map<string, Set<ClientSession>>()
  #count = 0
  #nextId = 1
  readonly #held = new Set<HeldClient>()
  #probing: NodeJS.Timeout | undefined

  constructor(served: ServedService) {
    this.service = served.service
    this.options = served.webSocket!
    this.#routes = new SessionRoutes(served)
    this.#quietLog = new QuietLog(this.service.log)
    this.#admission = new Admission(this.service, this.options, this.#quietLog)
  }

  /** How many clients are connected. */
  get size(): number {
    return this.#count
  }

  /** How many of them wait for the answer to their handshake. */
  get held(): number {
    return this.#held.size
  }

  /** Gives the status a client is refused with, where an API has its path and no resource takes it. */
  async refusalOf(head: RequestHead): Promise<number | undefined> {
    const route = this.#routes.find(head)
    return 'answer' in route ? (await route.answer).status : undefined
  }

  /** Counts a client in that asks for an upgrade; or says what becomes of it instead. */
  admit(request: HttpRequest): Refusal | ClosedAtOnce | undefined {
    return this.#admission.admit(request)
  }

  /** Makes a session for a client that is being upgraded; `connect` gets the events and gives the connection. */
  open(
    upgrade: Handshake,
    head: RequestHead & { readonly raw: { readonly rawHeaders: readonly string[] } },
    connect: (events: ConnectionEvents) => Connection,
  ): void {
    const session = this.#join(upgrade, head)
    session.start(this.#connected(session, connect), Headers.fromRaw(head.raw.rawHeaders))
  }

  /** Makes a session for a client that is to wait for the answer to its handshake, and runs its handshake message. */
  hold(upgrade: Handshake, request: HttpRequest, offered: readonly string[]): HeldClient {
    const session = this.#join(upgrade, request)
    const held = {
      session,
      connection: session.hold(request, Headers.fromRaw(request.raw.rawHeaders), offered),
    }
    this.#held.add(held)
    return held
  }

  /** Goes on with a client that was held and has been let in. */
  upgraded(held: HeldClient, subprotocol: string, connect: (events: ConnectionEvents) => Connection): void {
    const { session } = held
    this.#held.delete(held)
    session.upgraded(this.#connected(session, connect), subprotocol)
  }

  /** Forgets a client that was held and is not let in, or has left. */
  heldBack(held: HeldClient): void {
    if (!this.#held.delete(held)) return
    held.connection.lost()
    held.session.heldBack()
    this.#forget(held.session)
  }

  #join(upgrade: Handshake, head: RequestHead): ClientSession {
    const id = `${this.service.name}-${this.#nextId++}`
    const route = this.#routes.find(head)
    if ('answer' in route) throw new Error('an upgrade that was to be refused was made')
    const { rest, postfix } = route
    const handshake = rest ? { ...upgrade, rest, postfix, inbound: this.service.name } : upgrade
    const session = new ClientSession(this, id, handshake, route)
    const peers = this.#byPath.get(handshake.path) ?? new Set()
    peers.add(session)
    this.#byPath.set(handshake.path, peers)
    this.#count++
    this.options.groups.begin(session)
    this.#probing ??= setInterval(() => this.#probe(), PROBE_MS).unref()
    return session
  }

  #connected(session: ClientSession, connect: (events: ConnectionEvents) => Connection): Connection {
    const { id, handshake } = session
    const connection = connect(session)
    this.service.log.debug(
      { session: id, path: handshake.path },
      `${this.service.label}client ${handshake.remoteAddress} connected`,
    )
    return connection
  }

  #probe(): void {
    for (const peers of this.#byPath.values()) for (const session of peers) session.probe()
  }

  #forget(session: ClientSession): boolean {
    const { path } = session.handshake
    const peers = this.#byPath.get(path)
    if (!peers?.delete(session)) return false
    if (peers.size === 0) this.#byPath.delete(path)
    this.#count--
    this.options.groups.end(session)
    if (this.#count === 0) {
      clearInterval(this.#probing)
      this.#probing = undefined
    }
    return true
  }

  /** Forgets a client that is gone. */
  remove(session: ClientSession, code: number, failure: Error | undefined): void {
    if (!this.#forget(session)) return
    const { remoteAddress } = session.handshake
    const fields = { session: session.id, code }
    const { log, label } = this.service
    if (failure)
      log.warn(
        fields,
        `${label}client ${remoteAddress} was closed: ${explain(failure, this.options.connection)}`,
      )
    else log.debug(fields, `${label}client ${remoteAddress} is gone`)
  }

  /** Deals with a message of a client that breaks a limit; says whether it goes on all the same. */
  letsPass(session: ClientSession, { rate, what }: BrokenLimit): boolean {
    const { label, counters } = this.service
    const { remoteAddress } = session.handshake
    const done = { warn: 'goes on', drop: 'has one left out', close: 'was closed (1008)' }[rate.action]
    const text = `${label}client ${remoteAddress} ${done}: it sends more than ${rate.perSecond} ${what} a second`
    this.#quietLog.warn(what, { session: session.id }, text)
    if (rate.action === 'warn') return true
    counters.received++
    if (rate.action === 'drop') counters.ended.discarded++
    else {
      counters.ended.refused++
      session.close(1008, `too many ${what}`)
    }
    return false
  }

  /** Sends a reply to its client, or to all on the path, as the broadcast level says. */
  send(ctx: MessageContext, session: ClientSession, data: Buffer, isBinary: boolean): void {
    const level = this.options.broadcastLevel
    if (level === 0) {
      const compress = this.options.compression === undefined || mayCompress(ctx)
      if (!session.deliver(data, isBinary, compress)) ctx.ending = 'discarded'
      return
    }
    const message = new PreparedFrame(data, isBinary)
    let isReceived = false
    for (const peer of this.#byPath.get(session.handshake.path) ?? []) {
      if (level === 2 && peer === session) continue
      if (peer.push(message)) isReceived = true
    }
    if (!isReceived) ctx.ending = 'discarded'
  }

  /** Closes a client that reads so little that nothing more may be pushed to it; says whether it did. */
  closeIfSlow(peer: ClientSession): boolean {
    if (!peer.isFarBehind) return false
    const { log, label, counters } = this.service
    const { policy } = this.options.slow
    counters.slow[policy]++
    log.warn(
      { session: peer.id, policy },
      `${label}client ${peer.handshake.remoteAddress} was closed: it does not read what it is sent (1013)`,
    )
    peer.giveUp()
    return true
  }

  /**
   * Ends all sessions. What clients had sent is read and goes through, and once both sides are quiet each client is
   * closed with the code of the service. A client that goes on talking is read no more after a while, and after half
   * the time everyone is closed, so that there is time to say goodbye; what is left when time is up is cut.
   */
  async stop(graceMs: number): Promise<void> {
    const start = Date.now()
    for (const { connection } of this.#held) connection.refuse(refusalWith(503, 'the gateway is stopping'))
    const [readUntil, talkUntil, deadline] = [
      start + Math.min(MAX_READ_ON_MS, graceMs / 4),
      start + graceMs / 2,
      start + graceMs,
    ]
    const seen = new Map(this.#all().map(session => [session, { activity: session.activity, since: start }]))
    let isReading = true
    while (seen.size > 0 && Date.now() < talkUntil) {
      await new Promise(resolve => setTimeout(resolve, 10))
      if (isReading && Date.now() >= readUntil) {
        isReading = false
        for (const session of seen.keys()) session.stopReading()
      }
      this.#closeQuiet(seen)
    }
    const { code, reason } = this.options.shutdown
    for (const session of this.#all()) session.close(code, reason)
    while (this.#count > 0 && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 10))
    for (const session of this.#all()) session.connection.terminate()
  }

  /** Closes the sessions in which nothing is under way and nothing has come for a while, and forgets them. */
  #closeQuiet(seen: Map<ClientSession, { activity: number; since: number }>): void {
    const { code, reason } = this.options.shutdown
    for (const [session, { activity, since }] of seen) {
      if (!session.isOpen) seen.delete(session)
      else if (!session.isIdle || session.activity !== activity) {
        seen.set(session, { activity: session.activity, since: Date.now() })
      } else if (Date.now() - since >= QUIET_MS) {
        session.close(code, reason)
        seen.delete(session)
      }
    }
  }

  #all(): ClientSession[] {
    return [...this.#byPath.values()].flatMap(peers => [...peers])
  }
}

/** Says why a client was closed for what it sent, with the limit it met. */
function explain(failure: Error, own: WebSocketServiceOptions['connection'] = {}): string {
  const limit = failure instanceof Violation ? failure.limit : undefined
  const name = limit === 'frame' ? 'maxFrameBytes' : 'maxMessageBytes'
  if (limit === undefined || own[name] === undefined) return failure.message
  return `its ${limit} is larger than the parameter ws.max.${limit}.bytes allows: ${own[name]} bytes (1009)`
}
