import type { IncomingMessage } from 'node:http'
import type { Admitted } from '../core/access/gate.ts'
import { withoutBearer } from '../core/access/token-place.ts'
import type { Handshake } from '../core/session.ts'
import type { ServedService } from '../language/declare.ts'
import {
  accept,
  answerHeaders,
  answerSubprotocol,
  chooseCompression,
  chosenSubprotocol,
  splitSubprotocols,
  takeSubprotocols,
} from '../websocket/accept.ts'
import type { Connection, ConnectionEvents } from '../websocket/connection.ts'
import type { FrameLog } from '../websocket/frame-log.ts'
import type { ConnectionOptions, RequestRules } from '../websocket/options.ts'
import { upgradeProblem } from '../websocket/upgrade-check.ts'
import type { ClosedAtOnce } from './admission.ts'
import { certificateOf } from './client-certificate.ts'
import { type HandshakeRefusal, RETRY_AFTER_S } from './handshake-refusal.ts'
import { holdUpgrade, type LetIn } from './held-upgrade.ts'
import { HttpRequest } from './http-request.ts'
import { hasTooManyHeaders, STOPPING, TOO_MANY_HEADERS } from './http-server.ts'
import type { Leave } from './leave.ts'
import { headRefusal } from './request-rules.ts'
import { RouteTable } from './route-table.ts'
import { ClientSessions } from './sessions.ts'
import type { TrustedProxies } from './trusted-proxies.ts'

/** What upgrades are made with. */
export interface ClientUpgradesOptions {
  readonly connection: ConnectionOptions
  /** The most header fields of a request; 0 for any number. */
  readonly maxHeaders: number
  /** Whose word is taken for where a request comes from. */
  readonly proxies: TrustedProxies | undefined
  /** What the listener asks of requests besides. */
  readonly rules?: RequestRules | undefined
}

/** What a client that asked for an upgrade is answered in place of it. */
export interface UpgradeAnswer extends Omit<HandshakeRefusal, 'body'> {
  readonly body: Buffer | string
}

/** Listens to nothing: the connection is closing. */
const DEAF = { onMessage(): void {}, onClose(): void {} }

/** The upgrades of a listener: decides which are made, and gives their connections to the WebSocket services. */
export class ClientUpgrades {
  readonly #options: ClientUpgradesOptions
  readonly #services = new RouteTable<ClientSessions>()
  readonly #byServed = new Map<ServedService, ClientSessions>()
  /** Clients of services that are not served any more. */
  readonly #left = new Set<ClientSessions>()
  /** Where clients belong whose upgrades are being made. */
  readonly #admitted = new WeakMap<IncomingMessage, ClientSessions>()
  /** Who they are, where a service asks for that. */
  readonly #identities = new WeakMap<IncomingMessage, Admitted>()
  /** Upgrades that are made only to be closed, with what they are told. */
  readonly #unwanted = new WeakMap<IncomingMessage, ClosedAtOnce>()
  /** Upgrades of clients that had to wait for them. */
  readonly #letIn = new WeakMap<IncomingMessage, LetIn>()
  readonly #rules: RequestRules
  /** What every 101 answer of the listener says. */
  readonly #ownHeaders: readonly string[]
  #isDraining = false

  constructor(services: readonly ServedService[], options: ClientUpgradesOptions) {
    const { rules = {} } = options
    this.#options = options
    this.#rules = rules
    this.#ownHeaders = rules.server === undefined ? [] : [`Server: ${rules.server}`]
    for (const served of services) this.attach(served)
  }

  /** Whether there is no WebSocket service here. */
  get isEmpty(): boolean {
    return this.#byServed.size === 0
  }

  /** Has clients come to a service, where it takes WebSockets. */
  attach(served: ServedService): void {
    if (!served.webSocket) return
    const sessions = new ClientSessions(served)
    this.#services.add(served.path, sessions)
    this.#byServed.set(served, sessions)
  }

  /** Has no more clients come to a service; those that are there stay. */
  detach(served: ServedService): void {
    const sessions = this.#byServed.get(served)
    if (!sessions) return
    this.#byServed.delete(served)
    this.#services.remove(served.path, sessions)
    this.#left.add(sessions)
    for (const each of this.#left) if (each.size === 0) this.#forget(each)
  }

  /** Lets go of a service that is not served any more, and has no clients. */
  #forget(sessions: ClientSessions): void {
    this.#left.delete(sessions)
    void sessions.leave({ graceMs: 0, spreadMs: 0 })
  }

  get #all(): readonly ClientSessions[] {
    return [...this.#byServed.values(), ...this.#left]
  }

  /** Whether a WebSocket is served on a path. */
  serves(path: string): boolean {
    return this.#services.find(path) !== undefined
  }

