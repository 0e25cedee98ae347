import { artifact } from '../language/declare.ts'
import { attribute, parameters } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import { boolean, name, oneOf, reference } from '../language/types.ts'
import { inboundTls, type KeyStoreFiles } from './listener-tls.ts'
import { webSocketParameters } from './websocket-parameters.ts'
import { webSocketService } from './websocket-service.ts'

/** Lets WebSocket clients in. */
export const webSocketInboundArtifact = artifact({
  element: 'inboundEndpoint',
  variant: { attribute: 'protocol', values: ['ws', 'wss'] },
  folder: 'inbound-endpoints',
  space: 'inboundEndpoint',
  summary: 'Lets WebSocket clients in: each of their messages runs through a sequence.',
  fields: {
    name: attribute(name, { doc: 'Name of the inbound endpoint.', required: true }),
    protocol: attribute(oneOf('ws', 'wss'), { doc: 'ws, or wss for TLS.', required: true }),
    sequence: attribute(reference, { doc: 'Sequence for what clients send; default main.' }),
    onError: attribute(reference, { doc: 'Sequence for faults in it; default fault.' }),
    suspend: attribute(boolean, { doc: 'Whether upgrades are refused with 503.', default: false }),
    statistics,
    trace,
    parameters: parameters(webSocketParameters, {
      doc: 'Settings, each a `<parameter name="…">`. A value that is `$SYSTEM:NAME`, `$FILE:NAME` or `${configs.NAME}` is the environment variable NAME; one that is not set counts as not given.',
    }),
  },
  unsupported: { handlers: 'they are Java classes', class: 'protocol says what it is' },
  notes:
    'The sequence also runs for the handshake (property `source.handshake.present`) and once the client is gone (`connection.terminate`). `GET /health` on the port answers 200.\n\nCompatibility: a client is closed when its backend is lost or cannot be reached (1014), with the backend’s code and reason when the backend closes. The original leaves it open.',
  example: `<inboundEndpoint name="orders" protocol="ws" sequence="toBackend" onError="fault" suspend="false" xmlns="http://ws.apache.org/ns/synapse">
    <parameters>
        <parameter name="inbound.ws.port">9091</parameter>
        <parameter name="ws.outflow.dispatch.sequence">fromBackend</parameter>
        <parameter name="ws.client.side.broadcast.level">0</parameter>
    </parameters>
</inboundEndpoint>`,
  nameOf: config => config.name ?? '',

  check({ protocol, parameters }, wrong) {
    if (protocol === 'wss' && parameters['wss.ssl.key.store.file'] === undefined) {
      wrong('<inboundEndpoint> with protocol wss needs parameter wss.ssl.key.store.file.', {
        code: 'missing',
      })
    }
    if (protocol === 'ws' && parameters['wss.ssl.key.store.file'] !== undefined) {
      wrong('Parameter wss.ssl.key.store.file has no place here: the protocol is ws.', {
        hint: 'Use protocol="wss".',
      })
    }
  },

  compile({ name, protocol, sequence, onError, suspend, parameters: given }, build, span) {
    const served = webSocketService({ name, sequence, onError, isSuspended: suspend, given }, build, span)
    const tls = protocol === 'wss' ? inboundTls(tlsFiles(given), name, { build, span }) : undefined
    if (protocol === 'wss' && !tls) return {}
    const offset = given['ws.use.port.offset'] ? build.settings.portOffset : 0
    const listenPort = given['inbound.ws.port']
    const port = listenPort === 0 ? 0 : listenPort + offset
    return { services: [{ ...served, listener: { port, tls } }] }
  },
})

function tlsFiles(given: Readonly<Record<string, unknown>>): KeyStoreFiles {
  const textOf = (key: string): string | undefined => given[key] as string | undefined
  return {
    keyStore: textOf('wss.ssl.key.store.file') ?? '',
    keyStorePassword: textOf('wss.ssl.key.store.pass'),
    keyPassword: textOf('wss.ssl.cert.pass'),
    keyFile: textOf('wss.ssl.key.file'),
    trustStore: textOf('wss.ssl.trust.store.file'),
    trustStorePassword: textOf('wss.ssl.trust.store.pass'),
    protocols: textOf('wss.ssl.protocols') ?? 'TLS',
    ciphers: textOf('wss.ssl.cipher.suites'),
  }
}
