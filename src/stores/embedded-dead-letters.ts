import type { EmbeddedFile } from './embedded-file.ts'
import type { DeadLetter, DeadLetters } from './readable-store.ts'

/** Dead letters in the file of messages: as many are kept as in memory. */
export class EmbeddedDeadLetters implements DeadLetters {
  readonly #store: string
  readonly #file: EmbeddedFile

  constructor(store: string, file: EmbeddedFile) {
    this.#store = store
    this.#file = file
  }

  count(): Promise<number> {
    return this.#file.run<'countLetters'>({ kind: 'countLetters', store: this.#store })
  }

  list(limit: number, after?: string): Promise<readonly DeadLetter[]> {
    return this.#file.run<'letters'>({ kind: 'letters', store: this.#store, limit, after })
  }

  resend(which: readonly string[] | 'all'): Promise<number> {
    return this.#file.run<'resend'>({ kind: 'resend', store: this.#store, which })
  }

  discard(which: readonly string[] | 'all'): Promise<number> {
    return this.#file.run<'discard'>({ kind: 'discard', store: this.#store, which })
  }
}
