import { describe, expect, test } from 'vitest'
import { findings, json, mediate } from '../support/mediate.ts'
import { Serving } from '../support/serving.ts'

const STORE = '<messageStore name="orders"/>'
const AFTER = '<property name="after" value="yes"/>'

test('puts a copy away and goes on; the caller gets 202', async () => {
  const ctx = await mediate(`<store messageStore="orders"/>${AFTER}`, json({ id: 7 }), { artifacts: [STORE] })
  expect(ctx.properties.get('after')).toBe('yes')
  expect(ctx.fault).toBeUndefined()
  expect(ctx.counters.ended.delivered).toBe(1)
})

test('runs its sequence first, and goes on even if that ends the message', async () => {
  const ctx = await mediate(`<store messageStore="orders" sequence="first"/>${AFTER}`, json({ id: 7 }), {
    artifacts: [STORE, '<sequence name="first"><property name="first" value="yes"/><drop/></sequence>'],
  })
  expect(ctx.properties.get('first')).toBe('yes')
  expect(ctx.properties.get('after')).toBe('yes')
})

describe('a name computed', () => {
  test.each([
    ['orders', undefined],
    ['gone', 'Message Store gone does not exist.'],
  ])('%s', async (name, message) => {
    await using service = new Serving(`<store messageStore="{$ctx:where}"/>${AFTER}`, {
      artifacts: [STORE],
      fault: '<property name="status" expression="$axis2:HTTP_SC"/>',
    })
    const ctx = await service.take(json({}), { before: ({ properties }) => properties.set('where', name) })
    expect(ctx.fault?.message).toBe(message)
    expect(ctx.properties.get('status')).toBe(message && '500')
  })
})

test('a store that is not there is a warning, and a fault when it is reached', async () => {
  expect(findings('<store messageStore="order"/>', { artifacts: [STORE] })).toEqual([
    'missing-message-store: There is no message store named order; storing into it is a fault. Did you mean orders?',
  ])
  const ctx = await mediate(`<store messageStore="order"/>${AFTER}`, json({}), { artifacts: [STORE] })
  expect(ctx.fault?.message).toBe('Message Store order does not exist.')
  expect(ctx.properties.has('after')).toBe(false)
})

test.each([
  ['<store/>', 'missing: <store> needs attribute messageStore.'],
  ['<store messageStore="orders" sequence="gone"/>', expect.stringMatching(/^missing-sequence: .*gone/)],
])('%s is a finding', (fragment, finding) => {
  expect(findings(fragment, { artifacts: [STORE] })).toContainEqual(finding)
})
