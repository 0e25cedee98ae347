import { wholeText } from './value.ts'
import type { Accessor } from './well-known.ts'

/**
 * Finds how a resource of the registry, `path`, or one of its properties, `path@property`, is read and written. What
 * is not there reads as ''; no value is no change.
 */
export function registryAccessor(name: string): Accessor {
  const at = name.lastIndexOf('@')
  if (at < 0)
    return {
      get: ctx => ctx.deployment.entry(name)?.text ?? '',
      set(ctx, value) {
        const text = wholeText(value)
        if (text !== null) ctx.deployment.putEntry(name, { text })
      },
      remove() {},
    }
  const [path, property] = [name.slice(0, at), name.slice(at + 1)]
  return {
    get: ctx => ctx.deployment.entry(path)?.property(property) ?? '',
    set(ctx, value) {
      const text = wholeText(value)
      if (text !== null) ctx.deployment.putEntry(path, { property, value: text })
    },
    remove() {},
  }
}
