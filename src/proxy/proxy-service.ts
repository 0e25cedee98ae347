import type { Pipeline, Service } from '../core/ports.ts'
import { STOP, type Step } from '../core/step.ts'
import { artifact, type Build, type EndpointNode } from '../language/declare.ts'
import { attribute, type Branch, body, branch, child, endpoint } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import type { Span } from '../language/source.ts'
import { boolean, name, type Reference, reference, text } from '../language/types.ts'
import type { Message } from '../message/message.ts'
import { chain, guarded } from '../sequences/pipeline.ts'

/** A service for HTTP callers at `/services/NAME`. */
export const proxyArtifact = artifact({
  element: 'proxy',
  folder: 'proxy-services',
  space: 'proxy',
  summary: 'A service for HTTP callers at `/services/NAME`; each request runs through its in sequence.',
  fields: {
    name: attribute(name, { doc: 'Name of the service, and the end of its path.', required: true }),
    transports: attribute(text, {
      doc: 'Transports it is offered on, separated by commas or blanks; default all.',
    }),
    startOnLoad: attribute(boolean, {
      doc: 'Whether it serves at once; false leaves it out.',
      default: true,
    }),
    statistics,
    trace,
    serviceGroup: attribute(text, { doc: 'Accepted; services are not grouped.' }),
    pinnedServers: attribute(text, { doc: 'Accepted; there is one server.' }),
    description: child({ text: body(text, { doc: 'Text.' }) }, { doc: 'For people.' }),
    target: child(
      {
        inSequence: attribute(reference, { doc: 'Sequence for requests.' }),
        outSequence: attribute(reference, {
          doc: 'Sequence for replies; without one they go back as they are.',
        }),
        faultSequence: attribute(reference, { doc: 'Sequence for faults; default fault.' }),
        inline: branch({ name: 'inSequence', doc: 'Mediators for requests.' }),
        inlineOut: branch({ name: 'outSequence', doc: 'Mediators for replies.' }),
        inlineFault: branch({ name: 'faultSequence', doc: 'Mediators for faults.' }),
        endpoint: endpoint({ doc: 'Where requests go that the in sequence lets through.' }),
      },
      { doc: 'What requests and replies run through.', required: true },
    ),
  },
  unsupported: {
    publishWSDL: 'it comes with a later version',
    policy: 'WS-Policy is not there',
    enableSec: 'WS-Security is not there',
    enableAddressing: 'WS-Addressing is not there',
    enableRM: 'WS-ReliableMessaging is not there',
  },
  ignored: { parameter: 'it configures a transport that is not there' },
  notes:
    'Compatibility: messages of a WebSocket backend run through, in this order, the out sequence, the sequence of `[transport.ws] sender.outflow_dispatch_sequence`, a sequence named outDispatchSeq, and the fault sequence; the original knows the second alone. `FORCE_SC_ACCEPTED` answers 202 only once the endpoint has the message, and 503 when it cannot take it; the original answers before.',
  example: `<proxy name="orders" transports="http" startOnLoad="true" xmlns="http://ws.apache.org/ns/synapse">
    <target inSequence="toBackend" faultSequence="onFault"/>
</proxy>`,
  nameOf: config => config.name ?? '',

  check({ target }, wrong) {
    if (target && !target.inSequence && !target.inline && !target.endpoint) {
      wrong('<target> needs an inSequence or an endpoint.', { code: 'missing' })
    }
  },

  compile(config, build, span) {
    const { name, target } = config
    const transports = (config.transports ?? 'all').split(/[\s,]+/)
    const isOffered = transports.some(transport => ['http', 'all', ''].includes(transport))
    if (isOffered && transports.includes('https')) {
      build.note(
        span,
        'http-only',
        `Proxy ${name} is served over http alone; https comes with a later version.`,
      )
    }
    if (!isOffered)
      build.warning(
        span,
        'no-effect',
        `Proxy ${name} is offered on no transport that is there: ${transports.join(', ')}.`,
      )
    if (!config.startOnLoad || !isOffered) return {}
    const fault = faultOf(target!, build)
    const inPipeline = withEndpoint(
      sequenceOf(target!.inSequence, target!.inline, build),
      target!.endpoint,
      build,
    )
    const outSequence = target!.outSequence || target!.inlineOut
    const outflow = outSequence ? sequenceOf(target!.outSequence, target!.inlineOut, build) : REPLY
    const service: Service = {
      name,
      kind: 'proxy service',
      label: `{proxy:${name}} `,
      deployment: build.deployment,
      log: build.log,
      counters: build.counters(`proxy service ${name}`),
      on: { message: guarded(inPipeline, fault) },
      outflow: guarded(outflow, fault),
      ...outDispatch(config, build, span, fault),
    }
    return { services: [{ service, listener: 'http', path: `/services/${name}/*`, span }] }
  },
})

