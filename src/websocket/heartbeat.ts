import { randomBytes } from 'node:crypto'
import { type Alarm, wheel } from './timer-wheel.ts'

/** When a peer that says nothing is asked whether it is there, and how long it may take to say so. Milliseconds. */
export interface HeartbeatOptions {
  readonly intervalMs: number
  readonly timeoutMs: number
}

/** What a heartbeat needs of a connection. */
export interface Beating {
  readonly isOpen: boolean
  readonly isPaused: boolean
  readonly receivedBytes: number
  readonly takenBytes: number
  readonly bufferedBytes: number
  ping(data: Buffer): void
  abandon(failure: Error): void
}

/** Pings of our own begin with it: their pongs are told apart from those of pings that are passed on. */
const MARK = randomBytes(8)

/** Makes the payload of a ping of our own. */
export function ownPing(number: number): Buffer {
  const data = Buffer.allocUnsafe(12)
  MARK.copy(data)
  data.writeUInt32BE(number >>> 0, 8)
  return data
}

/** Gives the number of the ping of our own that a pong answers; undefined for any other pong. */
export function ownPong(data: Buffer): number | undefined {
  if (data.length !== 12 || MARK.compare(data, 0, 8) !== 0) return undefined
  return data.readUInt32BE(8)
}

/** So many looks are taken at a silent connection before it is pinged. */
const LOOKS = 4

/**
 * Finds out that a peer is gone though nothing said so: a network that swallows everything leaves a connection open for
 * hours. A peer that has sent nothing for the interval is pinged; one from which then nothing comes, no pong and no
 * data, is lost: the connection ends with 1006.
 *
 * Silence is measured by the count of bytes received, so that a message costs nothing; the ping may be late by a
 * quarter of the interval. While reading is stopped nothing can come, and nothing is held against the peer. Nor is it
 * where the ping waits behind data that the peer is still taking.
 */
export class Heartbeat implements Alarm {
  readonly #connection: Beating
  readonly #options: HeartbeatOptions
  #received: number
  #looks = 0
  #isAsked = false
  /** What the operating system had taken when the ping had to wait; undefined where it had not. */
  #taken: number | undefined

  /** Starts to watch. */
  constructor(connection: Beating, options: HeartbeatOptions) {
    this.#connection = connection
    this.#options = options
    this.#received = connection.receivedBytes
    this.#lookLater()
  }

  /** Ends the watch. */
  stop(): void {
    wheel.clear(this)
  }

  onTime(): void {
    const connection = this.#connection
    // The closing handshake has a time limit of its own.
    if (!connection.isOpen) return
    const { receivedBytes } = connection
    if (connection.isPaused || receivedBytes !== this.#received) {
      this.#received = receivedBytes
      this.#isAsked = false
      this.#looks = 0
      this.#lookLater()
    } else if (this.#isAsked) this.#judge()
    else if (++this.#looks < LOOKS) this.#lookLater()
    else this.#ask()
  }

  #ask(): void {
    const connection = this.#connection
    connection.ping(ownPing(0))
    this.#isAsked = true
    this.#taken = connection.bufferedBytes > 0 ? connection.takenBytes : undefined
    wheel.set(this, this.#options.timeoutMs)
  }

  #judge(): void {
    const connection = this.#connection
    if (this.#taken !== undefined && connection.takenBytes > this.#taken) {
      this.#taken = connection.bufferedBytes > 0 ? connection.takenBytes : undefined
      wheel.set(this, this.#options.timeoutMs)
      return
    }
    const { intervalMs, timeoutMs } = this.#options
    connection.abandon(
      new Error(`nothing came for ${intervalMs} ms, and no answer to a ping within ${timeoutMs} ms`),
    )
  }

  #lookLater(): void {
    wheel.set(this, this.#options.intervalMs / LOOKS)
  }
}
