import { Readable } from 'node:stream'
import { countPassing } from '../message/passing-bytes.ts'

/** What steers how fast an answer comes in. */
export interface Flow {
  readonly paused: boolean
  pause(): void
  resume(): void
  abort(reason: Error): void
}

/** The body of an answer as it comes: the backend is read no faster than whoever takes it. */
export class AnswerStream extends Readable {
  readonly #flow: Flow
  readonly #idle: NodeJS.Timeout | undefined
  #isEnded = false

  /** `idleMs` is how long the backend may send nothing while it is read, in milliseconds; 0 for ever. */
  constructor(flow: Flow, idleMs: number) {
    super()
    this.#flow = flow
    if (idleMs > 0) this.#idle = setTimeout(() => this.#idleTooLong(idleMs), idleMs)
  }

  /** Takes what came in. */
  add(chunk: Buffer): void {
    this.#idle?.refresh()
    countPassing(chunk.length)
    if (!this.push(chunk)) this.#flow.pause()
  }

  /** All of it has come in. */
  end(): void {
    this.#isEnded = true
    clearTimeout(this.#idle)
    this.push(null)
  }

  override _read(): void {
    if (this.#flow.paused) this.#flow.resume()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#idle)
    if (!this.#isEnded) this.#flow.abort(error ?? new Error('nobody wants the answer any more'))
    done(error)
  }

  #idleTooLong(idleMs: number): void {
    // It is we who do not read.
    if (this.#flow.paused) this.#idle?.refresh()
    else this.destroy(new Error(`the backend sent nothing for ${idleMs} ms`))
  }
}
