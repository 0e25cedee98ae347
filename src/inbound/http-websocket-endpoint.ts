import { artifact } from '../language/declare.ts'
import { attribute, parameters } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import { boolean, name, oneOf, reference } from '../language/types.ts'
import { httpService } from './http-service.ts'
import { httpWebSocketParameters } from './http-websocket-parameters.ts'
import { checkHttps, httpsTls } from './https-parameters.ts'
import { webSocketService } from './websocket-service.ts'

/** Takes HTTP requests and WebSocket clients in on one port. */
export const httpWebSocketInboundArtifact = artifact({
  element: 'inboundEndpoint',
  variant: { attribute: 'protocol', values: ['httpws', 'httpswss'] },
  folder: 'inbound-endpoints',
  space: 'inboundEndpoint',
  summary: 'Takes HTTP requests and WebSocket clients in on one port.',
  fields: {
    name: attribute(name, { doc: 'Name of the inbound endpoint.', required: true }),
    protocol: attribute(oneOf('httpws', 'httpswss'), { doc: 'httpws, or httpswss for TLS.', required: true }),
    sequence: attribute(reference, {
      doc: 'Sequence for requests, and for what WebSocket clients send; default main.',
    }),
    onError: attribute(reference, { doc: 'Sequence for faults in it; default fault.' }),
    suspend: attribute(boolean, { doc: 'Whether it is left out.', default: false }),
    statistics,
    trace,
    parameters: parameters(httpWebSocketParameters, {
      doc: 'Settings, each a `<parameter name="…">`. A value that is `$SYSTEM:NAME`, `$FILE:NAME` or `${configs.NAME}` is the environment variable NAME; one that is not set counts as not given.',
    }),
  },
  unsupported: { handlers: 'they are Java classes', class: 'protocol says what it is' },
  notes:
    'A request that asks for an upgrade to WebSocket is treated as an endpoint with protocol ws treats it, every other as one with protocol http does: APIs bound to it by `binds-to` come first for both. `dispatch.filter.pattern` is for requests alone: WebSocket clients without such an API get the sequence.',
  example: `<inboundEndpoint name="orders" protocol="httpws" sequence="takeOrder" onError="fault" suspend="false" xmlns="http://ws.apache.org/ns/synapse">
    <parameters>
        <parameter name="port">5055</parameter>
        <parameter name="ws.outflow.dispatch.sequence">fromBackend</parameter>
    </parameters>
</inboundEndpoint>`,
  nameOf: config => config.name ?? '',

  check({ protocol, parameters }, wrong) {
    checkHttps({ protocol, secure: 'httpswss' }, parameters, wrong)
  },

  compile({ name, protocol, sequence, onError, suspend, parameters: given }, build, span) {
    const inbound = { name: name!, sequence, onError }
    const pattern = given['dispatch.filter.pattern']
    const http = httpService({ ...inbound, pattern }, build, span)
    const webSocket = webSocketService({ ...inbound, isSuspended: false, given }, build, span)
    const version = given.protocolVersion ?? given.protocolVersions
    if (version !== undefined && !/\b1\.1\b/.test(version)) {
      const message = `HTTP version ${version.trim()} has no effect: HTTP/1.1 is served.`
      build.warning(span, 'no-effect', message)
    }
    const isSecure = protocol === 'httpswss'
    const tls = httpsTls(given, { name: name!, isSecure }, { build, span })
    if (suspend || (isSecure && !tls)) return {}
    const wanted = given.port
    const host = given.hostname
    const listener = {
      port: wanted === 0 ? 0 : wanted + build.settings.http.inboundOffset,
      ...(host !== undefined && { host }),
      ...(tls && { tls }),
    }
    return { services: [webSocket, http].map(served => ({ ...served, listener })) }
  },
})
