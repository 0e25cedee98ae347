import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import type { PropertyValue } from '../core/properties.ts'
import { expression } from '../expressions/expression.ts'
import { accessor } from '../expressions/scopes.ts'
import type { Expression } from '../expressions/value.ts'
import { type Build, type EndpointNode, mediator } from '../language/declare.ts'
import { attribute, type Config, child, endpoint } from '../language/field.ts'
import { name, oneOf, type Reference, reference, text } from '../language/types.ts'
import { payloadOf } from '../message/codecs/soap.ts'
import type { Message } from '../message/message.ts'
import { blockingDelivery, receiveBlocking, takesHeaders } from './blocking.ts'
import { contentOf, payloadValue } from './value-content.ts'

const ONE_CLIENT = 'there is one client for all calls, and nothing to configure'

const sourceFields = {
  type: attribute(oneOf('envelope'), { doc: 'envelope sends the message as it is.' }),
  xpath: attribute(expression, { doc: 'XPath of the element to send.' }),
  key: attribute(name, { doc: 'Property or entry to send.' }),
} as const

const targetFields = {
  xpath: attribute(expression, { doc: 'XPath of the element the answer replaces.' }),
  key: attribute(name, { doc: 'Property the answer goes into.' }),
} as const

type Source = Config<typeof sourceFields>
type Target = Config<typeof targetFields>

/** Calls a service with a part of the message and puts the answer into a part of it. */
export const calloutMediator = mediator({
  element: 'callout',
  summary: 'Calls a service with a part of the message, and puts the answer into a part of it.',
  fields: {
    serviceURL: attribute(text, { doc: 'Address of the service.' }),
    endpointKey: attribute(reference, { doc: 'Endpoint of the service.' }),
    action: attribute(text, { doc: 'SOAPAction of the request.' }),
    endpoint: endpoint({
      doc: 'Endpoint of the service. Of several ways to name it, this counts, then endpointKey, then serviceURL; without any, the message goes to the address it is for.',
    }),
    source: child(sourceFields, { doc: 'What to send; without it the payload.' }),
    target: child(targetFields, { doc: 'Where the answer goes; without it, into the payload.' }),
  },
  ignored: {
    useServerConfig: ONE_CLIENT,
    initAxis2ClientOptions: ONE_CLIENT,
    configuration: ONE_CLIENT,
    enableSec: 'WS-Security is not there; the message is sent without',
  },
  notes:
    'Headers and faults are those of a blocking `<call>`, with code 401000 for what the backend fails at. An answer in JSON always becomes the payload. Use `<call>` in new configurations.',
  example: `<callout serviceURL="http://localhost:9000/services/quotes" action="urn:getQuote">
    <source type="envelope"/>
    <target key="quote"/>
</callout>`,
  needsContent: () => true,
  check({ source, target }, wrong) {
    if (source?.xpath && source.key !== undefined) wrong('<source> takes an xpath or a key, not both.')
    if (target?.xpath && target.key !== undefined) wrong('<target> takes an xpath or a key, not both.')
  },
  compile(config, build) {
    const { serviceURL, action, source, target } = config
    const address = config.endpoint || config.endpointKey ? undefined : serviceURL?.trim() || undefined
    const deliver = blockingDelivery(endpointOf(config, build), 401000)
    const part = source && partToSend(source)
    const take = taking(target)
    return ctx => {
      const request = ctx.fork()
      if (part) request.message.content = contentOf(part(ctx), request.message.content)
      if (address !== undefined) {
        request.addressing.to = address
        request.to = address
      }
      if (action !== undefined) request.message.headers.set('SOAPAction', action)
      const finish = (answer: Message | undefined): void => {
        if (answer && !ctx.isOneWay) take(ctx, answer)
      }
      const answer = deliver(request, ctx)
      return answer instanceof Promise ? answer.then(finish) : finish(answer)
    }
  },
})

function endpointOf(
  {
    endpoint: node,
    endpointKey: key,
  }: { readonly endpoint?: EndpointNode | undefined; readonly endpointKey?: Reference | undefined },
  build: Build,
): Endpoint {
  if (node) return build.endpoint(node)
  if (!key) return build.implicitEndpoint()
  return build.endpoint({ name: undefined, key, kind: undefined, config: undefined, span: key.span })
}

/** Editors of the original write this for an expression nobody gave. */
const PLACEHOLDER = '/default/xpath'

/** @throws Fault 0 per message, where there is nothing to send */
function partToSend({ type, xpath, key }: Source): ((ctx: MessageContext) => PropertyValue) | undefined {
  if (type === 'envelope') return undefined
  if (key !== undefined) {
    const property = accessor('default', key)
    return ctx => {
      const entry = ctx.deployment.entry(key)
      const found = property.get(ctx) ?? entry?.xml() ?? entry?.text
      if (found === undefined || found === null)
        throw new Fault(0, `callout: there is nothing at ${key} to send`)
      return found
    }
  }
  if (!xpath || xpath.source === PLACEHOLDER) return undefined
  return ctx => {
    const [node] = xpath.nodes?.(ctx) ?? []
    if (node?.nodeType === 1) return node
    throw new Fault(0, `callout: ${xpath.source} selects no element to send`)
  }
}

/** Compiles where the answer goes. */
function taking(target: Target | undefined): (ctx: MessageContext, answer: Message) => void {
  const { xpath, key } = target ?? {}
  if (key !== undefined) {
    const property = accessor('default', key)
    return beside((ctx, answer) => property.set(ctx, payloadValue(answer.content)))
  }
  if (!xpath || xpath.source === PLACEHOLDER) return receiveBlocking
  const replace = beside((ctx, answer) => replaceAt(xpath, ctx, answer))
  return (ctx, answer) => (answer.content.isJson ? receiveBlocking(ctx, answer) : replace(ctx, answer))
}

/** The message stays; status and, where they are wanted, headers of the answer are taken over. */
function beside(
  keep: (ctx: MessageContext, answer: Message) => void,
): (ctx: MessageContext, answer: Message) => void {
  return (ctx, answer) => {
    keep(ctx, answer)
    if (answer.status !== undefined) ctx.transport.status = answer.status
    if (!takesHeaders(ctx)) return
    const { headers } = ctx.message
    const taken = answer.headers
      .fields()
      .filter(({ name }) => !/^content-(?:type|length|encoding)$/i.test(name))
    for (const { name } of taken) headers.delete(name)
    for (const { name, value } of taken) headers.add(name, value)
  }
}

/** An answer without a payload, as to an order that was taken, changes nothing. */
function replaceAt(xpath: Expression, ctx: MessageContext, answer: Message): void {
  const payload = answer.content.isEmpty ? undefined : payloadOf(answer.content.envelope())
  if (!payload) return
  const envelope = ctx.message.content.editEnvelope()
  const [node] = xpath.nodes?.(ctx, envelope) ?? []
  if (node?.nodeType !== 1) throw new Fault(0, `callout: ${xpath.source} selects no element to replace`)
  node.replaceWith(payload.clone())
}
