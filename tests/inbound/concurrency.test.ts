import { expect, test } from 'vitest'
import { inbound } from '../support/inbound.ts'

test.each<Readonly<Record<string, string>>>([{}, { 'ws.concurrency.max': '1' }])(
  'with %o messages run one after another',
  parameters => {
    const { options, found } = inbound(parameters)
    expect(found).toBe('')
    expect(options).toMatchObject({ concurrency: undefined })
  },
)

test('a number, a key and an order', () => {
  const { options, found } = inbound({
    'ws.concurrency.max': '8',
    'ws.concurrency.key': '//o:account',
    'ws.concurrency.order': 'reply',
  })
  expect(found).toBe('')
  expect(options?.concurrency).toMatchObject({ max: 8, key: expect.any(Function), ordersReplies: true })
  expect(inbound({ 'ws.concurrency.max': '8' }).options?.concurrency).toEqual({
    max: 8,
    key: undefined,
    ordersReplies: false,
  })
})

test.each([
  ['ws.concurrency.key', 'json-eval($.account)'],
  ['ws.concurrency.order', 'reply'],
])('%s without room for several messages is a warning', (name, value) => {
  const { options, found } = inbound({ [name]: value })
  expect(options).toMatchObject({ concurrency: undefined })
  expect(found).toContain(
    `warning no-effect\n  Parameter ${name} has no effect: messages run one after another.`,
  )
  expect(found).toContain('Set ws.concurrency.max to more than 1.')
})

test.each([
  ['ws.concurrency.max', '0', 'expected a whole number from 1 to 10000'],
  ['ws.concurrency.max', 'many', 'expected a whole number from 1 to 10000'],
  ['ws.concurrency.key', 'json-eval($.', 'parameter ws.concurrency.key'],
  ['ws.concurrency.key', '', 'expected an expression'],
  ['ws.concurrency.order', 'replies', 'expected one of none, reply'],
])('%s: "%s" is an error', (name, value, message) => {
  const { found } = inbound({ 'ws.concurrency.max': '2', [name]: value })
  expect(found).toContain('error bad-value')
  expect(found).toContain(message)
})
