import { once } from 'node:events'
import { type ClientOptions, WebSocket } from 'ws'

/** A message as it came. */
export interface Frame {
  readonly data: Buffer
  readonly isBinary: boolean
}

/** How a connection ended. */
export interface Closed {
  readonly code: number
  readonly reason: string
}

/** A queue of messages that a test takes one after the other, waiting where none is there yet. */
export class Frames {
  readonly all: Frame[] = []
  #taken = 0
  #waiting: (() => void)[] = []
  #ended: string | undefined

  add(data: Buffer, isBinary: boolean): void {
    this.all.push({ data, isBinary })
    this.#wake()
  }

  /** No more will come; whoever waits is told why. */
  end(reason: string): void {
    this.#ended = reason
    this.#wake()
  }

  /** Takes the next message. */
  async next(): Promise<Frame> {
    while (this.#taken >= this.all.length) {
      if (this.#ended !== undefined) throw new Error(`${this.#ended}; no message came before it`)
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    return this.all[this.#taken++]!
  }

  /** Takes the next message as text. */
  async text(): Promise<string> {
    return (await this.next()).data.toString()
  }

  /** Takes the next messages as texts. */
  async texts(count: number): Promise<string[]> {
    const texts: string[] = []
    while (texts.length < count) texts.push(await this.text())
    return texts
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}

/** How to connect. */
export interface ConnectOptions extends ClientOptions {
  /** Subprotocols to offer; any text, `synapse(contentType='…')` included. */
  readonly offer?: readonly string[]
}

/** A WebSocket client. Going out of scope cuts it. */
export class Client implements Disposable {
  readonly webSocket: WebSocket
  readonly received = new Frames()
  /** Resolves when the connection is over. */
  readonly closed: Promise<Closed>
  /** The subprotocol the server chose. */
  subprotocol: string | undefined

  constructor(url: string, { offer, headers, ...options }: ConnectOptions = {}) {
    const offered = offer && { 'Sec-WebSocket-Protocol': offer.join(', ') }
    this.webSocket = new WebSocket(url, { ...options, headers: { ...headers, ...offered } })
    this.webSocket.on('upgrade', response => {
      // The library knows no subprotocols that are not tokens, so the header is kept from it.
      this.subprotocol = response.headers['sec-websocket-protocol']
      delete response.headers['sec-websocket-protocol']
    })
    this.webSocket.on('message', (data, isBinary) => this.received.add(data as Buffer, isBinary))
    this.closed = new Promise(resolve =>
      this.webSocket.on('close', (code, reason) => {
        this.received.end(`the connection was closed with ${code} ${reason}`)
        resolve({ code, reason: reason.toString() })
      }),
    )
  }

  send(data: string | Buffer): void {
    this.webSocket.send(data)
  }

  /** Sends a text and takes the next message as the answer. */
  async ask(text: string): Promise<string> {
    this.send(text)
    return await this.received.text()
  }

  /** Closes and waits for the end. */
  async close(code?: number, reason?: string): Promise<Closed> {
    this.webSocket.close(code, reason)
    return await this.closed
  }

  [Symbol.dispose](): void {
    this.webSocket.on('error', () => {}).terminate()
  }
}

/** Connects a WebSocket client; rejects when the server refuses. */
export async function connect(url: string, options?: ConnectOptions): Promise<Client> {
  const client = new Client(url, options)
  await once(client.webSocket, 'open')
  return client
}

/** Connects several clients at once. */
export async function connectAll(url: string, count: number): Promise<Client[]> {
  return await Promise.all(Array.from({ length: count }, () => connect(url)))
}

/** What a server says that refuses an upgrade. */
export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Asks for an upgrade that is refused; rejects when it is not. */
export async function refusal(url: string, options: ConnectOptions = {}): Promise<Refusal> {
  using client = new Client(url, options)
  return await new Promise((resolve, reject) => {
    client.webSocket.on('open', () => reject(new Error('the upgrade was accepted')))
    client.webSocket.on('error', reject)
    client.webSocket.on('unexpected-response', (_request, response) => {
      let body = ''
      response.setEncoding('utf8').on('data', chunk => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
  })
}
