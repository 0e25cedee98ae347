import type { PushedMessage } from '../core/groups.ts'
import { backlog } from './backlog.ts'

const NOTHING = Buffer.alloc(0)
const FINAL = 0x80

/** The connection a message is sent over piece by piece. */
export interface StreamConnection {
  readonly isOpen: boolean
  /** Writes a frame; the first byte has the opcode and its flags. */
  sendFragment(first: number, payload: Buffer): void
  /** The message is complete: what came meanwhile goes on. */
  streamEnded(waiting: readonly Later[]): void
  /** So much waits behind it that no more should come. */
  streamFilled(): void
}

/** What waits for the end of a message that is sent piece by piece. */
export type Later =
  | { readonly data: Buffer; readonly isBinary: boolean; readonly mayCompress: boolean }
  | { readonly shared: PushedMessage }

/**
 * A message that is sent in fragments as it comes. No other message may stand between them (RFC 6455, 5.4): those wait,
 * in order. Control frames may.
 */
export class OutgoingStream {
  readonly #connection: StreamConnection
  readonly #maxBytes: number
  #first: number
  #waiting: Later[] = []
  #waitingBytes = 0
  /** Whether so much waits that no more should come. */
  isFull = false
  /** Nothing here holds up a close frame: a message that is not complete by then never will be. */
  readonly isBusy = false
  /** What waits here is counted here. */
  readonly bytes = 0

  /** From `maxBytes` that wait on whoever sends them is to stop. */
  constructor(connection: StreamConnection, isBinary: boolean, maxBytes: number) {
    this.#connection = connection
    this.#first = isBinary ? 2 : 1
    this.#maxBytes = maxBytes
  }

  /** Bytes of other messages that wait. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Sends a piece. */
  take(piece: Buffer): void {
    this.#send(0, piece)
  }

  /** Sends the end, and then what has waited for it. */
  end(): void {
    this.#send(FINAL, NOTHING)
    this.#connection.streamEnded(this.#release())
  }

  /** Has a message wait. */
  add(data: Buffer, isBinary: boolean, mayCompress: boolean): true {
    this.#keep({ data, isBinary, mayCompress }, data.length)
    return true
  }

  /** Has a message that goes to many wait. */
  share(shared: PushedMessage): undefined {
    this.#keep({ shared }, shared.data.length)
    return undefined
  }

  /** The connection is over. */
  close(): void {
    this.#release()
  }

  #keep(later: Later, bytes: number): void {
    this.#waiting.push(later)
    this.#waitingBytes += bytes
    backlog.change(bytes)
    if (this.isFull || this.#waitingBytes <= this.#maxBytes) return
    this.isFull = true
    this.#connection.streamFilled()
  }

  #release(): readonly Later[] {
    const waiting = this.#waiting
    this.#waiting = []
    backlog.change(-this.#waitingBytes)
    this.#waitingBytes = 0
    return waiting
  }

  #send(flags: number, payload: Buffer): void {
    if (!this.#connection.isOpen) return
    this.#connection.sendFragment(this.#first | flags, payload)
    this.#first = 0
  }
}
