import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/**
 * How a backend behaves: it refuses connections, takes them and says nothing, hangs up when it is asked, talks
 * nonsense, answers with 200, at once or after a while, or with 500 or a SOAP fault; as a WebSocket it accepts, or accepts and begins to close.
 */
export type Mood =
  | 'refuse'
  | 'silent'
  | 'hang up'
  | 'nonsense'
  | 'ok'
  | 'slow'
  | '500'
  | 'soap fault'
  | 'closing'

const SOAP_FAULT =
  '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode><faultstring>no</faultstring></s:Fault></s:Body></s:Envelope>'

/** A backend for HTTP and WebSocket that a test puts in one mood after another, on one port. */
export class FickleBackend implements AsyncDisposable {
  readonly #server: Server
  readonly #port: number
  readonly #sockets = new Set<Socket>()
  #mood: Mood = 'ok'
  #asks = 0

  private constructor(server: Server) {
    this.#server = server
    this.#port = (server.address() as AddressInfo).port
    server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket))
      socket.on('data', data => this.#asked(socket, data.toString('latin1')))
    })
  }

  static async start(): Promise<FickleBackend> {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return new FickleBackend(server)
  }

  /** How many requests and handshakes it got. */
  get asks(): number {
    return this.#asks
  }

  /** Where it is, by HTTP. */
  get http(): string {
    return `http://127.0.0.1:${this.#port}/fickle`
  }

  /** Where it is, by WebSocket. */
  get ws(): string {
    return `ws://127.0.0.1:${this.#port}/fickle`
  }

  /** Behaves so from now on; the connections there are now are cut. */
  async become(mood: Mood): Promise<void> {
    this.#mood = mood
    const closed = [...this.#sockets].map(socket => once(socket, 'close'))
    for (const socket of this.#sockets) socket.destroy()
    await Promise.all(closed)
    if (mood === 'refuse' && this.#server.listening) await once(this.#server.close(), 'close')
    else if (mood !== 'refuse' && !this.#server.listening)
      await once(this.#server.listen(this.#port, '127.0.0.1'), 'listening')
  }

  /** Takes no more connections; those there are now stay. */
  refuseMore(): void {
    this.#server.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.become('refuse')
  }

  #asked(socket: Socket, request: string): void {
    if (!/^[A-Z]+ \S+ HTTP/.test(request)) return
    this.#asks++
    const mood = this.#mood
    const key = /^sec-websocket-key: (.*)\r$/im.exec(request)?.[1]
    if (mood === 'hang up') socket.end()
    else if (mood === 'nonsense') socket.end('hello\r\n\r\n')
    else if (mood === 'silent') return
    else if (key !== undefined) this.#accept(socket, key)
    else if (mood === 'ok') socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    else if (mood === 'slow')
      setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'), 20)
    else if (mood === '500') socket.write('HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n')
    else if (mood === 'soap fault')
      socket.write(
        `HTTP/1.1 500 No\r\nContent-Type: text/xml\r\nContent-Length: ${SOAP_FAULT.length}\r\n\r\n${SOAP_FAULT}`,
      )
  }

  #accept(socket: Socket, key: string): void {
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
    socket.write(
      `HTTP/1.1 101 Yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
    if (this.#mood === 'closing') socket.write(Buffer.from([0x88, 0x00]))
  }
}
