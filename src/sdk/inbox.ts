import { ReadTimedOutError, type WebSocketError } from '../services/web-socket-error.ts'
import type { Received } from './schema.ts'

/** What a message in the queue takes besides its bytes. */
const MESSAGE_OVERHEAD_BYTES = 128

/** Where messages come from. */
export interface Source {
  pause(): void
  resume(): void
}

interface Reader {
  take(message: Received): void
  fail(error: WebSocketError): void
}

/** The messages that came and are not read yet. Their source is paused while they are many and nobody reads. */
export class Inbox {
  readonly #maxBytes: number
  readonly #source: Source
  #messages: Received[] = []
  /** Where the first one that is there still stands. */
  #first = 0
  #bytes = 0
  #isPaused = false
  #readers: Reader[] = []
  #end: (() => WebSocketError) | undefined

  constructor(maxBytes: number, source: Source) {
    this.#maxBytes = maxBytes
    this.#source = source
  }

  /** Whether the source is to stay paused. */
  get isFull(): boolean {
    return this.#isPaused
  }

  /** Takes a message in. */
  add(message: Received): void {
    if (this.#end) return
    const reader = this.#readers.shift()
    if (reader) {
      reader.take(message)
      return
    }
    this.#messages.push(message)
    this.#bytes += message.data.length + MESSAGE_OVERHEAD_BYTES
    if (this.#bytes < this.#maxBytes || this.#isPaused) return
    this.#isPaused = true
    this.#source.pause()
  }

  /**
   * Gives the next message, when it is there.
   * @throws ReadTimedOutError when none came in so many milliseconds, and the error of the end when there will be none
   */
  take(timeoutMs: number | undefined): Promise<Received> {
    const message = this.#messages[this.#first]
    if (message) return Promise.resolve(this.#next(message))
    if (this.#end) return Promise.reject(this.#end())
    return this.#wait(timeoutMs)
  }

  /** No more will come: whoever waits is told why, and whoever reads what is left. */
  end(error: () => WebSocketError): void {
    this.#end ??= error
    for (const reader of this.#readers.splice(0)) reader.fail(this.#end())
  }

  /** Lets go of what nobody has read. */
  clear(): void {
    this.#messages = []
    this.#first = 0
    this.#bytes = 0
    this.#resume()
  }

  #next(message: Received): Received {
    this.#bytes -= message.data.length + MESSAGE_OVERHEAD_BYTES
    this.#first++
    // What is gone is cut off now and then, not each time.
    if (this.#first >= 1024 || this.#first === this.#messages.length) {
      this.#messages = this.#messages.slice(this.#first)
      this.#first = 0
    } else (this.#messages as (Received | undefined)[])[this.#first - 1] = undefined
    if (this.#bytes * 2 < this.#maxBytes) this.#resume()
    return message
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#source.resume()
  }

  #wait(timeoutMs: number | undefined): Promise<Received> {
    return new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined
      const reader: Reader = {
        take: message => {
          clearTimeout(timer)
          resolve(message)
        },
        fail: error => {
          clearTimeout(timer)
          reject(error)
        },
      }
      this.#readers.push(reader)
      if (timeoutMs === undefined) return
      timer = setTimeout(() => {
        this.#readers.splice(this.#readers.indexOf(reader), 1)
        reject(new ReadTimedOutError(`no message came within ${timeoutMs / 1000} s`))
      }, timeoutMs)
    })
  }
}
