import { randomUUID } from 'node:crypto'
import type { HttpResponse } from '../services/web-socket-error.ts'
import {
  ConnectionClosureError,
  ConnectionError,
  OptionError,
  PayloadBindingError,
  PayloadTooLargeError,
  type WebSocketError,
} from '../services/web-socket-error.ts'
import { isSendable } from '../websocket/close-codes.ts'
import type { Connection } from '../websocket/connection.ts'
import { MAX_CONTROL_BYTES } from '../websocket/frame-check.ts'
import { checkNames } from './check-names.ts'
import { ClientLink, type ClientLinkOwner, type Closed } from './client-link.ts'
import { type ClientPlan, timeoutMs } from './client-plan.ts'
import { Inbox } from './inbox.ts'
import { letterOf, ownBytes } from './letter.ts'
import { type Letter, Outbox } from './outbox.ts'
import { bind, plain, type Received, type Schema } from './schema.ts'

/** What may be said of a message that is sent. */
export interface WriteOptions {
  /**
   * Whether it may arrive twice: it is then sent again when the connection is lost before the operating system has taken
   * it, and the promise waits for that. Default false.
   */
  readonly idempotent?: boolean
}

/** The default of the last argument of `close`, in seconds. */
const CLOSE_TIMEOUT_SECONDS = 60
/** Codes of an end that is no failure; 1005 is none at all. */
const USUAL_ENDS: readonly (number | undefined)[] = [1000, 1001, 1005]
/** The longest a timer can wait, in milliseconds: 24 days, which is for ever. */
const FOR_EVER_MS = 2 ** 31 - 1

/** A WebSocket to a server: `connect` opens it. Messages are read one by one, and the server waits while nobody reads. */
export class Client implements AsyncDisposable, AsyncIterable<string | Buffer> {
  readonly #plan: ClientPlan
  readonly #link: ClientLink
  readonly #inbox: Inbox
  readonly #outbox = new Outbox()
  readonly #attributes = new Map<string, unknown>()
  readonly #id = randomUUID()
  /** Why there is nothing more to be had. */
  #end: (() => WebSocketError) | undefined

  private constructor(plan: ClientPlan) {
    this.#plan = plan
    const { onPing, onPong } = plan.pingPong
    const inbox = new Inbox(plan.readAheadBytes, {
      pause: () => this.#link.connection?.pause(),
      resume: () => this.#link.connection?.resume(),
    })
    const outbox = this.#outbox
    const owner: ClientLinkOwner = {
      get isFull() {
        return inbox.isFull
      },
      linkOpened: connection => outbox.opened(connection),
      linkDrained: () => outbox.drained(),
      linkLost: () => outbox.lost(),
      linkEnded: error => {
        this.#end = error
        inbox.end(error)
        outbox.end(error)
      },
      received: (data, isBinary) => inbox.add({ data, isBinary }),
    }
    this.#inbox = inbox
    this.#link = new ClientLink(
      plan,
      owner,
      onPing && (data => void this.#pinged(data)),
      onPong && (data => void this.#ponged(data)),
    )
  }

  /** Opens a connection. @throws WebSocketError with why there is none */
  static async open(plan: ClientPlan): Promise<Client> {
    const client = new Client(plan)
    await client.#link.open()
    return client
  }

  /** Resolves when the connection is over and will not be opened again. Never rejects. */
  get closed(): Promise<Closed> {
    return this.#link.closed
  }

  // — messages —

  /**
   * Sends a message: a string as text, bytes as binary, anything else as JSON. Resolves when it is handed over; waits
   * while the server is behind, and while a lost connection is opened again.
   * @throws WriteTimedOutError, ConnectionClosureError, ConnectionError, PayloadBindingError
   */
  async writeMessage(message: unknown, options?: WriteOptions): Promise<void> {
    await this.#write(letterOf(message, idempotent(options)))
  }

  /** Sends a text message, as `writeMessage` does. */
  async writeTextMessage(text: string, options?: WriteOptions): Promise<void> {
    if (typeof text !== 'string')
      throw new PayloadBindingError(`a text message is a string, not ${typeof text}`)
    await this.#write(letterOf(text, idempotent(options)))
  }

  /** Sends a binary message, as `writeMessage` does. */
  async writeBinaryMessage(bytes: Uint8Array | ArrayBuffer, options?: WriteOptions): Promise<void> {
    if (!(bytes instanceof Uint8Array || bytes instanceof ArrayBuffer))
      throw new PayloadBindingError(`a binary message is a Uint8Array, not ${typeof bytes}`)
    await this.#write(letterOf(bytes, idempotent(options)))
  }

  /**
   * Reads the next message: text as a string, binary as a Buffer.
   * @throws ReadTimedOutError, and once all that came is read the error the connection ended with
   */
  readMessage<T extends string | Buffer = string | Buffer>(): Promise<T>
  /**
   * Reads the next message as a schema wants it.
   * @throws PayloadBindingError where it cannot be read so: the message is gone then, and the connection stays open
   */
  readMessage<T>(schema: Schema<T>): Promise<T>
  async readMessage<T>(schema?: Schema<T>): Promise<T | string | Buffer> {
    const message = await this.#read()
    return schema ? await bind(message, schema, this.#plan.validates) : plain(message)
  }

  /** Reads the next message as text. @throws PayloadBindingError when it is binary, and as `readMessage` */
  async readTextMessage(): Promise<string> {
    const { data, isBinary } = await this.#read()
    if (isBinary) throw new PayloadBindingError('the message is binary, and text was to be read', { data })
    return data.toString()
  }

  /** Reads the next message as bytes. @throws PayloadBindingError when it is text, and as `readMessage` */
  async readBinaryMessage(): Promise<Buffer> {
    const { data, isBinary } = await this.#read()
    if (isBinary) return data
    throw new PayloadBindingError('the message is text, and binary was to be read', { data: data.toString() })
  }

  /** Reads message after message until the connection is closed with 1000 or 1001, or by this side; any other end is thrown. */
  async *[Symbol.asyncIterator](): AsyncGenerator<string | Buffer, void, undefined> {
    for (;;) {
      let message: Received
      try {
        message = await this.#read()
      } catch (error) {
        if (isUsualEnd(error)) return
        throw error
      }
      yield plain(message)
    }
  }

  #read(): Promise<Received> {
    return this.#inbox.take(this.#plan.readTimeoutMs)
  }

  #write(letter: Letter): Promise<void> {
    return this.#outbox.write(letter, this.#plan.writeTimeoutMs)
  }