interface Target {
  readonly inSequence?: Reference
  readonly outSequence?: Reference
  readonly faultSequence?: Reference
  readonly inline?: Branch
  readonly inlineOut?: Branch
  readonly inlineFault?: Branch
  readonly endpoint?: EndpointNode
}

/** Replies go back as they are. */
const REPLY: Pipeline = {
  needsContent: false,
  run(ctx) {
    ctx.ending = 'answered'
    const sent = ctx.origin.reply(ctx)
    return sent instanceof Promise ? sent.then(() => STOP) : STOP
  },
}

function sequenceOf(key: Reference | undefined, inline: Branch | undefined, build: Build): Pipeline {
  return key ? build.sequence(key) : build.branch(inline)
}

function faultOf(target: Target, build: Build): Pipeline {
  return target.inlineFault && !target.faultSequence
    ? build.branch(target.inlineFault)
    : build.faultSequence(target.faultSequence)
}

/** What the in sequence lets through goes to the endpoint of the target. */
function withEndpoint(pipeline: Pipeline, node: EndpointNode | undefined, build: Build): Pipeline {
  if (!node) return pipeline
  const target = build.endpoint(node)
  const deliver: Step = ctx => {
    const keep = (answer: Message | undefined): typeof STOP => {
      ctx.reply = answer
      ctx.ending = 'delivered'
      return STOP
    }
    const answer = target.deliver(ctx)
    return answer instanceof Promise ? answer.then(keep) : keep(answer)
  }
  return {
    run: chain([pipeline.run, deliver]),
    get needsContent() {
      return pipeline.needsContent
    },
  }
}

/** Finds what runs for messages of a WebSocket backend, and says which rule decided. */
function outDispatch(
  { name, target }: { readonly name: string; readonly target?: Target },
  build: Build,
  span: Span,
  fault: Pipeline,
): Pick<Service, 'outDispatch' | 'outFault' | 'outKey'> {
  const { outDispatchSequence, outDispatchFaultSequence } = build.settings.webSocket
  const named = (
    setting: 'outflow_dispatch_sequence' | 'outflow_dispatch_fault_sequence',
    sequence?: string,
  ) => {
    const target = sequence === undefined ? undefined : build.findSequence(sequence)
    if (sequence !== undefined && !target) {
      build.warning(
        span,
        'missing-sequence',
        `There is no sequence named ${sequence}, which the setting sender.${setting} of [transport.ws] names; proxy ${name} goes on without it.`,
      )
    }
    return target
  }
  const setting = named('outflow_dispatch_sequence', outDispatchSequence)
  const outFault = named('outflow_dispatch_fault_sequence', outDispatchFaultSequence) ?? fault
  const found = (pipeline: Pipeline, outKey: string, rule: string) => {
    build.note(
      span,
      'out-dispatch',
      `Messages of a WebSocket backend of proxy ${name} run through ${outKey} (${rule}).`,
    )
    return { outDispatch: guarded(pipeline, outFault), outFault, outKey }
  }
  if (target?.outSequence || target?.inlineOut) {
    const pipeline = sequenceOf(target.outSequence, target.inlineOut, build)
    return {
      outDispatch: guarded(pipeline, outFault),
      outFault,
      outKey: target.outSequence?.name ?? `out sequence of ${name}`,
    }
  }
  if (setting)
    return found(setting, outDispatchSequence!, 'setting sender.outflow_dispatch_sequence of [transport.ws]')
  const usual = build.findSequence('outDispatchSeq')
  if (usual) return found(usual, 'outDispatchSeq', 'the sequence of that name')
  if (target?.faultSequence) return found(fault, target.faultSequence.name, 'the fault sequence')
  return { outDispatch: guarded(build.mainSequence(undefined), outFault), outFault, outKey: 'main' }
}
