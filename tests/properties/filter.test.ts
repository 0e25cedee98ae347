import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { xml } from '../support/mediate.ts'
import { CASES, flow, type Shape, shapes, shown, xmlEscaped } from './flow.ts'

/** What a condition looks at; a property that is not set is undefined. */
interface Facts {
  readonly p: string | undefined
  readonly n: string | undefined
  readonly items: readonly string[]
}

interface Condition {
  readonly text: string
  holds(facts: Facts): boolean
}

const word = fc.constantFrom('a', 'b', 'ab', 'true', 'false', '', '5', '7.5')
const small = fc.integer({ min: -1, max: 8 })

const toNumber = (text: string | undefined): number =>
  text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN

const leaf: fc.Arbitrary<Condition> = fc.oneof(
  fc.tuple(fc.constantFrom('=', '!='), word).map(([operator, value]) => ({
    text: `$ctx:p ${operator} '${value}'`,
    // Without a value neither holds.
    holds: ({ p }: Facts) => p !== undefined && (operator === '=') === (p === value),
  })),
  fc.tuple(fc.constantFrom('<', '<=', '>', '>='), small).map(([operator, value]) => ({
    text: `get-property('n') ${operator} ${value}`,
    holds({ n }: Facts) {
      const number = toNumber(n)
      if (operator === '<') return number < value
      if (operator === '<=') return number <= value
      return operator === '>' ? number > value : number >= value
    },
  })),
  small.map(value => ({ text: `$ctx:n = ${value}`, holds: ({ n }: Facts) => toNumber(n) === value })),
  fc.constant({ text: '$ctx:p', holds: ({ p }: Facts) => p !== undefined && p !== '' }),
  word.map(value => ({
    text: `contains($ctx:p, '${value}')`,
    holds: ({ p }: Facts) => (p ?? '').includes(value),
  })),
  small.map(value => ({ text: `count(//i) > ${value}`, holds: ({ items }: Facts) => items.length > value })),
  word.map(value => ({ text: `//i = '${value}'`, holds: ({ items }: Facts) => items.includes(value) })),
  fc.constant({ text: '//i', holds: ({ items }: Facts) => items.length > 0 }),
)

const { condition } = fc.letrec<{ condition: Condition }>(tie => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    tie('condition').map(inner => ({
      text: `not(${inner.text})`,
      holds: (facts: Facts) => !inner.holds(facts),
    })),
    fc
      .tuple(tie('condition'), fc.constantFrom('and', 'or'), tie('condition'))
      .map(([left, operator, right]) => ({
        text: `(${left.text}) ${operator} (${right.text})`,
        holds: (facts: Facts) =>
          operator === 'and'
            ? left.holds(facts) && right.holds(facts)
            : left.holds(facts) || right.holds(facts),
      })),
  ),
}))

/** A pattern for the whole of a text, and what it matches. */
const pattern: fc.Arbitrary<Condition> = fc
  .array(fc.constantFrom<string>('a', 'b', 'ab', '5', ''), { minLength: 1, maxLength: 3 })
  .map(words => ({ text: words.join('|'), holds: ({ p }) => p !== undefined && words.includes(p) }))

const mark = (lane: string): string => `<property name="lane" value="${lane}"/>`

const filters: fc.Arbitrary<Shape<Condition>> = fc
  .tuple(
    fc.oneof(
      {
        weight: 4,
        arbitrary: condition.map(each => ({ ...each, head: `xpath="${xmlEscaped(each.text)}"` })),
      },
      {
        weight: 1,
        arbitrary: pattern.map(each => ({
          ...each,
          head: `source="get-property('p')" regex="${each.text}"`,
        })),
      },
    ),
    fc.boolean(),
  )
  .map(([model, hasElse]) => {
    const branches = hasElse ? `<then>${mark('yes')}</then><else>${mark('no')}</else>` : mark('yes')
    return {
      fragment: `<filter ${model.head}>${branches}</filter>${mark('after').replace('lane', 'end')}`,
      model,
    }
  })

const facts: fc.Arbitrary<Facts> = fc
  .record({
    p: fc.option(word, { nil: undefined }),
    n: fc.option(fc.oneof(small.map(String), word), { nil: undefined }),
    items: fc.array(word, { maxLength: 4 }),
  })
  .map(each => shown(each, JSON.stringify(each)))

test('filter takes the branch that its condition says', async () => {
  await fc.assert(
    fc.asyncProperty(shapes(filters), facts, async ({ fragment, model }, { p, n, items }) => {
      const payload = xml(`<r>${items.map(item => `<i>${item}</i>`).join('')}</r>`)
      const { ctx } = await flow(fragment, payload, { p, n })
      const no = fragment.includes('<else>') ? 'no' : undefined
      expect(ctx.properties.get('lane')).toBe(model.holds({ p, n, items }) ? 'yes' : no)
      expect(ctx.properties.get('end')).toBe('after')
    }),
    { numRuns: CASES },
  )
}, 60_000)
