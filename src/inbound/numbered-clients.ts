import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { NumberedMessages, Service } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import type { DeliveryOptions } from '../websocket/options.ts'
import { QuietLog } from './quiet-log.ts'

/** How often senders are forgotten that were quiet for too long, in milliseconds. */
const FORGET_EVERY_MS = 60_000

/** A connection of a sender. */
export interface NumberedClient {
  /** Another connection says that it is the same sender's. */
  replaced(): void
}

/** The clients of one service that number their messages, each once, and the store their messages go to. */
export class NumberedClients {
  readonly options: DeliveryOptions
  readonly #service: Service
  readonly #quietLog: QuietLog
  readonly #bySender = new Map<string, NumberedClient>()
  #forgotAt = Number.NEGATIVE_INFINITY

  constructor(options: DeliveryOptions, service: Service) {
    this.options = options
    this.#service = service
    this.#quietLog = new QuietLog(service.log)
  }

  /** A sender is there; another connection of it is not, from now on. */
  arrive(sender: string, client: NumberedClient): void {
    const other = this.#bySender.get(sender)
    this.#bySender.set(sender, client)
    other?.replaced()
  }

  /** The connection of a sender has ended. */
  leave(sender: string, client: NumberedClient): void {
    if (this.#bySender.get(sender) === client) this.#bySender.delete(sender)
  }

  /**
   * Gives the number of the last message that is stored of a sender; undefined where none is known.
   * @throws Fault when the store is away
   */
  last(sender: string): MaybePromise<number | undefined> {
    this.#forget()
    return this.#numbered.last(this.options.scope, sender)
  }

  /**
   * Stores a message, if it is the next of its sender. Gives the number of the last that is stored.
   * @throws Fault when the store cannot take it
   */
  put(ctx: MessageContext, sender: string, number: number): MaybePromise<number> {
    return this.#numbered.put(ctx, { scope: this.options.scope, sender, number })
  }

  /** Says in the log why nothing is accepted, now and then. */
  unavailable(fault: Fault): void {
    const { label } = this.#service
    const text = `${label}messages of clients are not accepted for now: ${fault.message}`
    this.#quietLog.warn('unavailable', { store: this.options.store.name }, text)
  }

  get #numbered(): NumberedMessages {
    const { name, numbered } = this.options.store
    if (!numbered) throw new Fault(0, `message store ${name} is not there, or knows no numbers`)
    return numbered
  }

  #forget(): void {
    const now = performance.now()
    if (now - this.#forgotAt < FORGET_EVERY_MS) return
    this.#forgotAt = now
    const { scope, rememberMs, rememberClients } = this.options
    try {
      const done = this.#numbered.forget(scope, Date.now() - rememberMs, rememberClients)
      if (done instanceof Promise) done.catch(thrown => this.unavailable(Fault.from(thrown)))
    } catch (thrown) {
      this.unavailable(Fault.from(thrown))
    }
  }
}
