import type { MessageContext } from '../core/context.ts'
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
 * Nested guards are the fault stack: an error in a fault pipeline goes to the next guard outwards.
 */
export function guard(run: Step, onFault: Step): Step {
  const handle = (ctx: MessageContext, thrown: unknown): MaybePromise<Outcome> => {
    enterFault(ctx, Fault.from(thrown))
    ctx.isFaultHandled = true
    const outcome = onFault(ctx)
    return outcome instanceof Promise ? outcome.then(stop) : STOP
  }
  return ctx => {
    try {
      const outcome = run(ctx)
      return outcome instanceof Promise ? outcome.catch(thrown => handle(ctx, thrown)) : outcome
    } catch (thrown) {
      return handle(ctx, thrown)
    }
  }
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
