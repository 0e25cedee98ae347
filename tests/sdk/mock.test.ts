// A mock and a client of one package, talking to each other.

import { expect, test } from 'vitest'
import { connect, mock } from '../../src/sdk/index.ts'

test('a client talks to a mock', async () => {
  await using server = await mock([
    { websocket: { path: '/prices', 'on-message': [{ pattern: 'tea', response: '2.50' }] } },
  ])
  await using client = await connect(`${server.url}/prices`)
  await client.writeMessage('tea')
  expect(await client.readMessage()).toBe('2.50')
})
