import { FAULT_CODES, type FaultCode } from '../../src/core/fault.ts'
import { code, prose, table } from '../../src/language/describe.ts'

/** When each fault comes up. A code without a text is known to configurations and not raised here. */
const RAISED: Partial<Record<FaultCode, string>> = {
  0: 'Anything that has no code of its own: an expression that cannot be evaluated, a value that cannot be turned into its type, a sequence that does not exist, `send` with nowhere to go.',
  101500:
    'A request cannot be written for an HTTP backend: a header value it may not have, or the sending broke off.',
  101501:
    'The answer of an HTTP backend is larger than `[transport.http]` `sender.max_body_bytes`, or cannot be read to its end.',
  101503:
    'A backend refuses the connection, its name is unknown, its certificate is not trusted, it answers the upgrade with another status than 101, or its address is wrong or of a transport that is not there.',
  101504: 'An HTTP backend does not answer within the `timeout` of its endpoint, or the global one.',
  101505:
    'The connection to a backend is lost, or is closing when a message is to be sent; or the client is gone, and nothing is opened for it any more.',
  101506:
    'The answer of a backend, or its handshake, breaks the protocol; or it selects a subprotocol that was not offered.',
  101507: 'The client went away while the connection to its backend was being opened.',
  101508:
    'A backend does not accept the connection within `[transport.http]` `sender.connect_timeout_ms`, or the handshake within `[transport.ws]` `handshake_timeout_ms`, or TCP gave up connecting.',
  101509:
    'As many messages as `[transport.ws]` `queue.max_messages` and `queue.max_bytes` allow already wait for the handshake; or the gateway stops.',
  101510: 'The answer of an HTTP backend is not packed the way its Content-Encoding says.',
  303000:
    'No endpoint of a loadbalance, failover or recipientlist endpoint is ready, or none of those that are took the message.',
  303001:
    'An endpoint is suspended after failures or switched off, its address needs something the environment does not have, or a message is for no address.',
  303002: 'A wsdl endpoint is suspended after failures or switched off, or its WSDL cannot be used.',
  303003: 'No OAuth token can be had for an http endpoint.',
  305100:
    'An endpoint referred to by key, or its template, does not exist, or was left out because of its errors.',
  306000:
    'What keeps the messages of a message store is away, full, or too slow for what is put in; HTTP callers get 503.',
  309001:
    'The endpoint that the session of a message belongs to is not ready, or none of the group is for a new session.',
  309002: 'The endpoint that the session of a message belongs to is no member of its group any more.',
  309003: 'The endpoint that the session of a message belongs to fails; the session is not moved.',
  401000: 'A `<callout>` cannot reach its service, or gets a status of 400 or more.',
  401002: 'A `<call blocking="true">` cannot reach its backend, or gets a status of 400 or more.',
  500000: 'A backend answers with a SOAP fault, and `FORCE_ERROR_ON_SOAP_FAULT` is `true`.',
  500101: 'A `<call-template>` gives no value for a mandatory parameter that has no default.',
  601000: 'A payload is not what its content type says, or has no form in the type asked for.',
}

