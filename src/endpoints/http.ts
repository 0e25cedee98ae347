import type { MessageContext } from '../core/context.ts'
import { textValue } from '../expressions/well-known-entry.ts'
import { endpointKind } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import { resolved } from '../language/resolved.ts'
import { oneOf, oneOfAnyCase, text } from '../language/types.ts'
import { unresolved } from './address.ts'
import { authenticationField, authorizer } from './authentication.ts'
import { httpClient } from './connections.ts'
import { governed } from './governed.ts'
import { HttpSender } from './http-sender.ts'
import type { Shape } from './outgoing.ts'
import { policyFields } from './policy-fields.ts'
import { SHAPE_UNSUPPORTED, shapeFields, shapeOf } from './shape-fields.ts'
import { UriTemplate } from './uri-template.ts'
import { addressOf, toOwnAddress, type Where, withPostfix } from './where.ts'

/** An endpoint for REST: the address is a template, the method may be fixed. */
export const httpEndpoint = endpointKind({
  element: 'http',
  summary: 'An HTTP endpoint whose address is a template with variables of the message.',
  fields: {
    uriTemplate: attribute(text, {
      name: 'uri-template',
      doc: 'Address with variables such as `{uri.var.id}`; default the address the message is for.',
    }),
    method: attribute(oneOfAnyCase('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS'), {
      doc: 'Method of every request; default that of the message.',
    }),
    version: attribute(oneOf('1.1', '2.0'), { doc: 'Accepted; requests are HTTP/1.1.' }),
    ...shapeFields,
    statistics,
    trace,
    authentication: authenticationField,
    ...policyFields,
  },
  unsupported: SHAPE_UNSUPPORTED,
  ignored: { serverPushSequence: 'requests are HTTP/1.1', optimize: 'attachments leave as they came' },
  notes:
    'Variables are the properties `uri.var.…` and `query.param.…`; one that is not set is left out. Values are percent-encoded; `{+name}` keeps reserved characters. What followed the path of the service is appended only where the template has no variables and no method is fixed; elsewhere the query belongs into the template.\n\nCompatibility: when no such property is set at all, the template is the address as it stands. `legacy-encoding:` in front puts values in as they are.',
  example: `<endpoint>
    <http method="GET" uri-template="http://localhost:8081/people/{uri.var.id}?expand={+uri.var.expand}">
        <timeout><duration>5000</duration><responseAction>fault</responseAction></timeout>
    </http>
</endpoint>`,
  compile(config, build, name, span) {
    const source = config.uriTemplate
    const found = source === undefined ? { text: '' } : resolved(source, { within: false })
    if ('missing' in found) return unresolved(source!, found.missing, { name, build, span })
    const client = httpClient(build)
    const { maxBodyBytes } = build.settings.httpClient
    const where: Where =
      found.text === ''
        ? ctx => addressOf(ctx, 303001)
        : templated(found.text, config.method !== undefined, config.format)
    const authorization = config.authentication && authorizer(config.authentication, build, span)
    const { method } = config
    const shape = shapeOf(config, build, span)
    const sender = new HttpSender({ ...shape, client, maxBodyBytes, where, method, ...authorization })
    const used = found.text === '' ? toOwnAddress(sender) : sender
    return governed(used, { name, address: found.text, config, notReady: 303001 }, build, span)
  },
})

/** Finds the address by a template. */
function templated(source: string, isMethodFixed: boolean, format: Shape['format']): Where {
  const template = new UriTemplate(source)
  if (template.variables.length === 0) {
    if (isMethodFixed) return () => template.text
    return (ctx, method) => withPostfix(template.text, ctx, method, format)
  }
  return ctx => {
    let isAnySet = false
    const address = template.expand(name => {
      if (!isVariable(name)) return undefined
      const value = textValue(ctx.propertiesIfAny?.get(name))
      isAnySet ||= value !== undefined
      return value
    })
    return isAnySet || hasVariables(ctx) ? address : template.text
  }
}

function hasVariables(ctx: MessageContext): boolean {
  return ctx.propertiesIfAny?.entries().some(([name]) => isVariable(name)) ?? false
}

function isVariable(name: string): boolean {
  return name.startsWith('uri.var.') || name.startsWith('query.param.')
}
