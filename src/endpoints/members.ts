import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import type { Session } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Message } from '../message/message.ts'
import { isFinal } from './governed.ts'

/** Called with the endpoint of a group that took a message. */
export type Taken = (member: Endpoint) => void

/**
 * The endpoints of a group, and the rules by which one of them gets a message. What belongs to a client session stays
 * at the one that keeps a connection for it, as long as that one is ready.
 */
export class Members {
  readonly all: readonly Endpoint[]
  readonly #name: string
  readonly #failsOver: boolean
  readonly #ofSession = new WeakMap<Session, Endpoint>()

  constructor(name: string, all: readonly Endpoint[], failsOver: boolean) {
    this.all = all
    this.#name = name
    this.#failsOver = failsOver
  }

  get isReady(): boolean {
    return this.all.some(member => member.isReady !== false)
  }

  get keepsLinks(): boolean {
    return this.all.some(member => member.keepsLinks === true)
  }

  /**
   * Gives a message to the first candidate that takes it.
   * @throws Fault 303000 when none is ready, or none of those that are took it; what the first throws where no other
   * may be tried
   */
  deliver(
    ctx: MessageContext,
    order: () => readonly Endpoint[],
    taken?: Taken,
  ): MaybePromise<Message | undefined> {
    const { session } = ctx
    if (!session || !this.keepsLinks) return this.#first(ctx, order(), taken)
    const known = this.#ofSession.get(session)
    // What befalls a connection is for that connection alone.
    if (ctx.event !== 'message' && ctx.event !== 'open') return known?.deliver(ctx)
    const others = known && known.isReady !== false ? this.all.filter(member => member !== known) : []
    const candidates = known && known.isReady !== false ? [known, ...others] : order()
    return this.#first(ctx, candidates, member => {
      if (member.keepsLinks) this.#ofSession.set(session, member)
      taken?.(member)
    })
  }

  #first(
    ctx: MessageContext,
    candidates: readonly Endpoint[],
    taken?: Taken,
  ): MaybePromise<Message | undefined> {
    const from = (start: number, last: Fault | undefined): MaybePromise<Message | undefined> => {
      let failed = last
      for (let i = start; i < candidates.length; i++) {
        const member = candidates[i]!
        if (member.isReady === false) continue
        try {
          const answer = member.deliver(ctx)
          if (answer instanceof Promise) {
            return answer.then(
              message => {
                taken?.(member)
                return message
              },
              thrown => from(i + 1, this.#goOn(ctx, thrown)),
            )
          }
          taken?.(member)
          return answer
        } catch (thrown) {
          failed = this.#goOn(ctx, thrown)
        }
      }
      throw this.#noneReady(failed)
    }
    return from(0, undefined)
  }

  /** Gives the fault after which another endpoint is tried; throws where none may be. */
  #goOn(ctx: MessageContext, thrown: unknown): Fault {
    const fault = Fault.from(thrown)
    const isOfEndpoint = fault.isDelivery || fault.code === 500000
    if (!this.#failsOver || fault.isSettled || !isOfEndpoint) throw fault
    if (isFinal(fault)) throw this.#noneReady(fault)
    ctx.log.warn(
      { code: fault.code, message: ctx.id },
      `${ctx.service.label}${fault.message}: another endpoint of ${this.#name} is tried`,
    )
    return fault
  }

  #noneReady(last: Fault | undefined): Fault {
    const why = last ? `; the last one: ${last.message}` : ''
    return new Fault(303000, `no endpoint of ${this.#name} takes the message${why}`, { cause: last })
  }
}
