import type { Pipeline, Service } from '../core/ports.ts'
import { artifact, type Build, type ServedService } from '../language/declare.ts'
import { attribute, body, child, children } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import { boolean, list, name, oneOf, pattern, port, reference, text } from '../language/types.ts'
import { dispatchSettings } from '../sequences/out-dispatch.ts'
import { guarded } from '../sequences/pipeline.ts'
import { apiChannels } from './api-channels.ts'
import { apiChecks } from './api-checks.ts'
import { compileHandlers, handlersField } from './api-handlers.ts'
import { ApiRoutes, type ResourceService } from './api-routes.ts'
import { context, mapping, methods, template } from './api-types.ts'
import { Cors } from './cors.ts'
import { compileFlow, type FlowConfig, flowFields } from './flow.ts'
import type { Resource } from './resource.ts'
import { listenersOf } from './transports.ts'

const resourceFields = {
  methods: attribute(methods, {
    doc: 'Methods it takes, separated by blanks; default all. OPTIONS is answered by the gateway unless it is named.',
    default: [],
  }),
  template: attribute(template, {
    name: 'uri-template',
    doc: 'Template of what follows the context, such as `/orders/{id}`; the values are in `uri.var.NAME`.',
  }),
  mapping: attribute(mapping, {
    name: 'url-mapping',
    doc: 'What follows the context: a path, `/prefix/*`, or `*.extension`.',
  }),
  protocol: attribute(oneOf('http', 'https'), { doc: 'Only requests over this protocol.' }),
  contentType: attribute(text, {
    name: 'content-type',
    doc: 'Only requests whose body has this content type.',
  }),
  userAgent: attribute(pattern, {
    name: 'user-agent',
    doc: 'Only requests whose whole User-Agent header matches this pattern.',
  }),
  bindsTo: attribute(text, { name: 'binds-to', doc: 'Accepted; what the API is bound to counts.' }),
  ...flowFields,
} as const

