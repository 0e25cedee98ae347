import type { MessageContext } from './context.ts'

/** A value, or the promise of one: only at the seams (steps, `deliver`, `reply`). */
export type MaybePromise<T> = T | Promise<T>

/** Ends every enclosing pipeline: the message was sent, answered or dropped. */
export const STOP: unique symbol = Symbol('stop')

/** How a step ended: nothing means go on. */
export type Outcome = undefined | void | typeof STOP

/** A compiled mediator. It returns a promise only when it has to wait. */
export type Step = (ctx: MessageContext) => MaybePromise<Outcome>
