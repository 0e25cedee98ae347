import { honoured, type OptionEntry, refused } from '../option-registry.ts'

type Row = readonly [ids: string, option: string, as: string]

const HONOURED: readonly Row[] = [
  ['B-04', 'onUpgrade', 'onUpgrade'],
  ['B-05 B-42', 'onMessage', 'onMessage'],
  ['B-06', 'onOpen', 'onOpen'],
  ['B-06', 'onTextMessage', 'onTextMessage'],
  ['B-06', 'onBinaryMessage', 'onBinaryMessage'],
  ['B-06 B-54', 'onPing', 'onPing'],
  ['B-06', 'onPong', 'onPong'],
  ['B-06 B-56', 'onIdleTimeout', 'onIdle'],
  ['B-06', 'onClose', 'onClose'],
  ['B-55', 'onError', 'onError'],
  ['B-50', 'onUnmatched', 'onUnmatched'],
  ['B-10 B-24', 'webSocketCompressionEnabled', 'compression'],
  ['B-11', 'origins', 'origins'],
  ['B-12 B-16', 'secureSocket.key', 'listen.secureSocket.key'],
  ['B-14', 'host', 'listen.host'],
  ['B-17', 'secureSocket.mutualSsl', 'listen.secureSocket.mutualSsl'],
  ['B-18', 'secureSocket.protocol', 'listen.secureSocket.protocol'],
  ['B-18', 'secureSocket.ciphers', 'listen.secureSocket.ciphers'],
  ['B-20', 'secureSocket.shareSession', 'listen.secureSocket.shareSession'],
  ['B-20', 'secureSocket.handshakeTimeout', 'listen.secureSocket.handshakeTimeout'],
  ['B-20', 'secureSocket.sessionTimeout', 'listen.secureSocket.sessionTimeout'],
  ['B-15', 'listen.http1Settings.keepAlive', 'listen.http1Settings.keepAlive'],
  ['B-15', 'listen.http1Settings.maxPipelinedRequests', 'listen.http1Settings.maxPipelinedRequests'],
  ['B-19', 'listen.secureSocket.mutualSsl.crl', 'listen.secureSocket.mutualSsl.crl'],
  ['B-22', 'listen.server', 'listen.server'],
  ['B-23', 'listen.requestLimits.maxUriLength', 'listen.requestLimits.maxUriLength'],
  ['B-23', 'listen.requestLimits.maxHeaderSize', 'listen.requestLimits.maxHeaderSize'],
  ['B-23', 'listen.requestLimits.maxEntityBodySize', 'listen.requestLimits.maxEntityBodySize'],
  ['B-26', 'subProtocols', 'subProtocols'],
  ['B-26', 'requireSubprotocol', 'requireSubprotocol'],
  ['B-27', 'idleTimeout', 'idleTimeout'],
  ['B-28', 'maxFrameSize', 'maxFrameSize'],
  ['B-28', 'maxMessageSize', 'maxMessageSize'],
  ['B-29 B-87', 'auth', 'auth'],
  ['B-30', 'validation', 'validation'],
  ['B-31 B-48', 'dispatcherKey', 'dispatcherKey'],
  ['B-32 B-52', 'dispatcherStreamId', 'dispatcherStreamId'],
  ['B-33', 'connectionClosureTimeout', 'connectionClosureTimeout'],
  ['B-35', 'upgradePath', 'upgradePath'],
  ['B-36', 'query', 'query'],
  ['B-37', 'headers', 'headers'],
  ['B-39', 'upgradeHeaders', 'upgradeHeaders'],
  ['B-41', 'stream', 'stream'],
  ['B-49', 'routes', 'routes'],
  ['B-61 B-62 B-63', 'bindingCode', 'bindingCode'],
  ['O-01', 'basePath', 'basePath'],
  ['O-02', 'resources', 'resources'],
]

const MAPPED: readonly Row[] = [
  ['B-13', 'port', 'listen.port; without it the listeners of the HTTP transport'],
  ['B-21', 'timeout', 'upgradeTimeout'],
  ['B-57', 'concurrency', 'the parameters ws.concurrency.*'],
  ['O-01', '@BasePath', 'annotated(class, { basePath })'],
  ['O-01', '@WebSocketUpgradePath', 'annotated(class, { upgradePath })'],
  ['O-04', '@OnOpen', "annotated(class, { onOpen: 'method' })"],
  ['O-05', '@OnTextMessage', "annotated(class, { onTextMessage: 'method' })"],
  ['O-06', '@OnClose', "annotated(class, { onClose: 'method' })"],
  ['O-08', 'sendText', 'sendText(message, text)'],
  ['O-10', 'pushText', 'caller.sessions.get(id).send, caller.groups.send'],
]

const REFUSED: readonly Row[] = [
  [
    'B-19',
    'secureSocket.certValidation',
    'nobody is asked about the certificates of clients; name a list of revoked ones in mutualSsl.crl',
  ],
  ['B-22', 'server', 'it is an option of listen, beside the port'],
  ['B-15', 'http1Settings', 'it is an option of listen, beside the port'],
  ['B-23', 'requestLimits', 'it is an option of listen, beside the port'],
]

function entriesOf(rows: readonly Row[], status: OptionEntry['status']): OptionEntry[] {
  return rows.flatMap(([ids, option, as]) =>
    ids.split(' ').map(id => ({ id, option, status, as, where: 'service' })),
  )
}

/** Options of services with hooks. */
export const serviceOptions: readonly OptionEntry[] = [
  ...entriesOf(HONOURED, 'honoured'),
  ...entriesOf(MAPPED, 'mapped'),
  ...entriesOf(REFUSED, 'refused'),
  ...honoured('B-83', 'service auth', 'fileUserStoreConfig'),
  refused(
    'B-84',
    'service auth',
    'ldapUserStoreConfig',
    'LDAP is not built in; list users in fileUserStoreConfig, or have a server that knows the directory give out tokens',
  ),
  ...honoured('B-85', 'service auth', 'jwtValidatorConfig'),
  ...honoured('B-86', 'service auth', 'oauth2IntrospectionConfig'),
  ...honoured('B-87', 'service auth', 'scopes tokenFrom renewalKey firstMessageTimeout closeCode'),
]
