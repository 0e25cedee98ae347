import { FAULT_CODES, type FaultCode } from '../../src/core/fault.ts'
import { code, prose, table } from '../../src/language/describe.ts'

/** When each fault comes up. A code without a text is known to configurations and not raised here. */
const RAISED: Partial<Record<FaultCode, string>> = {
  0: 'Anything that has no code of its own: an expression that cannot be evaluated, a value that cannot be turned into its type, a sequence that does not exist, `send` with nowhere to go.',
  101503:
    'A backend refuses the connection, its name is unknown, its certificate is not trusted, it answers the upgrade with another status than 101, or its address is wrong.',
  101505:
    'The connection to a backend is lost, or is closing when a message is to be sent; or the client is gone, and nothing is opened for it any more.',
  101506: 'A backend’s handshake breaks the protocol, or selects a subprotocol that was not offered.',
  101507: 'The client went away while the connection to its backend was being opened.',
  101508:
    'A backend does not answer the handshake within `[transport.ws]` `handshake_timeout_ms`, or TCP gave up connecting.',
  101509:
    'As many messages as `[transport.ws]` `queue.max_messages` and `queue.max_bytes` allow already wait for the handshake.',
  305100: 'An endpoint referred to by key does not exist, or was left out because of its errors.',
  601000: 'A payload is not what its content type says, or has no form in the type asked for.',
}

/** Every code of a diagnostic, how much it matters, and what it means. */
export const DIAGNOSTICS: Readonly<Record<string, readonly [severity: string, meaning: string]>> = {
  'bad-combination': ['error', 'Two things that are right by themselves do not go together.'],
  'bad-key-store': ['error', 'A key store or trust store cannot be read, or holds no certificate.'],
  'bad-value': ['error', 'A value is not what is expected there.'],
  'built-in-fault': ['note', 'A sequence `fault` is named and not defined: the built-in one is used.'],
  'duplicate-name': ['error', 'Two artifacts have one name. The first is kept.'],
  'http-only': ['note', 'A proxy service names https, which is not served yet, beside http.'],
  'malformed-toml': ['error', 'The settings file is no TOML.'],
  'malformed-xml': ['error', 'A file is no well-formed XML.'],
  missing: ['error', 'Something required is not there.'],
  'missing-endpoint': ['warning', 'A reference names no endpoint. Sending to it is fault 305100.'],
  'missing-sequence': [
    'warning',
    'A reference names no sequence. Reaching it is a fault, unless the text says what runs in its place.',
  ],
  'no-effect': ['warning', 'Something is known and does nothing here.'],
  'not-supported': ['error', 'Something is known and does not run here; see [what runs](supported.md).'],
  'out-dispatch': [
    'note',
    'Which sequence runs for what a WebSocket backend of a proxy service sends, and by which rule.',
  ],
  'path-clash': ['error', 'Two services would be served at one place. The first is kept.'],
  'repeated-element': ['error', 'An element that may stand once is there more often.'],
  'unknown-artifact': ['error', 'A root element, or a child of `<definitions>`, is no artifact.'],
  'unknown-attribute': ['error', 'An element has no such attribute.'],
  'unknown-element': ['error', 'An element takes no such element.'],
  'unknown-endpoint': ['error', 'An element inside `<endpoint>` is no kind of endpoint.'],
  'unknown-mediator': ['error', 'An element where mediators stand is none.'],
  'unknown-parameter': ['error', 'There is no parameter of this name.'],
  'unused-setting': ['warning', 'A key of `deployment.toml` means nothing here.'],
}

/** Close codes the gateway sends on its own account, to whom, with which reason, and when. */
const CLOSES: readonly (readonly [code: string, to: string, reason: string, when: string])[] = [
  ['1001', 'client', 'shutdown', 'The gateway stops. `ws.shutdown.status.code` and `.message` change both.'],
  ['1001', 'client', 'idle', 'No traffic for `ws.dispatch.idleTime` seconds.'],
  ['1001', 'backend', 'idle', 'No traffic for `ws.outflow.dispatch.idleTime` seconds.'],
  ['1001', 'backend', 'client connection lost', 'The client vanished without a close frame.'],
  ['1001', 'backend', 'shutdown', 'The gateway stops: links that callers share.'],
  ['1002', 'either', '', 'The peer broke the protocol (RFC 6455).'],
  ['1007', 'either', '', 'A text message of the peer is no UTF-8.'],
  ['1009', 'either', '', 'A message is larger than `[transport.ws]` `max_message_bytes`.'],
  ['1013', 'client', 'too slow', 'More than 16 MiB wait for one receiver of a broadcast.'],
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