/** Every code of a diagnostic, how much it matters, and what it means. */
export const DIAGNOSTICS: Readonly<Record<string, readonly [severity: string, meaning: string]>> = {
  'bad-class': [
    'error',
    'No module stands for a Java class in `[myelin.classes]`, or the module cannot be used.',
  ],
  'bad-combination': ['error', 'Two things that are right by themselves do not go together.'],
  'bad-description': [
    'error',
    'The description of an API that its messages are to be checked against cannot be used.',
  ],
  'bad-key-store': [
    'error, warning',
    'A key store or trust store cannot be read, or holds no certificate: a warning where the file of an inbound endpoint is not there, which does not listen then.',
  ],
  'bad-module': [
    'error',
    'A module of a service or a function cannot be loaded, or exports nothing that is one.',
  ],
  'bad-pattern': [
    'error, warning',
    'A pattern of a mock cannot be read: a warning where it is compared as text instead.',
  ],
  'bad-policy': ['warning', 'The policy of a `<throttle>` is none. Reaching the throttle is a fault.'],
  'bad-schema': ['warning', 'An entry that is used as a JSON Schema is none. Using it is a fault.'],
  'bad-script': ['error', 'A script cannot be parsed; the line is named.'],
  'bad-template': [
    'error',
    'A hole of a template, `{{…}}`, names nothing that there is, or a block has no end.',
  ],
  'bad-value': ['error', 'A value is not what is expected there.'],
  'built-in-fault': ['note', 'A sequence `fault` is named and not defined: the built-in one is used.'],
  'doubtful-expression': [
    'warning',
    'An expression can be compiled, and will be a fault or have no value when it is evaluated.',
  ],
  'duplicate-key': ['error', 'A map of a YAML file has a key twice.'],
  'duplicate-route': ['error', 'Two routes of a service have one key.'],
  'duplicate-name': [
    'error, warning',
    'Two artifacts have one name. The first is kept; in a collection it is the one that is meant.',
  ],
  'expired-certificate': [
    'warning',
    'A certificate has expired, or is not valid yet. It is used all the same; who connects will refuse it.',
  ],
  'http-only': ['note', 'A service names https beside http, and the HTTPS transport has no key store.'],
  'listener-clash': [
    'error',
    'Two services on one port say different things of its requests or its header Server. The second is left out.',
  ],
  'malformed-toml': ['error', 'The settings file is no TOML.'],
  'malformed-xml': ['error', 'A file is no well-formed XML.'],
  'malformed-yaml': [
    'error',
    'A file is no well-formed YAML, holds more than one document, or is too large.',
  ],
  missing: ['error', 'Something required is not there.'],
  'missing-argument': [
    'warning',
    'A template asks for an argument there is none of. It stays as it is written from there on.',
  ],
  'missing-endpoint': ['warning', 'A reference names no endpoint. Sending to it is fault 305100.'],
  'missing-entry': [
    'warning',
    'A key names no local entry and no resource. Using it is a fault; a parameter with such a key counts as not given.',
  ],
  'missing-file': ['error', 'A file that a collection or a service names is not there, or cannot be read.'],
  'missing-message-store': ['warning', 'A reference names no message store. Storing into it is a fault.'],
  'missing-inbound': [
    'warning',
    'An API is bound to an inbound endpoint that listens neither for HTTP nor for WebSockets.',
  ],
  'missing-sequence': [
    'warning',
    'A reference names no sequence. Reaching it is a fault, unless the text says what runs in its place.',
  ],
  'missing-template': ['warning', 'A reference names no template. Calling it is a fault.'],
  'missing-wsdl': ['warning', 'A WSDL cannot be read; the service runs without.'],
  'mixed-hooks': [
    'error',
    'A service has onMessage, which takes every message, beside onTextMessage or onBinaryMessage.',
  ],
  'mixed-stream': [
    'error',
    'A hook takes messages in chunks where whole ones are needed, or answers with a stream of messages where there is one answer.',
  ],
  'no-case': ['warning', 'A `<switch>` has a default and no case: the default always runs.'],
  'no-effect': ['warning, note', 'Something is known and does nothing here.'],
  'no-name': [
    'warning',
    'A file holds an endpoint without a name. It can only be a resource of the registry.',
  ],
  'no-transport': [
    'warning',
    'An endpoint is at an address nothing here can send to. Sending to it is a fault.',
  ],
  'not-supported': ['error', 'Something is known and does not run here; see [what runs](supported.md).'],
  'out-dispatch': [
    'note',
    'Which sequence runs for what a WebSocket backend of a proxy service sends, and by which rule.',
  ],
  'path-clash': ['error', 'Two services would be served at one place. The first is kept.'],
  'refused-option': ['error', 'An option is known and refused; the message says what to use instead.'],
  'repeated-hook': [
    'error',
    'A service has two hooks of one name, such as onUpgrade, or onIdle and onIdleTimeout.',
  ],
  'route-without-key': [
    'error',
    'A service has routes and no dispatcherKey, by which messages would find them.',
  ],
  'stream-id-without-key': ['error', 'A service has a dispatcherStreamId and no dispatcherKey.'],
  'repeated-element': ['warning', 'An element that may stand once is there more often. The first counts.'],
  'store-mapped': [
    'note',
    'A message store of a database or broker keeps its messages in the durable store of the gateway.',
  ],
  'tls-clash': [
    'error',
    'Two services on one port have different key stores, or only one has TLS. The second is left out.',
  ],
  'unknown-artifact': ['error', 'A root element, or a child of `<definitions>`, is no artifact.'],
  unreachable: ['note', 'A mediator or case never runs. Only `validate` looks for it.'],
  'unknown-option': ['error', 'There is no option of this name.'],
  'unreadable-file': ['error', 'A file that a mock names cannot be read.'],
  'unreadable-resource': ['error', 'A resource that an artifact looks into cannot be read.'],
  'unknown-attribute': [
    'error, warning',
    'An element has no such attribute: an error where it looks like a mistyped one, else it has no effect.',
  ],
  'unknown-cipher': ['warning', 'A cipher suite is not offered here; the others of its list are.'],
  'unknown-element': [
    'error, warning',
    'An element takes no such element: it has no effect, and may be a mistyped one. In `<propertyGroup>` and in test suites it is an error.',
  ],
  'unknown-endpoint': ['error', 'An element inside `<endpoint>` is no kind of endpoint.'],
  'unknown-mediator': ['error', 'An element where mediators stand is none.'],
  'unknown-hook': ['error', 'A service has a hook that nothing runs.'],
  'unknown-parameter': [
    'error, warning',
    'There is no parameter of this name: an error where it looks like a mistyped one, else it has no effect.',
  ],
  'unknown-variable': [
    'warning',
    'Nothing gives a variable of a collection a value. It is sent as it is written.',
  ],
  'unresolved-value': [
    'error, warning',
    'An address or a parameter needs an environment variable that is not set. Sending to such an address is a fault; such a parameter counts as not given, and is an error where it is required.',
  ],
  'unused-sequence': ['note', 'Nothing refers to a sequence. Only `validate` looks for it.'],
  'weak-secret': ['warning', 'The secret of tokens is so short that it can be guessed.'],
  'xslt-version': [
    'warning',
    'A stylesheet does not say version 1.0. It is run as XSLT 1.0, as far as that goes.',
  ],
  'unused-setting': ['warning', 'A key of `deployment.toml` means nothing here.'],
}

