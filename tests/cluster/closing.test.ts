// Sessions of other processes are closed by their ids, and with the groups they are in.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../support/clients.ts'
import { proxy } from '../support/configurations.ts'
import { RedisServer } from '../support/redis.ts'
import { CONFIGURATION, member, Processes, post } from './processes.ts'

let redis: RedisServer
beforeAll(async () => {
  redis = await RedisServer.start()
})
afterAll(() => redis[Symbol.asyncDispose]())

const XML = `${CONFIGURATION}
  ${proxy('one', '<close session="{$url:id}" code="4001" reason="by id"/><respond/>')}
  ${proxy('all', '<close group="{$url:group}" code="PolicyViolation"/><respond/>')}`

test('a close finds its sessions in whichever process they are', { timeout: 60_000 }, async () => {
  await using processes = await Processes.start(redis.url, ['a', 'b'], { xml: XML })
  const [a, b] = processes.all
  using here = await member(a!, 'red')
  using there = await member(b!, 'red')
  using other = await connect(b!.url('ws', 'chat'))
  using alone = await connect(b!.url('ws', 'chat'))

  await post(a!, 'one', { id: await alone.ask('id') })
  expect(await alone.closed).toEqual({ code: 4001, reason: 'by id' })

  await post(a!, 'all', { group: 'red' })
  const closed = { code: 1008, reason: 'Policy violation' }
  expect([await here.closed, await there.closed]).toEqual([closed, closed])
  expect(await other.ask('still here')).toBe('still here')
})
