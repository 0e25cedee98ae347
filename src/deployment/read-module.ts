import { existsSync } from 'node:fs'
import { createRequire, registerHooks } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Diagnostics } from '../language/diagnostic.ts'
import type { Source } from '../language/source.ts'

const require = createRequire(import.meta.url)
let isResolving = false
const attached = new WeakMap<Source, unknown>()

/** Gives a file what it would export, where there is nothing to load. */
export function attachModule(source: Source, exported: unknown): void {
  attached.set(source, exported)
}

/**
 * Loads the default export of a module of the configuration: JavaScript or TypeScript, without `await` at its top. It
 * runs with all rights of the gateway. What is wrong is reported, and undefined.
 */
export function readModule(source: Source, diagnostics: Diagnostics): unknown {
  if (attached.has(source)) return attached.get(source)
  resolveOwnName()
  const start = { source, start: 0, end: 1 }
  try {
    const found = require(resolve(source.path)) as { readonly default?: unknown }
    if (typeof found === 'object' && found !== null && found.default !== undefined) return found.default
    diagnostics.error(
      start,
      'bad-module',
      'The module has no default export.',
      'Write export default service({ … }).',
    )
  } catch (error) {
    const { message } = error as Error
    const [line = ''] = String(message).split('\n')
    diagnostics.error(start, 'bad-module', `The module cannot be loaded: ${line.replace(/\.$/, '')}.`)
  }
  return undefined
}

/** Lets modules import `myelin` wherever they are: a configuration has no packages. */
function resolveOwnName(): void {
  if (isResolving) return
  isResolving = true
  const here = dirname(fileURLToPath(import.meta.url))
  const entry = ['.ts', '.js'].map(end => join(here, `../sdk/index${end}`)).find(existsSync)
  if (entry === undefined) return
  const url = pathToFileURL(entry).href
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'myelin' || specifier === 'myelin/sdk'
        ? { url, shortCircuit: true }
        : next(specifier, context),
  })
}
