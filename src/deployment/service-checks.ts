import { types } from 'node:util'
import type { Wrong } from '../language/declare.ts'
import { didYouMean } from '../language/diagnostic.ts'
import { placeOf, type Span } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import { derivedHook, HOOK_ALIASES, HOOKS } from '../services/hook-names.ts'
import type { HookConfig } from '../services/hooks-field.ts'
import { refusedOfListener, type ServiceConfig } from '../services/service-fields.ts'
import { mayTakeChunks, takesChunks } from '../services/streamed-hooks.ts'

/** Checks the rules that span the hooks of a service. Where two places do not go together, both are named. */
export function checkHooks(config: ServiceConfig, wrong: Wrong, element: Element): void {
  for (const [option, reason] of refusedOfListener(config))
    wrong(`${option} of listen is not supported: ${reason}.`, { code: 'not-supported' })
  const check = { config, wrong, placeOf: (option: string) => placeOfOption(element, option) }
  checkRepeated(check)
  checkKinds(check)
  checkRoutes(check)
  checkNames(check)
  for (const hook of config.hooks) checkStreams(hook, check)
}

interface Check {
  readonly config: ServiceConfig
  readonly wrong: Wrong
  /** Where an option of the service is written. */
  placeOf(option: string): Span
}

/** There is one hook of a name, onUpgrade above all: aliases are the same hook. */
function checkRepeated({ config: { hooks }, wrong }: Check): void {
  const seen = new Map<string, Span>()
  for (const { name, span } of hooks) {
    if (name === '') continue
    const first = seen.get(name)
    if (first)
      wrong(`A service has one ${name}; this is another one.`, {
        code: 'repeated-hook',
        span,
        hint: `The first is at ${shown(first)}.`,
      })
    else seen.set(name, span)
  }
}

function checkKinds({ config: { hooks }, wrong }: Check): void {
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
}

function checkRoutes({ config, wrong, placeOf }: Check): void {
  const { hooks, dispatcherKey, dispatcherStreamId } = config
  if (dispatcherStreamId !== undefined && dispatcherKey === undefined)
    wrong('dispatcherStreamId needs a dispatcherKey: without one nothing is dispatched.', {
      code: 'stream-id-without-key',
      span: placeOf('dispatcherStreamId'),
    })
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
      wrong(`The route ${key} needs a dispatcherKey: where a message says that it is for it.`, {
        code: 'route-without-key',
        span,
      })
  }
}

function checkNames({ config, wrong }: Check): void {
  for (const { name, span } of config.hooks) {
    if (name === '' || HOOKS.has(name)) continue
    const hint = didYouMean(name, [...HOOKS.keys(), ...HOOK_ALIASES.keys()])
    if (config.dispatcherKey === undefined || hint !== undefined)
      wrong(`A service has no hook ${name}.`, { code: 'unknown-hook', span, ...hinted(hint) })
    else if (name.endsWith('Error') && !hasRoute(config, name.slice(0, -'Error'.length)))
      wrong(`${name} is for the errors of a route that is not there.`, { code: 'unknown-hook', span })
  }
}

/** Hooks that answer with one thing, or nothing. */
const ONE_ANSWER: ReadonlySet<string> = new Set(['onUpgrade', 'onPing', 'onClose'])

/** A message that comes in chunks is looked into by nobody, and behind a stream of answers there is no other answer. */
function checkStreams(hook: HookConfig, { config, wrong, placeOf }: Check): void {
  const { span, schema, view, branch } = hook
  const name = hook.key === undefined ? hook.name : `route ${hook.key}`
  const mixed = (message: string, hint?: string): void =>
    wrong(message, { code: 'mixed-stream', span, ...(hint !== undefined && { hint }) })
  if (takesChunks(config, hook)) {
    if (!mayTakeChunks(hook))
      mixed(`${name} takes no chunks; onMessage, onTextMessage and onBinaryMessage may.`)
    if (schema !== undefined || (view !== undefined && view !== 'text' && view !== 'bytes'))
      mixed(
        `${name} takes chunks, so that no message is there as a whole to be read as ${view ?? 'its schema says'}.`,
      )
    if (config.dispatcherKey !== undefined)
      mixed(
        `${name} takes chunks, so that no message is there as a whole for its key to be found.`,
        `dispatcherKey is at ${shown(placeOf('dispatcherKey'))}.`,
      )
  }
  if (schema !== undefined && (view === 'xml' || view === 'bytes'))
    wrong(`${name} has a schema, which is for JSON and text, and takes ${view}.`, { span })
  const streaming = branch.steps.findIndex(step => types.isGeneratorFunction(step.config.call))
  if (streaming < 0) return
  if (ONE_ANSWER.has(name)) mixed(`${name} sends no stream of messages, which its function gives back.`)
  const next = branch.steps[streaming + 1]
  if (next)
    mixed(
      `${name} has a step behind a function that answers with a stream of messages; it never runs.`,
      `It is at ${shown(next.span)}.`,
    )
}

function hinted(hint: string | undefined): { hint: string } {
  const usual = 'Hooks of routes need a dispatcherKey.'
  return { hint: hint ?? usual }
}

function hasRoute({ hooks }: ServiceConfig, name: string): boolean {
  return hooks.some(hook => hook.name === name || (hook.key !== undefined && derivedHook(hook.key) === name))
}

function placeOfOption({ attributes, span }: Element, option: string): Span {
  return attributes.find(({ name }) => name === option)?.nameSpan ?? span
}

function shown(span: Span): string {
  const { file, line, column } = placeOf(span)
  return `${file}:${line}:${column}`
}
