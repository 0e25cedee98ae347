import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import type { Session } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Content } from '../message/content.ts'
import type { Message } from '../message/message.ts'
import { attempt, giveUp, inPlaceOf } from './around.ts'
import { isFinal, TRY_AGAIN_LATER } from './governed.ts'

/** Called with the endpoint of a group that took a message. */
export type Taken = (member: Endpoint) => void

/** Finds the endpoint of a group to try: one that is ready, and not among those that were tried. */
export type Next = (tried: readonly Endpoint[]) => Endpoint | undefined

/** How a group is made. */
export interface MembersOptions {
  /** What messages call it. */
  readonly name: string
  readonly all: readonly Endpoint[]
  /** Whether another endpoint is tried when one fails. */
  readonly failsOver: boolean
  /** Whether a payload of any length is read in before the first try. */
  readonly builds: boolean
}

/**
 * A payload up to this long is read in before the first try, so that it can be sent again. It is what most requests
 * are shorter than, and little enough that a thousand of them at once do not matter; longer ones are passed on.
 */
const MAX_KEPT_BYTES = 1024 * 1024

/** What a failed try leaves on a message. */
const OF_FAILURE = ['SENDING_FAULT', 'BASE_ERROR_CODE', 'PROTOCOL_STATE_ON_FAILURE', 'last_endpoint'] as const

/**
 * The endpoints of a group, and the rules by which one of them gets a message. What belongs to a client session stays
 * at the one that keeps a connection for it, as long as that one is ready.
 */
export class Members {
  readonly all: readonly Endpoint[]
  readonly #name: string
  readonly #failsOver: boolean
  readonly #keepsBytes: number
  readonly #ofSession = new WeakMap<Session, Endpoint>()

  constructor({ name, all, failsOver, builds }: MembersOptions) {
    this.all = all
    this.#name = name
    this.#failsOver = failsOver
    this.#keepsBytes = !failsOver || all.length < 2 ? -1 : builds ? Number.POSITIVE_INFINITY : MAX_KEPT_BYTES
  }

  get isReady(): boolean {
    return this.all.some(member => member.isReady !== false)
  }

  get keepsLinks(): boolean {
    return this.all.some(member => member.keepsLinks === true)
  }

  /**
   * Gives a message to the first endpoint that takes it, and runs the sequence of the last one tried where none does.
   * @throws Fault as `attempt` does
   */
  deliver(ctx: MessageContext, next: Next, taken?: Taken): MaybePromise<Message | undefined> {
    let answer: MaybePromise<Message | undefined>
    try {
      answer = this.attempt(ctx, next, taken)
    } catch (thrown) {
      return giveUp(ctx, Fault.from(thrown))
    }
    return answer instanceof Promise ? answer.catch(thrown => giveUp(ctx, Fault.from(thrown))) : answer
  }

  /**
   * Gives a message to the first endpoint that takes it.
   * @throws Fault 303000 when none is ready, or none of those that are took it; what the first throws where no other
   * may be tried
   */
  attempt(ctx: MessageContext, next: Next, taken?: Taken): MaybePromise<Message | undefined> {
    const { content } = ctx.message
    if (content.isArriving && this.#keeps(content))
      return content.collect().then(() => this.#give(ctx, next, taken))
    return this.#give(ctx, next, taken)
  }

  #keeps({ arriving }: Content): boolean {
    return this.#keepsBytes >= 0 && (arriving?.length ?? Number.POSITIVE_INFINITY) <= this.#keepsBytes
  }

  #give(ctx: MessageContext, next: Next, taken?: Taken): MaybePromise<Message | undefined> {
    const { session } = ctx
    if (!session || !this.keepsLinks) return this.#try({ ctx, next, taken }, [], undefined)
    const known = this.#ofSession.get(session)
    // What befalls a connection is for that connection alone.
    if (ctx.event !== 'message' && ctx.event !== 'open') return known?.deliver(ctx)
    const isKept = known !== undefined && known.isReady !== false
    const given: Given = {
      ctx,
      next: tried => (isKept && tried.length === 0 ? known : next(tried)),
      taken: member => {
        if (member.keepsLinks) this.#ofSession.set(session, member)
        taken?.(member)
      },
    }
    return this.#try(given, [], undefined)
  }

  #try(given: Given, tried: Endpoint[], before: Fault | undefined): MaybePromise<Message | undefined> {
    const { ctx, next, taken } = given
    let last = before
    for (;;) {
      const member = next(tried)
      if (!member) throw this.#noneTakes(last)
      if (last) this.#anew(ctx, last)
      tried.push(member)
      try {
        const answer = attempt(member, ctx)
        if (answer instanceof Promise) {
          return answer.then(
            message => {
              taken?.(member)
              return message
            },
            thrown => this.#try(given, tried, this.#goOn(ctx, thrown)),
          )
        }
        taken?.(member)
        return answer
      } catch (thrown) {
        last = this.#goOn(ctx, thrown)
      }
    }
  }

  /** Gives the fault after which another endpoint is tried; throws where none may be. */
  #goOn(ctx: MessageContext, thrown: unknown): Fault {
    const fault = Fault.from(thrown)
    const isOfEndpoint = fault.isDelivery || fault.code === 500000
    if (!this.#failsOver || fault.isSettled || !isOfEndpoint) throw fault
    if (isFinal(fault)) throw this.#noneTakes(fault)
    if (!ctx.message.content.isPassedOn) return fault
    ctx.log.warn(
      { code: fault.code, message: ctx.id },
      `${ctx.service.label}${fault.message}: no other endpoint of ${this.#name} is tried, for the payload was passed on as it came and cannot be sent again`,
    )
    throw fault
  }

  /** Takes back what the failure left on the message. */
  #anew(ctx: MessageContext, last: Fault): void {
    for (const name of OF_FAILURE) ctx.properties.delete(name)
    ctx.log.warn(
      { code: last.code, message: ctx.id },
      `${ctx.service.label}${last.message}: another endpoint of ${this.#name} is tried`,
    )
  }

  #noneTakes(last: Fault | undefined): Fault {
    const why = last ? `; the last one: ${last.message}` : ''
    const text = `no endpoint of ${this.#name} takes the message${why}`
    const isSuspended = this.keepsLinks && (last === undefined || last.closeCode === TRY_AGAIN_LATER)
    const closeCode = isSuspended ? TRY_AGAIN_LATER : undefined
    return inPlaceOf(last, new Fault(303000, text, { cause: last, closeCode }))
  }
}

/** A message on its way through a group. */
interface Given {
  readonly ctx: MessageContext
  readonly next: Next
  readonly taken: Taken | undefined
}
