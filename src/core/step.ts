import type { MessageContext } from './context.ts'

/** A value, or the promise of one: only at the seams (steps, `deliver`, `reply`). */
export type MaybePromise<T> = T | Promise<T>

/** Ends every enclosing pipeline: the message was sent, answered or dropped. */
export const STOP: unique symbol = Symbol('stop')

/**
 * What is left when a step has made branches of the message: contexts of their own that may go on behind the step,
 * each when it is ready.
 */
export interface Branching {
  readonly kind: 'branching'
  /** Whether the message itself goes on too. */
  readonly parentGoesOn: boolean
  /** Lets every branch that comes this far run a step. */
  advance(run: Step): Branching
  /** The same branches, and whether the message itself goes on behind this point. */
  withParent(goesOn: boolean): Branching
}

/** How a step ended: nothing means go on. */
export type Outcome = undefined | void | typeof STOP | Branching

/** A compiled mediator. It returns a promise only when it has to wait. */
export type Step = (ctx: MessageContext) => MaybePromise<Outcome>

/** Ends every enclosing pipeline once what is given has ended. */
export function stopAfter(outcome: MaybePromise<unknown>): MaybePromise<typeof STOP> {
  return outcome instanceof Promise ? outcome.then(() => STOP) : STOP
}
