import type { MessageContext } from '../core/context.ts'
import type { Step } from '../core/step.ts'
import { accessor } from '../expressions/scopes.ts'
import { type KeyPath, keyPath, readValue, valueAt } from './dispatch.ts'

/** The property that has the id of the exchange a message belongs to. */
export const STREAM_ID = 'websocket.stream.id'

const property = accessor('default', STREAM_ID)

/** Completes what answers a message: it has the id of what it answers, unless it says one of its own. */
export function withStreamId(name: string): (value: unknown, ctx: MessageContext) => unknown {
  const path = keyPath(name)
  return (value, ctx) => {
    if (!isMap(value) || valueAt(value, path) !== undefined) return value
    const id = valueAt(readValue(ctx), path)
    return id === undefined ? value : placed(value, path, id)
  }
}

/** Tells the mediators of a route the id of the exchange. */
export function tellStreamId(name: string): Step {
  const path = keyPath(name)
  return ctx => {
    const id = valueAt(readValue(ctx), path)
    if (id !== undefined) property.set(ctx, typeof id === 'object' ? JSON.stringify(id) : id)
  }
}

/** A copy with a value at a path; where something else is in its way, the map as it is. */
function placed(map: Readonly<Record<string, unknown>>, path: KeyPath, value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return map
  if (rest.length === 0) return { ...map, [key]: value }
  const inner = map[key] ?? {}
  return isMap(inner) ? { ...map, [key]: placed(inner, rest, value) } : map
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
  )
}
