import { createRequire } from 'node:module'
import type { MaybePromise } from '../core/step.ts'
import type { MediatorContext } from './class-context.ts'

/** What a class does with a message: false ends it here, everything else lets it go on. */
export type Mediate = (
  context: MediatorContext,
  properties: Readonly<Record<string, unknown>>,
) => MaybePromise<boolean | void>

const require = createRequire(import.meta.url)

/**
 * Loads the module that stands for a class: JavaScript or TypeScript, without `await` at its top. It is loaded once
 * per process.
 * @throws Error with what is wrong
 */
export function loadMediator(file: string): Mediate {
  const found: unknown = require(file)
  const exported = isObject(found) && 'default' in found ? found.default : found
  if (typeof exported === 'function') return exported as Mediate
  if (isObject(exported) && typeof exported.mediate === 'function') {
    const { mediate } = exported
    return mediate.bind(exported) as Mediate
  }
  throw new Error('its default export is neither a function nor an object with a function mediate')
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}
