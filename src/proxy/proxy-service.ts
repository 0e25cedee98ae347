import type { Service } from '../core/ports.ts'
import type { RequestHead, Route } from '../core/route.ts'
import { artifact, type EndpointNode } from '../language/declare.ts'
import { attribute, body, child, endpoint } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import { boolean, name, type Reference, reference, text } from '../language/types.ts'
import { dispatchSettings } from '../sequences/out-dispatch.ts'
import { compileFlow, flowFields } from './flow.ts'
import { isInboundOnly, reportParameters, serviceParameters } from './parameters.ts'
import { policies, reportPolicies } from './policy.ts'
import { publishWsdl } from './publish-wsdl.ts'
import { listenersOf } from './transports.ts'
import { wsdlAnswers } from './wsdl.ts'

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
    pinnedServers: attribute(text, { doc: 'Accepted; the service is served whatever the server is called.' }),
    description: child({ text: body(text, { doc: 'Text.' }) }, { doc: 'For people.' }),
    target: child(
      {
        ...flowFields,
        endpointKey: attribute(reference, {
          name: 'endpoint',
          doc: 'Endpoint requests go to that the in sequence lets through.',
        }),
        endpoint: endpoint({ doc: 'The same, inline or by key; the attribute wins.' }),
      },
      { doc: 'What requests and replies run through.', required: true },
    ),
    publishWSDL: publishWsdl,
    policy: policies,
    parameter: serviceParameters,
  },
  unsupported: {
    enableSec: 'WS-Security is not there, and the service would be open to all',
    enableRM: 'WS-ReliableMessaging is not there',
  },
  ignored: { enableAddressing: 'addresses are taken from the message where a mediator asks for them' },
  notes:
    'Compatibility: messages of a WebSocket backend run through, in this order, the out sequence, the sequence of `[transport.ws] sender.outflow_dispatch_sequence`, a sequence named outDispatchSeq, and the fault sequence; the original knows the second alone. `FORCE_SC_ACCEPTED` answers 202 only once the endpoint has the message, and 503 when it cannot take it; the original answers before. `?wsdl` of a service without a WSDL gives one with the operation `mediate`, which takes anything; a service whose WSDL cannot be read serves all the same, as with `enablePublishWSDLSafeMode`.',
  example: `<proxy name="orders" transports="http" startOnLoad="true" xmlns="http://ws.apache.org/ns/synapse">
    <target inSequence="toBackend" faultSequence="onFault"/>
</proxy>`,
  nameOf: config => config.name ?? '',

  check({ target }, wrong) {
    if (target && !target.inSequence && !target.inline && !target.endpoint && !target.endpointKey) {
      wrong('<target> needs an inSequence or an endpoint.', { code: 'missing' })
    }
  },

  compile(config, build, span) {
    const { name, startOnLoad, transports, pinnedServers } = config
    const what = `Proxy ${name}`
    const target = config.target!
    reportParameters(config.parameter, build)
    reportPolicies(config.policy, build)
    const listeners = isInboundOnly(config.parameter)
      ? (['inbound endpoints'] as const)
      : listenersOf(what, transports, build, span)
    if (pinnedServers)
      build.note(
        span,
        'no-effect',
        `${what} is pinned to ${pinnedServers}; it is served here whatever this server is called.`,
      )
    if (!startOnLoad || listeners.length === 0) return {}
    const told = (sequence: string, rule: string): void =>
      build.note(
        span,
        'out-dispatch',
        `Messages of a WebSocket backend of proxy ${name} run through ${sequence} (${rule}).`,
      )
    const settings = dispatchSettings(`proxy ${name}`, build, span)
    const node = target.endpointKey ? named(target.endpointKey) : target.endpoint
    const flow = compileFlow(
      target,
      { what: `${name}`, settings, told, ...(node && { endpoint: node }) },
      build,
    )
    const service: Service = {
      name: name!,
      kind: 'proxy service',
      label: `{proxy:${name}} `,
      deployment: build.deployment,
      log: build.log,
      counters: build.counters(`proxy service ${name}`),
      ...flow,
    }
    const isRewritten = !config.parameter.some(
      ({ name, value }) => name === 'modifyUserWSDLPortAddress' && value.trim().toLowerCase() === 'false',
    )
    const described = {
      name: name!,
      description: config.description?.text?.trim() ?? '',
      publish: config.publishWSDL,
      isRewritten,
    }
    const answers = wsdlAnswers(described, build, span)
    const taken = { service }
    const route = (head: RequestHead): Route => answers(head) ?? taken
    const served = { service, path: `/services/${name}/*`, http: { route }, span }
    return { services: listeners.map(listener => ({ ...served, listener })) }
  },
})

function named(key: Reference): EndpointNode {
  return { name: undefined, key, kind: undefined, config: undefined, span: key.span }
}
