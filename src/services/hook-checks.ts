import { type Diagnostics, didYouMean } from '../language/diagnostic.ts'
import { placeOf, type Span } from '../language/source.ts'
import type { Attribute, Element } from '../language/xml.ts'
import { derivedHook, HOOK_ALIASES, HOOKS, isHookName } from './hook-names.ts'

/** A hook by its name, or a route by its key. */
interface Named {
  readonly name: string
  readonly key: string | undefined
  readonly span: Span
}

/** Reports the hooks of a `<service>` that do not go together, or that there are not, whatever else is wrong with it. */
export function checkHookNames(element: Element, diagnostics: Diagnostics): void {
  new HookCheck(element, diagnostics).check()
}

/** Shows a place in a hint. */
export function shown(span: Span): string {
  const { file, line, column } = placeOf(span)
  return `${file}:${line}:${column}`
}

class HookCheck {
  readonly #diagnostics: Diagnostics
  readonly #hooks: readonly Named[]
  readonly #hasKey: boolean
  readonly #streamId: Attribute | undefined

  constructor(element: Element, diagnostics: Diagnostics) {
    const given = (option: string) => element.attributes.find(({ name }) => name === option)
    this.#diagnostics = diagnostics
    this.#hooks = element.children.flatMap(child => namedOf(child) ?? [])
    this.#hasKey = given('dispatcherKey') !== undefined
    this.#streamId = given('dispatcherStreamId')
  }

  check(): void {
    this.#repeated()
    this.#kinds()
    this.#routes()
    this.#names()
  }

  /** There is one hook of a name, onUpgrade above all: aliases are the same hook. */
  #repeated(): void {
    const seen = new Map<string, Span>()
    for (const { name, key, span } of this.#hooks) {
      if (key !== undefined) continue
      const first = seen.get(name)
      if (first)
        this.#wrong(
          span,
          'repeated-hook',
          `A service has one ${name}; this is another one.`,
          `The first is at ${shown(first)}.`,
        )
      else seen.set(name, span)
    }
  }

  #kinds(): void {
    const all = this.#spanOf('onMessage')
    for (const name of ['onTextMessage', 'onBinaryMessage']) {
      const span = this.#spanOf(name)
      if (all && span)
        this.#wrong(
          span,
          'mixed-hooks',
          `onMessage takes text and binary messages; ${name} has no place beside it.`,
          `onMessage is at ${shown(all)}.`,
        )
    }
  }

  #routes(): void {
    if (this.#streamId && !this.#hasKey)
      this.#wrong(
        this.#streamId.nameSpan,
        'stream-id-without-key',
        'dispatcherStreamId needs a dispatcherKey: without one nothing is dispatched.',
      )
    const seen = new Map<string, Span>()
    for (const { key, span } of this.#hooks) {
      if (key === undefined) continue
      const first = seen.get(key)
      if (first)
        this.#wrong(
          span,
          'duplicate-route',
          `The route ${key} is there twice.`,
          `The first is at ${shown(first)}.`,
        )
      else seen.set(key, span)
      if (!this.#hasKey)
        this.#wrong(
          span,
          'route-without-key',
          `The route ${key} needs a dispatcherKey: where a message says that it is for it.`,
        )
    }
  }

  #names(): void {
    for (const { name, key, span } of this.#hooks) {
      if (key !== undefined || HOOKS.has(name)) continue
      const hint = didYouMean(name, [...HOOKS.keys(), ...HOOK_ALIASES.keys()])
      if (!this.#hasKey || hint !== undefined)
        this.#wrong(
          span,
          'unknown-hook',
          `A service has no hook ${name}.`,
          hint ?? 'Hooks of routes need a dispatcherKey.',
        )
      else if (name.endsWith('Error') && !this.#hasRoute(name.slice(0, -'Error'.length)))
        this.#wrong(span, 'unknown-hook', `${name} is for the errors of a route that is not there.`)
    }
  }

  #spanOf(name: string): Span | undefined {
    return this.#hooks.find(hook => hook.name === name)?.span
  }

  #hasRoute(name: string): boolean {
    return this.#hooks.some(hook => (hook.key === undefined ? hook.name : derivedHook(hook.key)) === name)
  }

  #wrong(span: Span, code: string, message: string, hint?: string): void {
    this.#diagnostics.error(span, code, message, hint)
  }
}

/** Undefined for what is no hook, and for a route without a key, which its reader reports. */
function namedOf({ name, attributes, span }: Element): Named | undefined {
  if (isHookName(name)) return { name, key: undefined, span }
  const key = name === 'route' ? attributes.find(each => each.name === 'key') : undefined
  return key && { name: '', key: key.value, span: key.valueSpan ?? span }
}
