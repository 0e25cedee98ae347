// One server in several processes that share its ports, without Redis: clients are at any of them.

import { expect, test } from 'vitest'
import { connect, connectAll } from '../support/clients.ts'
import { CONFIGURATION, type PushResult } from './processes.ts'
import { Spawned } from './spawned.ts'

test('a group and a broadcast reach the clients of all workers, once each', { timeout: 60_000 }, async () => {
  await using server = await Spawned.start(CONFIGURATION, {}, '--workers', '3')
  await server.logs(/all 3 workers are ready/)
  const push = async (query: string, body: string): Promise<PushResult> => {
    const url = `${await server.url('http', query.split('?')[0]!)}?${query.split('?')[1]!}`
    return (await (await fetch(url, { method: 'POST', body })).json()) as PushResult
  }
  const clients = await connectAll(await server.url('ws', 'chat'), 30)
  await Promise.all(clients.map(client => client.ask('join red')))
  const ids = await Promise.all(clients.map(client => client.ask('id')))
  expect(new Set(ids).size).toBe(30)
  expect(new Set(ids.map(id => id.split('@')[1])).size).toBe(3)

  for (const text of ['one', 'two', 'three'])
    expect(await push('push?group=red', text)).toEqual({
      delivered: 30,
      failed: '',
      count: 0,
      unanswered: '',
    })
  for (const { received } of clients) expect(await received.texts(3)).toEqual(['one', 'two', 'three'])
  for (const id of ids)
    expect(await push(`whisper?id=${encodeURIComponent(id)}`, id)).toMatchObject({ delivered: 1 })
  for (const [i, { received }] of clients.entries()) expect(await received.text()).toBe(ids[i])

  const room = await connectAll(await server.url('ws', 'room'), 12)
  room[0]!.send('to all')
  for (const { received } of room) expect(await received.text()).toBe('to all')
  using another = await connect(new URL('/elsewhere', await server.url('ws', 'room')).href)
  expect(await another.ask('here')).toBe('here')
  for (const client of [...clients, ...room]) client[Symbol.dispose]()
})
