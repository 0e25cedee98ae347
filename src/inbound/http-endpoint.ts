import type { Service } from '../core/ports.ts'
import { artifact, type Build } from '../language/declare.ts'
import { attribute, parameters } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import type { Span } from '../language/source.ts'
import { boolean, name, oneOf, reference } from '../language/types.ts'
import { dispatchSettings, outDispatch } from '../sequences/out-dispatch.ts'
import { guarded } from '../sequences/pipeline.ts'
import { REPLY } from '../sequences/reply.ts'
import type { ListenerTlsOptions } from '../websocket/options.ts'
import { httpParameters, type StoreFile } from './http-parameters.ts'
import { inboundTls } from './keystore.ts'

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
    if (protocol === 'https' && parameters.keystore === undefined)
      wrong('<inboundEndpoint> with protocol https needs parameter keystore.', { code: 'missing' })
    if (protocol === 'http' && parameters.keystore !== undefined) {
      wrong('Parameter keystore has no place here: the protocol is http.', { hint: 'Use protocol="https".' })
    }
    if (parameters.CertificateRevocationVerifier !== undefined) {
      wrong(
        'Parameter CertificateRevocationVerifier is not supported: certificates are not checked for being revoked.',
        {
          code: 'not-supported',
        },
      )
    }
  },

  compile({ name, protocol, sequence, onError, suspend, parameters: given }, build, span) {
    const fault = build.faultSequence(onError)
    const pattern = given['dispatch.filter.pattern']
    const what = `inbound endpoint ${name}`
    const service: Service = {
      name: name!,
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
    if (pattern && sequence) {
      const message = `Sequence ${sequence.name} does not run: with dispatch.filter.pattern, main takes what no service is for.`
      build.warning(sequence.span, 'no-effect', message)
    }
    const tls = protocol === 'https' ? tlsOf(given, name, { build, span }) : undefined
    if (suspend || (protocol === 'https' && !tls)) return {}
    const listener = { port: given['inbound.http.port'], ...(tls && { tls }) }
    return {
      services: [{ service, listener, path: '/*', span, ...(pattern && { http: { dispatch: pattern } }) }],
    }
  },
})

interface TlsParameters {
  readonly keystore?: StoreFile | undefined
  readonly truststore?: StoreFile | undefined
  readonly SSLVerifyClient: 'none' | 'optional' | 'require'
  readonly HttpsProtocols?: string | undefined
  readonly PreferredCiphers?: string | undefined
}

function tlsOf(
  given: TlsParameters,
  name: string,
  place: { readonly build: Build; readonly span: Span },
): ListenerTlsOptions | undefined {
  const { keystore, truststore, SSLVerifyClient: verify } = given
  if (verify === 'require' && !truststore) {
    place.build.error(place.span, 'missing', 'SSLVerifyClient require needs parameter truststore.')
    return undefined
  }
  const files = {
    keyStore: keystore!.location,
    keyStorePassword: keystore!.password,
    keyPassword: keystore!.keyPassword,
    trustStore: verify === 'require' ? truststore!.location : undefined,
    trustStorePassword: truststore?.password,
    protocols: safeOf(given.HttpsProtocols),
    ciphers: given.PreferredCiphers,
  }
  return inboundTls(files, name, place)
}

/** Compatibility: old configurations list versions that nobody should speak any more. */
function safeOf(protocols: string | undefined): string {
  const named = (protocols ?? 'TLS').split(',').map(each => each.trim())
  const safe = named.filter(each => !/^(?:SSL.*|TLSv1(?:\.1)?)$/i.test(each))
  return safe.length > 0 ? safe.join(',') : 'TLS'
}
