import {
  boolean,
  Expected,
  integer,
  list,
  oneOf,
  port,
  reference,
  text,
  type ValueType,
} from '../language/types.ts'
import { isSendable } from '../websocket/close-codes.ts'
import { concurrencyParameters } from './concurrency.ts'
import { deliveryParameters } from './delivery-parameters.ts'
import { frameParameters } from './frame-parameters.ts'
import { handshakeParameters } from './handshake-options.ts'
import { heartbeatParameters } from './heartbeat-parameters.ts'
import { limitParameters } from './limit-parameters.ts'
import { Origins, originList } from './origins.ts'
import { slowParameters } from './slow-parameters.ts'

/** A close code that may be sent. */
const closeCode: ValueType<number> = {
  name: 'close code',
  parse(value) {
    if (!isSendable(Number(value)))
      throw new Expected('a close code that may be sent: 1000 to 1003, 1007 to 1014, 3000 to 4999')
    return Number(value)
  },
}

/** The name of a Java class: there is nothing to run it. */
function javaClass(instead: string): ValueType<undefined> {
  return {
    name: 'name of a Java class',
    parse(value) {
      if (value.trim() === '') return undefined
      throw new Expected('no Java class', instead)
    },
  }
}

const path: ValueType<string> = {
  name: 'path',
  parse(value) {
    const trimmed = value.trim()
    if (!trimmed.startsWith('/') || trimmed.includes('?'))
      throw new Expected('a path such as /orders, or /orders/* for all below it')
    return trimmed
  },
}

/** Parameters of `ws` and `wss` inbound endpoints, in the original's names. */
export const webSocketParameters = {
  'inbound.ws.port': { type: port, doc: 'Port to listen on; 0 takes a free one.', required: true },
  sequential: {
    type: text,
    doc: 'Accepted; messages of a client are in order, unless `ws.concurrency.max` says otherwise.',
  },
  coordination: { type: text, doc: 'Accepted; each process listens for clients of its own.' },
  'ws.use.port.offset': {
    type: boolean,
    doc: 'Whether the port offset of the server is added.',
    default: false,
  },
  'ws.path': {
    type: path,
    doc: 'Path to serve, `/*` at its end for all below it. Several endpoints may share a port with different paths. Not in the original, which serves every path.',
    default: '/*',
  },
  'ws.outflow.dispatch.sequence': {
    type: reference,
    doc: 'Sequence for messages of the backend; default main.',
  },
  'ws.outflow.dispatch.fault.sequence': {
    type: reference,
    doc: 'Sequence for faults in the one above, and for lost backends; default fault.',
  },
  'ws.client.side.broadcast.level': {
    type: oneOf('0', '1', '2'),
    doc: 'Who gets a reply: its client (0), all clients on its path (1), all but its client (2).',
    default: '0',
  },
  'ws.default.content.type': {
    type: text,
    doc: 'Content type of messages that come without a subprotocol that tells it.',
  },
  'ws.subprotocols': {
    type: list,
    doc: 'Further subprotocols to accept, by name. Not in the original.',
    default: [],
  },
  'ws.subprotocol.handler.class': {
    type: javaClass('List the names of the subprotocols in ws.subprotocols instead.'),
    doc: 'Java classes for subprotocols; refused.',
  },
  'ws.pipeline.handler.class': {
    type: javaClass('Do what it does in the sequence, on the message with source.handshake.present.'),
    doc: 'A Java class in front of the sequence; refused.',
  },
  ...handshakeParameters,
  ...concurrencyParameters,
  ...limitParameters,
  ...deliveryParameters,
  ...frameParameters,
  ...heartbeatParameters,
  'ws.origins': {
    type: originList,
    doc: 'Origins whose pages may connect, comma-separated: `https://app.example.com`, `https://*.app.example.com` and `*.app.example.com` for what is below it, `*` for all; others are refused with 403. What sends no Origin header is no page, and is let in. Without a list pages of other hosts are refused where the browser sends a cookie along. Not in the original.',
    default: new Origins([]),
  },
  ...slowParameters,
  'dispatch.custom.sequence': {
    type: boolean,
    doc: 'Whether the path chooses the sequence: /a/b runs a-b where there is such a sequence.',
    default: false,
  },
  'ws.pass.through.control.frames': {
    type: boolean,
    doc: 'Whether pings and pongs run through the sequences, to be relayed by send and respond, instead of being answered here.',
    default: false,
  },
  'ws.dispatch.idleTime': {
    type: integer({ min: 0 }),
    doc: 'Seconds without traffic after which a client is closed; 0 never.',
    default: 0,
  },
  'ws.outflow.dispatch.idleTime': {
    type: integer({ min: 0 }),
    doc: 'Seconds without traffic after which a link to a backend is closed; 0 never.',
    default: 0,
  },
  'ws.close.deadline': {
    type: integer({ min: 1, max: 3_600_000 }),
    doc: 'Milliseconds that what came before the end of one side may take to reach the other; then that is closed. Not in the original.',
    default: 5_000,
  },
  'ws.shutdown.status.code': {
    type: closeCode,
    doc: 'Close code for clients when the gateway stops.',
    default: 1001,
  },
  'ws.shutdown.status.message': {
    type: text,
    doc: 'Close reason for clients when the gateway stops.',
    default: 'shutdown',
  },
  'ws.boss.thread.pool.size': { type: text, doc: 'Accepted; there are no threads to size.' },
  'ws.worker.thread.pool.size': { type: text, doc: 'Accepted; there are no threads to size.' },
  'wss.ssl.key.store.file': { type: text, doc: 'wss: key store with the certificate: JKS, PKCS#12 or PEM.' },
  'wss.ssl.key.store.pass': { type: text, doc: 'wss: password of the key store.' },
  'wss.ssl.cert.pass': { type: text, doc: 'wss: password of the private key; default that of the store.' },
  'wss.ssl.key.file': {
    type: text,
    doc: 'wss: PEM file with the private key, where it is not in the key store. Not in the original.',
  },
  'wss.ssl.trust.store.file': {
    type: text,
    doc: 'wss: store of the authorities that client certificates must come from; makes them mandatory.',
  },
  'wss.ssl.trust.store.pass': { type: text, doc: 'wss: password of that store.' },
  'wss.ssl.protocols': {
    type: text,
    doc: 'wss: TLS versions, comma-separated: TLS, TLSv1.2, TLSv1.3.',
    default: 'TLS',
  },
  'wss.ssl.cipher.suites': {
    type: text,
    doc: 'wss: cipher suites, comma-separated, in the names of Java, the IETF or OpenSSL. Those that are not there are left out, with a warning.',
  },
} as const
