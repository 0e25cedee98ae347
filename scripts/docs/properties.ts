import { type WellKnown, wellKnown } from '../../src/expressions/well-known.ts'
import { code, prose, table } from '../../src/language/describe.ts'

/** Properties that are plain values to the engine and mean something at one place in it. */
export const PLAIN: readonly (readonly [name: string, scope: string, doc: string])[] = [
  [
    'ERROR_CODE',
    'default',
    'In a fault sequence: the number of the fault, see [errors](errors.md); of a typed error of a service its code, such as `PAYLOAD_BINDING_FAILED`.',
  ],
  ['ERROR_MESSAGE', 'default', 'In a fault sequence: what went wrong, in one line.'],
  ['ERROR_DETAIL', 'default', 'In a fault sequence: more of it, where there is more.'],
  ['ERROR_EXCEPTION', 'default', 'In a fault sequence: kind of the failure and message.'],
  [
    'errorCode',
    'default',
    'A close code. With `ERROR_MESSAGE` set too, respond closes the WebSocket client with both. The name is the original’s, and is not `ERROR_CODE`.',
  ],
  [
    'websocket.close.client',
    'default',
    'Makes respond close the WebSocket client, when true, with `websocket.close.code` (1001 if not set) and `websocket.reason.text`.',
  ],
  ['websocket.close.code', 'default', 'Close code for `websocket.close.client`.'],
  ['websocket.reason.text', 'default', 'Close reason for `websocket.close.client`.'],
  [
    'websocket.close.frame.status.code',
    'default',
    'A close code. With `websocket.close.frame.reason.text` set too, respond closes the WebSocket client with both, unless it relays a frame.',
  ],
  ['websocket.close.frame.reason.text', 'default', 'Close reason for the one above.'],
  [
    'websocket.close.code',
    'axis2',
    'On the message that says the client is gone: the client’s close code, which send gives to the backend. It may be set to another.',
  ],
  ['websocket.reason.text', 'axis2', 'The reason beside it.'],
  [
    'websocket.delivery',
    'default',
    'Is `at-least-once` on what comes of a client whose messages are stored before they are acknowledged (`ws.delivery.store`).',
  ],
  ['websocket.delivery.client', 'default', 'On such a message: the id of the client.'],
  ['websocket.delivery.seq', 'default', 'On such a message: its number.'],
  ['websocket.delivery.user', 'default', 'On such a message: the user of the client, where there is one.'],
  [
    'websocket.stream.id',
    'default',
    'In a route of a service with `dispatcherStreamId`: the id that the message has.',
  ],
  [
    'NAME',
    'session',
    'Attribute NAME of the WebSocket session: set by mediators and functions alike, and there until the client is gone.',
  ],
  [
    'websocket.custom.header.NAME',
    'axis2',
    'Header NAME of the handshake with a WebSocket backend. A setting can change the prefix: `[transport.ws]` `sender.parameter.ws.custom.header`.',
  ],
]

/** Writes the page of the properties that have a meaning. */
export function propertiesPage(): string {
  const acted = [...wellKnown.values()].filter(({ isReadOnly }) => !isReadOnly)
  const told = [...wellKnown.values()].filter(({ isReadOnly }) => isReadOnly)
  const head = ['property', 'scope', 'meaning']
  return `# Properties

All other names are yours: they hold what a configuration puts there. Scope \`transport\` is the headers of the message.

## What the engine acts on

${table(head, rowsOf(acted))}

${table(
  head,
  PLAIN.map(([name, scope, doc]) => [code(name), scope, doc]),
)}

## What the engine tells

These say something about the message. A configuration may set the same name over them, or remove it.

${table(head, rowsOf(told))}
`
}

/** One row for each name and meaning, its scopes together. */
function rowsOf(properties: readonly WellKnown[]): string[][] {
  const rows = new Map<string, { readonly name: string; readonly scopes: string[]; readonly doc: string }>()
  for (const { name, scope, doc } of properties) {
    const key = `${name} ${doc}`
    const row = rows.get(key) ?? { name, scopes: [], doc }
    row.scopes.push(scope)
    rows.set(key, row)
  }
  return [...rows.values()].map(({ name, scopes, doc }) => [code(name), scopes.join(', '), prose(doc)])
}
