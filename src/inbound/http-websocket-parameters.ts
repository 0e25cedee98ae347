import { port, text } from '../language/types.ts'
import { dispatchParameters } from './http-parameters.ts'
import { httpsParameters } from './https-parameters.ts'
import { webSocketParameters } from './websocket-parameters.ts'

const {
  'inbound.ws.port': _port,
  'ws.use.port.offset': _offset,
  'wss.ssl.key.store.file': _keyStore,
  'wss.ssl.key.store.pass': _keyStorePassword,
  'wss.ssl.cert.pass': _keyPassword,
  'wss.ssl.key.file': _keyFile,
  'wss.ssl.trust.store.file': _trustStore,
  'wss.ssl.trust.store.pass': _trustStorePassword,
  'wss.ssl.protocols': _protocols,
  'wss.ssl.cipher.suites': _ciphers,
  ...forWebSockets
} = webSocketParameters

const VERSION = {
  type: text,
  doc: 'Accepted; HTTP/1.1 is served, also to clients that would speak a newer one.',
} as const

/** Parameters of `httpws` and `httpswss` inbound endpoints, in the original's names. */
export const httpWebSocketParameters = {
  port: {
    type: port,
    doc: 'Port to listen on; 0 takes a free one. The setting inbound.port.offset.enable adds the port offset.',
    required: true,
  },
  hostname: { type: text, doc: 'Address to bind to; default all.' },
  protocolVersion: VERSION,
  protocolVersions: VERSION,
  ...dispatchParameters,
  ...forWebSockets,
  ...httpsParameters,
} as const
