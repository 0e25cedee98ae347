import type { Service } from '../core/ports.ts'
import type { Build, ServedService } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import type { Reference } from '../language/types.ts'
import { dispatchSettings, outDispatch } from '../sequences/out-dispatch.ts'
import { guarded } from '../sequences/pipeline.ts'
import { REPLY } from '../sequences/reply.ts'

/** What an inbound endpoint says about the HTTP requests it takes. */
export interface HttpInbound {
  readonly name: string
  readonly sequence: Reference | undefined
  readonly onError: Reference | undefined
  /** Requests whose target matches go on to the services of the HTTP transport. */
  readonly pattern: RegExp | undefined
}

/** Makes the service that HTTP callers of an inbound endpoint get. */
export function httpService(
  { name, sequence, onError, pattern }: HttpInbound,
  build: Build,
  span: Span,
): Omit<ServedService, 'listener'> {
  const fault = build.faultSequence(onError)
  const what = `inbound endpoint ${name}`
  const service: Service = {
    name,
    kind: 'inbound endpoint',
    label: `{inboundendpoint:${name}} `,
    deployment: build.deployment,
    log: build.log,
    counters: build.counters(what),
    // Compatibility: with a pattern the sequence is not used.
    on: { message: guarded(build.mainSequence(pattern ? undefined : sequence), fault) },
    outflow: guarded(REPLY, fault),
    ...outDispatch({ what, fault }, dispatchSettings(what, build, span), build),
  }
  return { service, path: '/*', span, ...(pattern && { http: { dispatch: pattern } }) }
}