/** Close codes the gateway sends on its own account, to whom, with which reason, and when. */
const CLOSES: readonly (readonly [code: string, to: string, reason: string, when: string])[] = [
  ['1001', 'client', 'shutdown', 'The gateway stops. `ws.shutdown.status.code` and `.message` change both.'],
  [
    '1012',
    'client',
    'service restart',
    'The gateway is drained, and the inbound endpoint names no code. `[myelin]` `drain.close_code` changes it.',
  ],
  ['1001', 'client', 'idle', 'No traffic for `ws.dispatch.idleTime` seconds.'],
  ['1001', 'backend', 'idle', 'No traffic for `ws.outflow.dispatch.idleTime` seconds.'],
  ['1001', 'backend', 'client connection lost', 'The client vanished without a close frame.'],
  ['1001', 'backend', 'shutdown', 'The gateway stops: links that callers share.'],
  ['1002', 'either', '', 'The peer broke the protocol (RFC 6455).'],
  ['1007', 'either', '', 'A text message of the peer is no UTF-8.'],
  ['1009', 'either', '', 'A message is larger than `[transport.ws]` `max_message_bytes`.'],
  [
    '1008',
    'client',
    'too many messages; too many bytes',
    'More than `ws.limit.messages.per.second` or `ws.limit.bytes.per.second`, with the action close.',
  ],
  [
    '1008',
    'client',
    'too many connections from this address; … of this user; … in a short time',
    'More than `ws.limit.connections.per.address`, `.per.user` or `ws.limit.connects.per.minute`, with the action close.',
  ],
  [
    '1008',
    'client',
    'too many bad frames; no-user',
    'A client that numbers its messages sends 16 bad frames one after another, or `ws.delivery.user` names nobody.',
  ],
  [
    '1012',
    'client',
    'forgotten',
    'What a client that numbers its messages had sent is not known any more; it is to connect again.',
  ],
  [
    '4409',
    'client',
    'replaced',
    'Another connection has said hello with the id of a client that numbers its messages.',
  ],
  [
    '1008',
    'client',
    'the credentials have expired; no credentials came in time; the first message has no credentials; …',
    'A service asks who its clients are, and that is not or no longer known. `closeCode` of `auth` changes the code.',
  ],
  [
    '1013',
    'client',
    'credentials cannot be checked now; too many wrong passwords',
    'The same, where a client says who it is in its first message, and that cannot be found out.',
  ],
  [
    '1013',
    'client',
    'too many connections',
    'More than `ws.limit.connections`, with `ws.limit.connections.action` close.',
  ],
  [
    '1013',
    'client',
    'too slow',
    'It reads so slowly that more waits for it than `ws.slow.max.bytes` allows, or 16 MiB of what is broadcast.',
  ],
  [
    '1013',
    'client',
    'too much waits for the backend',
    'maxMessages or maxBytes of `<takeover>` has passed while the backend was away.',
  ],
  [
    '1013',
    'client',
    'backend too slow',
    'The backend reads too slowly: more waits for it than maxBytes of `<slow>` allows, with the policy close, or cannot be kept on disk, with spill.',
  ],
  ['1013', 'backend', 'too slow', 'The same, to the backend itself.'],
  [
    '1013',
    'client',
    'backend suspended',
    'Fault 303001, or 303000 of a group: the endpoint is not to be tried for a while, and the client has no other backend.',
  ],
  ['1014', 'client', 'backend unavailable', 'Fault 101503 or 101506: the backend cannot be reached.'],
  ['1014', 'client', 'backend did not answer in time', 'Fault 101508.'],
  ['1014', 'client', 'backend connection lost', 'The connection to the backend ended without a close frame.'],
]

