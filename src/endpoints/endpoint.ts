import type { Endpoint } from '../core/ports.ts'
import { expression } from '../expressions/expression.ts'
import { artifact, type Build, type EndpointNode, endpointKind } from '../language/declare.ts'
import { attribute, body, type Config, child, children, type Field } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import type { Span } from '../language/source.ts'
import { integer, name, oneOf, reference, text } from '../language/types.ts'
import { withContent, withErrorSequence, withProperties } from './around.ts'
import { chosenEndpoint } from './chosen.ts'
import { endpointProperties, propertySetter } from './endpoint-properties.ts'
import { LoadBalanceEndpoint } from './load-balance.ts'
import { SessionAffinity } from './session-affinity.ts'
import { SessionBindings } from './session-bindings.ts'
import { fromTemplate } from './template.ts'

/** The kind inside the element that is being read; none where another endpoint is named. */
const kind: Field<EndpointNode | undefined> = {
  kind: 'endpoint',
  doc: 'Which kind of endpoint it is.',
  isRequired: false,
  read(_name, reader) {
    const { attributes } = reader.element
    const isElsewhere = attributes.some(({ name }) => ['key', 'key-expression', 'template'].includes(name))
    return isElsewhere ? undefined : reader.takeEndpoint()
  },
}

const fields = {
  keyExpression: attribute(expression, {
    name: 'key-expression',
    doc: 'Expression giving the name of another endpoint, for each message.',
  }),
  template: attribute(reference, { doc: 'Endpoint template to make it from.' }),
  uri: attribute(text, { doc: 'What the template sees as `$uri`.' }),
  onError: attribute(reference, {
    doc: 'Sequence to run when a message cannot be delivered, in place of the fault sequences around.',
  }),
  statistics,
  trace,
  property: endpointProperties,
  parameter: children(
    {
      name: attribute(name, { doc: 'Name of the parameter.', required: true }),
      value: attribute(text, { doc: 'What stands in its place.', required: true }),
    },
    { doc: 'A parameter of the template.' },
  ),
  session: child(
    {
      type: attribute(oneOf('http', 'soap', 'simpleClientSession'), {
        doc: 'By what a session is known: a cookie, the ServiceGroupId header, or the ClientID header of SOAP.',
        required: true,
      }),
      sessionTimeout: child(
        { text: body(integer({ min: 0 }), { doc: 'Milliseconds.' }) },
        { doc: 'How long a session is remembered without a message, in milliseconds; default 120000.' },
      ),
    },
    { doc: 'Keeps the messages of a session at one member of a loadbalance endpoint.' },
  ),
  node: kind,
} as const

type EndpointConfig = Config<typeof fields> & { readonly name?: string }

function compile(config: EndpointConfig, build: Build, name: string, span: Span): Endpoint {
  const { onError, property } = config
  const set = propertySetter(property, build, span)
  const target = targetOf(config, build, name, span)
  const prepared = set ? withProperties(target, set) : target
  const fed = readsContent(config) ? withContent(prepared) : prepared
  const handler = onError && build.errorSequence(onError)
  return handler ? withErrorSequence(fed, handler) : fed
}

/** Nothing here may meet a payload that is arriving, wherever the endpoint is used from. */
function readsContent({ keyExpression, node, property }: EndpointConfig): boolean {
  if (keyExpression?.readsContent || node?.readsContent) return true
  return property.some(({ expression }) => expression?.readsContent)
}

function targetOf(config: EndpointConfig, build: Build, name: string, span: Span): Endpoint {
  const { keyExpression, template, node, session } = config
  if (keyExpression) return chosenEndpoint(keyExpression, name)
  if (template) return fromTemplate(template, { name, uri: config.uri, parameters: config.parameter }, build)
  // What the endpoint says of its group stands beside the group.
  const target = node!.kind!.compile({ ...node!.config!, property: config.property }, build, name, node!.span)
  if (!session) return target
  if (target instanceof LoadBalanceEndpoint) {
    const { kind, name: artifact } = build.artifact
    const place = name === '' ? `${span.source.path}:${span.start}` : name
    const key = `sessions of group ${kind} ${artifact} ${place} ${session.type}`
    const bindings = build.resource(key, () => new SessionBindings())
    const timeoutMs = session.sessionTimeout?.text
    return new SessionAffinity(target, { type: session.type!, timeoutMs, bindings })
  }
  build.warning(span, 'no-effect', '<session> has no effect: it belongs to a loadbalance endpoint.')
  return target
}

/** An endpoint where it is used. */
export const endpointElement = endpointKind({
  element: 'endpoint',
  summary: 'An endpoint where it is used.',
  fields: { name: attribute(text, { doc: 'Name it has in logs.' }), ...fields },
  compile: (config, build, name, span) => compile(config, build, config.name || name, span),
})

/** A named endpoint. */
export const endpointArtifact = artifact({
  element: 'endpoint',
  folder: 'endpoints',
  space: 'entry',
  summary: 'A named endpoint that others refer to by key.',
  fields: {
    name: attribute(name, { doc: 'Name it is referred to by.', required: true }),
    key: attribute(reference, { doc: 'Another endpoint it stands for.' }),
    ...fields,
  },
  example: `<endpoint name="Prices" xmlns="http://ws.apache.org/ns/synapse">
    <address uri="wss://prices.example.com/feed"/>
</endpoint>`,
  nameOf: config => config.name ?? '',
  compile(config, build, span) {
    const { name = '', key } = config
    if (!key) return { endpoint: compile(config, build, name, span) }
    return { endpoint: build.endpoint({ name, key, kind: undefined, config: undefined, span }) }
  },
})
