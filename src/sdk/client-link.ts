import { setTimeout as rest } from 'node:timers/promises'
import { Fault } from '../core/fault.ts'
import { Backoff } from '../endpoints/backoff.ts'
import { isPassing } from '../endpoints/dial-failures.ts'
import { ABNORMAL } from '../websocket/close-codes.ts'
import type { Connection } from '../websocket/connection.ts'
import { DialError, type Dialing, dial } from '../websocket/dial.ts'
import { Violation } from '../websocket/violation.ts'
import type { ClientPlan, Target } from './client-plan.ts'
import {
  AuthError,
  AuthnError,
  ConnectionClosureError,
  ConnectionError,
  type WebSocketError,
} from './errors.ts'
import { errorOfClose, errorOfDial, errorOfViolation } from './failures.ts'
import { type HttpResponse, httpResponse } from './http-response.ts'

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
  readonly #closed = Promise.withResolvers<Closed>()
  #connection: Connection | undefined
  #response: HttpResponse | undefined
  /** The server that is used, or was the last. */
  #at = 0
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
    return this.#plan.targets[this.#at]!
  }

  /** Resolves when it is over for good. */
  get closed(): Promise<Closed> {
    return this.#closed.promise
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Opens the first connection. @throws WebSocketError with why there is none */
  async open(): Promise<void> {
    await this.#connect(false)
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

  async #connect(isAgain: boolean): Promise<void> {
    const { retry, targets } = this.#plan
    const backoff = retry && new Backoff(retry.policy)
    // Another server is tried at once; the same one is given time.
    let rests = isAgain && targets.length === 1
    if (isAgain && !rests) this.#at = (this.#at + 1) % targets.length
    let last: WebSocketError | undefined
    for (;;) {
      if (rests) {
        const waitMs = backoff?.next()
        if (waitMs === undefined) throw last ?? new ConnectionError('it may not be opened again')
        await rest(waitMs, undefined, { signal: this.#stop.signal })
      }
      rests = true
      try {
        await this.#tryEach()
        return
      } catch (error) {
        last = error as WebSocketError
        if (this.#isEnded || !this.#mayRetry(last)) throw last
      }
    }
  }

  /** Tries the servers in turn, beginning with the one that was used. */
  async #tryEach(): Promise<void> {
    const { targets } = this.#plan
    const errors: unknown[] = []
    for (let i = 0; i < targets.length; i++) {
      const at = (this.#at + i) % targets.length
      try {
        await this.#try(at)
        this.#at = at
        return
      } catch (error) {
        if (this.#isEnded || targets.length === 1) throw error
        errors.push(error)
      }
    }
    const why = errors.map(error => (error as Error).message).join('; ')
    throw new ConnectionError(`no server of ${targets.length}: ${why}`, { cause: new AggregateError(errors) })
  }

  async #try(at: number): Promise<void> {
    const { authorization, targets } = this.#plan
    const target = targets[at]!
    const header = await authorization?.header()
    try {
      await this.#dial(target, header)
    } catch (error) {
      if (!(error instanceof AuthnError) || !authorization?.renews || this.#isEnded) throw error
      // What is kept may have been withdrawn before its time.
      await this.#dial(target, await authorization.header(header))
    }
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
    const mayGoOn = retry
      ? retry.reasons.has(code === ABNORMAL ? 'loss' : code)
      : targets.length > 1 && code === ABNORMAL
    if (!mayGoOn) {
      this.#end(() => errorOfClose(code, failure?.message ?? reason))
      return
    }
    this.#connection = undefined
    this.#owner.linkLost()
    this.#connect(true).catch(cause => {
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

  #mayRetry(error: WebSocketError): boolean {
    const { cause } = error
    const reasons = this.#plan.retry?.reasons
    if (!reasons) return false
    if (cause instanceof AggregateError) return cause.errors.some(each => this.#mayRetry(each))
    if (cause instanceof DialError) {
      if (cause.status !== undefined && reasons.has(cause.status)) return true
      return reasons.has('connect') && isPassing(cause)
    }
    // The server that gives tokens cannot be reached.
    const isUnreachable = cause instanceof Fault && cause.cause instanceof Fault
    return error instanceof AuthError && isUnreachable && reasons.has('connect')
  }
}
