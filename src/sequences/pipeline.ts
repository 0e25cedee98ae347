import type { FaultHandlers, MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Pipeline } from '../core/ports.ts'
import { type MaybePromise, type Outcome, STOP, type Step } from '../core/step.ts'
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
        return outcome.then(
          value => (value === STOP ? STOP : from(ctx, next)),
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
    const outcome = runFault(ctx, Fault.from(thrown), onFault)
    return outcome instanceof Promise ? outcome.then(stop) : STOP
  }
  return ctx => {
    const { handlers: outer, parameters } = ctx
    ctx.handlers = outer ? { run: onFault, outer } : outermost
    const failed = (thrown: unknown): MaybePromise<Outcome> => {
      ctx.handlers = outer
      ctx.parameters = parameters
      return handle(ctx, thrown)
    }
    try {
      const outcome = run(ctx)
      if (outcome instanceof Promise) {
        return outcome.then(value => {
          ctx.handlers = outer
          return value
        }, failed)
      }
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

/** A pipeline whose faults run another one. */
export function guarded(pipeline: Pipeline, fault: Pipeline): Pipeline {
  return {
    run: guard(pipeline.run, fault.run),
    get needsContent() {
      return pipeline.needsContent || fault.needsContent
    },
  }
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
