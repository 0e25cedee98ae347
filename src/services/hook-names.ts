import type { Event } from '../core/context.ts'

/** What a hook runs for: an event of a session, a kind of message, or what a backend sends. */
export type HookTarget =
  | Exclude<Event, 'linked' | 'message'>
  | 'message'
  | 'text'
  | 'binary'
  | 'out'
  | 'outFault'

/** The hooks that a service may have, and what each runs for. */
export const HOOKS: ReadonlyMap<string, HookTarget> = new Map([
  ['onUpgrade', 'upgrade'],
  ['onOpen', 'open'],
  ['onMessage', 'message'],
  ['onTextMessage', 'text'],
  ['onBinaryMessage', 'binary'],
  ['onPing', 'ping'],
  ['onPong', 'pong'],
  ['onIdle', 'idle'],
  ['onClose', 'close'],
  ['onError', 'error'],
  ['onUnmatched', 'unmatched'],
  ['onBackendMessage', 'out'],
  ['onBackendError', 'outFault'],
])

/** Other names of these. */
export const HOOK_ALIASES: ReadonlyMap<string, string> = new Map([
  ['onIdleTimeout', 'onIdle'],
  ['onConnect', 'onOpen'],
])

/** Gives the name that is meant: `on-text-message` is `onTextMessage`, `onIdleTimeout` is `onIdle`. */
export function plainName(name: string): string {
  const camel = name.replace(/-([a-zA-Z0-9])/g, (_dash, letter: string) => letter.toUpperCase())
  return HOOK_ALIASES.get(camel) ?? camel
}

/** Whether a name is that of a hook, or could be one of a route: `onHeartbeat`. */
export function isHookName(name: string): boolean {
  return /^on[A-Z]\w*$/.test(name)
}

/** Gives the hook that takes messages with a key: `heartbeat` is for `onHeartbeat`, `heart.beat` for `onHeartBeat`. */
export function derivedHook(key: string): string {
  const words = key.split(/[\W_]+/).filter(word => word !== '')
  return `on${words.map(word => word[0]!.toUpperCase() + word.slice(1)).join('')}`
}
