import { createRequire } from 'node:module'
import type { MaybePromise } from '../core/step.ts'
import type { Build } from '../language/declare.ts'
import type { Reference } from '../language/types.ts'
import type { MediatorContext } from './class-context.ts'

/** What a class does with a message: false ends it here, everything else lets it go on. */
export type Mediate = (
  context: MediatorContext,
  properties: Readonly<Record<string, unknown>>,
) => MaybePromise<boolean | void>

/** What a class does around the sequences of an API. */
export interface AroundApi {
  readonly handleRequest?: Mediate
  readonly handleResponse?: Mediate
}

const require = createRequire(import.meta.url)

/**
 * Loads the module that stands for a class: JavaScript or TypeScript, without `await` at its top. It is loaded once
 * per process.
 * @throws Error with what is wrong
 */
export function loadMediator(file: string): Mediate {
  const exported = loaded(file)
  if (typeof exported === 'function') return exported as Mediate
  if (isObject(exported) && typeof exported.mediate === 'function') return bound(exported, exported.mediate)
  throw new Error('its default export is neither a function nor an object with a function mediate')
}

/**
 * Loads the module that stands for a class around an API; a function alone is for requests.
 * @throws Error with what is wrong
 */
export function loadAroundApi(file: string): AroundApi {
  const exported = loaded(file)
  if (typeof exported === 'function') return { handleRequest: exported as Mediate }
  const { handleRequest, handleResponse } = isObject(exported) ? exported : {}
  if (typeof handleRequest !== 'function' && typeof handleResponse !== 'function')
    throw new Error(
      'its default export is neither a function nor an object with handleRequest or handleResponse',
    )
  return {
    ...(typeof handleRequest === 'function' && { handleRequest: bound(exported, handleRequest) }),
    ...(typeof handleResponse === 'function' && { handleResponse: bound(exported, handleResponse) }),
  }
}

/** Finds the module the settings name for a class and loads it; what is wrong is reported, and undefined. */
export function moduleFor<T>(
  { name: className, span }: Reference,
  load: (file: string) => T,
  build: Build,
): T | undefined {
  const file = build.settings.classes.get(className)
  if (file === undefined) {
    const message = `Class ${className} is Java, and no module stands for it.`
    const hint = `Write in deployment.toml, with your own file: [myelin.classes] "${className}" = "./classes/${moduleName(className)}.ts"`
    build.error(span, 'bad-class', message, hint)
    return undefined
  }
  try {
    return load(file)
  } catch (error) {
    build.error(
      span,
      'bad-class',
      `The module ${file} for class ${className} cannot be used: ${firstLine(error)}.`,
    )
    return undefined
  }
}

function loaded(file: string): unknown {
  const found: unknown = require(file)
  return isObject(found) && 'default' in found ? found.default : found
}

function bound(owner: unknown, act: unknown): Mediate {
  return (act as Mediate).bind(owner)
}

/** `DiscountQuoteMediator` is suggested as `discount-quote-mediator`. */
function moduleName(className: string): string {
  const short = className.slice(className.lastIndexOf('.') + 1)
  return short.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()
}

function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n', 1)[0]!.replace(/\.$/, '')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
