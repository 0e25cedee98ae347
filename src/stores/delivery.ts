import type { MessageContext } from '../core/context.ts'
import type { Fault } from '../core/fault.ts'
import type { Pipeline, Service } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import { enterFault } from '../sequences/pipeline.ts'
import { type Deactivation, restored } from './deactivation.ts'
import { inject } from './inject.ts'
import type { Failure, Removal } from './readable-store.ts'
import type { Shift } from './shift.ts'
import type { TakenMessage } from './taken-message.ts'

/** How often a message is tried, and what becomes of one that cannot be delivered. */
export interface DeliveryRules {
  /** -1 tries for ever. */
  readonly maxAttempts: number
  readonly retryMs: number
  /** Make it a dead letter after its attempts, rather than stop. */
  readonly drops: boolean
  /** The store for messages that used up their attempts. */
  readonly failed: { put(ctx: MessageContext): MaybePromise<void> } | undefined
  readonly faultSequence: Pipeline | undefined
}

/** One attempt: undefined when it succeeded, the fault when not. It never throws. */
export type Attempt = (ctx: MessageContext) => Promise<Fault | undefined>

/** Delivers stored messages, each until it is delivered, its attempts are used up, or the shift is over. */
export class Delivery {
  readonly #service: Service
  readonly #rules: DeliveryRules
  readonly #deactivation: Deactivation
  readonly #ends: Removal

  /** What is delivered is removed from its store as what `ends` says. */
  constructor(service: Service, rules: DeliveryRules, deactivation: Deactivation, ends: Removal) {
    this.#service = service
    this.#rules = rules
    this.#deactivation = deactivation
    this.#ends = ends
  }

  /** Delivers one message; one that is neither delivered nor given up is left to be put back. */
  async deliver(taken: TakenMessage, shift: Shift, attempt: Attempt): Promise<void> {
    const { maxAttempts, retryMs, faultSequence } = this.#rules
    const { message } = taken
    for (let attempts = 1; ; attempts++) {
      const ctx = restored(message, this.#service)
      const fault = await attempt(ctx)
      if (taken.isOver) {
        if (!fault)
          this.#warn(taken, 'the message went out after the time to stop was up: it may go out again')
        return
      }
      if (!fault) {
        await taken.remove(this.#ends)
        return
      }
      this.#warn(taken, `attempt ${attempts} failed: ${fault.message}`)
      if (faultSequence) {
        enterFault(ctx, fault)
        await inject(ctx, faultSequence)
      }
      if (maxAttempts >= 0 && attempts >= maxAttempts) {
        await this.#giveUp(taken, attempts, fault)
        return
      }
      if (!(await shift.pause(retryMs))) return
    }
  }

  async #giveUp(taken: TakenMessage, attempts: number, fault: Fault): Promise<void> {
    const { failed, drops } = this.#rules
    const why: Failure = {
      processor: this.#service.name,
      attempts,
      code: Number(fault.code) || 0,
      reason: fault.message,
    }
    if (failed && (await this.#move(taken, failed, why))) return
    if (drops) {
      await taken.bury(why)
      this.#warn(taken, 'the attempts are used up: the message is a dead letter')
      return
    }
    await this.#deactivation.at(taken.message, 'the attempts for a message are used up', fault)
  }

  /** It is in the other store before it leaves this one: a crash between the two leaves it in both. */
  async #move(
    taken: TakenMessage,
    failed: NonNullable<DeliveryRules['failed']>,
    { processor, attempts, code, reason }: Failure,
  ): Promise<boolean> {
    const ctx = restored(taken.message, this.#service)
    ctx.properties.set('dead.letter.reason', reason)
    ctx.properties.set('dead.letter.code', code)
    ctx.properties.set('dead.letter.attempts', attempts)
    ctx.properties.set('dead.letter.processor', processor)
    ctx.properties.set('dead.letter.store', taken.storeName)
    try {
      await failed.put(ctx)
    } catch (error) {
      this.#service.log.error(
        { err: error, message: taken.message.id },
        `${this.#service.label}the store for failed messages did not take it`,
      )
      return false
    }
    await taken.remove('moved')
    return true
  }

  #warn({ message }: TakenMessage, text: string): void {
    this.#service.log.warn({ message: message.id }, `${this.#service.label}${text}`)
  }
}
