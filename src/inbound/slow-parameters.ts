import type { MessageContext } from '../core/context.ts'
import type { SlowPolicy } from '../core/metrics.ts'
import { expression } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import { integer, oneOf } from '../language/types.ts'
import { DEFAULT_SLOW_BYTES, DEFAULT_SLOW_MESSAGES, type SlowReaders } from '../websocket/slow-readers.ts'

/** Parameters for clients that read slower than they are sent to. The original knows none of them. */
export const slowParameters = {
  'ws.slow.policy': {
    type: oneOf('pause', 'drop-oldest', 'keep-last', 'spill', 'close'),
    doc: 'What happens while a client reads slower than messages come: its backends are not read (pause), the oldest messages are left out (drop-oldest) or all but the last of each key (keep-last), messages wait on disk (spill), or it is closed with 1013 (close). Not in the original.',
    default: 'pause',
  },
  'ws.slow.max.bytes': {
    type: integer({ min: 1 }),
    doc: 'How many bytes may wait for one client, on disk for spill. Default 16384 for pause, 1 GiB for spill, 16 MiB for the others, and 16 MiB for what is broadcast or sent to groups under pause. Not in the original.',
  },
  'ws.slow.max.messages': {
    type: integer({ min: 1 }),
    doc: 'How many messages may wait for one client with drop-oldest and keep-last; default 10,000. Not in the original.',
  },
  'ws.slow.key': {
    type: expression,
    doc: 'Tells with keep-last which messages replace each other: those for which it gives the same. It sees the payload alone. Without it each message replaces the one before. Not in the original.',
  },
} as const

/** What is given for them. */
export interface SlowValues {
  readonly 'ws.slow.policy': SlowPolicy
  readonly 'ws.slow.max.bytes': number | undefined
  readonly 'ws.slow.max.messages': number | undefined
  readonly 'ws.slow.key': Expression | undefined
}

/** Gives what the parameters say. */
export function slowReadersOf(given: SlowValues, build: Build, span: Span): SlowReaders {
  const policy = given['ws.slow.policy']
  const maxBytes = given['ws.slow.max.bytes']
  const maxMessages = given['ws.slow.max.messages']
  const key = given['ws.slow.key']
  const warn = (name: string, policies: string): void =>
    build.warning(span, 'no-effect', `Parameter ${name} has no effect: it is for ws.slow.policy ${policies}.`)
  if (key && policy !== 'keep-last') warn('ws.slow.key', 'keep-last')
  if (maxMessages !== undefined && policy !== 'keep-last' && policy !== 'drop-oldest')
    warn('ws.slow.max.messages', 'drop-oldest and keep-last')
  return {
    policy,
    maxBytes: maxBytes ?? DEFAULT_SLOW_BYTES[policy],
    maxPushedBytes: maxBytes ?? DEFAULT_SLOW_BYTES.close,
    maxMessages: maxMessages ?? DEFAULT_SLOW_MESSAGES,
    key: key && (ctx => keyOf(ctx, key)),
    spillFolder: build.settings.webSocket.spillFolder,
  }
}

/** A payload that cannot be read has no key. */
function keyOf(ctx: MessageContext, key: Expression): string {
  try {
    return key.text(ctx) ?? ''
  } catch {
    return ''
  }
}
