import { expect, test } from 'vitest'
import { findings, json, mediate } from '../support/mediate.ts'

const artifacts = [
  '<sequence name="debit"><property name="lane" value="money"/></sequence>',
  '<sequence name="stops"><drop/></sequence>',
]

test('runs the named sequence and goes on', async () => {
  const ctx = await mediate('<sequence key="debit"/><property name="after" value="yes"/>', undefined, {
    artifacts,
  })
  expect(ctx.properties.entries()).toEqual([
    ['lane', 'money'],
    ['after', 'yes'],
  ])
})

test('ends where the named sequence ends the message', async () => {
  const ctx = await mediate('<sequence key="stops"/><property name="after" value="yes"/>', undefined, {
    artifacts,
  })
  expect(ctx.propertiesIfAny).toBeUndefined()
})

test('a key in braces is computed for each message', async () => {
  const fragment = '<sequence key="{json-eval($.kind)}"/><property name="after" value="yes"/>'
  const ctx = await mediate(fragment, json({ kind: 'debit' }), { artifacts })
  expect(ctx.properties.get('lane')).toBe('money')
  expect(ctx.properties.get('after')).toBe('yes')
})

test.each([
  ['<sequence key="{json-eval($.kind)}"/>', 'Sequence named credit cannot be found'],
  ['<sequence key="credit"/>', 'Sequence named credit cannot be found'],
])('%s with no such sequence is fault 0 when it is reached', async (fragment, message) => {
  const ctx = await mediate(`<property name="before" value="yes"/>${fragment}`, json({ kind: 'credit' }))
  expect(ctx.properties.get('before')).toBe('yes')
  expect(ctx.fault?.code).toBe(0)
  expect(ctx.fault?.message).toBe(message)
  expect(ctx.fault?.place).toMatchObject({ file: 'test.xml', line: 1 })
})

test('a fixed key without a sequence is a warning, with the nearest name', () => {
  expect(findings('<sequence key="debbit"/>', { artifacts })).toEqual([
    'missing-sequence: There is no sequence named debbit; reaching it is a fault. Did you mean debit?',
  ])
})

test.each([
  ['<sequence/>', 'missing: <sequence> needs attribute key.'],
  ['<sequence key=" "/>', 'missing-sequence: The name of a sequence is empty; reaching it is a fault.'],
  [
    '<sequence key="debit" onError="stops"/>',
    'not-supported: attribute onError of <sequence> is not supported: put onError on the sequence that is run.',
  ],
])('%s is a finding', (fragment, finding) => {
  expect(findings(fragment, { artifacts })).toEqual([finding])
})

test('a sequence defined in place is pointed to its own file', () => {
  expect(findings('<sequence name="inline"><log/></sequence>')).toContain(
    'not-supported: attribute name of <sequence> is not supported: a sequence is defined in a file of its own or in <definitions>; use key to run it.',
  )
})
