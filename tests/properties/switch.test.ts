import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { json } from '../support/mediate.ts'
import { CASES, flow, type Shape, shapes, xmlEscaped } from './flow.ts'

/** A pattern, and what texts it matches as a whole. */
interface Pattern {
  readonly regex: string
  matches(text: string): boolean
}

const WORDS = ['', 'a', 'b', 'ab', 'ba', 'A', 'a.b', '12', '007', 'true', 'null', 'two words', 'x\ny']
const word = fc.constantFrom(...WORDS)
const literal = (text: string): string => text.replace(/[.\\+*?()[\]{}|^$]/g, '\\$&')

const pattern: fc.Arbitrary<Pattern> = fc.oneof(
  word.map(text => ({ regex: literal(text), matches: (given: string) => given === text })),
  fc.array(word, { minLength: 2, maxLength: 3 }).map(texts => ({
    regex: texts.map(literal).join('|'),
    matches: (given: string) => texts.includes(given),
  })),
  word.map(text => ({
    regex: `${literal(text)}[a-b]*`,
    matches: (given: string) =>
      given.startsWith(text) && [...given.slice(text.length)].every(character => 'ab'.includes(character)),
  })),
  fc.constant({
    regex: '\\d+',
    matches: (given: string) => given !== '' && [...given].every(d => d >= '0' && d <= '9'),
  }),
  fc.constant({ regex: '.*', matches: (given: string) => !given.includes('\n') }),
)

interface Model {
  readonly reads: 'json' | 'property'
  readonly cases: readonly Pattern[]
  readonly hasDefault: boolean
}

const switches: fc.Arbitrary<Shape<Model>> = fc
  .record({
    reads: fc.constantFrom('json' as const, 'property' as const),
    cases: fc.array(pattern, { minLength: 1, maxLength: 5 }),
    hasDefault: fc.boolean(),
  })
  .map(model => {
    const source = model.reads === 'json' ? 'json-eval($.k)' : '$ctx:k'
    const ways = model.cases.map(
      ({ regex }, i) => `<case regex="${xmlEscaped(regex)}"><property name="lane" value="${i}"/></case>`,
    )
    const otherwise = model.hasDefault ? '<default><property name="lane" value="default"/></default>' : ''
    return { fragment: `<switch source="${source}">${ways.join('')}${otherwise}</switch>`, model }
  })

/** What stands under the key: undefined where it is not there. */
const value = fc.oneof(
  { weight: 6, arbitrary: word },
  fc.constantFrom(undefined, null, true, 12, 2.5, -3, ['a'], { a: 'b' }),
)

/** The text a switch sees; undefined where there is no value. */
function seen(reads: Model['reads'], given: unknown): string | undefined {
  // Compatibility: what a JSONPath does not find is the empty text, a property that is not set is no text at all.
  if (given === undefined) return reads === 'json' ? '' : undefined
  if (typeof given === 'string') return given
  if (given === null) return reads === 'json' ? 'null' : undefined
  return typeof given === 'object' ? (Array.isArray(given) ? '["a"]' : '{"a":"b"}') : `${given}`
}

test('switch takes the first case that matches all of the value', async () => {
  await fc.assert(
    fc.asyncProperty(shapes(switches), value, async ({ fragment, model }, given) => {
      const { ctx } = await flow(fragment, json({ k: given }), { k: given })
      const text = seen(model.reads, given)
      const matching = text === undefined ? -1 : model.cases.findIndex(({ matches }) => matches(text))
      const otherwise = model.hasDefault ? 'default' : undefined
      expect(ctx.properties.get('lane')).toBe(matching < 0 ? otherwise : String(matching))
    }),
    { numRuns: CASES },
  )
}, 60_000)
