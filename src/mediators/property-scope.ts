import { setSystemProperty } from '../expressions/external-properties.ts'
import { registryAccessor } from '../expressions/registry-scope.ts'
import { accessor } from '../expressions/scopes.ts'
import { wholeText } from '../expressions/value.ts'
import { type Accessor, SCOPES } from '../expressions/well-known.ts'

/** The scopes a `<property>` can write to. */
export const WRITTEN_SCOPES = [...SCOPES, 'registry', 'system', 'trace', 'analytics'] as const

/** One of them. */
export type WrittenScope = (typeof WRITTEN_SCOPES)[number]

/** Finds how a property is written where `<property>` says. */
export function writtenAccessor(scope: WrittenScope, name: string): Accessor {
  switch (scope) {
    case 'registry':
      return registryAccessor(name)
    case 'system':
      return writing((_ctx, text) => setSystemProperty(name, text))
    case 'trace':
      return writing((ctx, text) =>
        ctx.log.trace({ message: ctx.id }, `${ctx.service.label}${name} = ${text}`),
      )
    case 'analytics':
      return writing(() => {})
    default:
      return accessor(scope, name)
  }
}

/** Says why a property does nothing; undefined where it does something. */
export function idle(scope: WrittenScope, action: 'set' | 'remove'): string | undefined {
  if (scope === 'analytics') return 'nothing is collected for analytics'
  if (action === 'set') return undefined
  if (scope === 'registry') return 'nothing is removed from the registry'
  if (scope === 'system') return 'properties of the process are not removed'
  return scope === 'trace' ? 'there is nothing to remove from the log' : undefined
}

/** No value is no change. */
function writing(write: (ctx: Parameters<Accessor['set']>[0], text: string) => void): Accessor {
  return {
    get: () => undefined,
    set(ctx, value) {
      const text = wholeText(value)
      if (text !== null) write(ctx, text)
    },
    remove() {},
  }
}
