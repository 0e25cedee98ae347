import { expect, test } from 'vitest'
import { findings, json, mediate } from '../support/mediate.ts'

const fragment = `
  <switch source="json-eval($.kind)">
    <case regex="debit|credit"><property name="lane" value="money"/></case>
    <case regex="deb.*"><property name="lane" value="second"/></case>
    <case regex=""><property name="lane" value="empty"/></case>
    <default><property name="lane" value="other"/></default>
  </switch>
  <property name="after" value="yes"/>`

test.each([
  ['debit', 'money'],
  ['credit', 'money'],
  ['debits', 'second'],
  ['a debit', 'other'],
  ['DEBIT', 'other'],
  ['', 'empty'],
])('%j takes %s: the first case that matches all of it', async (kind, lane) => {
  const ctx = await mediate(fragment, json({ kind }))
  expect(ctx.properties.get('lane')).toBe(lane)
  expect(ctx.properties.get('after')).toBe('yes')
})

test('a value that is not there takes the default, whatever the cases match', async () => {
  const ctx = await mediate(`
    <switch source="get-property('nowhere')">
      <case regex=".*"><property name="lane" value="any"/></case>
      <default><property name="lane" value="default"/></default>
    </switch>`)
  expect(ctx.properties.get('lane')).toBe('default')
})

test('without a default it goes on', async () => {
  const ctx = await mediate(
    `<switch source="'x'"><case regex="y"><drop/></case></switch><property name="after" value="yes"/>`,
  )
  expect(ctx.properties.get('after')).toBe('yes')
})

test('of several defaults the first counts', async () => {
  const ctx = await mediate(`
    <switch source="'x'"><case regex="y"/>
      <default><property name="lane" value="first"/></default>
      <default><property name="lane" value="second"/></default>
    </switch>`)
  expect(ctx.properties.get('lane')).toBe('first')
})

test('what ends the message in a case ends it', async () => {
  const ctx = await mediate(
    `<switch source="'x'"><case regex="x"><drop/></case></switch><property name="after" value="yes"/>`,
  )
  expect(ctx.propertiesIfAny).toBeUndefined()
})

test.each([
  ['<switch><case regex="a"/></switch>', 'missing: <switch> needs attribute source.'],
  ['<switch source="//a"/>', 'missing: <switch> needs at least one <case>.'],
  ['<switch source="//a"><case/></switch>', 'missing: <case> needs attribute regex.'],
  [
    '<switch source="//a"><case regex="("/></switch>',
    'bad-value: attribute regex is "("; expected a regular expression (Unterminated group).',
  ],
  [
    '<switch source="//a"><case regex="a" sequence="b"/></switch>',
    'unknown-attribute: <case> has no attribute sequence; it has no effect.',
  ],
  [
    '<switch source="//a"><case regex="a"/><cse/></switch>',
    'unknown-element: <switch> takes no <cse>; it has no effect. Did you mean case?',
  ],
])('%s is a finding', (fragment, finding) => {
  expect(findings(fragment)).toEqual([finding])
})