  /**
   * Decides about an upgrade before it is answered. Gives the answer to a client that is refused, 'gone' for one that
   * left while it had to wait, and undefined where the upgrade is to be made.
   */
  async admit(raw: IncomingMessage): Promise<UpgradeAnswer | 'gone' | undefined> {
    const head = new HttpRequest(raw, this.#options.proxies)
    const sessions = this.#services.find(head.path)
    const broken = headRefusal(raw, this.#rules)
    if (broken) return answer(broken.status, broken.message)
    if (hasTooManyHeaders(raw, this.#options.maxHeaders)) return answer(431, TOO_MANY_HEADERS)
    if (this.#isDraining) return answer(503, STOPPING, ['Retry-After', String(RETRY_AFTER_S)])
    if (!sessions) return answer(404, 'nothing is served here')
    const {
      isSuspended,
      compression,
      subprotocols,
      handshake,
      requiresSubprotocol,
      access,
      upgradeHeaders = [],
    } = sessions.options
    if (isSuspended) return answer(503, 'the inbound endpoint is suspended')
    const problem = upgradeProblem(raw)
    if (problem) return answer(problem.status, problem.message, problem.header)
    if (!chooseCompression(raw, compression))
      return answer(400, 'the header Sec-WebSocket-Extensions is malformed')
    // What else the client would change to is of no interest, and the library wants one name alone.
    raw.headers.upgrade = 'websocket'
    const refusal = await sessions.refusalOf(head)
    if (refusal)
      return answer(refusal.status, refusal.body ?? 'no resource of the API takes a WebSocket here')
    if (requiresSubprotocol && !offersOneOf(raw, subprotocols))
      return answer(400, 'no subprotocol that was offered is served here')
    const all = takeSubprotocols(raw)
    const unknown = await sessions.identify(head, all)
    if (unknown) {
      const refused = answer(unknown.status, unknown.reason, undefined, unknown.id)
      return { ...refused, headers: { ...refused.headers, ...Object.fromEntries(unknown.headers ?? []) } }
    }
    if (raw.socket.destroyed) return 'gone'
    // That may have begun while it was found out who the client is.
    if (this.#isDraining) return answer(503, STOPPING, ['Retry-After', String(RETRY_AFTER_S)])
    if (head.identity) this.#identities.set(raw, head.identity)
    const admission = sessions.admit(head)
    if (admission && 'status' in admission) {
      const { retryAfterSeconds: seconds } = admission
      const retryAfter = seconds === undefined ? undefined : (['Retry-After', String(seconds)] as const)
      return answer(admission.status, admission.reason, retryAfter, admission.id)
    }
    if (admission) this.#unwanted.set(raw, admission)
    const offered = access ? withoutBearer(all, access.subprotocols) : all
    const chosen = offered.find(name => subprotocols.includes(name)) ?? ''
    answerSubprotocol(raw, chosen)
    answerHeaders(raw, [...this.#ownHeaders, ...upgradeHeaders])
    this.#admitted.set(raw, sessions)
    return handshake.isHeld && !admission ? this.#hold(sessions, head, offered) : undefined
  }

  /** Goes on with a client whose upgrade was made. */
  upgraded(webSocket: Parameters<typeof accept>[0], raw: IncomingMessage): void {
    const unwanted = this.#unwanted.get(raw)
    if (unwanted) {
      accept(webSocket, raw, { ...this.#options.connection, subprotocol: '' }, DEAF).close(
        unwanted.code,
        unwanted.reason,
      )
      return
    }
    const head = new HttpRequest(raw, this.#options.proxies)
    head.identity = this.#identities.get(raw)
    const sessions = this.#admitted.get(raw)!
    // The service may have been given up in the meantime: whoever was let in stays.
    if (this.#services.find(head.path) !== sessions) this.#left.add(sessions)
    const { connection } = sessions.options
    const options = { ...this.#options.connection, ...connection, subprotocol: chosenSubprotocol(raw) }
    const connect = (events: ConnectionEvents, frameLog?: FrameLog): Connection =>
      accept(webSocket, raw, options, events, frameLog)
    const letIn = this.#letIn.get(raw)
    if (letIn) letIn.upgraded(connect)
    else sessions.open(handshakeOf(head), head, connect)
  }

  /** Whether no more upgrades are made. */
  get isDraining(): boolean {
    return this.#isDraining
  }

  /** How many clients are connected. */
  get sessions(): number {
    return this.#all.reduce((sum, { size }) => sum + size, 0)
  }

  /** Makes no more upgrades: those who ask, and those who wait to be let in, are told to come again later. */
  announce(): void {
    this.#isDraining = true
    for (const sessions of this.#all) sessions.refuseHeld()
  }

  /** Ends the sessions there are; gives how many could not be ended in order. */
  async leave(leave: Leave): Promise<number> {
    this.announce()
    const cut = await Promise.all(this.#all.map(sessions => sessions.leave(leave)))
    return cut.reduce((sum, each) => sum + each, 0)
  }

  /** Cuts the sessions there are. */
  cut(): void {
    for (const sessions of this.#all) sessions.cut()
  }

  /** Has a client wait until it is known whether it is let in. */
  async #hold(
    sessions: ClientSessions,
    head: HttpRequest,
    offered: readonly string[],
  ): Promise<UpgradeAnswer | 'gone' | undefined> {
    const outcome = await holdUpgrade(sessions, handshakeOf(head), head, offered)
    if (outcome === 'gone' || !('upgraded' in outcome)) return outcome
    answerSubprotocol(head.raw, outcome.subprotocol)
    answerHeaders(head.raw, [
      ...this.#ownHeaders,
      ...(sessions.options.upgradeHeaders ?? []),
      ...outcome.headers,
    ])
    this.#letIn.set(head.raw, outcome)
    return undefined
  }
}

function offersOneOf(raw: IncomingMessage, served: readonly string[]): boolean {
  const offered = splitSubprotocols(raw.headers['sec-websocket-protocol'] ?? '')
  return offered.some(name => served.includes(name))
}

function handshakeOf(head: HttpRequest): Handshake {
  const { raw, target, path } = head
  return {
    method: 'GET',
    target,
    path,
    url: `${head.isSecure ? 'wss' : 'ws'}://${head.host}${target}`,
    postfix: '',
    remoteAddress: head.remoteAddress,
    certificate: certificateOf(raw.socket),
    subprotocol: chosenSubprotocol(raw),
    ...(head.identity && { identity: head.identity }),
  }
}

function answer(
  status: number,
  message: string,
  header?: readonly [name: string, value: string],
  id?: string,
): UpgradeAnswer {
  const headers = { ...(header && { [header[0]]: header[1] }), 'Content-Type': 'application/json' }
  return { status, headers, body: JSON.stringify({ message, id }) }
}
