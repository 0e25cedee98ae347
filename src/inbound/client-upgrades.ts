import type { IncomingMessage } from 'node:http'
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
import type { ConnectionOptions } from '../websocket/options.ts'
import { upgradeProblem } from '../websocket/upgrade-check.ts'
import type { ClosedAtOnce } from './admission.ts'
import { certificateOf } from './client-certificate.ts'
import { type HandshakeRefusal, RETRY_AFTER_S } from './handshake-refusal.ts'
import { holdUpgrade, type LetIn } from './held-upgrade.ts'
import { HttpRequest } from './http-request.ts'
import { hasTooManyHeaders, STOPPING, TOO_MANY_HEADERS } from './http-server.ts'
import type { Leave } from './leave.ts'
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
}

/** What a client that asked for an upgrade is answered in place of it. */
export interface UpgradeAnswer extends Omit<HandshakeRefusal, 'body'> {
  readonly body: Buffer | string
}

/** Listens to nothing: the connection is closing. */
const DEAF = { onMessage(): void {}, onClose(): void {} }

/** The upgrades of a listener: decides which are made, and gives their connections to the WebSocket services. */
export class ClientUpgrades {
  /** Whether there is no WebSocket service here. */
  readonly isEmpty: boolean
  readonly #options: ClientUpgradesOptions
  readonly #services = new RouteTable<ClientSessions>()
  /** Upgrades that are made only to be closed, with what they are told. */
  readonly #unwanted = new WeakMap<IncomingMessage, ClosedAtOnce>()
  /** Upgrades of clients that had to wait for them. */
  readonly #letIn = new WeakMap<IncomingMessage, LetIn>()
  #isDraining = false

  constructor(services: readonly ServedService[], options: ClientUpgradesOptions) {
    this.#options = options
    for (const served of services) {
      if (served.webSocket) this.#services.add(served.path, new ClientSessions(served))
    }
    this.isEmpty = this.#services.values().length === 0
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
    if (hasTooManyHeaders(raw, this.#options.maxHeaders)) return answer(431, TOO_MANY_HEADERS)
    if (this.#isDraining) return answer(503, STOPPING, ['Retry-After', String(RETRY_AFTER_S)])
    if (!sessions) return answer(404, 'nothing is served here')
    const {
      isSuspended,
      compression,
      subprotocols,
      handshake,
      requiresSubprotocol,
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
    const admission = sessions.admit(head)
    if (admission && 'status' in admission) {
      const { retryAfterSeconds: seconds } = admission
      const retryAfter = seconds === undefined ? undefined : (['Retry-After', String(seconds)] as const)
      return answer(admission.status, admission.reason, retryAfter, admission.id)
    }
    if (admission) this.#unwanted.set(raw, admission)
    const offered = takeSubprotocols(raw)
    const chosen = offered.find(name => subprotocols.includes(name)) ?? ''
    answerSubprotocol(raw, chosen)
    answerHeaders(raw, upgradeHeaders)
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
    const sessions = this.#services.find(head.path)!
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
    return this.#services.values().reduce((sum, { size }) => sum + size, 0)
  }

  /** Makes no more upgrades: those who ask, and those who wait to be let in, are told to come again later. */
  announce(): void {
    this.#isDraining = true
    for (const sessions of this.#services.values()) sessions.refuseHeld()
  }

  /** Ends the sessions there are; gives how many could not be ended in order. */
  async leave(leave: Leave): Promise<number> {
    this.announce()
    const cut = await Promise.all(this.#services.values().map(sessions => sessions.leave(leave)))
    return cut.reduce((sum, each) => sum + each, 0)
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
    answerHeaders(head.raw, [...(sessions.options.upgradeHeaders ?? []), ...outcome.headers])
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
