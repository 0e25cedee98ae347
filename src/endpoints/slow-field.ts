import type { SlowPolicy } from '../core/metrics.ts'
import type { Build, Wrong } from '../language/declare.ts'
import { attribute, type Config, child } from '../language/field.ts'
import { integer, oneOf } from '../language/types.ts'
import { OWN_NAMESPACE } from '../language/xml.ts'
import { DEFAULT_SLOW_BYTES, DEFAULT_SLOW_MESSAGES, type SlowReaders } from '../websocket/slow-readers.ts'
import { condition } from './condition.ts'

/** What the address of a WebSocket backend says about reading slowly; the inbound endpoint says it about clients. */
export const slowField = child(
  {
    policy: attribute(oneOf('pause', 'drop-oldest', 'keep-last', 'spill', 'close'), {
      doc: 'What happens to messages: the client is not read (pause), the oldest messages are left out (drop-oldest) or all but the last of each key (keep-last), messages wait on disk (spill), or the link is closed with 1013 (close).',
      default: 'pause',
    }),
    maxBytes: attribute(integer({ min: 1 }), {
      doc: 'Bytes that may wait for one link, on disk for spill. Default 16384 for pause, 1 GiB for spill, 16 MiB for the others.',
    }),
    maxMessages: attribute(integer({ min: 1 }), {
      doc: `Messages that may wait for one link with drop-oldest and keep-last. Default ${DEFAULT_SLOW_MESSAGES}.`,
    }),
    key: attribute(condition, {
      doc: 'Expression; with keep-last messages for which it gives the same replace each other. Without it each message replaces the one before.',
    }),
  },
  {
    name: 'slow',
    isOwn: true,
    doc: `What happens while a WebSocket backend reads slower than messages come. It stands in the namespace \`${OWN_NAMESPACE}\`, which the original product reads past.`,
  },
)

/** The value of the element, where it stands. */
export type SlowConfig = NonNullable<Config<{ slow: typeof slowField }>['slow']>

/** Gives what an address says. */
export function slowOf(given: SlowConfig, settings: Build['settings']): SlowReaders {
  const policy: SlowPolicy = given.policy
  const { key } = given
  return {
    policy,
    maxBytes: given.maxBytes ?? DEFAULT_SLOW_BYTES[policy],
    maxPushedBytes:
      given.maxBytes ?? (policy === 'pause' ? settings.webSocket.queue.maxBytes : DEFAULT_SLOW_BYTES.close),
    maxMessages: given.maxMessages ?? DEFAULT_SLOW_MESSAGES,
    key:
      key &&
      (ctx => {
        // A payload that cannot be read has no key.
        try {
          return key.text(ctx) ?? ''
        } catch {
          return ''
        }
      }),
    spillFolder: settings.webSocket.spillFolder,
  }
}

/** The rules between its attributes. */
export function checkSlow({ policy, key, maxMessages }: SlowConfig, wrong: Wrong): void {
  if (key && policy !== 'keep-last')
    wrong('Attribute key of <slow> is for policy keep-last.', { code: 'bad-combination' })
  if (maxMessages !== undefined && policy !== 'keep-last' && policy !== 'drop-oldest')
    wrong('Attribute maxMessages of <slow> is for the policies drop-oldest and keep-last.', {
      code: 'bad-combination',
    })
}
