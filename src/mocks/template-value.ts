import { randomInt, randomUUID } from 'node:crypto'
import { fakeNames, fakeValue } from './fake.ts'
import { inside, type MockScope } from './mock-scope.ts'

/** Gives a value where a template is filled in; undefined for none. */
export type Lookup = (scope: MockScope) => unknown

/** What values may be taken from. */
export const SOURCES = [
  'path-params',
  'query-params',
  'json-params',
  'header-params',
  'message',
  'state',
  'now',
  'uuid',
  'random',
  'fake',
] as const

/** The largest number `{{random}}` gives. */
const MOST_RANDOM = 2_147_483_647

/** Why a value cannot be looked up, and what may have been meant. */
export class NoSuchValue extends Error {
  readonly near: string | undefined

  constructor(message: string, near?: string) {
    super(message)
    this.near = near
  }
}

/**
 * Reads what stands in a hole, such as `json-params.user.name`.
 * @param isInEach whether it stands in an `{{#each}}`, where `this` and the names of its items count
 * @throws NoSuchValue where it names none
 */
export function lookupOf(words: readonly string[], isInEach: boolean): Lookup {
  const [expression = '', ...parameters] = words
  const [source = '', ...path] = expression.split('.')
  if (parameters.length > 0 && source !== 'random') throw new NoSuchValue(`${words.join(' ')} is no value.`)
  if (path.includes('')) throw new NoSuchValue(`${expression} has an empty name in it.`)
  switch (source) {
    case 'path-params':
      return ({ request }) => inside(request.pathParams, path)
    case 'query-params':
      return ({ request }) => inside(request.query, path)
    case 'json-params':
      return jsonLookup(path)
    case 'header-params': {
      const name = path.join('.').toLowerCase()
      return ({ request }) => request.header(name)
    }
    case 'message':
      return path.length === 0
        ? ({ message }) => message
        : ({ json, message }) => inside(json ?? message, path)
    case 'state':
      return stateLookup(path)
    case 'now':
      return path[0] === 'unix' ? () => Math.floor(Date.now() / 1_000) : () => new Date().toISOString()
    case 'uuid':
      return () => randomUUID()
    case 'random':
      return randomLookup(parameters)
    case 'fake':
      if (!fakeNames.includes(path.join('.')))
        throw new NoSuchValue(`There is no ${expression}; there is fake.${fakeNames.join(', fake.')}.`)
      return () => fakeValue(path.join('.'))
    case 'this':
      if (isInEach) return ({ item }) => inside(item, path)
      throw new NoSuchValue('this stands in an {{#each}} alone.')
    case '@index':
      if (isInEach) return ({ index }) => index
      throw new NoSuchValue('@index stands in an {{#each}} alone.')
  }
  if (isInEach) return ({ item }) => inside(item, [source, ...path])
  throw new NoSuchValue(
    `There is no ${source === '' ? 'value' : source} to take a value from: ${SOURCES.join(', ')}.`,
    source,
  )
}

/** What a hole of the pattern stands for comes before what the message has under the name. */
function jsonLookup(path: readonly string[]): Lookup {
  const name = path.join('.')
  if (path.length === 0) return ({ json }) => json
  return scope => {
    const { bindings } = scope
    if (bindings !== undefined) {
      if (Object.hasOwn(bindings, name)) return bindings[name]
      // A hole may hold more than one value: what it stands for is looked into.
      for (let depth = path.length - 1; depth > 0; depth--) {
        const outer = path.slice(0, depth).join('.')
        if (Object.hasOwn(bindings, outer)) return inside(bindings[outer], path.slice(depth))
      }
    }
    return inside(scope.json, path)
  }
}

function stateLookup([name = 'state', ...rest]: readonly string[]): Lookup {
  return ({ state }) => inside(state.get(name), rest)
}

function randomLookup(parameters: readonly string[]): Lookup {
  const [least = 0, most = MOST_RANDOM] = parameters.map(Number)
  if (!Number.isSafeInteger(least) || !Number.isSafeInteger(most) || least > most || most - least > 2 ** 47)
    throw new NoSuchValue('random takes two whole numbers, the smaller one first: {{random 1 6}}.')
  return () => randomInt(least, most + 1)
}
