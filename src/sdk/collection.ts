import { dirname } from 'node:path'
import type { Collection } from '../collections/collection.ts'
import { Conversation, endText, type Received, type Row } from '../collections/conversation.ts'
import { loadCollection as load, OpenCollection } from '../collections/open-collection.ts'
import { readIdentity } from '../inbound/keystore.ts'

const DEFAULT_WITHIN_MS = 5_000

/**
 * Reads a collection, for tests of any runner.
 *
 * @throws Error with all that is wrong with the file
 * @example
 * await using echo = await loadCollection('orders.yaml').useEnvironment('Local').connect('Echo')
 * await echo.send('Hello')
 * const answer = await echo.json()
 */
export function loadCollection(file: string): CollectionClient {
  return new CollectionClient(load(file), dirname(file))
}

/** A collection with an environment and values, whose connections can be opened. */
export class CollectionClient {
  readonly #collection: Collection
  readonly #folder: string
  readonly #given = new Map<string, string>()
  #environment: string | undefined
  #isInsecure = false
  #open: OpenCollection | undefined

  constructor(collection: Collection, folder: string) {
    this.#collection = collection
    this.#folder = folder
  }

  /** Takes the values of an environment. @throws Error where there is none of that name */
  useEnvironment(name: string): this {
    this.#environment = name
    return this.#changed()
  }

  /** Accepts any certificate of a server. */
  acceptAnyCertificate(): this {
    this.#isInsecure = true
    return this.#changed()
  }

  /** Gives a variable a value, which goes before all others. */
  setVariable(name: string, value: string): this {
    this.#given.set(name, value)
    this.#opened.variables.set(name, value)
    return this
  }

  /** The value of a variable, templates in it as they are written. */
  variable(name: string): string | undefined {
    return this.#opened.variables.get(name)
  }

  /** Opens a connection by its name. @throws DialError where that fails, Error where there is none */
  async connect(name: string): Promise<CollectionConnection> {
    const open = this.#opened
    const item = open.connection(name)
    const conversation = await Conversation.begin(open.plan(item)).opened
    return new CollectionConnection(conversation, async message =>
      conversation.send(await open.outgoing(open.message(item, message)), message),
    )
  }

  #changed(): this {
    this.#open = undefined
    // What is wrong is to be said where it was asked for.
    void this.#opened
    return this
  }

  get #opened(): OpenCollection {
    this.#open ??= new OpenCollection(this.#collection, this.#folder, {
      environment: this.#environment,
      variables: this.#given,
      isInsecure: this.#isInsecure,
      readIdentity,
    })
    return this.#open
  }
}

/** A connection of a collection that is open. Going out of scope closes it. */
export class CollectionConnection implements AsyncDisposable {
  readonly #conversation: Conversation
  readonly #send: (message: string) => Promise<void>

  constructor(conversation: Conversation, send: (message: string) => Promise<void>) {
    this.#conversation = conversation
    this.#send = send
  }

  /** Sends a message of the collection by its name. @throws Error where it cannot be sent */
  async send(message: string): Promise<void> {
    await this.#send(message)
  }

  /** Takes the next message of the server. @throws Error where none comes in time, or the server closes */
  async next(withinMs = DEFAULT_WITHIN_MS): Promise<Received> {
    const deadline = performance.now() + withinMs
    for (;;) {
      const received = await this.#conversation.next(deadline - performance.now())
      const { end } = this.#conversation
      if (received && received.kind !== 'close') return received
      // The close of a connection that is opened again is no message.
      if (received && !end) continue
      throw new Error(end ? endText(end) : `no message came within ${withinMs} ms`)
    }
  }

  /** How many messages wait to be sent: for a server that is behind, or a connection that is opened again. */
  get waiting(): number {
    return this.#conversation.waiting
  }

  /** Takes the next message as text. @throws Error as `next` does */
  async text(withinMs?: number): Promise<string> {
    return (await this.next(withinMs)).data!.toString()
  }

  /** Takes the next message as JSON. @throws Error as `next` does, SyntaxError where it is none */
  async json(withinMs?: number): Promise<unknown> {
    return JSON.parse(await this.text(withinMs))
  }

  /** All that was sent and received so far. */
  get exchanged(): readonly Row[] {
    return this.#conversation.rows
  }

  /** Closes, and gives how it ended. */
  async close(code = 1000, reason = ''): Promise<Row> {
    this.#conversation.close(code, reason)
    return await this.#conversation.closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
