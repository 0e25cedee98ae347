import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { messageLine } from '../../src/cli/ws-lines.ts'
import { mock } from '../../src/sdk/mock.ts'
import { Client } from '../support/clients.ts'
import { mockFindings, serveMocks } from '../support/mocks.ts'

const root = resolve(import.meta.dirname, '../..')
const guide = readFileSync(join(root, 'docs/guide/mocks.md'), 'utf8')

const files = [...guide.matchAll(/```yaml\n(.*?)```(?:\n\n```text\n(.*?)```)?/gs)].map(
  ([, yaml, talk]) => [yaml!, talk] as const,
)
const talks = files.filter(([, talk]) => talk !== undefined).map(([yaml, talk]) => [talk!, yaml] as const)

test('the mocks of the guide are right', () => {
  expect(files.length).toBeGreaterThan(4)
  for (const [yaml] of files) expect(mockFindings(yaml)).toEqual([])
})

describe('the conversations of the guide are what is said', () => {
  test.each(talks)('%s', async (talk, yaml) => {
    const [first = '', ...lines] = talk.trimEnd().split('\n')
    const { pathname } = new URL(first.replace('Connected to ', ''))
    await using mocks = await serveMocks(yaml)
    using client = new Client(mocks.server.url + pathname)
    await new Promise(opened => client.webSocket.once('open', opened))
    for (const line of lines) {
      if (line.startsWith('> ')) client.send(line.slice(2))
      else if (line.startsWith('< close ')) {
        const { code, reason } = await client.closed
        expect(`< close ${code} ${reason}`).toBe(line)
      } else {
        const { data, isBinary } = await client.received.next()
        expect(messageLine('<', data, isBinary)).toBe(line)
      }
    }
  })
})

test('the example is served', async () => {
  await using server = await mock(join(root, 'examples/mocks/shop.yml'))
  using client = new Client(`${server.url}/ws/shop/ana`)
  expect(await client.received.text()).toBe('{"welcome": "ana"}')
  expect(await client.ask('{"pay": true}')).toBe('{"error": "there is nothing to pay"}')
  expect(await client.ask('{"count": 2, "add": "tea"}')).toBe('{"added": "tea", "count": 2}')
  expect(await client.ask('{"pay": true}')).toBe('{"payment": "pending"}')
  expect(JSON.parse(await client.received.text())).toMatchObject({ payment: 'done' })
  expect(await client.ask('bye')).toBe('see you')
  expect(await client.closed).toEqual({ code: 1000, reason: 'bye' })
  const order = await fetch(`${server.httpUrl}/orders`, { method: 'POST', body: '{"a":[1]}' })
  expect([order.status, await order.json()]).toEqual([201, { order: { a: [1] } }])
})
