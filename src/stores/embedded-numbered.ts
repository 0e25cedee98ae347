import type { MessageContext } from '../core/context.ts'
import type { MessageNumber, NumberedMessages } from '../core/ports.ts'
import type { EmbeddedFile } from './embedded-file.ts'

/** Which numbered messages an embedded store took: written in the transaction of the message itself. */
export class EmbeddedNumbered implements NumberedMessages {
  readonly #store: string
  readonly #file: EmbeddedFile
  readonly #put: (ctx: MessageContext, number: MessageNumber) => Promise<number>

  /** `put` takes a message into the store. */
  constructor(
    store: string,
    file: EmbeddedFile,
    put: (ctx: MessageContext, number: MessageNumber) => Promise<number>,
  ) {
    this.#store = store
    this.#file = file
    this.#put = put
  }

  put(ctx: MessageContext, number: MessageNumber): Promise<number> {
    return this.#put(ctx, number)
  }

  last(scope: string, sender: string): Promise<number | undefined> {
    return this.#file.run<'lastOf'>({ kind: 'lastOf', store: this.#store, scope, sender })
  }

  async forget(scope: string, since: number, most: number): Promise<void> {
    await this.#file.run<'forget'>({ kind: 'forget', store: this.#store, scope, since, most })
  }
}
