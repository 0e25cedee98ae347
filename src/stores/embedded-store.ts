import type { MessageContext } from '../core/context.ts'
import type { Logger } from '../core/logger.ts'
import type { MessageNumber } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Resource } from '../language/declare.ts'
import { EmbeddedClaim } from './embedded-claim.ts'
import { EmbeddedDeadLetters } from './embedded-dead-letters.ts'
import type { EmbeddedFile } from './embedded-file.ts'
import type { PutAnswer } from './embedded-job.ts'
import { EmbeddedNumbered } from './embedded-numbered.ts'
import { type NextMessage, OldestFirst } from './embedded-reader.ts'
import { BySequence } from './embedded-sequence.ts'
import type { StoreLimits } from './memory-store.ts'
import type { Failure, ReadableStore, Removal, StoreTally } from './readable-store.ts'
import { fullFault } from './store-fault.ts'
import { StoredMessage } from './stored-message.ts'
import { encodeStored } from './stored-record.ts'

/** How messages are put in order by a number of theirs. */
export interface Resequencing {
  /** Gives the number. @throws Fault where the message has none */
  numberOf(ctx: MessageContext): number
  /** How long a missing number is waited for, in milliseconds; below 0 for ever. */
  readonly timeoutMs: number
}

/** The disk is the limit. */
export const NO_LIMITS: StoreLimits = {
  maxMessages: Number.MAX_SAFE_INTEGER,
  maxBytes: Number.MAX_SAFE_INTEGER,
}

/** Messages in the order they came, in a file: what was put in is there after the process, or the machine, was lost. */
export class EmbeddedStore implements ReadableStore, Resource {
  readonly name: string
  readonly kind = 'embedded'
  readonly deadLetters: EmbeddedDeadLetters
  readonly numbered: EmbeddedNumbered
  limits: StoreLimits = NO_LIMITS
  readonly #log: Logger
  readonly #file: EmbeddedFile
  readonly #claim: EmbeddedClaim
  readonly #next: NextMessage
  readonly #sequence: BySequence | undefined
  #numberOf: Resequencing['numberOf'] | undefined
  /** The take that waits for the file; others come after it. */
  #taking: Promise<StoredMessage | undefined> | undefined

  constructor(
    name: string,
    log: Logger,
    file: EmbeddedFile,
    order: 'as they came' | 'by number' = 'as they came',
  ) {
    this.name = name
    this.#log = log
    this.#file = file
    this.deadLetters = new EmbeddedDeadLetters(name, file)
    this.numbered = new EmbeddedNumbered(
      name,
      file,
      async (ctx, number) => (await this.#put(ctx, number)).last,
    )
    this.#claim = new EmbeddedClaim(name, file, log)
    this.#sequence = order === 'by number' ? new BySequence(name, file, log, this.#claim) : undefined
    this.#next = this.#sequence ?? new OldestFirst(name, file, log, this.#claim)
  }

  /** Says how messages get their number, for a store that goes by that. */
  set resequencing({ numberOf, timeoutMs }: Resequencing) {
    this.#numberOf = numberOf
    if (this.#sequence) this.#sequence.timeoutMs = timeoutMs
  }

  async size(): Promise<number> {
    return (await this.#file.run<'counts'>({ kind: 'counts', store: this.name })).messages
  }

  async tally(): Promise<StoreTally> {
    const { messages, bytes, ...tally } = await this.#file.run<'counts'>({ kind: 'counts', store: this.name })
    return tally
  }

  /**
   * Resolves when the message is on the disk.
   * @throws Fault 306000 when the store is full, or its file cannot be written
   */
  async put(ctx: MessageContext): Promise<void> {
    await this.#put(ctx, undefined)
  }

  take(): MaybePromise<StoredMessage | undefined> {
    if (this.#taking) return this.#taking.then(() => this.take())
    const ready = this.#next.now()
    if (ready) return ready
    const taking = this.#next.ask().finally(() => {
      this.#taking = undefined
    })
    this.#taking = taking
    return taking
  }

  release(message: StoredMessage): void {
    const row = this.#claim.held.get(message)
    if (!row) return
    this.#claim.held.delete(message)
    this.#next.release(message, row)
  }

  async remove(message: StoredMessage, as: Removal): Promise<void> {
    const row = this.#claim.held.get(message)
    if (!row) return
    const { number, sequence } = row
    const known = { number, sequence, bytes: row.payload.length }
    await this.#file.run<'remove'>({ kind: 'remove', store: this.name, ...known, as })
    this.#claim.held.delete(message)
  }

  async bury(message: StoredMessage, why: Failure): Promise<void> {
    const row = this.#claim.held.get(message)
    if (!row) return
    const { id, mediaType, storedAt } = message
    const { number } = row
    const letter = { number, id, mediaType, storedAt, diedAt: Date.now(), why }
    await this.#file.run<'bury'>({ kind: 'bury', store: this.name, ...letter })
    this.#claim.held.delete(message)
  }

  /** The file is closed by itself, when all is written. */
  async stop(): Promise<void> {}

  async #put(ctx: MessageContext, numbered: MessageNumber | undefined): Promise<PutAnswer> {
    const sequence = this.#numberOf?.(ctx)
    const record = encodeStored(StoredMessage.of(ctx), this.#log)
    const job = { kind: 'put', store: this.name, head: 0, payload: 0, sequence, numbered } as const
    const answer = await this.#file.run<'put'>({ ...job, ...this.limits }, record)
    if (answer.outcome !== 'full') return answer
    const { messages, bytes } = answer
    throw fullFault(this.name, messages, bytes)
  }
}
