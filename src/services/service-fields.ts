import { attribute, type Config, child, children } from '../language/field.ts'
import {
  boolean,
  decimal,
  Expected,
  integer,
  list,
  name,
  oneOf,
  port,
  reference,
  text,
  type ValueType,
} from '../language/types.ts'
import { accessField } from './access-fields.ts'
import { hooksField } from './hooks-field.ts'
import { PARAMETER_TYPES } from './upgrade-path.ts'

const basePath: ValueType<string> = {
  name: 'path',
  parse(value) {
    const path = value.trim().replace(/(?<=.)\/+$/, '')
    if (!path.startsWith('/') || /[?#\s*]/.test(path)) throw new Expected('a path such as /chat')
    return path
  },
}

const onOff: ValueType<boolean> = {
  name: 'on or off',
  parse(value) {
    const word = value.trim().toLowerCase()
    if (!/^(?:on|off|true|false)$/.test(word)) throw new Expected('on or off')
    return word === 'on' || word === 'true'
  },
}

const closureTimeout: ValueType<number> = {
  name: 'seconds',
  parse(value) {
    const seconds = Number(value)
    if (value.trim() === '' || !Number.isFinite(seconds) || (seconds < 0 && seconds !== -1))
      throw new Expected('seconds, or -1 to wait for ever')
    return seconds
  },
}

const serverName: ValueType<string> = {
  name: 'text of a header',
  parse(value) {
    if (/^[\t\x20-\x7e]+$/.test(value)) return value
    throw new Expected('text of one line')
  },
}

/** Each is about a port; where a service has none of its own, that of the HTTP transport has settings. */
const OF_LISTEN = 'it is an option of listen, beside the port'
const NO_REVOCATION =
  'nobody is asked about the certificates of clients; name a list of revoked ones in mutualSsl.crl'

const parameterFields = {
  name: attribute(name, { doc: 'Name of the parameter.', required: true }),
  type: attribute(oneOf(...PARAMETER_TYPES), { doc: 'Kind of its value.', default: 'string' }),
  required: attribute(boolean, { doc: 'Whether a client without it is refused with 400.', default: true }),
  default: attribute(text, { doc: 'Its value for clients that leave it out.' }),
} as const

const listenFields = {
  port: attribute(port, { doc: 'Port of its own; 0 takes a free one.' }),
  host: attribute(text, { doc: 'Address to bind; default all.' }),
  timeout: attribute(decimal, { doc: 'As upgradeTimeout of the service.' }),
  webSocketCompressionEnabled: attribute(onOff, { doc: 'As compression of the service.' }),
  server: attribute(serverName, { doc: 'The header Server of its answers; without it there is none.' }),
  http1Settings: child(
    {
      keepAlive: attribute(oneOf('AUTO', 'ALWAYS', 'NEVER'), {
        doc: 'Whether a connection may have several requests: as its client asks (AUTO), or not (NEVER). ALWAYS is the same as AUTO: who asks for the end of a connection gets it.',
        default: 'AUTO',
      }),
      maxPipelinedRequests: attribute(integer({ min: 1 }), {
        doc: 'How many requests of one connection may wait for their answers; one more is refused with 503.',
      }),
    },
    { doc: 'How it speaks HTTP/1.1.' },
  ),
  requestLimits: child(
    {
      maxUriLength: attribute(integer({ min: 1, max: 1024 * 1024 }), {
        doc: 'Longest address of a request; a longer one gets 414. Default what the head may have.',
      }),
      maxHeaderSize: attribute(integer({ min: 1, max: 1024 * 1024 }), {
        doc: 'Most bytes of header fields; more get 431. Default the setting transport.http.listener.max_header_bytes.',
      }),
      maxEntityBodySize: attribute(integer({ min: -1 }), {
        doc: 'Largest body, in bytes; a larger one gets 413. -1 asks nothing of those that nobody looks into. What does not tell its length is read in first.',
        default: -1,
      }),
    },
    { doc: 'What its requests may be, upgrades among them.' },
  ),
  secureSocket: child(
    {
      certValidation: child({}, { doc: `Refused: ${NO_REVOCATION}.` }),
      key: child(
        {
          certFile: attribute(text, { doc: 'PEM file with the certificate.' }),
          keyFile: attribute(text, { doc: 'PEM file with the private key.' }),
          keyPassword: attribute(text, { doc: 'Password of the key.' }),
          path: attribute(text, { doc: 'Key store: JKS or PKCS#12.' }),
          password: attribute(text, { doc: 'Password of the key store.' }),
        },
        { doc: 'The certificate it shows.' },
      ),
      mutualSsl: child(
        {
          verifyClient: attribute(oneOf('REQUIRE', 'OPTIONAL'), {
            doc: 'Whether clients must show a certificate.',
            default: 'REQUIRE',
          }),
          cert: attribute(text, { doc: 'Authorities that they must come from.' }),
          crl: attribute(text, { doc: 'PEM file with the lists of certificates that these have revoked.' }),
        },
        { doc: 'Certificates of clients.' },
      ),
      protocol: child(
        {
          name: attribute(text, { doc: 'TLS.' }),
          versions: attribute(text, { doc: 'TLSv1.2, TLSv1.3.' }),
        },
        { doc: 'Versions of TLS.' },
      ),
      ciphers: attribute(text, { doc: 'Cipher suites, comma-separated.' }),
      handshakeTimeout: attribute(decimal, { doc: 'Seconds for the TLS handshake.' }),
      sessionTimeout: attribute(decimal, { doc: 'Seconds for which a TLS session may be resumed.' }),
      shareSession: attribute(boolean, { doc: 'Accepted: sessions can be resumed.' }),
    },
    { doc: 'TLS.' },
  ),
} as const

/** What a service with hooks may say, but for its resources and its parameters. */
export const serviceFields = {
  name: attribute(name, { doc: 'Name of the service.', required: true }),
  basePath: attribute(basePath, { doc: 'Path that WebSockets and resources have in common.', default: '/' }),
  upgradePath: attribute(text, {
    doc: 'Path for upgrades behind it, with typed parameters: `/[room:string]/[id:int]`. Another path, or a value of another type, is 404.',
    default: '.',
  }),
  subProtocols: attribute(list, {
    doc: 'Subprotocols that are chosen when a client offers them.',
    default: [],
  }),
  requireSubprotocol: attribute(boolean, {
    doc: 'Whether a client that offers none of them is refused with 400.',
    default: false,
  }),
  idleTimeout: attribute(decimal, {
    doc: 'Seconds without traffic until onIdle runs; without that hook the client is closed with 1001. 0 never.',
    default: 0,
  }),
  maxFrameSize: attribute(integer(), {
    doc: 'Largest frame, in bytes; a larger one closes with 1009. 0 and less are the default.',
    default: 65_536,
  }),
  maxMessageSize: attribute(integer({ min: 1 }), {
    doc: 'Largest message, in bytes, all its fragments together. Default the setting transport.ws.max_message_bytes.',
  }),
  compression: attribute(onOff, {
    doc: 'Whether messages are compressed for clients that offer it.',
    default: true,
  }),
  webSocketCompressionEnabled: attribute(onOff, { doc: 'Another name of compression.' }),
  connectionClosureTimeout: attribute(closureTimeout, {
    doc: 'Seconds a client has to answer a close; -1 for ever.',
    default: 60,
  }),
  upgradeTimeout: attribute(decimal, {
    doc: 'Seconds onUpgrade may take; then the client is refused with 504. 0 for ever.',
    default: 120,
  }),
  timeout: attribute(decimal, { doc: 'Another name of upgradeTimeout.' }),
  dispatcherKey: attribute(name, {
    doc: 'Where a JSON message says which route takes it: a name, a dotted path, or a JSON pointer.',
  }),
  dispatcherStreamId: attribute(name, { doc: 'Where it has the id that what answers it gets as well.' }),
  stream: attribute(boolean, {
    doc: 'Whether onMessage, onTextMessage and onBinaryMessage take messages in chunks, as they come. Nothing is compressed then.',
    default: false,
  }),
  validation: attribute(boolean, {
    doc: 'Whether messages are checked against the schemas of hooks.',
    default: true,
  }),
  bindingCode: attribute(oneOf('1003', '1007'), {
    doc: 'Close code for messages that do not fit, where no hook takes the error.',
    default: '1003',
  }),
  origins: attribute(text, {
    doc: 'Origins whose pages may connect, comma-separated; see `ws.origins` of inbound endpoints.',
  }),
  contentType: attribute(text, {
    doc: 'Content type of messages that come without a subprotocol that tells it.',
  }),
  faultSequence: attribute(reference, {
    doc: 'Sequence for faults where there is no onError; default fault.',
  }),
  transports: attribute(text, { doc: 'http or https, where it does not listen for itself; default both.' }),
  suspend: attribute(boolean, { doc: 'Whether upgrades are refused with 503.', default: false }),
  auth: accessField,
  listen: child(listenFields, { doc: 'A listener of its own, in place of those of the HTTP transport.' }),
  query: children(parameterFields, { doc: 'A parameter of the query.' }),
  header: children(parameterFields, { doc: 'A parameter in a header.' }),
  upgradeHeader: children(
    {
      name: attribute(name, { doc: 'Name of the header.', required: true }),
      value: attribute(text, { doc: 'Its value.', required: true }),
    },
    { doc: 'A header of the answer to the handshake.' },
  ),
  hooks: hooksField,
} as const

/** The values of these fields. */
export type ServiceConfig = Config<typeof serviceFields>

/** What is known and does not run, each with what to do. */
export const refusedServiceOptions: Readonly<Record<string, string>> = {
  server: OF_LISTEN,
  http1Settings: OF_LISTEN,
  requestLimits: OF_LISTEN,
}

/** Says which options of a listener cannot be had, each with what to do. */
export function refusedOfListener({ listen }: ServiceConfig): (readonly [option: string, reason: string])[] {
  if (listen === undefined) return []
  const { port: own, host, server, http1Settings, requestLimits, secureSocket } = listen
  const isNone = Object.entries({ host, server, http1Settings, requestLimits, secureSocket })
    .filter(([, value]) => own === undefined && value !== undefined)
    .map(([option]) => [option, 'without a port it is not a listener of its own'] as const)
  const revocation =
    secureSocket?.certValidation === undefined ? [] : ([['certValidation', NO_REVOCATION]] as const)
  return [...isNone, ...revocation]
}
