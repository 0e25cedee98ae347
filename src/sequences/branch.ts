import type { FaultHandlers, MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Ending } from '../core/metrics.ts'
import { type Branching, type Outcome, STOP, type Step } from '../core/step.ts'
import { runReply } from './exchange.ts'
import { leaveFault, runFault } from './pipeline.ts'

/**
 * Takes a fork of a message through a step and, when `send` left a reply, through the outflow. It never throws:
 * a fault runs the fault sequences around the place the fork was made, on the fork, and stays in the branch.
 *
 * What became of the fork counts for the exchange it belongs to. The contexts that came through without an end are
 * given: the fork itself, or those it branched into in turn.
 */
export async function runBranch(ctx: MessageContext, run: Step): Promise<readonly MessageContext[]> {
  const { handlers } = ctx
  try {
    const through = await contextsOf(ctx, await run(ctx))
    // A fault in the outflow has handlers of its own inside it; what leaves it meets those of the branch.
    await runReply(ctx)
    return through
  } catch (thrown) {
    const fault = Fault.from(thrown)
    if (!fault.isSettled) await runHandlers(ctx, fault, handlers)
    return []
  } finally {
    noteEnding(ctx)
  }
}

async function contextsOf(ctx: MessageContext, outcome: Outcome): Promise<readonly MessageContext[]> {
  if (outcome === undefined) return [ctx]
  if (outcome === STOP) return []
  const branches = await Promise.all(outcome instanceof Branches ? outcome.arrivals : [])
  return outcome.parentGoesOn ? [ctx, ...branches.flat()] : branches.flat()
}

/** A copy of a message, and what it runs. */
export interface Fork {
  readonly ctx: MessageContext
  readonly run: Step
}

/**
 * Branches of a message on their way. Compatibility: a branch goes on behind the step that made it only when a call
 * in it has waited for an answer; others end with the branch.
 */
export class Branches implements Branching {
  readonly kind = 'branching'
  readonly parentGoesOn: boolean
  /** Each gives the contexts that come out of one branch; it never rejects. */
  readonly arrivals: readonly Promise<readonly MessageContext[]>[]
  readonly #parent: MessageContext
  /** Whether the exchange of the message ends only after these branches. */
  readonly #isWaitedFor: boolean

  private constructor(
    parent: MessageContext,
    parentGoesOn: boolean,
    arrivals: readonly Promise<readonly MessageContext[]>[],
    isWaitedFor = true,
  ) {
    this.#parent = parent
    this.parentGoesOn = parentGoesOn
    this.arrivals = arrivals
    this.#isWaitedFor = isWaitedFor
    if (isWaitedFor) for (const arrival of arrivals) parent.spawn(arrival.then(nothing))
  }

  /** Starts a branch for each fork. */
  static start(parent: MessageContext, forks: readonly Fork[], parentGoesOn: boolean): Branches {
    return new Branches(
      parent,
      parentGoesOn,
      forks.map(({ ctx, run }) => runBranch(ctx, run).then(resumed)),
    )
  }

  /** What came out of branches that ran already. */
  static ended(parent: MessageContext, contexts: readonly MessageContext[], parentGoesOn: boolean): Branches {
    return new Branches(parent, parentGoesOn, [Promise.resolve(resumed(contexts))])
  }

  /** Contexts that go on behind the step once they are known; the promise must never reject. */
  static later(
    parent: MessageContext,
    contexts: Promise<readonly MessageContext[]>,
    isWaitedFor: boolean,
  ): Branches {
    return new Branches(parent, false, [contexts], isWaitedFor)
  }

  advance(run: Step): Branches {
    const on = async (contexts: readonly MessageContext[]): Promise<readonly MessageContext[]> => {
      if (contexts.length === 0) return contexts
      return (await Promise.all(contexts.map(ctx => runBranch(ctx, run)))).flat()
    }
    return new Branches(
      this.#parent,
      this.parentGoesOn,
      this.arrivals.map(arrival => arrival.then(on)),
      this.#isWaitedFor,
    )
  }

  withParent(goesOn: boolean): Branches {
    return goesOn === this.parentGoesOn
      ? this
      : new Branches(this.#parent, goesOn, this.arrivals, this.#isWaitedFor)
  }
}

/**
 * Runs branches one after another.
 * @returns the contexts that came through without an end
 */
export async function runInTurn(
  forks: readonly Fork[],
  stopsAtFailure = false,
): Promise<readonly MessageContext[]> {
  const through: MessageContext[] = []
  for (const { ctx, run } of forks) {
    through.push(...(await runBranch(ctx, run)))
    if (stopsAtFailure && ctx.fault) break
  }
  return through
}

function nothing(): void {}

function resumed(contexts: readonly MessageContext[]): readonly MessageContext[] {
  return contexts.filter(ctx => ctx.isResumed)
}

/** Runs the fault sequences of a context, innermost first, until one of them ends without a fault. */
export async function runHandlers(
  ctx: MessageContext,
  first: Fault,
  handlers: FaultHandlers | undefined,
): Promise<void> {
  let fault = first
  for (let handler = handlers; handler; handler = handler.outer) {
    try {
      ctx.handlers = handler.outer
      ctx.parameters = handler.parameters
      await runFault(ctx, fault, handler.run)
      await runReply(ctx)
      return
    } catch (thrown) {
      fault = Fault.from(thrown)
    }
  }
  leaveFault(ctx, fault)
}

/** What counts most of the ways the parts of a message ended. */
const RANK: readonly Ending[] = ['dropped', 'discarded', 'accepted', 'faulted', 'delivered', 'answered']

/** Keeps the ending of a branch, and a fault nobody handled, for the exchange as a whole. */
function noteEnding(ctx: MessageContext): void {
  const { exchange } = ctx
  if (RANK.indexOf(ctx.ending) > RANK.indexOf(exchange.ending ?? 'dropped')) exchange.ending = ctx.ending
  if (ctx.fault && !ctx.isFaultHandled) exchange.fault ??= ctx.fault
}
