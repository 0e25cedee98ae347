import type { MessageContext } from '../core/context.ts'
import type { Service } from '../core/ports.ts'
import type { RequestHead } from '../core/route.ts'
import type { Handshake } from '../core/session.ts'
import type { ServedService } from '../language/declare.ts'
import { Headers } from '../message/headers.ts'
import type { Connection, ConnectionEvents } from '../websocket/connection.ts'
import type { WebSocketServiceOptions } from '../websocket/options.ts'
import { ClientSession } from './session.ts'
import { SessionRoutes } from './session-routes.ts'

/** A client with more than this unsent is closed rather than made to hold up a broadcast. */
const MAX_BROADCAST_BACKLOG_BYTES = 16 * 1024 * 1024

/** How long both sides must have been quiet before a session is closed at shutdown. */
const QUIET_MS = 100

/** How long clients that do not stop talking are read at shutdown. */
const MAX_READ_ON_MS = 1_000

/** The clients of one WebSocket service, by the path they connected to. */
export class ClientSessions {
  readonly service: Service
  readonly options: WebSocketServiceOptions
  readonly #routes: SessionRoutes
  readonly #byPath = new Map<string, Set<ClientSession>>()
  #count = 0
  #nextId = 1

  constructor(served: ServedService) {
    this.service = served.service
    this.options = served.webSocket!
    this.#routes = new SessionRoutes(served)
  }

  /** How many clients are connected. */
  get size(): number {
    return this.#count
  }

  /** Gives the status a client is refused with, where an API has its path and no resource takes it. */
  async refusalOf(head: RequestHead): Promise<number | undefined> {
    const route = this.#routes.find(head)
    return 'answer' in route ? (await route.answer).status : undefined
  }

  /** Makes a session for a client that is being upgraded; `connect` gets the events and gives the connection. */
  open(
    upgrade: Handshake,
    head: RequestHead & { readonly raw: { readonly rawHeaders: readonly string[] } },
    connect: (events: ConnectionEvents) => Connection,
  ): void {
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
    const connection = connect(session)
    this.service.log.debug(
      { session: id, path: handshake.path },
      `${this.service.label}client ${handshake.remoteAddress} connected`,
    )
    session.start(connection, Headers.fromRaw(head.raw.rawHeaders))
  }

  /** Forgets a client that is gone. */
  remove(session: ClientSession, code: number, failure: Error | undefined): void {
    const { path, remoteAddress } = session.handshake
    const peers = this.#byPath.get(path)
    if (!peers?.delete(session)) return
    if (peers.size === 0) this.#byPath.delete(path)
    this.#count--
    const fields = { session: session.id, code }
    const { log, label } = this.service
    if (failure) log.warn(fields, `${label}client ${remoteAddress} was closed: ${explain(failure)}`)
    else log.debug(fields, `${label}client ${remoteAddress} is gone`)
  }

  /** Sends a reply to its client, or to all on the path, as the broadcast level says. */
  send(ctx: MessageContext, session: ClientSession, data: Buffer, isBinary: boolean): void {
    const level = this.options.broadcastLevel
    if (level === 0) {
      if (session.isOpen) session.connection.send(data, isBinary)
      else ctx.ending = 'discarded'
      return
    }
    let isReceived = false
    for (const peer of this.#byPath.get(session.handshake.path) ?? []) {
      if ((level === 2 && peer === session) || !peer.isOpen) continue
      if (peer.connection.bufferedBytes > MAX_BROADCAST_BACKLOG_BYTES) {
        this.#closeSlow(peer)
      } else {
        peer.connection.send(data, isBinary)
        isReceived = true
      }
    }
    if (!isReceived) ctx.ending = 'discarded'
  }

  #closeSlow(peer: ClientSession): void {
    const { log, label } = this.service
    log.warn(
      { session: peer.id },
      `${label}client ${peer.handshake.remoteAddress} was closed: it does not read what is broadcast (1013)`,
    )
    peer.close(1013, 'too slow')
  }

  /**
   * Ends all sessions. What clients had sent is read and goes through, and once both sides are quiet each client is
   * closed with the code of the service. A client that goes on talking is read no more after a while, and after half
   * the time everyone is closed, so that there is time to say goodbye; what is left when time is up is cut.
   */
  async stop(graceMs: number): Promise<void> {
    const start = Date.now()
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
function explain(failure: Error): string {
  const { code } = failure as NodeJS.ErrnoException
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') {
    return 'its message is larger than the setting transport.ws.max_message_bytes allows (1009)'
  }
  return failure.message
}
