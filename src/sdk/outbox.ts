import { type WebSocketError, WriteTimedOutError } from '../services/web-socket-error.ts'
import type { Connection } from '../websocket/connection.ts'

/** More than this is written at once rather than at the end of the turn: whoever writes on and on never lets it end. */
const FLUSH_BYTES = 64 * 1024

/** A message to be sent. */
export interface Letter {
  readonly data: Buffer | string
  readonly isBinary: boolean
  /** Whether it may arrive twice: it is sent again when the connection is lost before the operating system has it. */
  readonly isIdempotent: boolean
}

interface Writer {
  readonly letter: Letter
  done(): void
  fail(error: WebSocketError): void
}

/** The messages on their way out, in order. They wait while the peer is behind, and while there is no connection. */
export class Outbox {
  #connection: Connection | undefined
  #waiting: Writer[] = []
  /** Handed over, and to be sent again unless the operating system takes them. */
  #untaken: Writer[] = []
  #end: (() => WebSocketError) | undefined

  /**
   * Sends a message; done when it is handed over, or taken where it may arrive twice.
   * @throws WriteTimedOutError when it had to wait for more than so many milliseconds, and the error of the end
   */
  write(letter: Letter, timeoutMs: number | undefined): Promise<void> {
    if (this.#end) return Promise.reject(this.#end())
    if (this.#isFree && !letter.isIdempotent) {
      this.#send(letter)
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined
      const writer: Writer = {
        letter,
        done: () => {
          clearTimeout(timer)
          resolve()
        },
        fail: error => {
          clearTimeout(timer)
          reject(error)
        },
      }
      this.#waiting.push(writer)
      if (timeoutMs !== undefined) timer = setTimeout(() => this.#timeOut(writer, timeoutMs), timeoutMs)
      this.drained()
    })
  }

  /** There is a connection: what waits goes over it. */
  opened(connection: Connection): void {
    this.#connection = connection
    this.drained()
  }

  /** The connection is gone, and another may come. */
  lost(): void {
    this.#connection = undefined
    this.#waiting.unshift(...this.#untaken.splice(0))
  }

  /** The operating system has taken what was written. */
  drained(): void {
    if (this.#connection?.bufferedBytes === 0) for (const writer of this.#untaken.splice(0)) writer.done()
    while (this.#waiting.length > 0 && this.#canSend) this.#hand(this.#waiting.shift()!)
  }

  /** Nothing will be sent any more: whoever waits is told why. */
  end(error: () => WebSocketError): void {
    this.#end ??= error
    for (const writer of [...this.#untaken.splice(0), ...this.#waiting.splice(0)]) writer.fail(this.#end())
  }

  get #canSend(): boolean {
    return this.#connection?.isOpen === true && !this.#connection.isBehind
  }

  get #isFree(): boolean {
    return this.#waiting.length === 0 && this.#canSend
  }

  #send({ data, isBinary }: Letter): void {
    const connection = this.#connection!
    connection.send(data, isBinary)
    if (connection.bufferedBytes > FLUSH_BYTES) connection.flush()
  }

  #hand(writer: Writer): void {
    this.#send(writer.letter)
    if (!writer.letter.isIdempotent) {
      writer.done()
      return
    }
    this.#connection!.flush()
    if (this.#connection!.bufferedBytes === 0) writer.done()
    else this.#untaken.push(writer)
  }

  #timeOut(writer: Writer, timeoutMs: number): void {
    const at = this.#waiting.indexOf(writer)
    // One that is handed over cannot be taken back.
    if (at < 0) return
    this.#waiting.splice(at, 1)
    const why = this.#connection ? 'the server did not take' : 'there was no connection for'
    writer.fail(new WriteTimedOutError(`${why} a message within ${timeoutMs / 1000} s`))
  }
}
