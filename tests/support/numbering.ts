import { type Client, type ConnectOptions, connect } from './clients.ts'

/** The subprotocol by which a client asks that its messages be stored. */
export const AT_LEAST_ONCE = 'at-least-once.myelin'

/** What the gateway tells a client that numbers its messages. */
export interface Told {
  readonly welcome?: string
  readonly accepted?: number
  readonly new?: boolean
  readonly data?: unknown
  readonly bytes?: string
  readonly error?: Readonly<Record<string, unknown>>
}

/** A client that numbers its messages. Going out of scope cuts it. */
export class NumberingClient implements Disposable {
  readonly client: Client

  private constructor(client: Client) {
    this.client = client
  }

  static async connect(url: string, options: ConnectOptions = {}): Promise<NumberingClient> {
    return new NumberingClient(await connect(url, { offer: [AT_LEAST_ONCE], ...options }))
  }

  /** Connects and says hello; gives the client and what it was welcomed with. */
  static async greeted(
    url: string,
    id: string,
    options: ConnectOptions = {},
  ): Promise<NumberingClient & { readonly welcome: Told }> {
    const client = await NumberingClient.connect(url, options)
    return Object.assign(client, { welcome: await client.ask({ hello: id }) })
  }

  /** Sends a frame: an object as JSON, a text as it is. */
  say(frame: object | string): void {
    this.client.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  /** Takes the next frame. */
  async told(): Promise<Told> {
    return JSON.parse(await this.client.received.text()) as Told
  }

  async ask(frame: object | string): Promise<Told> {
    this.say(frame)
    return await this.told()
  }

  /** Takes frames until one says that a number was accepted; gives them all. */
  async accepted(number: number): Promise<Told[]> {
    const all: Told[] = []
    for (;;) {
      const told = await this.told()
      all.push(told)
      if ((told.accepted ?? 0) >= number && told.welcome === undefined) return all
    }
  }

  [Symbol.dispose](): void {
    this.client[Symbol.dispose]()
  }
}
