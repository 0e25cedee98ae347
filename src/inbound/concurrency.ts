import type { MessageContext } from '../core/context.ts'
import { expression } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import { integer, oneOf } from '../language/types.ts'
import type { Concurrency } from '../websocket/options.ts'

/** Parameters for how many messages of one client may be under way. The original knows none of them. */
export const concurrencyParameters = {
  'ws.concurrency.max': {
    type: integer({ min: 1, max: 10_000 }),
    doc: 'How many messages of one client may be under way; more are not read before one of them has ended. Not in the original.',
    default: 1,
  },
  'ws.concurrency.key': {
    type: expression,
    doc: 'What stays in order where several are under way: messages for which it gives the same run one after another, and so do those for which it gives nothing. Without it no order is kept. Not in the original.',
  },
  'ws.concurrency.order': {
    type: oneOf('none', 'reply'),
    doc: 'Whether replies leave as soon as they are there (none), or each after the messages before its own have ended (reply). Not in the original.',
    default: 'none',
  },
} as const

interface Given {
  readonly 'ws.concurrency.max': number
  readonly 'ws.concurrency.key': Expression | undefined
  readonly 'ws.concurrency.order': 'none' | 'reply'
}

/** Gives what the parameters say; undefined where messages run one after another. */
export function concurrencyOf(given: Given, build: Build, span: Span): Concurrency | undefined {
  const max = given['ws.concurrency.max']
  const key = given['ws.concurrency.key']
  const ordersReplies = given['ws.concurrency.order'] === 'reply'
  if (max > 1) return { max, key: key && (ctx => keyOf(ctx, key)), ordersReplies }
  const without = key ? 'ws.concurrency.key' : ordersReplies ? 'ws.concurrency.order' : undefined
  if (without !== undefined) {
    const message = `Parameter ${without} has no effect: messages run one after another.`
    build.warning(span, 'no-effect', message, 'Set ws.concurrency.max to more than 1.')
  }
  return undefined
}

/** A payload that cannot be read has no key; that it cannot is for the sequence to find out. */
function keyOf(ctx: MessageContext, key: Expression): string {
  try {
    return key.text(ctx) ?? ''
  } catch {
    return ''
  }
}
