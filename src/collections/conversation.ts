import { ABNORMAL } from '../websocket/close-codes.ts'
import type { Connection } from '../websocket/connection.ts'
import type { DialError } from '../websocket/dial.ts'
import type { DialOptions } from '../websocket/options.ts'
import { type ConnectFailure, connectFailure } from './connect-failure.ts'
import { ConversationLink, type LinkOwner } from './conversation-link.ts'
import type { DialPlan } from './dial-plan.ts'
import type { Outgoing } from './outgoing.ts'
import { SendQueue } from './send-queue.ts'

/** What a row of a conversation is about. */
export type RowKind = 'open' | 'text' | 'binary' | 'ping' | 'pong' | 'close' | 'failure' | 'attempt'

/** One thing that happened, in order. */
export interface Row {
  readonly kind: RowKind
  readonly direction: 'sent' | 'received' | 'here'
  /** When, in milliseconds since 1970. */
  readonly at: number
  readonly data?: Buffer
  /** The name of a message that was sent. */
  readonly name?: string
  readonly code?: number
  /** The reason of a close, or what failed. */
  readonly text?: string
  /** Why there is no connection. */
  readonly failure?: ConnectFailure
  /** How many attempts there were to open it again, this one included. */
  readonly count?: number
  /** Whether it is a close that answers the one of this side. */
  readonly isAnswer?: boolean
}

/** A message of the server, or its close. */
export type Received = Row & { readonly kind: 'text' | 'binary' | 'close' }

/** How the handshake went. */
export interface Handshake {
  readonly startedAt: number
  readonly elapsedMs: number
  /** Names and values of the answer in turn. */
  readonly headers: readonly string[]
  readonly subprotocol: string
  /** What was agreed on about compression; '' for none. */
  readonly extensions: string
}

/** How to have a conversation. */
export interface ConversationOptions {
  /** Told of each row as it comes. */
  readonly onRow?: (row: Row) => void
  /** Whether rows stay in `rows`. Default true. */
  readonly keepsRows?: boolean
  /** Whether messages of the server wait for `next`. Default true. */
  readonly hasNext?: boolean
}

/** Older rows are forgotten, so that a conversation may go on for days. */
const MOST_ROWS = 100_000
const FORGOTTEN_AT_ONCE = 10_000

/** Sending waits while more than this is unsent. */
const MAX_BUFFERED_BYTES = 1024 * 1024

/** A WebSocket as a list of what was sent and received over it. */
export class Conversation implements LinkOwner {
  readonly url: string
  /** What the upgrade was asked for with. */
  readonly request: Pick<DialOptions, 'headers' | 'subprotocols'>
  readonly rows: Row[] = []
  readonly #options: ConversationOptions
  readonly #opened = Promise.withResolvers<this>()
  readonly #closed = Promise.withResolvers<Row>()
  readonly #waiting: Received[] = []
  readonly #link: ConversationLink
  readonly #isOfCollection: boolean
  readonly #queue = new SendQueue(() => this.isOpen && this.#connection!.bufferedBytes <= MAX_BUFFERED_BYTES)
  #wake: (() => void) | undefined
  #isReconnecting = false
  #connection: Connection | undefined
  #received = 0
  #handshake: Handshake | undefined
  #end: Row | undefined
  #hasClosed = false

  private constructor(plan: DialPlan, options: ConversationOptions) {
    this.url = plan.url
    this.request = plan.options
    this.#options = options
    this.#isOfCollection = plan.isOfCollection === true
    this.#link = new ConversationLink(plan, this)
  }

  /** Begins to connect. `opened` tells how that went. */
  static begin(plan: DialPlan, settings: ConversationOptions = {}): Conversation {
    const conversation = new Conversation(plan, settings)
    // Whoever only looks at the rows need not wait for either.
    conversation.#opened.promise.catch(() => {})
    conversation.#link.open()
    return conversation
  }

  /** Settles when the connection is open. @throws DialError in the promise */
  get opened(): Promise<this> {
    return this.#opened.promise
  }

  /** The last row of a connection that was open: how it ended. */
  get closed(): Promise<Row> {
    return this.#closed.promise
  }

  get isOpen(): boolean {
    return this.#connection?.isOpen === true
  }

  /** Whether the connection was lost and another one is tried for. What is sent meanwhile waits. */
  get isReconnecting(): boolean {
    return this.#isReconnecting
  }

  /** How many messages wait to be sent. */
  get waiting(): number {
    return this.#queue.depth
  }

  /** How it ended, once it has. */
  get end(): Row | undefined {
    return this.#end
  }

  get handshake(): Handshake | undefined {
    return this.#handshake
  }

  /** How many messages the server has sent. */
  get receivedCount(): number {
    return this.#received
  }

  /** A message of the server by its number, from 1, or from the last one by -1; undefined where it is not there any more. */
  receivedMessage(number: number): Row | undefined {
    const messages = this.rows.filter(isServerMessage)
    const forgotten = this.#received - messages.length
    const at = number > 0 ? number - 1 - forgotten : number + messages.length
    return messages[at]
  }

