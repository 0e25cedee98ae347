// One end of a WebSocket, down to its bytes: it sends what it is told, right or wrong, and notes what comes.
import { createHash, randomBytes } from 'node:crypto'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import {
  CLOSE,
  closePayload,
  encodeFrame,
  type RawFrame,
  RawFrameParser,
  type ReadFrame,
} from './raw-frames.ts'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** How long anything may take to come. The machine may be busy. */
const LIMIT_MS = 30_000

/** The head of a request or answer. */
export interface Head {
  readonly first: string
  readonly headers: ReadonlyMap<string, string>
}

/** A head as text. */
export function readHead(text: string): Head {
  const [first = '', ...lines] = text.split('\r\n')
  const headers = new Map<string, string>()
  for (const line of lines) {
    const at = line.indexOf(':')
    if (at > 0) headers.set(line.slice(0, at).toLowerCase(), line.slice(at + 1).trim())
  }
  return { first, headers }
}

/** The value of `Sec-WebSocket-Accept` for a key. */
export function acceptFor(key: string): string {
  return createHash('sha1')
    .update(key + GUID)
    .digest('base64')
}

/** One end of a connection. */
export class RawPeer {
  readonly socket: Socket
  readonly isClient: boolean
  readonly frames: ReadFrame[] = []
  /** How it ended. */
  readonly ended: Promise<'fin' | 'reset'>
  head: Head | undefined
  /** Whether the other end closed the socket first. */
  wasEndedByPeer = false
  #hasEnded = false
  readonly #headed: Promise<Head>
  readonly #parser = new RawFrameParser()
  readonly #onFrame: Set<(frame: ReadFrame) => void> = new Set()
  #waiting: (() => void)[] = []

  constructor(socket: Socket, isClient: boolean) {
    this.socket = socket
    this.isClient = isClient
    socket.setNoDelay()
    let text = Buffer.alloc(0)
    let heard: (head: Head) => void = () => {}
    this.#headed = new Promise(resolve => {
      heard = resolve
    })
    socket.on('data', chunk => {
      if (this.head) {
        this.#take(chunk)
        return
      }
      text = Buffer.concat([text, chunk])
      const end = text.indexOf('\r\n\r\n')
      if (end < 0) return
      this.head = readHead(text.toString('latin1', 0, end))
      heard(this.head)
      this.#take(text.subarray(end + 4))
    })
    let wasReset = false
    socket.on('error', () => {
      wasReset = true
    })
    socket.on('end', () => {
      this.wasEndedByPeer = !socket.writableEnded
      this.#over()
      socket.end()
    })
    this.ended = new Promise(resolve =>
      socket.on('close', () => {
        this.#over()
        resolve(wasReset ? 'reset' : 'fin')
      }),
    )
  }

  /** The head of what the other end says first. */
  async headOf(): Promise<Head> {
    return await within(Promise.race([this.#headed, this.ended.then(() => this.#noHead())]), 'a head')
  }

  #noHead(): Head {
    if (this.head) return this.head
    throw new Error('the socket was closed without a head')
  }

  onFrame(listener: (frame: ReadFrame) => void): void {
    for (const frame of this.frames) listener(frame)
    this.#onFrame.add(listener)
  }

  /** Sends bytes; resolves when the system has them. */
  async write(bytes: Buffer): Promise<void> {
    if (this.socket.destroyed || !this.socket.writable) return
    await new Promise<void>(resolve => this.socket.write(bytes, () => resolve()))
  }

  send(frame: RawFrame): Promise<void> {
    return this.write(encodeFrame(frame, this.isClient))
  }

  /** Waits until what came is as it should be, or nothing more can come. */
  async until(isDone: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + LIMIT_MS
    while (!isDone() && !this.#hasEnded) {
      if (performance.now() > deadline)
        throw new Error(`${what} did not come; there was ${describeFrames(this.frames)}`)
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, deadline - performance.now() + 1)
        this.#waiting.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }

  get closeFrame(): ReadFrame | undefined {
    return this.frames.find(({ opcode }) => opcode === CLOSE)
  }

  /** Says goodbye and waits for the end. */
  async close(code = 1000): Promise<void> {
    await this.send({ opcode: CLOSE, payload: closePayload(code) })
    await this.until(() => this.closeFrame !== undefined, 'the answer to the close frame')
    if (!this.isClient) this.socket.end()
    await within(this.ended, 'the end of the socket')
  }

  async end(): Promise<'fin' | 'reset'> {
    return await within(this.ended, `the end of the socket, after ${describeFrames(this.frames)},`)
  }

  #take(chunk: Buffer): void {
    if (chunk.length === 0) return
    for (const frame of this.#parser.push(chunk)) {
      this.frames.push(frame)
      for (const listener of this.#onFrame) listener(frame)
    }
    this.#wake()
  }

  #over(): void {
    this.#hasEnded = true
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}

/** Says in short what came. */
export function describeFrames(frames: readonly ReadFrame[]): string {
  if (frames.length === 0) return 'nothing'
  const shown = frames
    .slice(-6)
    .map(({ opcode, payload }) => `${opcode}:${payload.toString('hex').slice(0, 24)}`)
  return `${frames.length} frames, last ${shown.join(' ')}`
}

/** Fails what takes too long. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come`)), LIMIT_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Connects and asks for an upgrade. */
export async function rawClient(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawPeer> {
  const { hostname, port, pathname } = new URL(url)
  const peer = new RawPeer(connect({ port: Number(port), host: hostname, allowHalfOpen: true }), true)
  const lines = [
    `GET ${pathname} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  await peer.write(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`))
  const { first } = await peer.headOf()
  if (!first.includes(' 101 ')) throw new Error(`no upgrade: ${first}`)
  return peer
}

/** A server that upgrades everybody, and gives away the connections by one of their headers. */
export class RawServer implements AsyncDisposable {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(server: Server) {
    this.#server = server
    server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/websocket`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

/** Starts one; `extensions` says what to answer to the extensions that are offered. */
export async function startRawServer(
  onPeer: (peer: RawPeer, head: Head) => void,
  extensions: (offered: string | undefined, head: Head) => string | undefined = () => undefined,
): Promise<RawServer> {
  const server = createServer({ allowHalfOpen: true }, socket => {
    const peer = new RawPeer(socket, false)
    void peer.headOf().then(
      head => {
        const extension = extensions(head.headers.get('sec-websocket-extensions'), head)
        const lines = [
          'HTTP/1.1 101 Switching Protocols',
          'Upgrade: websocket',
          'Connection: Upgrade',
          `Sec-WebSocket-Accept: ${acceptFor(head.headers.get('sec-websocket-key') ?? '')}`,
          ...(extension === undefined ? [] : [`Sec-WebSocket-Extensions: ${extension}`]),
        ]
        socket.write(`${lines.join('\r\n')}\r\n\r\n`)
        onPeer(peer, head)
      },
      () => socket.destroy(),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return new RawServer(server)
}
