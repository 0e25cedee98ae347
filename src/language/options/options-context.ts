import { behaviour, honoured, mapped, type OptionEntry, refused } from '../option-registry.ts'

const HTTP_CODEC = 'the head of a handshake may be as large as Node.js allows'

/** The properties that WebSocket mediation knows, and what the sender of WebSocket messages has. */
export const contextOptions: readonly OptionEntry[] = [
  ...honoured('W-39', 'property', 'websocket.source.handshake.present websocket.target.handshake.present'),
  ...honoured('W-40', 'property', 'websocket.text.frame websocket.text.frame.present'),
  ...honoured('W-40', 'property', 'websocket.binary.frame websocket.binary.frame.present'),
  ...honoured('W-40', 'property', 'websocket.ping.frame websocket.ping.frame.present'),
  ...honoured('W-40', 'property', 'websocket.pong.frame websocket.pong.frame.present'),
  ...honoured('W-41', 'property', 'websocket.source.channel.identifier websocket.subscriber.path'),
  ...honoured('W-41', 'property', 'websocket.correlation.id'),
  ...honoured('W-42', 'property', 'websocket.close.code websocket.reason.text connection.terminate'),
  ...honoured('W-43', 'property', 'websocket.close.frame.status.code websocket.close.frame.reason.text'),
  ...honoured('W-44', 'property', 'errorCode ERROR_MESSAGE HTTP_SC'),
  refused(
    'W-44',
    'property',
    'CUSTOM_HTTP_SC',
    'set errorCode, a close code, with ERROR_MESSAGE; before the upgrade HTTP_SC is the status',
  ),
  refused(
    'W-45',
    'property',
    'close.websocket.client.on.client.handler.error',
    'the fault sequence decides whether a client is closed, by errorCode or by websocket.close.client',
  ),
  ...honoured('W-46', 'property', 'clientId'),
  ...honoured('W-46', 'expression', '$trp:X-Header'),
  behaviour('W-47', 'the end of a client', 'is never a message to a backend, and opens no connection'),
  behaviour(
    'W-48',
    'a backend that cannot be reached',
    'closes the client with 1014, unless the fault sequence does otherwise',
  ),

  ...honoured('W-49', 'property', 'websocket.custom.header.NAME'),
  ...honoured('W-49', 'setting', 'transport.ws.sender.parameter.ws.custom.header'),
  ...honoured('W-50', 'setting', 'transport.ws.sender.parameter.ws.headers.preserve'),
  ...honoured('W-50', 'inbound ws', 'ws.headers.preserve'),
  ...honoured('W-51', 'property', 'websocket.subprotocol'),
  ...honoured('W-51', 'inbound ws', 'ws.subprotocol.passthrough'),
  ...honoured(
    'W-52',
    'setting',
    'transport.wss.sender.truststore_location transport.wss.sender.truststore_password',
  ),
  ...honoured('W-52', 'setting', 'transport.ws.sender.parameter.ws.client.enable.hostname.verification'),
  ...honoured('W-53', 'setting', 'transport.ws.max_frame_bytes transport.ws.max_message_bytes'),
  mapped('W-53', 'setting', 'transport.ws.sender.parameter.wsMaxFrameLength', 'transport.ws.max_frame_bytes'),
  mapped(
    'W-53',
    'setting',
    'transport.ws.sender.parameter.wsMaxHttpAggregateContentLength',
    'transport.ws.max_message_bytes',
  ),
  refused('W-53', 'setting', 'transport.ws.sender.parameter.wsMaxHttpCodecInitLength', HTTP_CODEC),
  refused('W-53', 'setting', 'transport.ws.sender.parameter.wsMaxHttpCodecHeaderSize', HTTP_CODEC),
  refused('W-53', 'setting', 'transport.ws.sender.parameter.wsMaxHttpCodecChunkSize', HTTP_CODEC),
  refused(
    'W-54',
    'setting',
    'transport.ws.sender.parameter.wsSharedEventLoopPoolSize',
    'there are no threads; myelin run --workers takes more cores',
  ),
  refused(
    'W-55',
    'setting',
    'transport.ws.sender.parameter.ws.proxyProfiles',
    'endpoints connect to their backends straight; connect of the SDK and myelin ws go through proxies',
  ),
  behaviour('W-56', 'addresses that differ by their query', 'are different backends'),
  behaviour('W-57', 'sharing', 'clients have links of their own, HTTP callers share those of an address'),
  ...honoured('W-58', 'endpoint address', 'reconnect takeover connect'),
  ...honoured('W-58', 'endpoint address reconnect', 'maxCount interval backOffFactor maxWaitInterval'),
  behaviour(
    'W-59',
    'messages for a backend that is away',
    'wait, or are a fault: each is counted in the ledger',
  ),
  ...honoured(
    'W-60',
    'inbound ws',
    'ws.compression ws.compression.threshold ws.compression.context.takeover',
  ),
  ...honoured('W-60', 'endpoint address', 'compression'),
  ...honoured('W-61', 'setting', 'transport.ws.sender.outflow_dispatch_fault_sequence'),
]

/** What people are told who set a property that does nothing here, by its name. */
export const refusedProperties: ReadonlyMap<string, string> = new Map(
  contextOptions
    .filter(({ where, status }) => where === 'property' && status === 'refused')
    .map(({ option, as }) => [option, as]),
)

/** What people are told who have a setting that counts for nothing here, by its key. */
export const toldSettings: ReadonlyMap<string, string> = new Map(
  contextOptions
    .filter(({ where, status }) => where === 'setting' && status !== 'honoured')
    .map(({ option, status, as }) => [option, status === 'mapped' ? `Use ${as}.` : sentence(as)]),
)

function sentence(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`
}
