import { connect, type Socket } from 'node:net'
import { headerBytes, payloadBytes, upgradeRequest } from './frames.ts'

const READ_BYTES = 1024

/**
 * A WebSocket client that reads 1 KiB a second, and everything when it is told to. It checks that the messages it gets
 * are numbered without a gap.
 */
export class SlowSession {
  /** Whole messages that came. */
  received = 0
  readonly #problem: (text: string) => void
  readonly #opened = Promise.withResolvers<void>()
  readonly #socket: Socket
  readonly #timer: NodeJS.Timeout
  #isOpen = false
  #isSlow = true
  #rest: Buffer = Buffer.alloc(0)

  constructor(url: URL, problem: (text: string) => void) {
    this.#problem = problem
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
    // Nothing is read ahead: what the client does not take stays in the operating system, whose buffer is full soon.
    const onread = { buffer, callback: (bytes: number): boolean => this.#read(buffer.subarray(0, bytes)) }
    this.#socket = connect({ host: url.hostname, port: Number(url.port), onread })
    this.#socket.on('error', error => this.#fail(error.message)).on('close', () => this.#fail('closed'))
    this.#socket.write(upgradeRequest(url))
    this.#timer = setInterval(() => this.#socket.resume(), 1000)
  }

  /** Resolves when the handshake is done. */
  get opened(): Promise<void> {
    return this.#opened.promise
  }

  /** Reads as fast as messages come from now on. */
  hurry(): void {
    this.#isSlow = false
    clearInterval(this.#timer)
    this.#socket.resume()
  }

  /** Ends the session. */
  end(): void {
    clearInterval(this.#timer)
    this.#socket.removeAllListeners('close').destroy()
  }

  #fail(why: string): void {
    if (this.#isOpen) this.#problem(why)
    else this.#opened.reject(new Error(why))
    this.end()
  }

  /** Says whether to read on. */
  #read(bytes: Buffer): boolean {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : Buffer.from(bytes)
    if (!this.#isOpen) this.#handshake()
    if (this.#isOpen) this.#messages()
    return !this.#isSlow || !this.#isOpen
  }

  #handshake(): void {
    const end = this.#rest.indexOf('\r\n\r\n')
    if (end < 0) return
    if (!this.#rest.toString('latin1').startsWith('HTTP/1.1 101')) this.#fail('refused')
    this.#rest = this.#rest.subarray(end + 4)
    this.#isOpen = true
    this.#opened.resolve()
  }

  #messages(): void {
    let at = 0
    while (this.#rest.length - at >= 2) {
      const header = headerBytes(this.#rest[at + 1]!)
      if (this.#rest.length - at < header) break
      const end = at + header + payloadBytes(this.#rest, at)
      if (end > this.#rest.length) break
      const number = this.#rest.readUInt32BE(at + header)
      if (number !== this.received) this.#problem(`message ${number} came where ${this.received} was next`)
      this.received++
      at = end
    }
    this.#rest = this.#rest.subarray(at)
  }
}
