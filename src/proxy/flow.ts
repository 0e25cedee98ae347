import type { Pipeline, Service } from '../core/ports.ts'
import type { Step } from '../core/step.ts'
import type { Build, EndpointNode } from '../language/declare.ts'
import { attribute, type Branch, branch, type Config } from '../language/field.ts'
import { type Reference, reference } from '../language/types.ts'
import { deliverStep } from '../sequences/delivery.ts'
import { type OutDispatch, outDispatch } from '../sequences/out-dispatch.ts'
import { chain, guarded } from '../sequences/pipeline.ts'
import { REPLY } from '../sequences/reply.ts'

/** The three sequences of a service, each by name or inline; the name wins. */
export const flowFields = {
  inSequence: attribute(reference, { doc: 'Sequence for requests.' }),
  outSequence: attribute(reference, {
    doc: 'Sequence for replies; without one they go back as they are.',
  }),
  faultSequence: attribute(reference, { doc: 'Sequence for faults; default fault.' }),
  inline: branch({ name: 'inSequence', doc: 'Mediators for requests.' }),
  inlineOut: branch({ name: 'outSequence', doc: 'Mediators for replies.' }),
  inlineFault: branch({ name: 'faultSequence', doc: 'Mediators for faults.' }),
} as const

/** The values of these fields. */
export type FlowConfig = Partial<Config<typeof flowFields>>

/** What a service runs. */
export type Flow = Pick<Service, 'on' | 'outflow'> & OutDispatch

/** What compiling the sequences of a service needs beside them. */
export interface FlowOptions {
  /** The service, for people: `proxy orders`. */
  readonly what: string
  /** Where requests go that the in sequence lets through. */
  readonly endpoint?: EndpointNode
  /** The out-dispatch sequences of the settings. */
  readonly settings: Parameters<typeof outDispatch>[1]
  /** What runs before the sequences, its faults being theirs: before the in sequence, and before the out sequence. */
  readonly checks?: { readonly request: Step; readonly response: Step } | undefined
  /** What runs before these, its faults being nobody's. */
  readonly around?: { readonly request: readonly Step[]; readonly response: readonly Step[] }
  /** Hears which rule chose the out-dispatch sequence. */
  readonly told?: (sequence: string, rule: string) => void
}

/** Compiles the sequences of a service. */
export function compileFlow(config: FlowConfig, options: FlowOptions, build: Build): Flow {
  const { inSequence, outSequence, faultSequence, inline, inlineOut, inlineFault } = config
  const { what, endpoint, settings, told, checks, around } = options
  const fault = inlineFault && !faultSequence ? build.branch(inlineFault) : build.faultSequence(faultSequence)
  const inPipeline = withEndpoint(sequenceOf(inSequence, inline, build), endpoint, build)
  const out = outSequence || inlineOut ? sequenceOf(outSequence, inlineOut, build) : undefined
  const parts = {
    what,
    fault,
    ...(out && { out: { pipeline: out, key: outSequence?.name ?? `out sequence of ${what}` } }),
    ...(faultSequence && { faultName: faultSequence.name }),
  }
  return {
    on: { message: after(around?.request, guarded(after(checks && [checks.request], inPipeline), fault)) },
    outflow: after(around?.response, guarded(after(checks && [checks.response], out ?? REPLY), fault)),
    ...outDispatch(parts, settings, build, told),
  }
}

function after(steps: readonly Step[] | undefined, pipeline: Pipeline): Pipeline {
  return steps && steps.length > 0 ? { run: chain([...steps, pipeline.run]) } : pipeline
}

function sequenceOf(key: Reference | undefined, inline: Branch | undefined, build: Build): Pipeline {
  return key ? build.sequence(key) : build.branch(inline)
}

/** What the in sequence lets through goes to the endpoint. */
function withEndpoint(pipeline: Pipeline, node: EndpointNode | undefined, build: Build): Pipeline {
  if (!node) return pipeline
  return { run: chain([pipeline.run, deliverStep(build.endpoint(node))]) }
}
