import type { Duplex } from 'node:stream'
import { ABNORMAL, cutReason, isSendable } from './close-codes.ts'
import type { Violation } from './violation.ts'

/** How long a client waits for the server to close the socket first, who has the port to spare (RFC 6455, 7.1.1). */
const SERVER_CLOSES_MS = 1_000

const CLOSE = 0x88

const NOTHING = Buffer.alloc(0)

/** The connection that is closed. */
export interface ClosingOwner {
  /** How long the peer may take to answer our close frame, in milliseconds. */
  readonly closeTimeoutMs: number
  /** Writes a control frame, behind what is held back; the first byte has the opcode. */
  sendControl(first: number, payload: Buffer): void
}

/** The end of one WebSocket: the close frames of both sides, who closes the socket, and for how long that is waited for. */
export class ClosingHandshake {
  readonly #socket: Duplex
  readonly #isClient: boolean
  readonly #owner: ClosingOwner
  /** The peer's, or 1006 as long as it has sent no close frame. */
  code = ABNORMAL
  reason = ''
  /** Why this side ended it, where it did not like what came. */
  failure: Error | undefined
  #isSent = false
  #isOver = false
  #hasCome = false
  /** The payload of the close frame that waits for messages being compressed. */
  #waiting: Buffer | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(socket: Duplex, isClient: boolean, owner: ClosingOwner) {
    this.#socket = socket
    this.#isClient = isClient
    this.#owner = owner
  }

  /** Sends our close frame, once; at `sendWaiting` where messages that go before it are not written yet. */
  begin(code: number | undefined, reason: string, isBusy: boolean): void {
    const payload = code !== undefined && isSendable(code) ? closePayload(code, cutReason(reason)) : NOTHING
    if (isBusy) this.#waiting = payload
    else this.#send(payload)
  }

  /** The messages before our close frame have been written. */
  sendWaiting(): void {
    if (this.#waiting) this.#send(this.#waiting)
  }

  /** The peer has sent its close frame. */
  came(code: number, reason: string): void {
    this.#hasCome = true
    this.code = code
    this.reason = reason
  }

  /** What the peer has sent is wrong. */
  failed(violation: Violation): void {
    this.failure ??= violation
  }

  /** There is nothing more to read: goes on where our close frame has left. */
  proceed(): void {
    if (this.#isSent && !this.#isOver) this.#finish()
  }

  /** The socket is closed: nothing can be sent any more, nor is waited for. */
  stop(): void {
    this.#isOver = true
    this.#waiting = undefined
    clearTimeout(this.#timer)
  }

  #send(payload: Buffer): void {
    this.#waiting = undefined
    this.#cutIn(this.#owner.closeTimeoutMs)
    if (!this.#socket.writable) return
    this.#owner.sendControl(CLOSE, payload)
    this.#isSent = true
    if (this.#hasCome || this.failure) this.#finish()
  }

  /** Both have said goodbye, or one has no more to say: the server closes the socket. */
  #finish(): void {
    if (!this.#isClient || this.failure) {
      this.#socket.end()
      return
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(
      () => {
        this.#socket.end()
        this.#cutIn(this.#owner.closeTimeoutMs)
      },
      Math.min(SERVER_CLOSES_MS, this.#owner.closeTimeoutMs),
    )
  }

  #cutIn(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#socket.destroy(), ms)
  }
}

function closePayload(code: number, reason: string): Buffer {
  const payload = Buffer.allocUnsafe(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code)
  payload.write(reason, 2)
  return payload
}
