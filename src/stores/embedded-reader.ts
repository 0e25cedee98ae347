import { Fault } from '../core/fault.ts'
import type { Logger } from '../core/logger.ts'
import type { EmbeddedClaim } from './embedded-claim.ts'
import type { EmbeddedFile } from './embedded-file.ts'
import type { KeptRow } from './embedded-job.ts'
import type { StoredMessage } from './stored-message.ts'
import { decodeStored, UnknownForm } from './stored-record.ts'

/** Chooses which message of an embedded store is handed out next. */
export interface NextMessage {
  /** Gives one that needs nothing to be waited for. */
  now(): StoredMessage | undefined
  /** Asks the file for what comes next. */
  ask(): Promise<StoredMessage | undefined>
  /** Takes one back that was handed out. */
  release(message: StoredMessage, row: KeptRow): void
}

/** How much is read ahead, and how long it is trusted, in milliseconds: another process may read the store by then. */
const AHEAD_ROWS = 128
const AHEAD_BYTES = 1024 * 1024
const FRESH_MS = 1_000

/** Hands out messages in the order they came. */
export class OldestFirst implements NextMessage {
  readonly #store: string
  readonly #file: EmbeddedFile
  readonly #log: Logger
  readonly #claim: EmbeddedClaim
  /** Taken back, in the order of their rows; all are older than those ahead. */
  readonly #released: { readonly message: StoredMessage; readonly row: KeptRow }[] = []
  #ahead: KeptRow[] = []
  /** When the first of them was read. */
  #readAt = 0
  /** Counts how often what was read ahead was let go of: what is on its way then comes too late. */
  #era = 0
  #reading: Promise<boolean> | undefined
  /** The last row that was handed out. */
  #cursor = 0

  constructor(store: string, file: EmbeddedFile, log: Logger, claim: EmbeddedClaim) {
    this.#store = store
    this.#file = file
    this.#log = log
    this.#claim = claim
  }

  now(): StoredMessage | undefined {
    if (!this.#claim.isReady) return undefined
    const first = this.#released.shift()
    if (first) {
      first.message.handOuts++
      this.#claim.hold(first.message, first.row)
      return first.message
    }
    if (this.#ahead.length > 0 && performance.now() - this.#readAt > FRESH_MS) this.#forgetAhead()
    const [row] = this.#ahead
    const message = row && messageOf(row)
    if (!(row && message)) return undefined
    this.#ahead.shift()
    // With what is to be removed meanwhile; where it fails it is asked for again, by somebody who waits for it.
    if (this.#ahead.length === AHEAD_ROWS / 2) this.#read().catch(() => {})
    this.#cursor = row.number
    this.#claim.hold(message, row)
    return message
  }

  async ask(): Promise<StoredMessage | undefined> {
    for (;;) {
      if (await this.#claim.prepare()) this.#startOver()
      const ready = this.now()
      if (ready) return ready
      if (this.#ahead.length > 0) await this.#setAside(this.#ahead[0]!)
      // What came since that one began may not be in it.
      else if (this.#reading !== undefined) await this.#reading
      else if (!(await this.#read())) return undefined
    }
  }

  release(message: StoredMessage, row: KeptRow): void {
    const at = this.#released.findIndex(other => other.row.number > row.number)
    this.#released.splice(at < 0 ? this.#released.length : at, 0, { message, row })
  }

  #forgetAhead(): void {
    this.#ahead = []
    this.#era++
  }

  #startOver(): void {
    this.#forgetAhead()
    this.#released.length = 0
    this.#cursor = 0
  }

  /** Reads on; false where there is nothing more. */
  #read(): Promise<boolean> {
    this.#reading ??= this.#readOn().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #readOn(): Promise<boolean> {
    const era = this.#era
    const { reader, rows } = await this.#file.run<'read'>({
      kind: 'read',
      store: this.#store,
      after: this.#ahead.at(-1)?.number ?? this.#cursor,
      limit: AHEAD_ROWS,
      maxBytes: AHEAD_BYTES,
    })
    if (this.#claim.isLostTo(reader) || era !== this.#era) return true
    const held = new Set([...this.#claim.held.values()].map(row => row.number))
    if (this.#ahead.length === 0) this.#readAt = performance.now()
    this.#ahead.push(...rows.filter(row => !held.has(row.number)))
    return this.#ahead.length > 0
  }

  async #setAside(row: KeptRow): Promise<void> {
    await setAside(row, this.#store, this.#file, this.#log)
    this.#ahead.shift()
    this.#cursor = row.number
  }
}

/** The message of a row; undefined where it cannot be read. */
export function messageOf({ head, payload }: KeptRow): StoredMessage | undefined {
  try {
    return decodeStored({ head: bufferOf(head).toString(), payload: bufferOf(payload) })
  } catch {
    return undefined
  }
}

/**
 * Makes a message that cannot be read a dead letter, so that it holds up no others.
 * @throws Fault 306000 where a later version of the program can read it: everything waits for that then
 */
export async function setAside(row: KeptRow, store: string, file: EmbeddedFile, log: Logger): Promise<void> {
  const reason = whatIsWrongWith(row)
  log.error({ store }, `message store ${store}: message ${row.number} becomes a dead letter: ${reason}`)
  await file.run<'bury'>({
    kind: 'bury',
    store,
    number: row.number,
    id: `unreadable:${row.number}`,
    mediaType: '',
    storedAt: Date.now(),
    diedAt: Date.now(),
    why: { processor: '', attempts: 0, code: 0, reason },
  })
}

function whatIsWrongWith({ head, payload }: KeptRow): string {
  try {
    decodeStored({ head: bufferOf(head).toString(), payload: bufferOf(payload) })
    return 'it could not be read'
  } catch (error) {
    if (error instanceof UnknownForm) throw new Fault(306000, error.message, { cause: error })
    return (error as Error).message
  }
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
