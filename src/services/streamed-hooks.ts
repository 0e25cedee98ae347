import type { Build } from '../language/declare.ts'
import type { Span } from '../language/source.ts'
import type { WebSocketServiceOptions } from '../websocket/options.ts'
import type { HookConfig } from './hooks-field.ts'
import type { ServiceConfig } from './service-fields.ts'

/** The hooks that messages are for, whatever is in them. */
const TAKES_MESSAGES: ReadonlySet<string> = new Set(['onMessage', 'onTextMessage', 'onBinaryMessage'])

/** Whether a hook takes its messages in chunks: it says so, or the service does of all that take messages. */
export function takesChunks({ stream }: Pick<ServiceConfig, 'stream'>, hook: HookConfig): boolean {
  return hook.takesChunks || (stream && TAKES_MESSAGES.has(hook.name))
}

/** Whether a service has hooks that take messages in chunks. */
export function hasChunks(config: ServiceConfig): boolean {
  return config.hooks.some(hook => takesChunks(config, hook))
}

/** Whether a hook may take messages in chunks. */
export function mayTakeChunks({ name }: HookConfig): boolean {
  return TAKES_MESSAGES.has(name)
}

/** Gives how clients are read whose messages are taken in chunks; what needs whole messages is reported. */
export function chunkOptions(
  { webSocketCompressionEnabled, listen }: ServiceConfig,
  { concurrency, limits }: WebSocketServiceOptions,
  build: Build,
  span: Span,
): Pick<WebSocketServiceOptions, 'passesFragments' | 'streamFromBytes'> {
  const problem = concurrency
    ? 'with ws.concurrency several messages run at a time'
    : limits?.messages || limits?.bytes
      ? 'the limits for messages and bytes a second count whole messages'
      : undefined
  if (problem !== undefined)
    build.error(span, 'mixed-stream', `No hook can take messages in chunks: ${problem}.`)
  if (webSocketCompressionEnabled ?? listen?.webSocketCompressionEnabled)
    build.note(span, 'no-effect', 'Messages that are taken in chunks are not compressed.')
  return { passesFragments: true, streamFromBytes: 1 }
}
