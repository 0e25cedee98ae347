import { setImmediate as nextTurn } from 'node:timers/promises'
import type { MessageContext } from '../src/core/context.ts'
import { type Outcome, STOP, type Step } from '../src/core/step.ts'
import { chain } from '../src/sequences/pipeline.ts'
import type { Claim, Sample } from './claim.ts'
import { compare } from './compare.ts'

const STEPS = 8

/** Compares running steps that need not wait by `chain` with awaiting each of them. In this process, on any core. */
export const pipeline: Claim = {
  name: 'pipeline',
  title: 'Eight synchronous steps in a row',
  baseline: 'a loop that awaits every step',
  async run({ quick, progress }) {
    const runs = quick ? 100_000 : 500_000
    const steps = eightSteps()
    const ctx = { count: 0 } as unknown as MessageContext
    const chained = chain(steps)
    const awaited = awaitEach(steps)
    // Compiled before the first round, for all that is to be seen is what lasts.
    await runChained(chained, ctx, runs)
    await runAwaited(awaited, ctx, runs)
    const row = await compare({
      what: 'one step',
      unit: 'ns',
      // Eight steps cost tens of nanoseconds one way, hundreds and more the other.
      goal: { of: 'ratio', atMost: 0.2 },
      rounds: quick ? 5 : 11,
      ours: () => nanosecondsPerStep(runs, count => runChained(chained, ctx, count)),
      baseline: () => nanosecondsPerStep(runs, count => runAwaited(awaited, ctx, count)),
      progress,
    })
    return [row]
  },
}

/** Steps that are functions of their own, as compiled mediators are, so that calls cannot be merged into one. */
function eightSteps(): readonly Step[] {
  return Array.from({ length: STEPS }, (_, i) => {
    const make = new Function('amount', 'return ctx => { ctx.count += amount }') as (amount: number) => Step
    return make(i + 1)
  })
}

function awaitEach(steps: readonly Step[]): (ctx: MessageContext) => Promise<Outcome> {
  return async ctx => {
    for (const step of steps) {
      if ((await step(ctx)) === STOP) return STOP
    }
  }
}

async function nanosecondsPerStep(runs: number, run: (count: number) => Promise<void>): Promise<Sample> {
  // What the other side left to do, garbage included, is not on this side's bill.
  await nextTurn()
  const from = process.hrtime.bigint()
  await run(runs)
  return { value: Number(process.hrtime.bigint() - from) / runs / STEPS }
}

async function runChained(chained: Step, ctx: MessageContext, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const outcome = chained(ctx)
    if (outcome instanceof Promise) await outcome
  }
}

async function runAwaited(
  awaited: (ctx: MessageContext) => Promise<Outcome>,
  ctx: MessageContext,
  count: number,
): Promise<void> {
  for (let i = 0; i < count; i++) await awaited(ctx)
}
