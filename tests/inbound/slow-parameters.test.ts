import { expect, test } from 'vitest'
import { inbound } from '../support/inbound.ts'

const MIB = 1024 * 1024

test.each([
  ['pause', { maxBytes: 16_384, maxPushedBytes: 16 * MIB }],
  ['drop-oldest', { maxBytes: 16 * MIB, maxMessages: 10_000 }],
  ['keep-last', { maxBytes: 16 * MIB, maxMessages: 10_000, key: undefined }],
  ['spill', { maxBytes: 1024 * MIB }],
  ['close', { maxBytes: 16 * MIB }],
])('what %s begins with', (policy, expected) => {
  const { options, found } = inbound({ 'ws.slow.policy': policy })
  expect(found).toBe('')
  expect(options?.slow).toMatchObject({ policy, ...expected })
})

test('without parameters slow readers are waited for', () => {
  expect(inbound({}).options?.slow).toMatchObject({ policy: 'pause' })
})

test('limits and a key', () => {
  const { options, found } = inbound({
    'ws.slow.policy': 'keep-last',
    'ws.slow.max.bytes': '1000',
    'ws.slow.max.messages': '7',
    'ws.slow.key': 'json-eval($.symbol)',
  })
  expect(found).toBe('')
  expect(options?.slow).toMatchObject({ maxBytes: 1000, maxPushedBytes: 1000, maxMessages: 7 })
  expect(options?.slow.key).toBeTypeOf('function')
})

test.each([
  ['pause', 'ws.slow.key', '$ctx:a', 'keep-last'],
  ['spill', 'ws.slow.max.messages', '5', 'drop-oldest and keep-last'],
])('what has no effect with %s is said', (policy, name, value, where) => {
  const { found } = inbound({ 'ws.slow.policy': policy, [name]: value })
  expect(found).toContain(`Parameter ${name} has no effect: it is for ws.slow.policy ${where}.`)
})

test.each([
  ['ws.slow.policy', 'drop', 'one of pause, drop-oldest, keep-last, spill, close'],
  ['ws.slow.max.bytes', '0', '1'],
  ['ws.slow.max.messages', 'many', 'whole number'],
])('%s of %s is an error', (name, value, expected) => {
  const { found } = inbound({ 'ws.slow.policy': 'drop-oldest', [name]: value })
  expect(found).toContain('error')
  expect(found).toContain(expected)
})
