import { createRequire } from 'node:module'
import type * as Fonto from 'fontoxpath'

let loaded: typeof Fonto | undefined

/** Gives the engine for XPath 3.1 and XQuery; it takes a while to load, and few configurations need it. */
export function fontoxpath(): typeof Fonto {
  loaded ??= createRequire(import.meta.url)('fontoxpath') as typeof Fonto
  return loaded
}