/** Writes the page of faults, diagnostics and close codes. */
export function errorsPage(): string {
  const faults = Object.entries(FAULT_CODES).map(([number, meaning]) => [
    code(number),
    meaning,
    RAISED[Number(number) as FaultCode] ?? 'Not raised by this version.',
  ])
  const diagnostics = Object.entries(DIAGNOSTICS).map(([name, [severity, meaning]]) => [
    code(name),
    severity,
    prose(meaning),
  ])
  return `# Errors

## Faults

A failure while mediating runs the nearest fault sequence. It sees the number in \`ERROR_CODE\`, the text in \`ERROR_MESSAGE\`, more in \`ERROR_DETAIL\`. The log names file, line and column of the mediator.

${table(['`ERROR_CODE`', 'meaning', 'raised when'], faults)}

What an HTTP caller gets: 503 for a fault from 101500 to 399999, handled or not, since the endpoint has not taken the message; 500 for any other that no fault sequence of the configuration handled; 202 for one that was handled without a response. The body of 500 and 503 is JSON with \`code\`, \`message\` and \`id\`.

## Diagnostics

What is wrong with a configuration is found before it runs, all at once: file, line, column, code, what is wrong, what would be right. An error leaves its artifact out; a warning or note does not.

${table(['code', 'severity', 'meaning'], diagnostics)}

\`myelin validate --json\` prints them as a list of records: \`file\`, \`line\`, \`column\`, \`severity\`, \`code\`, \`message\`, and where there are some \`hint\` and \`related\`.

## Close codes

What the gateway sends of itself. Everything else is relayed: the code and reason of one side reach the other; see [the guide](../guide/websocket.md#when-one-side-ends).

${table(
  ['code', 'to', 'reason', 'when'],
  CLOSES.map(([number, to, reason, when]) => [code(number), to, reason, prose(when)]),
)}
`
}
