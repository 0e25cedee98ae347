import type { MessageContext } from '../core/context.ts'
import { expression } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import { Expected, integer, type Reference, reference, type ValueType } from '../language/types.ts'
import type { DeliveryOptions } from '../websocket/options.ts'

/** What a subprotocol may be called: a token of HTTP. */
const subprotocol: ValueType<string> = {
  name: 'name of a subprotocol',
  parse(value) {
    const name = value.trim()
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name))
      throw new Expected("letters, digits and any of !#$%&'*+-.^_`|~, as in at-least-once.myelin")
    return name
  },
}

/** Parameters for clients whose messages are stored before they are acknowledged. The original knows none of them. */
export const deliveryParameters = {
  'ws.delivery.store': {
    type: reference,
    doc: 'Message store for clients that offer the subprotocol `ws.delivery.subprotocol`: each of their messages is in it before they are told that it was accepted. Clients that do not offer it are not concerned. Not in the original.',
  },
  'ws.delivery.subprotocol': {
    type: subprotocol,
    doc: 'Name of that subprotocol. Not in the original.',
    default: 'at-least-once.myelin',
  },
  'ws.delivery.user': {
    type: expression,
    doc: 'Names the user of such a client, once its handshake message is through the sequence: `$trp:X-User` for a header, say. Clients of different users may have equal ids; a client for which it gives nothing is refused. Default the subject of the certificate it showed. Not in the original.',
  },
  'ws.delivery.max.unacknowledged': {
    type: integer({ min: 1, max: 10_000 }),
    doc: 'How many messages of such a client may be on their way into the store; then it is not read. Not in the original.',
    default: 256,
  },
  'ws.delivery.remember': {
    type: integer({ min: 60, max: 3_153_600_000 }),
    doc: 'Seconds after its last message for which it is known what such a client has sent. Default 7 days. Not in the original.',
    default: 7 * 24 * 60 * 60,
  },
  'ws.delivery.remember.clients': {
    type: integer({ min: 1 }),
    doc: 'How many such clients that is known of; then the one that was quiet for longest is forgotten. Not in the original.',
    default: 100_000,
  },
} as const

/** What is given for them. */
export interface DeliveryValues {
  readonly 'ws.delivery.store': Reference | undefined
  readonly 'ws.delivery.subprotocol': string
  readonly 'ws.delivery.user': Expression | undefined
  readonly 'ws.delivery.max.unacknowledged': number
  readonly 'ws.delivery.remember': number
  readonly 'ws.delivery.remember.clients': number
}

/** Gives what the parameters say; undefined where no client may send at least once. */
export function deliveryOf(
  given: DeliveryValues,
  name: string,
  build: Build,
  span: Span,
): DeliveryOptions | undefined {
  const store = given['ws.delivery.store']
  const user = given['ws.delivery.user']
  if (!store) {
    const message = 'Parameter ws.delivery.user has no effect without ws.delivery.store.'
    if (user) build.warning(span, 'no-effect', message)
    return undefined
  }
  return {
    subprotocol: given['ws.delivery.subprotocol'],
    scope: name,
    store: build.messageStore(store),
    user: user && (ctx => userOf(ctx, user)),
    maxUnacknowledged: given['ws.delivery.max.unacknowledged'],
    rememberMs: given['ws.delivery.remember'] * 1000,
    rememberClients: given['ws.delivery.remember.clients'],
  }
}

/** A handshake whose user cannot be made out has none. */
function userOf(ctx: MessageContext, user: Expression): string {
  try {
    return user.text(ctx) ?? ''
  } catch {
    return ''
  }
}
