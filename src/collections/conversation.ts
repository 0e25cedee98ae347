import type { Connection } from '../websocket/connection.ts'
import { type DialError, type DialEvents, dial } from '../websocket/dial.ts'
import type { DialPlan } from './dial-plan.ts'
import type { Outgoing } from './outgoing.ts'

/** What a row of a conversation is about. */
export type RowKind = 'open' | 'text' | 'binary' | 'ping' | 'pong' | 'close' | 'failure'

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
export class Conversation implements DialEvents {
  readonly url: string
  readonly rows: Row[] = []
  readonly #options: ConversationOptions
  readonly #opened = Promise.withResolvers<this>()
  readonly #closed = Promise.withResolvers<Row>()
  readonly #waiting: Received[] = []
  readonly #startedAt = Date.now()
  readonly #start = performance.now()
  #abort: () => void = () => {}
  #wake: (() => void) | undefined
  #goOn: (() => void) | undefined
  #connection: Connection | undefined
  #received = 0
  #handshake: Handshake | undefined
  #end: Row | undefined

  private constructor(url: string, options: ConversationOptions) {
    this.url = url
    this.#options = options
  }

  /** Begins to connect. `opened` tells how that went. */
  static begin({ url, options }: DialPlan, settings: ConversationOptions = {}): Conversation {
    const conversation = new Conversation(url, settings)
    // Whoever only looks at the rows need not wait for either.
    conversation.#opened.promise.catch(() => {})
    const dialing = dial(url, options, conversation)
    conversation.#abort = () => dialing.abort()
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

  /** Sends one message; waits while the server is behind. @throws Error when the connection is not open */
  async send(outgoing: Outgoing, name?: string): Promise<void> {
    const connection = this.#connection
    const at = Date.now()
    const about = { direction: 'sent' as const, at, ...(name !== undefined && { name }) }
    if (!connection?.isOpen) {
      const text = `not connected${this.#end ? `: ${endText(this.#end)}` : ''}`
      this.#add({ kind: 'failure', ...about, direction: 'here', text })
      throw new Error(text)
    }
    switch (outgoing.kind) {
      case 'close':
        this.#add({ kind: 'close', ...about, code: outgoing.code, text: outgoing.reason })
        connection.close(outgoing.code, outgoing.reason)
        return
      case 'ping':
        this.#add({ kind: 'ping', ...about, data: outgoing.data })
        connection.ping(outgoing.data)
        return
      default:
        this.#add({ kind: outgoing.kind, ...about, data: outgoing.data })
        connection.send(outgoing.data, outgoing.kind === 'binary', outgoing.mayCompress !== false)
    }
    if (connection.bufferedBytes > MAX_BUFFERED_BYTES)
      await new Promise<void>(resolve => {
        this.#goOn = resolve
      })
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

  /** Begins to close. */
  close(code?: number, reason?: string): void {
    this.#connection?.close(code, reason)
  }

  /** Cuts the connection, or gives up opening it. */
  terminate(): void {
    this.#abort()
    this.#connection?.terminate()
  }

  onOpen(connection: Connection, headers: readonly string[]): void {
    this.#connection = connection
    const elapsedMs = performance.now() - this.#start
    this.#handshake = {
      startedAt: this.#startedAt,
      elapsedMs,
      headers,
      subprotocol: connection.subprotocol,
      extensions: headerOf(headers, 'sec-websocket-extensions'),
    }
    this.#add({ kind: 'open', direction: 'here', at: Date.now(), text: this.url })
    this.#opened.resolve(this)
  }

  onFailed(error: DialError): void {
    this.#add({ kind: 'failure', direction: 'here', at: Date.now(), text: error.message })
    this.#opened.reject(error)
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
    this.#goOn?.()
  }

  onClose(code: number, reason: string, failure?: Error): void {
    const text = failure?.message ?? reason
    const row: Received = {
      kind: 'close',
      direction: failure ? 'here' : 'received',
      at: Date.now(),
      code,
      text,
    }
    this.#end = row
    this.#goOn?.()
    this.#receive(row)
    this.#closed.resolve(row)
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
