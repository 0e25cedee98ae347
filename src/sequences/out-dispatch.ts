import type { Pipeline, Service } from '../core/ports.ts'
import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import { guarded } from './pipeline.ts'

/** What a service for HTTP callers says about the messages of a WebSocket backend. */
export interface OutDispatchParts {
  /** What it is, for people: `proxy orders`. */
  readonly what: string
  /** Its out sequence, and the name by which it is told from others. */
  readonly out?: { readonly pipeline: Pipeline; readonly key: string }
  readonly fault: Pipeline
  /** The name of its fault sequence, where it has a named one. */
  readonly faultName?: string
}

/** The part of a service that is for messages of WebSocket backends. */
export type OutDispatch = Pick<Service, 'outDispatch' | 'outFault' | 'outKey' | 'namesOutDispatch'>

/** The sequences that the settings name for all services, and that are there. */
interface NamedBySettings {
  readonly sequence: Pipeline | undefined
  readonly fault: Pipeline | undefined
}

/** Finds the sequences that `[transport.ws]` names; a missing one is reported as missing to `what`. */
export function dispatchSettings(what: string, build: Build, span: Span): NamedBySettings {
  const { outDispatchSequence, outDispatchFaultSequence } = build.settings.webSocket
  const named = (setting: string, sequence: string | undefined): Pipeline | undefined => {
    const target = sequence === undefined ? undefined : build.findSequence(sequence)
    if (sequence !== undefined && !target) {
      build.warning(
        span,
        'missing-sequence',
        `There is no sequence named ${sequence}, which the setting sender.${setting} of [transport.ws] names; ${what} goes on without it.`,
      )
    }
    return target
  }
  return {
    sequence: named('outflow_dispatch_sequence', outDispatchSequence),
    fault: named('outflow_dispatch_fault_sequence', outDispatchFaultSequence),
  }
}

/** Finds what runs for messages of a WebSocket backend; `told` hears which rule decided where none of its own does. */
export function outDispatch(
  { out, fault, faultName }: OutDispatchParts,
  settings: NamedBySettings,
  build: Build,
  told: (sequence: string, rule: string) => void = () => {},
): OutDispatch {
  const outFault = settings.fault ?? fault
  const made = (pipeline: Pipeline, outKey: string, namesOutDispatch: boolean): OutDispatch => ({
    outDispatch: guarded(pipeline, outFault),
    outFault,
    outKey,
    namesOutDispatch,
  })
  const found = (pipeline: Pipeline, outKey: string, rule: string): OutDispatch => {
    told(outKey, rule)
    return made(pipeline, outKey, pipeline !== fault)
  }
  if (out) return made(out.pipeline, out.key, true)
  if (settings.sequence) {
    const name = build.settings.webSocket.outDispatchSequence!
    return found(settings.sequence, name, 'setting sender.outflow_dispatch_sequence of [transport.ws]')
  }
  const usual = build.findSequence('outDispatchSeq')
  if (usual) return found(usual, 'outDispatchSeq', 'the sequence of that name')
  if (faultName !== undefined) return found(fault, faultName, 'the fault sequence')
  return made(build.mainSequence(undefined), 'main', false)
}
