import type { MessageContext } from '../core/context.ts'
import type { Fault } from '../core/fault.ts'
import type { PushedMessage } from '../core/groups.ts'
import type { Link } from '../core/session.ts'
import { type Connection, MAX_UNSENT_BYTES } from '../websocket/connection.ts'
import type { HandshakeOptions } from '../websocket/options.ts'
import {
  type HandshakeRefusal,
  isRefusal,
  refusalOfClose,
  refusalOfFault,
  refusalOfReply,
} from './handshake-refusal.ts'
import type { HttpRequest } from './http-request.ts'

/** What a session does with the connection of its client. */
export type ClientConnection = Pick<
  Connection,
  | 'isOpen'
  | 'bufferedBytes'
  | 'takenBytes'
  | 'isBehind'
  | 'flush'
  | 'send'
  | 'sendPrepared'
  | 'ping'
  | 'pong'
  | 'close'
  | 'terminate'
  | 'pause'
  | 'resume'
  | 'probe'
> &
  Partial<Pick<Connection, 'startMessage'>>

/** What becomes of a client that waits for the answer to its handshake: let in, refused, or gone before that. */
export type Verdict = { readonly subprotocol: string } | { readonly refusal: HandshakeRefusal } | 'gone'

/**
 * Stands for the connection of a client whose handshake has not been answered: what is sent to it waits for the
 * upgrade, in order. Who sends much is held up, as for a client that does not read.
 */
export class HeldConnection implements ClientConnection {
  /** How it ended; never rejects. */
  readonly verdict: Promise<Verdict>
  readonly #decide: (verdict: Verdict) => void
  #isDecided = false
  #isOpen = true
  #waiting: ((connection: ClientConnection) => void)[] = []
  #bytes = 0
  readonly #request: HttpRequest
  readonly #options: HandshakeOptions
  readonly #onBehind: () => void

  /** `onBehind` is called when so much waits that no more should come. */
  constructor(request: HttpRequest, options: HandshakeOptions, onBehind: () => void) {
    this.#request = request
    this.#options = options
    this.#onBehind = onBehind
    const { promise, resolve } = Promise.withResolvers<Verdict>()
    this.verdict = promise
    this.#decide = resolve
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  get bufferedBytes(): number {
    return this.#bytes
  }

  /** What waits is held up at its source, not kept elsewhere. */
  readonly isBehind = false
  readonly takenBytes = 0

  /**
   * Takes a reply to the handshake message; false where that does not turn the client away.
   * @throws ContentError when the payload cannot be written in the type it is to have
   */
  replied(ctx: MessageContext): boolean {
    if (!isRefusal(ctx)) return false
    this.refuse(refusalOfReply(ctx, this.#request))
    return true
  }

  /** Turns the client away with what stands for a close, before the upgrade. */
  closedBefore(code: number | undefined, reason: string): void {
    this.refuse(refusalOfClose(code, reason))
  }

  /**
   * Says what becomes of the client now that the handshake message has ended. The first verdict counts. A backend that
   * is there makes up for the fault of another.
   */
  decide(fault: Fault | undefined, opened: Link | undefined, subprotocol: string): void {
    const { relayedHeaders, passesSubprotocols } = this.#options
    if (fault && !(fault.isDelivery && opened)) this.refuse(refusalOfFault(fault, relayedHeaders))
    else this.#settle({ subprotocol: passesSubprotocols && opened ? opened.subprotocol : subprotocol })
  }

  /** Turns the client away. */
  refuse(refusal: HandshakeRefusal): void {
    if (this.#settle({ refusal })) this.#drop()
  }

  /** The client has left. */
  lost(): void {
    this.#settle('gone')
    this.#drop()
  }

  send(data: Buffer | string, isBinary: boolean, mayCompress = true): void {
    this.#later(data.length, connection => connection.send(data, isBinary, mayCompress))
  }

  sendPrepared(message: PushedMessage): void {
    this.#later(message.data.length, connection => connection.sendPrepared(message))
  }

  ping(data?: Buffer): void {
    this.#later(data?.length ?? 0, connection => connection.ping(data))
  }

  pong(data: Buffer): void {
    this.#later(data.length, connection => connection.pong(data))
  }

  /** Closes the client right after it has been let in. */
  close(code?: number, reason?: string): void {
    this.#later(0, connection => connection.close(code, reason))
    this.#isOpen = false
  }

  terminate(): void {
    this.lost()
  }

  /** Hands all that waited to the connection that is there now. */
  handTo(connection: ClientConnection): void {
    for (const act of this.#waiting.splice(0)) act(connection)
    this.#bytes = 0
  }

  /** Nothing is read from a client before it is let in. */
  pause(): void {}

  resume(): void {}

  flush(): void {}

  probe(): void {}

  #later(bytes: number, act: (connection: ClientConnection) => void): void {
    if (!this.#isOpen) return
    this.#bytes += bytes
    this.#waiting.push(act)
    if (this.#bytes > MAX_UNSENT_BYTES) this.#onBehind()
  }

  #settle(verdict: Verdict): boolean {
    if (this.#isDecided) return false
    this.#isDecided = true
    this.#decide(verdict)
    return true
  }

  #drop(): void {
    this.#isOpen = false
    this.#waiting = []
    this.#bytes = 0
  }
}
