import { Fault } from '../core/fault.ts'
import type { Service } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import type { ReadableStore } from './readable-store.ts'
import type { Shift } from './shift.ts'
import type { StoredMessage } from './stored-message.ts'
import { TakenMessage } from './taken-message.ts'

/** How long a processor waits for a store that is away. */
export interface Patience {
  /** -1 tries for ever. */
  readonly maxAttempts: number
  readonly retryMs: number
}

/** How many messages may be through that the store has not yet been told of: so many may come twice after a crash. */
const MAX_UNTOLD = 32

/** One line of the log for so many attempts. */
const ATTEMPTS_PER_LINE = 60

/** The store of a processor during one shift. What it cannot do because it is away it is asked again. */
export class ProcessorStore {
  readonly #store: ReadableStore
  readonly #service: Service
  readonly #patience: Patience
  readonly #shift: Shift
  readonly #isLost: (fault: Fault) => Promise<void>
  readonly #inHand: Set<TakenMessage>
  readonly #untold = new Set<Promise<void>>()

  constructor(
    store: ReadableStore,
    {
      service,
      patience,
      shift,
      inHand,
      isLost,
    }: {
      readonly service: Service
      readonly patience: Patience
      readonly shift: Shift
      /** The messages that are taken and not yet through. */
      readonly inHand: Set<TakenMessage>
      /** Called when all attempts are used up. */
      isLost(fault: Fault): Promise<void>
    },
  ) {
    this.#store = store
    this.#service = service
    this.#patience = patience
    this.#shift = shift
    this.#isLost = isLost
    this.#inHand = inHand
  }

  get name(): string {
    return this.#store.name
  }

  /** Takes the next message; undefined where there is none, or no way to it. */
  async take(): Promise<TakenMessage | undefined> {
    const message = await this.#reach(() => this.#takeOrAsk())
    if (!message) return undefined
    const taken = new TakenMessage(message, this.#store, this)
    // The shift may have ended while the store looked.
    if (this.#shift.isOver) {
      await taken.putBack()
      return undefined
    }
    this.#inHand.add(taken)
    return taken
  }

  /**
   * A process that has lost its place because the store is away takes nothing more. It goes on to ask for the store:
   * somebody has to count the attempts.
   */
  async #takeOrAsk(): Promise<StoredMessage | undefined> {
    if (!this.#shift.isOver) return await this.#store.take()
    await this.#store.size()
    return undefined
  }

  /**
   * Tells the store what became of a message. It need not be waited for before the next message is taken: only so
   * many at once, which is what comes back.
   */
  tell(taken: TakenMessage, act: () => MaybePromise<void>): MaybePromise<void> {
    this.#inHand.delete(taken)
    let told: MaybePromise<void>
    try {
      told = act()
    } catch (thrown) {
      told = Promise.reject(thrown)
    }
    if (!(told instanceof Promise)) return undefined
    const untold = told.catch(() => this.#tellAgain(taken, act)).then(() => void this.#untold.delete(untold))
    this.#untold.add(untold)
    if (this.#untold.size < MAX_UNTOLD) return undefined
    const [oldest] = this.#untold
    return oldest
  }

  /** Gives a message back that was not dealt with. */
  async putBack(taken: TakenMessage): Promise<void> {
    this.#inHand.delete(taken)
    try {
      await this.#store.release(taken.message)
    } catch (thrown) {
      const text = `message store ${this.name} is away; it gets the message back by itself`
      this.#service.log.warn({ err: thrown, message: taken.message.id }, `${this.#service.label}${text}`)
    }
  }

  /** Resolves when the store knows of all that is through. */
  async told(): Promise<void> {
    await Promise.all(this.#untold)
  }

  async #tellAgain({ message }: TakenMessage, act: () => MaybePromise<void>): Promise<void> {
    const told = await this.#reach(async () => {
      await act()
      return true
    })
    if (told) return
    const text = `the message is through, and message store ${this.name} does not know: it may come again`
    this.#service.log.error({ message: message.id }, `${this.#service.label}${text}`)
  }

  /** Gives undefined where the store stays away for all attempts, or until the processor is stopped or switched off. */
  async #reach<T>(act: () => MaybePromise<T>): Promise<T | undefined> {
    const { maxAttempts, retryMs } = this.#patience
    for (let attempts = 1; ; attempts++) {
      try {
        const result = await act()
        if (attempts > 1)
          this.#service.log.info({}, `${this.#service.label}message store ${this.name} is back`)
        return result
      } catch (thrown) {
        const fault = Fault.from(thrown)
        if (attempts % ATTEMPTS_PER_LINE === 1) {
          const text = `message store ${this.name} cannot be reached, attempt ${attempts}: ${fault.message}`
          this.#service.log.warn({}, `${this.#service.label}${text}`)
        }
        if (maxAttempts >= 0 && attempts >= maxAttempts) {
          await this.#isLost(fault)
          return undefined
        }
      }
      if (!(await this.#shift.pauseBeyond(retryMs))) return undefined
    }
  }
}
