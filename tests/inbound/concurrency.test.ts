import { expect, test } from 'vitest'
import { format } from '../../src/language/diagnostic.ts'
import type { Concurrency } from '../../src/websocket/options.ts'
import { deployed } from '../support/mediate.ts'

/** Deploys an inbound endpoint with parameters, and gives its service and what was found wrong. */
function inbound(parameters: Readonly<Record<string, string>>): {
  readonly concurrency: Concurrency | undefined
  readonly found: string
} {
  const all = Object.entries({ 'inbound.ws.port': '0', ...parameters })
  const { services, diagnostics } = deployed({
    's.xml': '<sequence name="s"><drop/></sequence>',
    'i.xml': `<inboundEndpoint name="i" protocol="ws" sequence="s" xmlns:o="urn:o">
${all.map(([name, value]) => `<parameter name="${name}">${value}</parameter>`).join('\n')}
</inboundEndpoint>`,
  })
  const found = diagnostics.all().map(each => format(each))
  return { concurrency: services[0]?.webSocket?.concurrency, found: found.join('\n') }
}

test('without parameters messages run one after another', () => {
  expect(inbound({})).toEqual({ concurrency: undefined, found: '' })
  expect(inbound({ 'ws.concurrency.max': '1' })).toEqual({ concurrency: undefined, found: '' })
})

test('a number, a key and an order', () => {
  const { concurrency, found } = inbound({
    'ws.concurrency.max': '8',
    'ws.concurrency.key': '//o:account',
    'ws.concurrency.order': 'reply',
  })
  expect(found).toBe('')
  expect(concurrency).toMatchObject({ max: 8, key: expect.any(Function), ordersReplies: true })
  expect(inbound({ 'ws.concurrency.max': '8' }).concurrency).toEqual({
    max: 8,
    key: undefined,
    ordersReplies: false,
  })
})

test.each([
  ['ws.concurrency.key', 'json-eval($.account)'],
  ['ws.concurrency.order', 'reply'],
])('%s without room for several messages is a warning', (name, value) => {
  const { concurrency, found } = inbound({ [name]: value })
  expect(concurrency).toBeUndefined()
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
