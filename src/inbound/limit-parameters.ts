import type { MessageContext } from '../core/context.ts'
import { expression } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import { integer, oneOf } from '../language/types.ts'
import type { ClientLimits, LimitAction, Rate } from '../websocket/client-limits.ts'

const count = integer({ min: 0 })
const action = oneOf('warn', 'drop', 'close')

/** Parameters for what clients may take up. The original knows none of them. */
export const limitParameters = {
  'ws.limit.connections': {
    type: count,
    doc: 'How many clients may be connected at the same time; 0 any number. One more is refused with 503. Not in the original.',
    default: 0,
  },
  'ws.limit.connections.per.address': {
    type: count,
    doc: 'How many of them from one address; 0 any number. IPv6 addresses with the same first 64 bits count as one. One more is refused with 429. Not in the original.',
    default: 0,
  },
  'ws.limit.connections.per.user': {
    type: count,
    doc: 'How many of them with one user, as `ws.limit.user` says; 0 any number. One more is refused with 429. Not in the original.',
    default: 0,
  },
  'ws.limit.user': {
    type: expression,
    doc: 'Names the user of an upgrade request, such as `$trp:X-User` for a header and `$url:user` for a parameter of its address. Where it gives nothing there is no limit per user. Not in the original.',
  },
  'ws.limit.connections.action': {
    type: action,
    doc: 'What happens beyond these limits: a line in the log (warn), the refusal (drop), or the upgrade and then a close with 1013 for the first and 1008 for the others (close). Not in the original.',
    default: 'drop',
  },
  'ws.limit.connects.per.minute': {
    type: count,
    doc: 'How many new connections a minute from one address; 0 any number. One more is refused with 429. Not in the original.',
    default: 0,
  },
  'ws.limit.connects.burst': {
    type: count,
    doc: 'How many of them at once; 0 as many as in a minute. Not in the original.',
    default: 0,
  },
  'ws.limit.connects.action': {
    type: action,
    doc: 'What happens beyond that: a line in the log (warn), the refusal (drop), or the upgrade and then a close with 1008 (close). Not in the original.',
    default: 'drop',
  },
  'ws.limit.messages.per.second': {
    type: count,
    doc: 'How many messages a second from one client; 0 any number. Not in the original.',
    default: 0,
  },
  'ws.limit.messages.burst': {
    type: count,
    doc: 'How many of them at once, after a quiet time; 0 as many as in a second. Not in the original.',
    default: 0,
  },
  'ws.limit.messages.action': {
    type: action,
    doc: 'What happens to a message beyond that: a line in the log (warn), it is left out (drop), or the client is closed with 1008 (close). Not in the original.',
    default: 'close',
  },
  'ws.limit.bytes.per.second': {
    type: count,
    doc: 'How many bytes of messages a second from one client; 0 any number. Not in the original.',
    default: 0,
  },
  'ws.limit.bytes.burst': {
    type: count,
    doc: 'How many of them at once, after a quiet time; 0 as many as in a second. A larger message passes after a quiet time, and those after it wait longer. Not in the original.',
    default: 0,
  },
  'ws.limit.bytes.action': {
    type: action,
    doc: 'As for messages. Not in the original.',
    default: 'close',
  },
} as const

/** What is given for them. */
export type LimitValues = {
  readonly [K in keyof typeof limitParameters]: K extends 'ws.limit.user'
    ? Expression | undefined
    : K extends `${string}.action`
      ? LimitAction
      : number
}

/** Gives what the parameters say; undefined where nothing is limited. */
export function limitsOf(given: LimitValues, build: Build, span: Span): ClientLimits | undefined {
  const user = given['ws.limit.user']
  const perUser = given['ws.limit.connections.per.user']
  if (perUser > 0 && !user) {
    const hint = 'Give ws.limit.user, such as $trp:X-User for a header.'
    build.error(span, 'missing', 'Parameter ws.limit.connections.per.user needs ws.limit.user.', hint)
  }
  if (user && perUser === 0) warn('ws.limit.user', 'ws.limit.connections.per.user', build, span)
  const limits = {
    connections: given['ws.limit.connections'],
    perAddress: given['ws.limit.connections.per.address'],
    perUser: user ? perUser : 0,
    connectionsAction: given['ws.limit.connections.action'],
    user: user && ((ctx: MessageContext) => userOf(ctx, user)),
    connects: rateOf(given, 'connects', { build, span }),
    messages: rateOf(given, 'messages', { build, span }),
    bytes: rateOf(given, 'bytes', { build, span }),
  }
  const { connections, perAddress, connects, messages, bytes } = limits
  const isLimited = connections + perAddress + limits.perUser > 0 || connects || messages || bytes
  return isLimited ? limits : undefined
}

function rateOf(
  given: LimitValues,
  what: 'connects' | 'messages' | 'bytes',
  { build, span }: { readonly build: Build; readonly span: Span },
): Rate | undefined {
  const name =
    what === 'connects' ? ('ws.limit.connects.per.minute' as const) : (`ws.limit.${what}.per.second` as const)
  const most = given[name]
  const burst = given[`ws.limit.${what}.burst`]
  if (most === 0) {
    if (burst > 0) warn(`ws.limit.${what}.burst`, name, build, span)
    return undefined
  }
  const perSecond = what === 'connects' ? most / 60 : most
  return { perSecond, burst: burst === 0 ? most : burst, action: given[`ws.limit.${what}.action`] }
}

function warn(idle: string, without: string, build: Build, span: Span): void {
  build.warning(span, 'no-effect', `Parameter ${idle} has no effect without ${without}.`)
}

/** A request whose user cannot be made out has none. */
function userOf(ctx: MessageContext, user: Expression): string {
  try {
    return user.text(ctx) ?? ''
  } catch {
    return ''
  }
}
