import { describe, expect, test } from 'vitest'
import type { MessageContext } from '../../src/core/context.ts'
import type { Message } from '../../src/message/message.ts'
import { findings, json, mediate, xml } from '../support/mediate.ts'

const BRANCHES = `<then><property name="went" value="then"/></then><else><property name="went" value="else"/></else>`

async function way(
  condition: string,
  message?: Message,
  before?: (ctx: MessageContext) => void,
): Promise<unknown> {
  const ctx = await mediate(
    `<filter ${condition}>${BRANCHES}</filter><property name="after" value="yes"/>`,
    message,
    { before, attributes: 'xmlns:o="urn:orders"' },
  )
  expect(ctx.properties.get('after')).toBe('yes')
  return ctx.properties.get('went')
}

describe('condition', () => {
  const set =
    (value: unknown) =>
    (ctx: MessageContext): void =>
      ctx.properties.set('flag', value)

  test.each([
    ['not set', undefined, 'else'],
    ['empty text', '', 'else'],
    ['the text true', 'true', 'then'],
    ['the text false', 'false', 'then'],
    ['the boolean true', true, 'then'],
    ['the boolean false', false, 'else'],
    ['the number 0', 0, 'else'],
    ['the number 5', 5, 'then'],
  ])('a property that is %s', async (_what, value, expected) => {
    expect(await way(`xpath="get-property('flag')"`, undefined, set(value))).toBe(expected)
    expect(await way('xpath="$ctx:flag"', undefined, set(value))).toBe(expected)
    expect(await way('xpath="boolean($ctx:flag)"', undefined, set(value))).toBe(expected)
  })

  test.each([
    ["$ctx:flag = 'a'", 'else'],
    ["$ctx:flag != 'a'", 'else'],
    ["not($ctx:flag = 'a')", 'then'],
    ['not($ctx:flag)', 'then'],
  ])('%s of a property that is not set', async (xpath, expected) => {
    expect(await way(`xpath="${xpath}"`)).toBe(expected)
  })

  const order = xml('<o:order xmlns:o="urn:orders"><o:id>7</o:id><o:empty/></o:order>')
  test.each([
    ['//o:id', 'then'],
    ['//o:empty', 'then'],
    ['//o:nowhere', 'else'],
    ['//o:id = 7', 'then'],
    ['//o:id &gt; 7', 'else'],
    ['count(//o:id)', 'then'],
  ])('%s of a payload', async (xpath, expected) => {
    expect(await way(`xpath="${xpath}"`, order)).toBe(expected)
  })

  test.each([
    ['json-eval($.yes)', 'then'],
    ['json-eval($.text)', 'then'],
    ['json-eval($.no)', 'else'],
    ['json-eval($.other)', 'else'],
    ['json-eval($.nowhere)', 'else'],
  ])('%s is true for the text true alone', async (xpath, expected) => {
    const values = json({ yes: true, text: 'TRUE', no: false, other: 'yes' })
    expect(await way(`xpath="${xpath}"`, values)).toBe(expected)
  })
})

describe('source and regex', () => {
  test.each([
    ['debit', 'then'],
    ['de.*', 'then'],
    ['credit|debit', 'then'],
    ['deb', 'else'],
    ['DEBIT', 'else'],
    ['(?:)', 'else'],
  ])('%s against debit', async (regex, expected) => {
    expect(await way(`source="json-eval($.kind)" regex="${regex}"`, json({ kind: 'debit' }))).toBe(expected)
  })

  test('a source that is not there matches nothing, not even everything', async () => {
    expect(await way(`source="get-property('nowhere')" regex=".*"`)).toBe('else')
  })

  test('an empty source is text', async () => {
    expect(await way(`source="json-eval($.nowhere)" regex=".*"`, json({}))).toBe('then')
  })

  test('an xpath beside them wins', async () => {
    expect(await way(`xpath="false()" source="'a'" regex="a"`)).toBe('else')
  })
})

describe('branches', () => {
  test('without then, its mediators run when the condition holds', async () => {
    const fragment = '<property name="went" value="inside"/>'
    const yes = await mediate(`<filter xpath="true()">${fragment}</filter>`)
    expect(yes.properties.get('went')).toBe('inside')
    const no = await mediate(
      `<filter xpath="false()">${fragment}</filter><property name="after" value="yes"/>`,
    )
    expect(no.properties.entries()).toEqual([['after', 'yes']])
  })

  test('a false condition without else goes on', async () => {
    const ctx = await mediate(
      '<filter xpath="false()"><then><drop/></then></filter><property name="after" value="yes"/>',
    )
    expect(ctx.properties.get('after')).toBe('yes')
  })

  test('then and else may name sequences', async () => {
    const artifacts = [
      '<sequence name="yes"><property name="went" value="yes"/></sequence>',
      '<sequence name="no"><property name="went" value="no"/></sequence>',
    ]
    const fragment = '<filter xpath="$ctx:flag"><then sequence="yes"/><else sequence="no"/></filter>'
    const before = (ctx: MessageContext): void => ctx.properties.set('flag', 'x')
    expect((await mediate(fragment, undefined, { artifacts, before })).properties.get('went')).toBe('yes')
    expect((await mediate(fragment, undefined, { artifacts })).properties.get('went')).toBe('no')
  })

  test('a sequence that is not there is a warning, and a fault when it is reached', async () => {
    const fragment = '<filter xpath="true()"><then sequence="nowhere"/></filter>'
    expect(findings(fragment)).toEqual([
      'missing-sequence: There is no sequence named nowhere; reaching it is a fault.',
    ])
    expect((await mediate(fragment)).fault?.message).toBe('Sequence named nowhere cannot be found')
  })

  test('what ends the message in a branch ends it', async () => {
    const ctx = await mediate(
      '<filter xpath="true()"><then><drop/></then></filter><property name="after" value="yes"/>',
    )
    expect(ctx.propertiesIfAny).toBeUndefined()
  })
})

test.each([
  ['<filter/>', 'missing: <filter> needs xpath, or source and regex.'],
  ['<filter source="//a"/>', 'missing: <filter> with source needs regex.'],
  ['<filter regex="a"/>', 'missing: <filter> with regex needs source.'],
  ['<filter xpath=""/>', 'bad-value: attribute xpath is ""; expected an expression.'],
  [
    '<filter xpath="true()"><then/><log/></filter>',
    'bad-combination: Mediators beside <then> never run. Put them into <then>.',
  ],
  [
    '<filter xpath="true()"><log/><else/></filter>',
    'bad-combination: <else> counts only beside <then>. Put the other mediators into <then>.',
  ],
  [
    '<filter xpath="true()"><then sequnce="a"/></filter>',
    'unknown-attribute: <then> has no attribute sequnce. Did you mean sequence?',
  ],
])('%s is a finding', (fragment, finding) => {
  expect(findings(fragment)).toEqual([finding])
})