/** A REST API for HTTP callers. */
export const apiArtifact = artifact({
  element: 'api',
  folder: 'api',
  space: 'api',
  summary:
    'A REST API for HTTP callers below a path: each of its resources has methods, a template, and sequences.',
  fields: {
    name: attribute(name, { doc: 'Name of the API.', required: true }),
    context: attribute(context, { doc: 'Path below which it is, such as `/orders`.', required: true }),
    version: attribute(text, { doc: 'Its version. It is registered as `NAME:vVERSION` then.' }),
    versionType: attribute(oneOf('url', 'context'), {
      name: 'version-type',
      doc: 'Where the version is in the path: after the context (url), or in the place of `{version}` in it (context).',
    }),
    hostname: attribute(name, { doc: 'Only requests whose Host header names this host.' }),
    port: attribute(port, {
      doc: 'Only requests whose Host header names this port; 80 and 443 need not be named.',
    }),
    transports: attribute(text, { doc: 'http or https; default both.' }),
    bindsTo: attribute(list, {
      name: 'binds-to',
      doc: 'Names of inbound endpoints: http and https ones whose ports it is on, ws and wss ones whose sessions it takes where the handshake has its path; `default` for the HTTP transport.',
      default: ['default'],
    }),
    publishSwagger: attribute(reference, {
      doc: 'Local entry or registry resource with its description, Swagger 2.0 or OpenAPI 3 in JSON; served at `?swagger.json` behind the context.',
    }),
    validateSchema: attribute(boolean, {
      doc: 'Whether JSON requests, and JSON answers of backends before the out sequence, are checked against that description; one that does not fit is a fault.',
      default: false,
    }),
    statistics,
    trace,
    resource: children(resourceFields, { doc: 'One of the resources it offers.' }),
    handlers: handlersField,
    description: child({ text: body(text, { doc: 'Text.' }) }, { doc: 'For people.' }),
  },
  notes: `A path without a resource is 404, one whose resources take other methods 405 with \`Allow\`, one whose resources ask for something else 400; the sequences \`_resource_mismatch_handler_\` and \`_method_not_allowed_handler_\` run in place of the first two. Without an in sequence a request is 202.

A class in \`<handlers>\` is a module that \`[myelin.classes]\` names, as for the class mediator. Its default export is a function for requests, or an object with \`handleRequest(message, properties)\`, \`handleResponse\` or both. What returns \`false\` ends the message; a request it has given a status, \`message.setProperty('HTTP_SC', 401, 'axis2')\`, is answered with it. What it throws is a fault that no fault sequence of the resource sees. \`APIManagerExtensionHandler\` runs the sequences \`WSO2AM--Ext--In\` and \`NAME--In\`, \`Out\` for answers.

Bound to a ws or wss inbound endpoint, the resource with the path of the handshake runs for all that the client does, in place of the sequence of the endpoint. What comes over a WebSocket has no method: resources with \`methods\` do not take it, and a client for whom there is no resource is refused with 404 or 405. What a WebSocket backend sends runs through \`ws.outflow.dispatch.sequence\` of the endpoint.

A template matches from the left; \`{v}\` ends at a reserved character, \`{+v}\` does not. A template without \`?\` takes any query, \`*\` at its end any rest.

Compatibility: an origin that is not allowed gets no CORS headers; the original sends empty ones.`,
  example: `<api name="orders" context="/orders" xmlns="http://ws.apache.org/ns/synapse">
    <resource methods="GET" uri-template="/{id}">
        <inSequence>
            <log level="custom">
                <property name="order" expression="get-property('uri.var.id')"/>
            </log>
            <respond/>
        </inSequence>
    </resource>
</api>`,
  nameOf: ({ name, version }) => (version ? `${name}:v${version}` : (name ?? '')),

  check({ resource: resources, version, versionType }, wrong) {
    if (resources.length === 0) wrong('<api> needs at least one <resource>.', { code: 'missing' })
    if (version !== undefined && versionType === undefined)
      wrong('A version needs a version-type: where in the path it is.')
    if (resources.some(({ template, mapping }) => template && mapping))
      wrong('A resource has a uri-template or a url-mapping, not both.')
    if (resources.filter(({ template, mapping }) => !template && !mapping).length > 1)
      wrong('At most one resource of an API is without uri-template and url-mapping.')
  },

  compile(config, build, span) {
    const { name, version, context, versionType } = config
    const registered = version ? `${name}:v${version}` : name!
    const base = baseOf(registered, build)
    const around = compileHandlers(registered, config.handlers, build)
    const { publishSwagger: description } = config
    if (description) build.entry(description)
    const checks = config.validateSchema
      ? apiChecks({ name: registered, description }, build, span)
      : undefined
    const settings = dispatchSettings(`API ${registered}`, build, span)
    const made = context!.replace('{version}', version ?? '')
    const path = version && versionType === 'url' ? `${made}/${version}` : made
    const own = { api: registered, version: version ?? '', context: made === '' ? '/' : made }
    const resources = config.resource.map((resource, i): Resource<ResourceService> => {
      const pattern = resource.template?.text ?? resource.mapping ?? ''
      const what = `API ${registered}, resource ${i + 1}`
      const flow = compileFlow(resource as FlowConfig, { what, settings, checks, around }, build)
      const facts = {
        ...own,
        resource: pattern || `resource${i + 1}`,
        pattern,
      }
      return { ...resource, target: { service: { ...base, ...flow }, facts } }
    })
    const [first] = resources
    const instead = (sequence: string): Service | undefined => {
      const found = build.findSequence(sequence)
      return found && { ...first!.target.service, on: { message: withFault(found, build) } }
    }
    const routes = new ApiRoutes({
      resources,
      facts: own,
      prefixLength: path.length,
      cors: new Cors(build.settings.http.cors),
      mismatch: instead('_resource_mismatch_handler_'),
      notAllowed: instead('_method_not_allowed_handler_'),
      description: description && (() => build.deployment.entry(description.name)?.text),
    })
    const served = {
      service: first!.target.service,
      path: `${path}/*`,
      channels: () => apiChannels(registered, path, config.resource),
      http: {
        route: routes.route,
        ...(config.hostname !== undefined && { host: config.hostname }),
        ...(config.port !== undefined && { port: config.port }),
      },
      span,
    }
    const listeners = config.bindsTo.flatMap((inbound): ServedService['listener'][] =>
      inbound === 'default'
        ? listenersOf(`API ${registered}`, config.transports, build, span)
        : [{ inbound }],
    )
    return { services: listeners.map(listener => ({ ...served, listener })) }
  },
})

function baseOf(
  name: string,
  build: Build,
): Pick<Service, 'name' | 'kind' | 'label' | 'deployment' | 'log' | 'counters'> {
  return {
    name,
    kind: 'API',
    label: `{api:${name}} `,
    deployment: build.deployment,
    log: build.log,
    counters: build.counters(`API ${name}`),
  }
}

function withFault(pipeline: Pipeline, build: Build): Pipeline {
  return guarded(pipeline, build.faultSequence(undefined))
}
