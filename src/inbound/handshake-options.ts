import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import { boolean, integer, list, oneOf } from '../language/types.ts'
import type { HandshakeOptions } from '../websocket/options.ts'

/** Parameters for how clients are answered that ask for an upgrade. The original knows none of them. */
export const handshakeParameters = {
  'ws.handshake': {
    type: oneOf('immediate', 'held'),
    doc: 'When a client gets the answer to its handshake: at once, or once the handshake message is through its sequence, which may refuse it. Default immediate; held with ws.subprotocol.passthrough. Not in the original.',
  },
  'ws.handshake.timeout': {
    type: integer({ min: 1, max: 3_600_000 }),
    doc: 'Milliseconds a client may be held; then it is refused with 504. Not in the original.',
    default: 30_000,
  },
  'ws.handshake.relay.headers': {
    type: list,
    doc: 'Further headers of a backend that refuses which its client gets, such as Set-Cookie. Not in the original.',
    default: [],
  },
  'ws.subprotocol.passthrough': {
    type: boolean,
    doc: 'Whether the backend is offered the subprotocols of the client, and its choice is the answer. Not in the original.',
    default: false,
  },
  'ws.headers.preserve': {
    type: list,
    doc: 'Headers of the client, by name, that go along in the handshake with the backend, besides those of the setting with this name. The original knows it as a setting alone.',
    default: [],
  },
} as const

/** What of an inbound endpoint says how handshakes are answered. */
export interface HandshakeValues {
  readonly 'ws.handshake': 'immediate' | 'held' | undefined
  readonly 'ws.handshake.timeout': number
  readonly 'ws.handshake.relay.headers': readonly string[]
  readonly 'ws.subprotocol.passthrough': boolean
}

/** Gives what the parameters say. */
export function handshakeOf(given: HandshakeValues, build: Build, span: Span): HandshakeOptions {
  const passesSubprotocols = given['ws.subprotocol.passthrough']
  const wanted = given['ws.handshake']
  const relayedHeaders = given['ws.handshake.relay.headers'].map(name => name.toLowerCase())
  const isHeld = wanted === undefined ? passesSubprotocols : wanted === 'held'
  if (passesSubprotocols && !isHeld) {
    const message =
      'Parameter ws.subprotocol.passthrough needs ws.handshake to be held: the choice of the backend is not known at once.'
    build.error(span, 'bad-combination', message)
  }
  if (relayedHeaders.length > 0 && !isHeld) {
    const message =
      'Parameter ws.handshake.relay.headers has no effect: clients are answered before their backends are.'
    build.warning(span, 'no-effect', message, 'Set ws.handshake to held.')
  }
  return { isHeld, timeoutMs: given['ws.handshake.timeout'], passesSubprotocols, relayedHeaders }
}
