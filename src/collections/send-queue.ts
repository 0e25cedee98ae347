/** More than this may not wait. */
const MOST_WAITING = 1_000

interface Waiting {
  hand(): void
  done(): void
  fail(error: Error): void
}

/** The messages that wait: for a server that is behind, or for a connection that is opened again. They leave in order. */
export class SendQueue {
  readonly #mayGo: () => boolean
  readonly #waiting: Waiting[] = []

  constructor(mayGo: () => boolean) {
    this.#mayGo = mayGo
  }

  /** How many messages wait. */
  get depth(): number {
    return this.#waiting.length
  }

  /** Hands a message over, at once or when its turn comes. @throws Error where too many wait, or it never comes */
  add(hand: () => void): Promise<void> {
    if (this.#waiting.length === 0 && this.#mayGo()) {
      hand()
      return Promise.resolve()
    }
    if (this.#waiting.length >= MOST_WAITING)
      return Promise.reject(new Error(`${MOST_WAITING} messages wait to be sent already`))
    return new Promise((done, fail) => this.#waiting.push({ hand, done, fail }))
  }

  /** Something has changed: whoever may go now goes. */
  goOn(): void {
    while (this.#waiting.length > 0 && this.#mayGo()) {
      const { hand, done } = this.#waiting.shift()!
      hand()
      done()
    }
  }

  /** Nothing will be sent any more. */
  end(why: () => Error): void {
    for (const { fail } of this.#waiting.splice(0)) fail(why())
  }
}
