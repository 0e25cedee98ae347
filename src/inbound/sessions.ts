import type { MessageContext } from '../core/context.ts'
import type { Service } from '../core/ports.ts'
import type { Handshake } from '../core/session.ts'
import type { ServedService } from '../language/declare.ts'
import { Headers } from '../message/headers.ts'
import type { Connection, ConnectionEvents } from '../websocket/connection.ts'
import type { WebSocketServiceOptions } from '../websocket/options.ts'
import { ClientSession } from './session.ts'

/** A client with more than this unsent is closed rather than made to hold up a broadcast. */
const MAX_BROADCAST_BACKLOG_BYTES = 16 * 1024 * 1024

/** How long both sides must have been quiet before a session is closed at shutdown. */
const QUIET_MS = 100

/** The clients of one WebSocket service, by the path they connected to. */
export class ClientSessions {
  readonly service: Service
  readonly options: WebSocketServiceOptions
  readonly #byPath = new Map<string, Set<ClientSession>>()
  #count = 0
  #nextId = 1

  constructor(served: ServedService) {
    this.service = served.service
    this.options = served.webSocket!
  }

  /** How many clients are connected. */
  get size(): number {
    return this.#count
  }

  /** Makes a session for a client that is being upgraded; `connect` gets the events and gives the connection. */
  open(
    handshake: Handshake,
    rawHeaders: readonly string[],
    connect: (events: ConnectionEvents) => Connection,
  ): void {
    const id = `${this.service.name}-${this.#nextId++}`
    const session = new ClientSession(this, id, handshake, this.#hooksFor(handshake.path))
    const peers = this.#byPath.get(handshake.path) ?? new Set()
    peers.add(session)
    this.#byPath.set(handshake.path, peers)
    this.#count++
    const connection = connect(session)
    this.service.log.debug(
      { session: id, path: handshake.path },
      `${this.service.label}client ${handshake.remoteAddress} connected`,
    )
    session.start(connection, Headers.fromRaw(rawHeaders))
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
    if (failure) log.warn(fields, `${label}client ${remoteAddress} was closed: ${failure.message}`)
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
    for (const peer of this.#byPath.get(session.handshake.path) ?? []) {
      if (level === 2 && peer === session) continue
      if (!peer.isOpen) continue
      if (peer.connection.bufferedBytes > MAX_BROADCAST_BACKLOG_BYTES) peer.close(1013, 'too slow')
      else peer.connection.send(data, isBinary)
    }
  }

  /** Counts messages that were taken in and let go because their session was closing. */
  discarded(count: number): void {
    this.service.counters.ended.discarded += count
  }

  /**
   * Ends all sessions: nothing more is read from the clients, what was read goes through, and once both sides are
   * quiet each client is closed with the code of the service. What is left when time is up is cut.
   */
  async stop(graceMs: number): Promise<void> {
    const { code, reason } = this.options.shutdown
    const deadline = Date.now() + graceMs
    const waiting = new Map<ClientSession, { activity: number; since: number }>()
    for (const session of this.#all()) {
      session.connection.pause()
      waiting.set(session, { activity: session.activity, since: Date.now() })
    }
    while (waiting.size > 0 && Date.now() < deadline) {
      for (const [session, seen] of waiting) {
        if (!session.isOpen) waiting.delete(session)
        else if (!session.isIdle || session.activity !== seen.activity) {
          waiting.set(session, { activity: session.activity, since: Date.now() })
        } else if (Date.now() - seen.since >= QUIET_MS) {
          session.close(code, reason)
          session.connection.resume()
          waiting.delete(session)
        }
      }
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    while (this.#count > 0 && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, 10))
    for (const session of this.#all()) session.connection.terminate()
  }

  #all(): ClientSession[] {
    return [...this.#byPath.values()].flatMap(peers => [...peers])
  }

  #hooksFor(path: string): Service['on'] {
    const { on, hookFor } = this.service
    const hook = hookFor?.(path)
    return hook ? { ...on, message: hook, open: hook, close: hook } : on
  }
}
