import type { FaultHandlers, MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Pipeline } from '../core/ports.ts'
import { type Branching, type MaybePromise, type Outcome, STOP, type Step } from '../core/step.ts'
import { placeOf, type Span } from '../language/source.ts'

/**
 * Runs steps one after another, without a promise until one of them returns one.
 *
 * A step that returns STOP ends this pipeline and all around it. Whatever a step throws leaves as a `Fault` that
 * knows the step's place; success pays nothing for it (`benchmarks/pipeline.bench.ts`).
 */
export function chain(steps: readonly Step[], places: readonly Span[] = []): Step {
  const from = (ctx: MessageContext, start: number): MaybePromise<Outcome> => {
    let i = start
    try {
      while (i < steps.length) {
        const outcome = steps[i]!(ctx)
        i++
        if (outcome === undefined) continue
        if (outcome === STOP) return STOP
        const next = i
        if (!(outcome instanceof Promise)) return behind(ctx, outcome, next)
        return outcome.then(
          value => (value === undefined ? from(ctx, next) : value === STOP ? STOP : behind(ctx, value, next)),
          thrown => {
            throw placed(thrown, places[next - 1])
          },
        )
      }
      return undefined
    } catch (thrown) {
      throw placed(thrown, places[i])
    }
  }
  /** Branches were made: they, and the message if it goes on, run what is left here. */
  const behind = (ctx: MessageContext, made: Branching, next: number): MaybePromise<Outcome> => {
    if (next >= steps.length) return made
    const branches = made.advance(branch => from(branch, next))
    if (!made.parentGoesOn) return branches
    const outcome = from(ctx, next)
    const together = (parent: Outcome): Outcome => branches.withParent(parent !== STOP)
    return outcome instanceof Promise ? outcome.then(together) : together(outcome)
  }
  return ctx => from(ctx, 0)
}

function placed(thrown: unknown, span: Span | undefined): Fault {
  const fault = Fault.from(thrown)
  if (span) fault.place ??= placeOf(span)
  return fault
}

/**
 * Runs a pipeline; whatever it throws, now or later, runs the fault pipeline and ends in STOP.
 *
 * Nested guards are the fault stack: an error in a fault pipeline goes to the next guard outwards. The guards around
 * a step are in `ctx.handlers`, for branches that run on contexts of their own.
 */
export function guard(run: Step, onFault: Step): Step {
  const outermost: FaultHandlers = { run: onFault, outer: undefined }
  const handle = (ctx: MessageContext, thrown: unknown): MaybePromise<Outcome> => {
    const fault = Fault.from(thrown)
    if (fault.isSettled) return STOP
    const outcome = runFault(ctx, fault, onFault)
    return outcome instanceof Promise ? outcome.then(stop) : STOP
  }
  return ctx => {
    const { handlers: outer, parameters } = ctx
    ctx.handlers = outer || parameters ? { run: onFault, outer, parameters } : outermost
    const failed = (thrown: unknown): MaybePromise<Outcome> => {
      ctx.handlers = outer
      ctx.parameters = parameters
      return handle(ctx, thrown)
    }
    const left = (outcome: Outcome): Outcome => {
      ctx.handlers = outer
      if (outcome === undefined || outcome === STOP) return outcome
      return outcome.advance(branch => {
        branch.handlers = outer
      })
    }
    try {
      const outcome = run(ctx)
      if (outcome instanceof Promise) return outcome.then(left, failed)
      if (outcome !== undefined && outcome !== STOP) return left(outcome)
      ctx.handlers = outer
      return outcome
    } catch (thrown) {
      return failed(thrown)
    }
  }
}

/** Shows a fault to the configuration and runs a fault pipeline for it. */
export function runFault(ctx: MessageContext, fault: Fault, onFault: Step): MaybePromise<Outcome> {
  enterFault(ctx, fault)
  ctx.isFaultHandled = true
  return onFault(ctx)
}

/** Leaves a fault with the message that no fault sequence has dealt with. */
export function leaveFault(ctx: MessageContext, fault: Fault): void {
  ctx.fault = fault
  ctx.isFaultHandled = false
  ctx.ending = 'faulted'
  ctx.log.error(
    { code: fault.code, message: ctx.id, err: fault.cause instanceof Error ? fault.cause : fault },
    `${ctx.service.label}fault ${fault.code} that no fault sequence handled: ${fault.message}`,
  )
}

/** A pipeline whose faults run another one. */
export function guarded(pipeline: Pipeline, fault: Pipeline): Pipeline {
  return { run: guard(pipeline.run, fault.run) }
}

function stop(): typeof STOP {
  return STOP
}

/**
 * Shows a fault to configurations: `ERROR_CODE`, `ERROR_MESSAGE`, `ERROR_DETAIL`, `ERROR_EXCEPTION`.
 *
 * Compatibility: the original keeps the values of an earlier, handled fault; here they are those of this one.
 */
export function enterFault(ctx: MessageContext, fault: Fault): void {
  ctx.fault = fault
  ctx.ending = 'faulted'
  ctx.properties.set('ERROR_CODE', fault.code)
  ctx.properties.set('ERROR_MESSAGE', fault.message.split('\n', 1)[0])
  ctx.properties.set('ERROR_DETAIL', fault.detail)
  ctx.properties.set('ERROR_EXCEPTION', String(fault))
  const { place } = fault
  ctx.log.warn(
    {
      code: fault.code,
      message: ctx.id,
      ...(place && { at: `${place.file}:${place.line}:${place.column}` }),
    },
    `${ctx.service.label}ERROR_CODE : ${fault.code} ERROR_MESSAGE : ${fault.message}`,
  )
}
