import { connect, type Socket } from 'node:net'
import { clientFrame, headerBytes, OPCODE, payloadBytes, upgradeRequest } from './frames.ts'

/** Says where a session goes and what its answers have to look like. */
export interface ClientSessionOptions {
  readonly url: URL
  /** Where the socket reads into; may be shared by many sessions. */
  readonly buffer: Buffer
  /** First byte of every answer. */
  readonly first: number
  /** Payload bytes of every answer. */
  readonly size: number
  /** Told how many answers one read has brought. */
  readonly answers: (session: ClientSession, count: number) => void
  readonly problem: (text: string) => void
}

/** One WebSocket client on a bare socket. Checks the length and kind of each answer, not its text. */
export class ClientSession {
  /** Messages sent and not answered yet. */
  owed = 0
  readonly #options: ClientSessionOptions
  readonly #opened = Promise.withResolvers<void>()
  #isOpen = false
  #socket: Socket | undefined
  #onAnswer: (() => void) | undefined
  /** Payload bytes of the present answer that are still to come. */
  #left = 0
  /** The beginning of a header, a handshake or a control frame. */
  #rest: Buffer = Buffer.alloc(0)

  constructor(options: ClientSessionOptions) {
    this.#options = options
  }

  /** Connects and upgrades; fails when anything but 101 comes back. */
  open(): Promise<void> {
    const { url, buffer } = this.#options
    const onread = { buffer, callback: (bytes: number): boolean => this.#read(buffer.subarray(0, bytes)) }
    const socket = connect({ host: url.hostname, port: Number(url.port), noDelay: true, onread })
    socket.on('error', error => this.#fail(error.message))
    socket.on('close', () => this.#fail('the connection ended'))
    socket.write(upgradeRequest(url))
    this.#socket = socket
    return this.#opened.promise
  }

  /** Sends whole frames that hold so many messages. */
  send(frames: Buffer, messages: number): void {
    this.owed += messages
    this.#socket?.write(frames)
  }

  /** Gives a promise for the next read that brings an answer. */
  nextAnswer(): Promise<void> {
    return new Promise(resolve => {
      this.#onAnswer = resolve
    })
  }

  #fail(why: string): void {
    if (this.#isOpen) this.#options.problem(why)
    else this.#opened.reject(new Error(`no session with ${this.#options.url.href}: ${why}`))
    this.#socket?.removeAllListeners('close').destroy()
  }

  #read(bytes: Buffer): boolean {
    const chunk = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes
    const end = this.#isOpen ? this.#take(chunk, 0) : this.#handshake(chunk)
    // Most reads end with a frame. What does not is copied, for the buffer is used again.
    this.#rest = end < chunk.length ? Buffer.from(chunk.subarray(end)) : chunk.subarray(0, 0)
    return true
  }

  /** Gives where the handled bytes end. */
  #handshake(chunk: Buffer): number {
    const end = chunk.indexOf('\r\n\r\n')
    if (end < 0) return 0
    const status = chunk.toString('latin1', 0, chunk.indexOf('\r\n'))
    if (!status.startsWith('HTTP/1.1 101')) {
      this.#fail(`answered "${status}"`)
      return chunk.length
    }
    this.#isOpen = true
    this.#opened.resolve()
    return this.#take(chunk, end + 4)
  }

  /** Counts the answers in a chunk; gives where the handled bytes end. */
  #take(chunk: Buffer, from: number): number {
    const { answers } = this.#options
    let count = 0
    let at = from
    while (at < chunk.length) {
      if (this.#left === 0) {
        const next = this.#header(chunk, at)
        if (next === at) break
        at = next
        if (this.#left === 0) continue
      }
      const step = Math.min(this.#left, chunk.length - at)
      at += step
      this.#left -= step
      if (this.#left === 0) count++
    }
    if (count > 0) {
      this.owed -= count
      answers(this, count)
      this.#onAnswer?.()
      this.#onAnswer = undefined
    }
    return at
  }

  /** Reads what starts at an offset: an answer's header or a whole control frame. Gives `at` when bytes are missing. */
  #header(chunk: Buffer, at: number): number {
    const there = chunk.length - at
    if (there < 2) return at
    const header = headerBytes(chunk[at + 1]!)
    if (there < header) return at
    const length = payloadBytes(chunk, at)
    if (chunk[at] === this.#options.first && length === this.#options.size) {
      this.#left = length
      return at + header
    }
    if (there < header + length) return at
    this.#unexpected(chunk[at]! & 0x0f, chunk.subarray(at + header, at + header + length))
    return at + header + length
  }

  #unexpected(opcode: number, payload: Buffer): void {
    if (opcode === OPCODE.ping) this.#socket?.write(clientFrame(OPCODE.pong, payload))
    else if (opcode === OPCODE.close)
      this.#fail(`closed with code ${payload.length > 1 ? payload.readUInt16BE(0) : 'none'}`)
    else if (opcode !== OPCODE.pong)
      this.#fail(`got ${payload.length} bytes with opcode ${opcode} for an answer`)
  }
}