  // — control frames —

  /** Sends a ping of at most 125 bytes. */
  async ping(data: Uint8Array = Buffer.alloc(0)): Promise<void> {
    this.#control(data).ping(ownBytes(data))
  }

  /** Sends a pong of at most 125 bytes. */
  async pong(data: Uint8Array = Buffer.alloc(0)): Promise<void> {
    this.#control(data).pong(ownBytes(data))
  }

  /**
   * Closes the connection, and waits for the other side to close it too; after so many seconds it is cut, -1 waits for
   * ever. A connection that is closed already stays so.
   * @throws OptionError for a code that may not be sent, or another timeout below 0
   */
  async close(statusCode = 1000, reason = '', timeout: number = CLOSE_TIMEOUT_SECONDS): Promise<void> {
    if (!isSendable(statusCode)) throw new OptionError(`the close code ${statusCode} may not be sent`)
    const answerMs = Math.min(timeoutMs('the timeout of close', timeout) ?? FOR_EVER_MS, FOR_EVER_MS)
    const closed = this.#link.close(statusCode, reason, answerMs)
    this.#inbox.clear()
    await closed
  }

  /** Closes the connection with 1000. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #control(data: Uint8Array): Connection {
    if (data.length > MAX_CONTROL_BYTES)
      throw new PayloadTooLargeError(
        `a ping or pong has at most ${MAX_CONTROL_BYTES} bytes, not ${data.length}`,
      )
    const { connection } = this.#link
    if (connection?.isOpen) return connection
    if (this.#end) throw this.#end()
    throw new ConnectionError('the connection was lost, and is not open again yet')
  }

  async #pinged(data: Buffer): Promise<void> {
    try {
      const payload = await this.#plan.pingPong.onPing?.(data, this)
      if (payload && this.isOpen()) await this.pong(payload)
    } catch (error) {
      warn('onPing', error)
    }
  }

  async #ponged(data: Buffer): Promise<void> {
    try {
      await this.#plan.pingPong.onPong?.(data, this)
    } catch (error) {
      warn('onPong', error)
    }
  }

  // — what is known of the connection —

  /** Keeps a value with the connection, over reconnections too. */
  setAttribute(key: string, value: unknown): void {
    this.#attributes.set(key, value)
  }

  /** Gives a value that was kept; undefined where none was. */
  getAttribute<T = unknown>(key: string): T | undefined {
    return this.#attributes.get(key) as T | undefined
  }

  /** Gives a value that was kept, and keeps it no more. */
  removeAttribute<T = unknown>(key: string): T | undefined {
    const value = this.getAttribute<T>(key)
    this.#attributes.delete(key)
    return value
  }

  /** Gives the id of this client, which no other has. */
  getConnectionId(): string {
    return this.#id
  }

  /** Gives the subprotocol the server chose; undefined where it chose none. */
  getNegotiatedSubProtocol(): string | undefined {
    return this.#link.connection?.subprotocol || undefined
  }

  /** Whether the connection is encrypted. */
  isSecure(): boolean {
    return this.#link.target.url.startsWith('wss:')
  }

  /** Whether messages can be sent now: neither side has begun to close, and the connection is not being opened again. */
  isOpen(): boolean {
    return this.#link.connection?.isOpen === true
  }

  /** Gives what the server answered the upgrade with; an error of `connect` has it where the upgrade failed. */
  getHttpResponse(): HttpResponse {
    return this.#link.response!
  }
}

function idempotent(options: WriteOptions | undefined): boolean {
  if (options === undefined) return false
  checkNames(options, 'writeMessage')
  return options.idempotent ?? false
}

function isUsualEnd(error: unknown): boolean {
  if (!(error instanceof ConnectionClosureError) || !error.wasClean) return false
  return error.isOwn || USUAL_ENDS.includes(error.closeCode)
}

/** What a callback throws must not end the process: it is told as a warning. */
function warn(name: string, error: unknown): void {
  process.emitWarning(`${name} of a client failed: ${error instanceof Error ? error.stack : String(error)}`)
}
