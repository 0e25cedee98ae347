import type { MessageContext } from '../core/context.ts'
import type { BroadcastElsewhere, PushedMessage, ServiceSessions } from '../core/groups.ts'
import type { Service } from '../core/ports.ts'
import type { DirectAnswer, RequestHead } from '../core/route.ts'
import type { Handshake } from '../core/session.ts'
import { mayCompress } from '../expressions/may-compress.ts'
import type { ServedService } from '../language/declare.ts'
import { Headers } from '../message/headers.ts'
import type { Connection, ConnectionEvents } from '../websocket/connection.ts'
import type { FrameLog } from '../websocket/frame-log.ts'
import type { WebSocketServiceOptions } from '../websocket/options.ts'
import { PreparedFrame } from '../websocket/prepared-frame.ts'
import { Violation } from '../websocket/violation.ts'
import { Admission, type ClosedAtOnce, type Refusal } from './admission.ts'
import { refusalWith } from './handshake-refusal.ts'
import type { HeldConnection } from './held-connection.ts'
import type { HttpRequest } from './http-request.ts'
import type { Leave } from './leave.ts'
import type { BrokenLimit } from './message-limits.ts'
import { NumberedClients } from './numbered-clients.ts'
import { QuietLog } from './quiet-log.ts'
import { ClientSession } from './session.ts'
import { SessionAccess } from './session-access.ts'
import { leaveClients } from './session-leave.ts'
import { SessionRoutes } from './session-routes.ts'

/** How often it is looked whether sides that are not read were cut, in milliseconds. */
const PROBE_MS = 1_000

/** What an inbound endpoint that says nothing else tells clients when the gateway stops. */
const GOING_AWAY = { code: 1001, reason: 'shutdown' }

/** A client that waits for the answer to its handshake. */
export interface HeldClient {
  readonly session: ClientSession
  readonly connection: HeldConnection
}

/** Makes the connection of a client, whose frames may be logged. */
export type Connect = (events: ConnectionEvents, frameLog?: FrameLog) => Connection

/** The clients of one WebSocket service, by the path they connected to. */
export class ClientSessions implements ServiceSessions {
  readonly service: Service
  readonly options: WebSocketServiceOptions
  /** The clients that number their messages, where they may. */
  readonly numbered: NumberedClients | undefined
  readonly #routes: SessionRoutes
  readonly #quietLog: QuietLog
  readonly #admission: Admission
  readonly #byPath = new Map<string, Set<ClientSession>>()
  #count = 0
  #nextId = 1
  readonly #held = new Set<HeldClient>()
  #probing: NodeJS.Timeout | undefined
  /** Names the service among those of all processes. */
  readonly #name: string
  readonly #broadcastElsewhere: BroadcastElsewhere | undefined
  readonly #withdraw: () => void

  constructor(served: ServedService) {
    this.service = served.service
    this.options = served.webSocket!
    const { delivery } = this.options
    this.numbered = delivery && new NumberedClients(delivery, this.service)
    if (this.options.frameLogging !== 'off' && !this.service.log.isLevelEnabled('debug'))
      this.service.log.warn(
        {},
        `${this.service.label}frames are logged at debug, which the setting myelin.log.level leaves out`,
      )
    this.#routes = new SessionRoutes(served)
    this.#quietLog = new QuietLog(this.service.log)
    this.#admission = new Admission(this.service, this.options, this.#quietLog)
    const { kind, name } = this.service
    const { groups } = this.options
    this.#name = `${kind} ${name}`
    this.#broadcastElsewhere = groups.broadcastElsewhere
    this.#withdraw = groups.serve(this.#name, this)
  }

  /** How many clients are connected. */
  get size(): number {
    return this.#count
  }

  /** How many of them wait for the answer to their handshake. */
  get held(): number {
    return this.#held.size
  }

  /** Gives what a client is refused with, where nothing of the service has its path, or what it asks with is wrong. */
  async refusalOf(head: RequestHead): Promise<DirectAnswer | undefined> {
    const route = this.#routes.find(head)
    return 'answer' in route ? await route.answer : undefined
  }

  /** Finds out who a client is; or says what becomes of it instead. */
  identify(request: HttpRequest, offered: readonly string[]): Promise<Refusal | undefined> {
    return this.#admission.identify(request, offered)
  }

  /** Makes what watches over the credentials of a session; undefined where nobody needs any. */
  accessOf(session: ClientSession): SessionAccess | undefined {
    const { access } = this.options
    return access && new SessionAccess(access, session, this.#quietLog)
  }

  /** Counts a client in that asks for an upgrade; or says what becomes of it instead. */
  admit(request: HttpRequest): Refusal | ClosedAtOnce | undefined {
    return this.#admission.admit(request)
  }

  /** Makes a session for a client that is being upgraded; `connect` gets the events and gives the connection. */
  open(
    upgrade: Handshake,
    head: RequestHead & { readonly raw: { readonly rawHeaders: readonly string[] } },
    connect: Connect,
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
  upgraded(held: HeldClient, subprotocol: string, connect: Connect): void {
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
    const id = `${this.service.name}-${this.#nextId++}${this.options.groups.idSuffix}`
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

  #connected(session: ClientSession, connect: Connect): Connection {
    const { id, handshake } = session
    const connection = connect(session, this.#frameLogOf(id))
    this.service.log.debug(
      { session: id, path: handshake.path },
      `${this.service.label}client ${handshake.remoteAddress} connected`,
    )
    return connection
  }

  #frameLogOf(session: string): FrameLog | undefined {
    const { frameLogging, access } = this.options
    // A token is in no log.
    const shows = frameLogging === 'frames' && access?.readsMessages ? 'headers' : frameLogging
    if (shows === 'off') return undefined
    const { log, label } = this.service
    return { log, label, fields: { session }, leg: 'client', shows }
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
    const message = new PreparedFrame(data, isBinary, mayCompress(ctx))
    const { path } = session.handshake
    let isReceived = this.#broadcastElsewhere?.(this.#name, path, message) === true
    for (const peer of this.#byPath.get(path) ?? []) {
      if (level === 2 && peer === session) continue
      if (peer.push(message)) isReceived = true
    }
    if (!isReceived) ctx.ending = 'discarded'
  }

  /** Sends what another process broadcasts to all on a path. */
  broadcast(path: string, message: PushedMessage): void {
    for (const peer of this.#byPath.get(path) ?? []) peer.push(message)
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

  /** Refuses clients that wait for the answer to their handshake. */
  refuseHeld(): void {
    for (const { connection } of this.#held) connection.refuse(refusalWith(503, 'the gateway is stopping'))
  }

  /** Ends all sessions; gives how many could not be ended in order. */
  async leave(leave: Leave): Promise<number> {
    this.refuseHeld()
    const { shutdown } = this.options
    const isOwn = shutdown.code !== GOING_AWAY.code || shutdown.reason !== GOING_AWAY.reason
    const { code, reason } = isOwn ? shutdown : (leave.close ?? shutdown)
    const close = (session: ClientSession): void => session.close(code, reason)
    const cut = await leaveClients(() => this.#all(), close, leave)
    this.#withdraw()
    return cut
  }

  /** Cuts the connections of all clients. */
  cut(): void {
    for (const { connection } of this.#all()) connection.terminate()
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
