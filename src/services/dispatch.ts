import type { MessageContext } from '../core/context.ts'
import type { Pipeline } from '../core/ports.ts'
import type { Step } from '../core/step.ts'
import { derivedHook } from './hook-names.ts'

/** What takes the messages of a client. */
export interface Dispatch {
  /** Where a message says which route takes it. */
  readonly key: KeyPath | undefined
  /** Routes by their key. */
  readonly routes: ReadonlyMap<string, Pipeline>
  /** Routes by the name of their hook, such as `onHeartbeat`. */
  readonly derived: ReadonlyMap<string, Pipeline>
  readonly text: Pipeline | undefined
  readonly binary: Pipeline | undefined
  readonly any: Pipeline | undefined
  readonly unmatched: Pipeline
}

/** Where something is inside a JSON value. */
export type KeyPath = readonly string[]

/** Reads `event`, `head.event`, or `/head/event`. */
export function keyPath(text: string): KeyPath {
  if (text.startsWith('/'))
    return text
      .slice(1)
      .split('/')
      .map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'))
  return text.split('.')
}

/** Finds what is at a path; undefined for nothing. */
export function valueAt(value: unknown, path: KeyPath): unknown {
  let found = value
  for (const part of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined
    found = (found as Record<string, unknown>)[part]
  }
  return found
}

const read = new WeakMap<MessageContext, unknown>()

/** Gives the JSON value that was read to find the route of a message. */
export function readValue(ctx: MessageContext): unknown {
  return read.get(ctx)
}

/** Makes the step that gives each message to its hook: by key, then by kind of frame, then to what takes any. */
export function dispatchStep(dispatch: Dispatch): Step {
  const { key, any, unmatched } = dispatch
  const text = dispatch.text ?? any ?? unmatched
  const binary = dispatch.binary ?? any ?? unmatched
  if (key === undefined) {
    if (text === binary) return text.run
    return ctx => (ctx.frame === 'binary' ? binary : text).run(ctx)
  }
  const choose = (ctx: MessageContext): Pipeline =>
    routeOf(ctx, key, dispatch) ?? (ctx.frame === 'binary' ? binary : text)
  return ctx => {
    const { content } = ctx.message
    return content.isArriving ? content.collect().then(() => choose(ctx).run(ctx)) : choose(ctx).run(ctx)
  }
}

function routeOf(ctx: MessageContext, path: KeyPath, { routes, derived }: Dispatch): Pipeline | undefined {
  const value = jsonOf(ctx)
  const key = valueAt(value, path)
  if (typeof key !== 'string' && typeof key !== 'number' && typeof key !== 'boolean') return undefined
  const route = routes.get(String(key)) ?? derived.get(derivedHook(String(key)))
  if (route) read.set(ctx, value)
  return route
}

function jsonOf({ message }: MessageContext): unknown {
  try {
    return JSON.parse(message.content.text())
  } catch {
    return undefined
  }
}
