import { artifact } from '../language/declare.ts'
import { attribute, parameters } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import { boolean, name, oneOf, reference } from '../language/types.ts'
import { httpParameters } from './http-parameters.ts'
import { httpService } from './http-service.ts'
import { checkHttps, httpsTls } from './https-parameters.ts'

/** Takes HTTP requests in on a port of its own. */
export const httpInboundArtifact = artifact({
  element: 'inboundEndpoint',
  variant: { attribute: 'protocol', values: ['http', 'https'] },
  folder: 'inbound-endpoints',
  space: 'inboundEndpoint',
  summary:
    'Takes HTTP requests in on a port of its own: each runs through a sequence, or goes on to a service.',
  fields: {
    name: attribute(name, { doc: 'Name of the inbound endpoint.', required: true }),
    protocol: attribute(oneOf('http', 'https'), { doc: 'http, or https for TLS.', required: true }),
    sequence: attribute(reference, { doc: 'Sequence for requests; default main.' }),
    onError: attribute(reference, { doc: 'Sequence for faults in it; default fault.' }),
    suspend: attribute(boolean, { doc: 'Whether it is left out.', default: false }),
    statistics,
    trace,
    parameters: parameters(httpParameters, {
      doc: 'Settings, each a `<parameter name="…">`. A value that is `$SYSTEM:NAME`, `$FILE:NAME` or `${configs.NAME}` is the environment variable NAME; one that is not set counts as not given.',
    }),
  },
  unsupported: { handlers: 'they are Java classes', class: 'protocol says what it is' },
  notes:
    'APIs bound to it by `binds-to` come before everything else. What a backend answers goes back to the caller, unless `send` names a `receive` sequence.',
  example: `<inboundEndpoint name="orders" protocol="http" sequence="takeOrder" onError="fault" suspend="false" xmlns="http://ws.apache.org/ns/synapse">
    <parameters>
        <parameter name="inbound.http.port">8085</parameter>
    </parameters>
</inboundEndpoint>`,
  nameOf: config => config.name ?? '',

  check({ protocol, parameters }, wrong) {
    checkHttps({ protocol, secure: 'https' }, parameters, wrong)
  },

  compile({ name, protocol, sequence, onError, suspend, parameters: given }, build, span) {
    const pattern = given['dispatch.filter.pattern']
    const served = httpService({ name: name!, sequence, onError, pattern }, build, span)
    if (pattern && sequence) {
      const message = `Sequence ${sequence.name} does not run: with dispatch.filter.pattern, main takes what no service is for.`
      build.warning(sequence.span, 'no-effect', message)
    }
    const isSecure = protocol === 'https'
    const tls = httpsTls(given, { name: name!, isSecure }, { build, span })
    if (suspend || (isSecure && !tls)) return {}
    const wanted = given['inbound.http.port']
    const port = wanted === 0 ? 0 : wanted + build.settings.http.inboundOffset
    return { services: [{ ...served, listener: { port, ...(tls && { tls }) } }] }
  },
})