  /**
   * Sends one message; waits while the server is behind, and while a lost connection is opened again.
   * @throws Error when the connection is not open, or too many wait
   */
  async send(outgoing: Outgoing, name?: string): Promise<void> {
    try {
      if (!this.isOpen && !this.#isReconnecting) throw this.#notConnected()
      await this.#queue.add(() => this.#hand(outgoing, name))
    } catch (error) {
      const text = (error as Error).message
      this.#add({
        kind: 'failure',
        direction: 'here',
        at: Date.now(),
        ...(name !== undefined && { name }),
        text,
      })
      throw error
    }
  }

  #notConnected(): Error {
    return new Error(`not connected${this.#end ? `: ${endText(this.#end)}` : ''}`)
  }

  #hand(outgoing: Outgoing, name: string | undefined): void {
    const connection = this.#connection!
    const about = { direction: 'sent' as const, at: Date.now(), ...(name !== undefined && { name }) }
    switch (outgoing.kind) {
      case 'close':
        this.#add({ kind: 'close', ...about, code: outgoing.code, text: outgoing.reason })
        this.close(outgoing.code, outgoing.reason)
        return
      case 'ping':
        this.#add({ kind: 'ping', ...about, data: outgoing.data })
        connection.ping(outgoing.data)
        return
      default:
        this.#add({ kind: outgoing.kind, ...about, data: outgoing.data })
        connection.send(outgoing.data, outgoing.kind === 'binary', outgoing.mayCompress !== false)
    }
  }

  /** Takes the next message of the server, or its close; undefined where none comes in time. One at a time may wait. */
  async next(withinMs: number): Promise<Received | undefined> {
    const deadline = performance.now() + withinMs
    for (;;) {
      const received = this.#waiting.shift()
      if (received) return received
      const restMs = deadline - performance.now()
      if (restMs <= 0 || this.#end) return undefined
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, restMs)
      await promise
      clearTimeout(timer)
    }
  }

  /** Drops the messages that wait for `next`. */
  forget(): void {
    this.#waiting.length = 0
  }

  /** Begins to close, for good. */
  close(code?: number, reason?: string): void {
    this.#hasClosed ||= this.isOpen
    if (this.#isReconnecting) this.#link.abort()
    this.#link.stop()
    this.#connection?.close(code, reason)
  }

  /** Cuts the connection, or gives up opening it. */
  terminate(): void {
    this.#link.abort()
    this.#connection?.terminate()
  }

  linkAttempted(count: number, waitedMs: number): void {
    const text = `attempt ${count}, after ${Math.round(waitedMs)} ms`
    this.#add({ kind: 'attempt', direction: 'here', at: Date.now(), count, text })
  }

  linkOpened(connection: Connection, headers: readonly string[], elapsedMs: number): void {
    this.#connection = connection
    this.#isReconnecting = false
    this.#handshake = {
      startedAt: Date.now() - Math.round(elapsedMs),
      elapsedMs,
      headers,
      subprotocol: connection.subprotocol,
      extensions: headerOf(headers, 'sec-websocket-extensions'),
    }
    this.#add({ kind: 'open', direction: 'here', at: Date.now(), text: this.url })
    this.#opened.resolve(this)
    this.#queue.goOn()
  }

  linkFailed(error: DialError, elapsedMs: number, isLast: boolean): void {
    const failure = connectFailure(this.url, error, elapsedMs, this.#isOfCollection)
    this.#add({ kind: 'failure', direction: 'here', at: Date.now(), text: error.message, failure })
    if (!isLast) return
    this.#opened.reject(error)
    if (this.#handshake) this.#over(ABNORMAL, `there is no other connection: ${error.message}`, true)
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    this.#receive({ kind: isBinary ? 'binary' : 'text', direction: 'received', at: Date.now(), data })
  }

  onPing(data: Buffer): void {
    this.#add({ kind: 'ping', direction: 'received', at: Date.now(), data })
    this.#connection?.pong(data)
  }

  onPong(data: Buffer): void {
    this.#add({ kind: 'pong', direction: 'received', at: Date.now(), data })
  }

  onDrain(): void {
    this.#queue.goOn()
  }

  linkLost(code: number, reason: string, failure: Error | undefined, isLast: boolean): void {
    this.#connection = undefined
    this.#isReconnecting = !isLast
    const text = failure?.message ?? reason
    if (isLast) this.#over(code, text, failure !== undefined)
    else this.#receive(this.#closeRow(code, text, failure !== undefined))
  }

  /** There will be nothing more. */
  #over(code: number, text: string, isHere: boolean): void {
    const row = this.#closeRow(code, text, isHere)
    this.#isReconnecting = false
    this.#end = row
    this.#queue.end(() => this.#notConnected())
    this.#receive(row)
    this.#closed.resolve(row)
  }

  #closeRow(code: number, text: string, isHere: boolean): Received {
    return {
      kind: 'close',
      direction: isHere ? 'here' : 'received',
      at: Date.now(),
      code,
      text,
      ...(this.#hasClosed && { isAnswer: true }),
    }
  }

  #receive(row: Received): void {
    if (this.#options.hasNext !== false) this.#waiting.push(row)
    this.#add(row)
    this.#wake?.()
  }

  #add(row: Row): void {
    if (isServerMessage(row)) this.#received++
    if (this.#options.keepsRows !== false && this.rows.push(row) > MOST_ROWS)
      this.rows.splice(0, FORGOTTEN_AT_ONCE)
    this.#options.onRow?.(row)
  }
}

function isServerMessage({ kind, direction }: Row): boolean {
  return direction === 'received' && (kind === 'text' || kind === 'binary')
}

/** Says how a connection ended. */
export function endText({ code, text }: Row): string {
  return `the server closed with ${code}${text ? ` ${text}` : ''}`
}

function headerOf(headers: readonly string[], name: string): string {
  const at = headers.findIndex((each, index) => index % 2 === 0 && each.toLowerCase() === name)
  return at < 0 ? '' : headers[at + 1]!
}
