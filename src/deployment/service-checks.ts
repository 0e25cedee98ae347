import type { Wrong } from '../language/declare.ts'
import { didYouMean } from '../language/diagnostic.ts'
import { placeOf, type Span } from '../language/source.ts'
import { derivedHook, HOOK_ALIASES, HOOKS } from '../services/hook-names.ts'
import { refusedOfListener, type ServiceConfig } from '../services/service-fields.ts'

/** Checks the rules that span the hooks of a service. */
export function checkHooks(config: ServiceConfig, wrong: Wrong): void {
  const { hooks, dispatcherKey, dispatcherStreamId } = config
  for (const [option, reason] of refusedOfListener(config))
    wrong(`${option} of listen is not supported: ${reason}.`, { code: 'not-supported' })
  const spanOf = (name: string): Span | undefined => hooks.find(hook => hook.name === name)?.span
  const all = spanOf('onMessage')
  for (const name of ['onTextMessage', 'onBinaryMessage']) {
    const span = spanOf(name)
    if (all && span)
      wrong(`onMessage takes text and binary messages; ${name} has no place beside it.`, {
        code: 'mixed-hooks',
        span,
        hint: `onMessage is at ${shown(all)}.`,
      })
  }
  if (dispatcherStreamId !== undefined && dispatcherKey === undefined)
    wrong('dispatcherStreamId needs a dispatcherKey: without one nothing is dispatched.')
  const seen = new Map<string, Span>()
  for (const { key, span } of hooks) {
    if (key === undefined) continue
    const first = seen.get(key)
    if (first)
      wrong(`The route ${key} is there twice.`, {
        code: 'duplicate-route',
        span,
        hint: `The first is at ${shown(first)}.`,
      })
    else seen.set(key, span)
    if (dispatcherKey === undefined)
      wrong(`The route ${key} needs a dispatcherKey: where a message says that it is for it.`, { span })
  }
  for (const { name, span } of hooks) {
    if (name === '' || HOOKS.has(name)) continue
    const hint = didYouMean(name, [...HOOKS.keys(), ...HOOK_ALIASES.keys()])
    if (dispatcherKey === undefined || hint !== undefined)
      wrong(`A service has no hook ${name}.`, { code: 'unknown-hook', span, ...hinted(hint) })
    else if (name.endsWith('Error') && !hasRoute(config, name.slice(0, -'Error'.length)))
      wrong(`${name} is for the errors of a route that is not there.`, { code: 'unknown-hook', span })
  }
}

function hinted(hint: string | undefined): { hint: string } {
  const usual = 'Hooks of routes need a dispatcherKey.'
  return { hint: hint ?? usual }
}

function hasRoute({ hooks }: ServiceConfig, name: string): boolean {
  return hooks.some(hook => hook.name === name || (hook.key !== undefined && derivedHook(hook.key) === name))
}

function shown(span: Span): string {
  const { file, line, column } = placeOf(span)
  return `${file}:${line}:${column}`
}
