import {
  ConnectionClosureError,
  ConnectionError,
  type HttpResponse,
  type WebSocketError,
} from '../services/web-socket-error.ts'
import { ABNORMAL } from '../websocket/close-codes.ts'
import type { Connection } from '../websocket/connection.ts'
import { type Dialing, dial } from '../websocket/dial.ts'
import { retriesClose } from '../websocket/retry.ts'
import { Violation } from '../websocket/violation.ts'
import { Attempts } from './attempts.ts'
import type { ClientPlan, Target } from './client-plan.ts'
import { errorOfClose, errorOfDial, errorOfViolation } from './failures.ts'
import { httpResponse } from './http-response.ts'

/** A peer that leaves this much unread is behind: messages for it wait. */
const MAX_UNSENT_BYTES = 256 * 1024

/** How a connection ended. */
export interface Closed {
  /** The code of the other side; 1005 for none, 1006 for a connection that was lost. */
  readonly code: number
  readonly reason: string
  /** Whether the other side has said that it closes. */
  readonly wasClean: boolean
}

/** Who has a link. */
export interface ClientLinkOwner {
  /** Whether nothing is to be read now. */
  readonly isFull: boolean
  linkOpened(connection: Connection): void
  linkDrained(): void
  /** The connection is gone, and another one is tried for. */
  linkLost(): void
  /** There will be no other. */
  linkEnded(error: () => WebSocketError): void
  received(data: Buffer, isBinary: boolean): void
}

/** One connection after another to one of some servers: opened again, or to the next, as the plan says. */
export class ClientLink {
  readonly #plan: ClientPlan
  readonly #owner: ClientLinkOwner
  readonly #stop = new AbortController()
  readonly #attempts: Attempts
  readonly #closed = Promise.withResolvers<Closed>()
  #connection: Connection | undefined
  #response: HttpResponse | undefined
  #dialing: Dialing | undefined
  #hasOpened = false
  #isEnded = false
  readonly onPing?: (data: Buffer) => void
  readonly onPong?: (data: Buffer) => void

  constructor(
    plan: ClientPlan,
    owner: ClientLinkOwner,
    onPing: ((data: Buffer) => void) | undefined,
    onPong: ((data: Buffer) => void) | undefined,
  ) {
    this.#plan = plan
    this.#owner = owner
    this.#attempts = new Attempts(plan, (...attempt) => this.#dial(...attempt), this.#stop.signal)
    this.onPing = onPing
    this.onPong = onPong
  }

  /** The connection there is now. */
  get connection(): Connection | undefined {
    return this.#connection
  }

  /** What the server answered the latest upgrade with. */
  get response(): HttpResponse | undefined {
    return this.#response
  }

  get target(): Target {
    return this.#attempts.target
  }

  /** Resolves when it is over for good. */
  get closed(): Promise<Closed> {
    return this.#closed.promise
  }

  /** Opens the first connection. @throws WebSocketError with why there is none */
  async open(): Promise<void> {
    await this.#attempts.connect(false)
  }

  /** Closes the connection, and opens no other. The peer may take so many milliseconds to answer. */
  close(code: number, reason: string, answerMs: number): Promise<Closed> {
    const connection = this.#connection
    if (!this.#isEnded) {
      this.#isEnded = true
      this.#stop.abort()
      this.#dialing?.abort()
      const message = 'the connection was closed by this side'
      this.#owner.linkEnded(
        () => new ConnectionClosureError(message, { closeCode: code, reason, wasClean: true, isOwn: true }),
      )
      if (!connection) this.#closed.resolve({ code: ABNORMAL, reason: '', wasClean: false })
    }
    if (connection) {
      connection.closeTimeoutMs = answerMs
      connection.close(code, reason)
      // The answer may stand behind messages that nobody wants any more.
      connection.resume()
    }
    return this.#closed.promise
  }

  #dial({ url, proxy }: Target, authorization: string | undefined): Promise<void> {
    const { dial: options } = this.#plan
    const headers = {
      ...options.headers,
      ...(authorization !== undefined && { Authorization: authorization }),
    }
    const owner = this.#owner
    let isOver = false
    let mine: Connection | undefined
    return new Promise((resolve, reject) => {
      if (this.#isEnded) {
        reject(new ConnectionClosureError('the connection was closed by this side'))
        return
      }
      this.#dialing = dial(
        url,
        { ...options, headers, proxy },
        {
          ...(this.onPing && { onPing: this.onPing }),
          ...(this.onPong && { onPong: this.onPong }),
          onOpen: (connection, answer) => {
            this.#response = httpResponse(101, answer)
            mine = connection
            this.#opened(connection)
            resolve()
          },
          onFailed: error => reject(errorOfDial(url, error)),
          onMessage: (data, isBinary) => owner.received(data, isBinary),
          onDrain: () => owner.linkDrained(),
          onClosing: (code, reason) => {
            isOver = true
            this.#over(code, reason, undefined)
          },
          onClose: (code, reason, failure) => {
            if (!isOver) this.#over(code, reason, failure)
            if (this.#isEnded && this.#connection === mine)
              this.#closed.resolve({ code, reason, wasClean: code !== ABNORMAL })
          },
        },
      )
    })
  }

  #opened(connection: Connection): void {
    const { openMessages, retry } = this.#plan
    this.#dialing = undefined
    this.#connection = connection
    connection.maxUnsentBytes = MAX_UNSENT_BYTES
    if (this.#owner.isFull) connection.pause()
    if (!this.#hasOpened || retry?.resendsOpenMessages !== false)
      for (const { data, isBinary } of openMessages) connection.send(data, isBinary)
    this.#hasOpened = true
    this.#owner.linkOpened(connection)
  }

  /** A connection is over: another one is tried for, or that was the end. */
  #over(code: number, reason: string, failure: Error | undefined): void {
    if (this.#isEnded) return
    if (failure instanceof Violation) {
      this.#end(() => errorOfViolation(failure, this.#plan.dial))
      return
    }
    const { retry, targets } = this.#plan
    const mayGoOn = retry ? retriesClose(retry, code) : targets.length > 1 && code === ABNORMAL
    if (!mayGoOn) {
      this.#end(() => errorOfClose(code, failure?.message ?? reason))
      return
    }
    this.#connection = undefined
    this.#owner.linkLost()
    this.#attempts.connect(true).catch(cause => {
      if (this.#isEnded) return
      this.#end(
        () =>
          new ConnectionError(`the connection was lost, and there is no other: ${cause.message}`, { cause }),
      )
      this.#closed.resolve({ code, reason, wasClean: code !== ABNORMAL })
    })
  }

  #end(error: () => WebSocketError): void {
    this.#isEnded = true
    this.#stop.abort()
    this.#owner.linkEnded(error)
  }
}
