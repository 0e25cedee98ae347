import { describe, expect, test } from 'vitest'
import { BY_ID, correlated, startJson } from '../support/asking.ts'
import { startBackend } from '../support/backends.ts'
import { json, message } from '../support/mediate.ts'
import { Serving } from '../support/serving.ts'

describe('who waits when the links are closed', () => {
  test.each([BY_ID, 'by="lane"'])('gets a reply that comes in time: %s', async attributes => {
    let reply = (): void => {}
    await using backend = await startJson(({ id }, { webSocket }) => {
      reply = () => webSocket.send(JSON.stringify({ id, ok: true }))
      return undefined
    })
    const serving = new Serving(`<call>${correlated(backend.url, attributes)}</call><respond/>`)
    const taken = serving.take(json({ id: 1 }))
    await backend.received.next()

    const stopped = serving[Symbol.asyncDispose]()
    reply()
    await stopped

    expect((await taken).replies).toEqual(['{"id":1,"ok":true}'])
    expect((await backend.connections[0]!.closed).code).toBe(1001)
  })

  test.each([BY_ID, 'by="lane"'])(
    'is told when none comes, and so is the one who comes then: %s',
    async attributes => {
      await using backend = await startBackend()
      const serving = new Serving(`<call>${correlated(backend.url, attributes)}</call><respond/>`, {
        fault: '<log/>',
      })
      // With one lane the second one has not been sent when the time is up.
      const taken = [serving.take(json({ id: 1 })), serving.take(json({ id: 2 }))]
      await backend.received.next()

      await serving[Symbol.asyncDispose]()

      for (const ctx of [...(await Promise.all(taken)), await serving.take(json({ id: 3 }))]) {
        expect(ctx.fault).toMatchObject({ code: 101509, message: 'the gateway stops' })
        expect(ctx.replies).toEqual([])
      }
    },
  )
})

test('an OUT_ONLY request goes beside the lanes: its reply is taken for no other', async () => {
  await using backend = await startBackend({
    answer: (data, _isBinary, { webSocket }) => webSocket.send(`re ${data}`),
  })
  const endpoint = correlated(backend.url, 'by="lane"')
  const fragment = `<filter source="json-eval($.note)" regex="true"><then><property name="OUT_ONLY" value="true"/><send>${endpoint}</send></then><else><call>${endpoint}</call><respond/></else></filter>`
  await using serving = new Serving(fragment)

  const taken = [{ n: 1 }, { note: true }, { n: 2 }, { note: true }, { n: 3 }].map(each =>
    serving.take(json(each)),
  )

  const replies = (await Promise.all(taken)).map(ctx => ctx.replies[0])
  expect(replies).toEqual(['re {"n":1}', undefined, 're {"n":2}', undefined, 're {"n":3}'])
})

test('a group does not go on for a request that no member can be sent', async () => {
  await using first = await startJson(({ id }) => ({ id }))
  await using second = await startJson(({ id }) => ({ id }))
  const members = [first, second].map(({ url }) => correlated(url, BY_ID)).join('')
  await using serving = new Serving(
    `<call><endpoint><failover>${members}</failover></endpoint></call><respond/>`,
    { fault: '<log/>' },
  )

  expect((await serving.take(message('hello'))).fault?.code).toBe(601000)
  expect((await serving.take(json({ id: 1 }))).replies).toEqual(['{"id":1}'])
})

test('a request that was given up keeps its payload', async () => {
  await using backend = await startBackend()
  await using serving = new Serving(`<call>${correlated(backend.url, BY_ID, 50)}</call><respond/>`, {
    fault: '<respond/>',
  })

  const ctx = await serving.take(json('{"id": 1}'))

  expect([ctx.fault?.code, ctx.replies]).toEqual([101504, ['{"id": 1}']])
})
