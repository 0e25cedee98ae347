// HTTP and WebSocket callers ask a WebSocket backend through the gateway and get its replies: in any order, late,
// several at once, from a backend that dies, and from one that means harm.

import { request } from 'node:http'
import { describe, expect, test } from 'vitest'
import {
  type Answer,
  asking,
  BY_ID,
  correlated,
  endings,
  LOG_STRAY,
  post,
  startJson,
} from '../support/asking.ts'
import { freePort, startBackend } from '../support/backends.ts'
import { connect } from '../support/clients.ts'
import { proxy, service } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'
import { ask } from '../support/http-backend.ts'

describe('a caller over HTTP', () => {
  test('gets the reply of the backend as the response', async () => {
    await using backend = await startJson(({ id, name }) => ({ id, hello: name }))
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, BY_ID)) })

    const answer = await post(gateway, '{ "id": 7, "name": "Zoë" }')

    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('application/json; charset=UTF-8')
    expect(answer.body).toBe('{"id":7,"hello":"Zoë"}')
    expect(endings(gateway)).toEqual({ answered: 1 })
  })

  test('gets it by send, through the out sequence', async () => {
    await using backend = await startJson(({ id }) => ({ id, price: 5 }))
    const target = `<outSequence><property name="X-Way" scope="transport" value="out"/><send/></outSequence>`
    const xml = proxy('asks', `<send>${correlated(backend.url, BY_ID)}</send>`, { target })
    await using gateway = await startGateway({ xml })

    const answer = await post(gateway, { id: 'a' })

    expect([answer.body, answer.headers['x-way']]).toEqual(['{"id":"a","price":5}', 'out'])
  })
})

test('a caller that is answered 202 by force does not wait, and the reply is waited for all the same', async () => {
  let reply = (): void => {}
  await using backend = await startJson(({ id }, { webSocket }) => {
    reply = () => webSocket.send(JSON.stringify({ id, price: 5 }))
    return undefined
  })
  const dispatch = `<property name="FORCE_SC_ACCEPTED" scope="axis2" value="true"/>
    <call>${correlated(backend.url, BY_ID)}</call>
    <log level="custom"><property name="REPLY" expression="json-eval($.price)"/></log>`
  await using gateway = await startGateway({ xml: proxy('asks', dispatch) })

  expect((await post(gateway, { id: 1 })).status).toBe(202)
  await backend.received.next()
  expect(gateway.inFlight).toBe(1)
  reply()

  await gateway.waitForLog('REPLY = 5')
})

test('all services share the links of an address, and these carry no header of who opened them', async () => {
  await using backend = await startJson(({ id }) => ({ id }))
  const xml = asking(
    correlated(backend.url, BY_ID),
    `<sequence name="other"><call>${correlated(backend.url, BY_ID)}</call><respond/></sequence><proxy name="others"><target inSequence="other"/></proxy>`,
  )
  const settings = { 'transport.ws.sender.parameter.ws.headers.preserve': 'Authorization' }
  await using gateway = await startGateway({ xml, settings })

  await post(gateway, { id: 1 }, { Authorization: 'Basic secret' })
  await post(gateway, { id: 2 })

  expect(backend.connections).toHaveLength(1)
  expect(backend.connections[0]!.request.headers.authorization).toBeUndefined()
})

describe('ids', () => {
  test.each([
    ['a number', '7'],
    ['a negative number', '-7'],
    ['a number with a fraction, as it is written', '1.50'],
    ['a number no double can hold', '12345678901234567890'],
    ['a text', '"order 7"'],
    ['a text with escapes, as it is written', '"\\u00e9\\"\\\\"'],
    ['a text beyond ASCII', '"Zoë 🙂"'],
    ['null', 'null'],
    ['an object', '{"a":[1]}'],
  ])('%s comes back exactly', async (_what, id) => {
    await using backend = await startJson(({ id }) => ({ before: [{ id: 1 }], id, after: 'id' }))
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, BY_ID)) })

    const { body } = await post(gateway, `{"x":1.10, "id" : ${id} ,"y":{"id":2}}`)

    expect(body).toBe(`{"before":[{"id":1}],"id":${id},"after":"id"}`)
    const [sent] = backend.received.all
    const own = /^\{"x":1\.10, "id" : (.*) ,"y":\{"id":2\}\}$/.exec(sent!.data.toString())![1]!
    expect(own).toMatch(/^-?\d/.test(id) ? /^\d{1,16}$/ : /^"m[0-9a-f]{20}-\w+"$/)
    expect(own).not.toBe(id)
  })

  test.each([
    ['{}', '{"id":"m…"}'],
    ['{"a":1}', '{"id":"m…","a":1}'],
    ['{ }', '{"id":"m…" }'],
  ])('there is none in the reply where the caller had none: %s', async (request, sent) => {
    await using backend = await startJson(
      ({ id, a }) => `{ "id" : ${JSON.stringify(id)}, "a": ${a ?? null} }`,
    )
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, BY_ID)) })

    const { body } = await post(gateway, request)

    expect(JSON.parse(body)).toEqual({ a: request.includes('a') ? 1 : null })
    expect(backend.received.all[0]!.data.toString().replace(/"m[\w-]+"/, '"m…"')).toBe(sent)
  })

  test.each([
    ['alone', (id: string) => `{"id":${id}}`, '{}'],
    ['last', (id: string) => `{"a":1, "id":${id}}`, '{"a":1}'],
    ['first', (id: string) => `{"id":${id} , "a":1}`, '{"a":1}'],
    ['amid', (id: string) => `{"a":1,"id":${id},"b":2}`, '{"a":1,"b":2}'],
  ])('it is cut out with its comma: %s', async (_where, reply, expected) => {
    await using backend = await startJson(({ id }) => reply(JSON.stringify(id)))
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, BY_ID)) })

    expect((await post(gateway, '{"q":1}')).body).toBe(expected)
  })

  test('stand inside of objects, elsewhere in the reply', async () => {
    await using backend = await startJson(({ meta, n }) => ({ n, re: { of: (meta as { id: unknown }).id } }))
    const endpoint = correlated(backend.url, 'by="json" field="$.meta.id" reply-field="$.re.of"')
    await using gateway = await startGateway({ xml: asking(endpoint) })

    expect((await post(gateway, '{"meta":{"x":1,"id":9},"n":1}')).body).toBe('{"n":1,"re":{"of":9}}')
    expect((await post(gateway, '{"meta":{"x":1},"n":2}')).body).toBe('{"n":2,"re":{}}')
    expect((await post(gateway, '{"n":3}')).body).toBe('{"n":3,"re":{}}')
    expect((await post(gateway, '{"meta":7}')).body).toBe('{"fault":"601000"}')
  })

  test('that are kept reach the backend; the same one twice at a time is a fault', async () => {
    const held = Promise.withResolvers<void>()
    await using backend = await startJson(({ id, wait }, { webSocket }) => {
      if (!wait) return { id, ok: true }
      void held.promise.then(() => webSocket.send(JSON.stringify({ id, ok: 'waited' })))
      return undefined
    })
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, `${BY_ID} id="keep"`)) })

    const first = post(gateway, { id: 'a', wait: true })
    await backend.received.next()
    expect((await post(gateway, { id: 'a' })).body).toBe('{"fault":"601000"}')
    expect((await post(gateway, { id: 'b' })).body).toBe('{"id":"b","ok":true}')
    expect((await post(gateway, '{"id":[1]}')).body).toBe('{"fault":"601000"}')
    expect((await post(gateway, '{}')).body).toBe('{"ok":true}')
    held.resolve()
    expect((await first).body).toBe('{"id":"a","ok":"waited"}')
    expect((await post(gateway, { id: 'a' })).body).toBe('{"id":"a","ok":true}')
  })

  test('that are kept are not used again while a late reply may come', async () => {
    let late = (): void => {}
    await using backend = await startJson(({ id, wait }, { webSocket }) => {
      if (!wait) return { id, ok: true }
      late = () => webSocket.send(JSON.stringify({ id, ok: 'late' }))
      return undefined
    })
    const endpoint = correlated(backend.url, `${BY_ID} id="keep" unmatched="strays"`, 100)
    await using gateway = await startGateway({ xml: asking(endpoint) })

    expect((await post(gateway, { id: 5, wait: true })).body).toBe('{"fault":"101504"}')
    expect((await post(gateway, { id: 5 })).body).toBe('{"fault":"601000"}')
    late()
    await gateway.waitForLog('STRAY = late 5')
    expect((await post(gateway, { id: 5 })).body).toBe('{"id":5,"ok":true}')
  })
})

describe('many callers', () => {
  test.each([BY_ID, `${BY_ID} links="3"`, `${BY_ID} id="keep"`])(
    'get their own replies, in whatever order these come, and none that is late: %s',
    async attributes => {
      const late: (() => void)[] = []
      let batch: (() => void)[] = []
      await using backend = await startJson(({ id, n }, { webSocket }) => {
        const answer = (): void => webSocket.send(JSON.stringify({ n, id }))
        if (Number(n) % 100 === 7) late.push(answer)
        else batch.push(answer)
        if (batch.length + late.length === 100 || Number(n) === -1) {
          for (const send of batch.reverse().toSorted(() => Math.random() - 0.5)) send()
          batch = []
        }
        return undefined
      })
      const flush = setInterval(() => {
        for (const send of batch.splice(0).toSorted(() => Math.random() - 0.5)) send()
      }, 20)
      const endpoint = correlated(backend.url, `${attributes} unmatched="strays"`, 1_000)
      await using gateway = await startGateway({ xml: asking(endpoint) })

      const answers = await Promise.all(
        Array.from({ length: 500 }, (_, n) => post(gateway, { id: n % 2 ? n : `n${n}`, n })),
      )
      clearInterval(flush)
      const wrong = answers.filter(({ body }, n) => {
        const expected = n % 100 === 7 ? { fault: '101504' } : { n, id: n % 2 ? n : `n${n}` }
        return body !== JSON.stringify(expected)
      })

      expect(wrong).toEqual([])
      for (const send of late) send()
      await gateway.waitForLog('STRAY = late', 5)
      expect(gateway.logged('STRAY = unmatched')).toEqual([])
      expect(gateway.logged('STRAY = late').toSorted()[0]).toMatch(
        /STRAY = late 107, BODY = \{"n":107,"id":107\}/,
      )
      expect(endings(gateway)).toEqual({ answered: 500, dropped: 5 })
      expect(gateway.inFlight).toBe(0)
    },
  )

  test('fail at once when the backend dies, and later calls work', async () => {
    const port = await freePort()
    const answer: Answer = ({ id, wait }) => (wait ? undefined : { id })
    await using backend = await startJson(answer, { port })
    const endpoint = correlated(backend.url, `${BY_ID} links="2"`, 60_000)
    await using gateway = await startGateway({ xml: asking(endpoint) })

    const waiting = Array.from({ length: 100 }, (_, id) => post(gateway, { id, wait: true }))
    await eventually(() => expect(backend.received.all).toHaveLength(100))
    await backend.kill()

    for (const { body } of await Promise.all(waiting)) expect(body).toBe('{"fault":"101505"}')
    expect((await post(gateway, { id: 1 })).body).toBe('{"fault":"101503"}')
    await using again = await startJson(answer, { port })
    expect((await post(gateway, { id: 1 })).body).toBe('{"id":1}')
    expect(again.connections).toHaveLength(1)
  })

  test('are told when too many wait', async () => {
    let release = (): void => {}
    await using backend = await startJson(({ id, wait }, { webSocket }) => {
      if (!wait) return { id }
      release = () => webSocket.send(JSON.stringify({ id }))
      return undefined
    })
    const endpoint = correlated(backend.url, `${BY_ID} max-pending="1"`)
    await using gateway = await startGateway({ xml: asking(endpoint) })

    const first = post(gateway, { id: 1, wait: true })
    await backend.received.next()
    expect((await post(gateway, { id: 2 })).body).toBe('{"fault":"101509"}')
    release()
    expect((await first).body).toBe('{"id":1}')
    expect((await post(gateway, { id: 3 })).body).toBe('{"id":3}')
  })
})

describe('a caller that leaves', () => {
  test('is forgotten, and its reply is a late one', async () => {
    let reply = (): void => {}
    await using backend = await startJson(({ id }, { webSocket }) => {
      reply = () => webSocket.send(JSON.stringify({ id }))
      return undefined
    })
    await using gateway = await startGateway({
      xml: asking(correlated(backend.url, `${BY_ID} unmatched="strays"`)),
    })

    const asked = request(gateway.url('http', 'asks'), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
    })
    asked.on('error', () => {}).end('{"id":"gone"}')
    await backend.received.next()
    asked.destroy()
    await eventually(() => expect(endings(gateway)).toEqual({ discarded: 1 }))
    expect(gateway.logs.filter(({ level }) => level === 'error')).toEqual([])
    reply()

    await gateway.waitForLog('STRAY = late gone')
    expect(gateway.inFlight).toBe(0)
  })
})

describe('replies nobody waits for', () => {
  test('go to the sequence named for them, and to nobody else', async () => {
    await using backend = await startJson(({ id }, { webSocket }) => {
      webSocket.send(JSON.stringify({ event: 'tick' }))
      webSocket.send(JSON.stringify({ id: 'of nobody' }))
      webSocket.send(JSON.stringify({ id, n: 1 }))
      webSocket.send(JSON.stringify({ id, n: 2 }))
      return undefined
    })
    await using gateway = await startGateway({
      xml: asking(correlated(backend.url, `${BY_ID} unmatched="strays"`)),
    })

    expect((await post(gateway, { id: 1 })).body).toBe('{"id":1,"n":1}')

    await gateway.waitForLog('STRAY =', 3)
    expect(gateway.logged('STRAY =').map(text => text.replace(/\d{5,}/g, '…').slice(13))).toEqual([
      'STRAY = unmatched , BODY = {"event":"tick"}',
      'STRAY = unmatched of nobody, BODY = {"id":"of nobody"}',
      'STRAY = unmatched …, BODY = {"id":…,"n":2}',
    ])
  })

  test('go to the out-dispatch sequence of the service where it names one', async () => {
    await using backend = await startJson(({ id }) => `{"id":${JSON.stringify(id)}}`, {
      greet: ({ webSocket }) => webSocket.send('{"hello":1}'),
    })
    const out =
      '<sequence name="outDispatchSeq"><log level="custom"><property name="OUT" value="yes"/></log></sequence>'
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, BY_ID), out) })

    await post(gateway, { id: 1 })

    await gateway.waitForLog('OUT = yes')
  })

  test('are let go otherwise, counted, with one line of the log', async () => {
    await using backend = await startJson(({ id }, { webSocket }) => {
      for (let n = 0; n < 50; n++) webSocket.send(JSON.stringify({ id: `n${n}` }))
      return { id }
    })
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, BY_ID)) })

    await post(gateway, { id: 1 })

    await gateway.waitForLog('a message n0 that nobody has asked for was let go: no sequence is named for it')
    expect(gateway.logged('was let go')).toHaveLength(1)
    expect(endings(gateway)).toEqual({ answered: 1, discarded: 50 })
  })

  test('are those of OUT_ONLY requests too', async () => {
    await using backend = await startJson(({ id, x }) => ({ id, x }))
    const endpoint = correlated(backend.url, `${BY_ID} unmatched="strays"`)
    const dispatch = `<property name="OUT_ONLY" value="true"/><send>${endpoint}</send>`
    await using gateway = await startGateway({ xml: proxy('asks', dispatch) + LOG_STRAY })

    expect((await post(gateway, { id: 3, x: 1 })).status).toBe(202)

    await gateway.waitForLog('STRAY = unmatched 3, BODY = {"id":3,"x":1}')
  })
})

describe('hostile replies', () => {
  test.each([
    ['no JSON', () => 'hello'],
    ['cut off', (id: string) => `{"id":${id}`],
    ['two in one', (id: string) => `{"id":${id}}{"id":${id}}`],
    ['in an array', (id: string) => `[{"id":${id}}]`],
    ['with the id twice', (id: string) => `{"id":${id},"id":${id}}`],
    ['with the id twice, once in disguise', (id: string) => `{"id":${id},"\\u0069d":${id}}`],
    ['with an id of another type', (id: string) => `{"id":[${id}]}`],
    ['with __proto__', (id: string) => `{"__proto__":{"id":${id}}}`],
    ['of a very long id', () => `{"id":"${'x'.repeat(100_000)}"}`],
    ['nested too deep', (id: string) => `{"a":${'['.repeat(100_000)},"id":${id}}`],
    ['with brackets that do not match', (id: string) => `{"a":[}],"id":${id}}`],
  ])('%s: nobody gets them, and others get theirs', async (_what, hostile) => {
    await using backend = await startJson(({ id }, { webSocket }) => {
      webSocket.send(hostile(JSON.stringify(id)))
      return { id, ok: true }
    })
    await using gateway = await startGateway({
      xml: asking(correlated(backend.url, `${BY_ID} unmatched="strays"`)),
    })

    expect((await post(gateway, { id: 1 })).body).toBe('{"id":1,"ok":true}')
    await gateway.waitForLog('STRAY = unmatched')
  })

  test('a huge one is passed on', async () => {
    const text = 'x'.repeat(900_000)
    await using backend = await startJson(({ id }) => ({ text, id }))
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, BY_ID)) })

    expect(JSON.parse((await post(gateway, { id: 1 })).body)).toEqual({ text, id: 1 })
  })

  test('a binary one is a reply like any other', async () => {
    await using backend = await startBackend({
      answer: (data, _isBinary, { webSocket }) => webSocket.send(data, { binary: true }),
    })
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, BY_ID)) })

    expect((await post(gateway, { id: 1 })).body).toBe('{"id":1}')
  })
})

describe('requests without a place for an id', () => {
  test.each(['hello', '[]', '"id"', '', '{"id":1,"id":2}', '{"a":1}{"id":2}', '{"a":[1}'])(
    '%s is a fault, and nothing is sent',
    async body => {
      await using backend = await startJson(({ id }) => ({ id }))
      await using gateway = await startGateway({ xml: asking(correlated(backend.url, BY_ID)) })

      expect((await post(gateway, body)).body).toBe('{"fault":"601000"}')
      expect((await post(gateway, { id: 1 })).body).toBe('{"id":1}')
      expect(backend.received.all).toHaveLength(1)
    },
  )

  test('text that is no UTF-8 does not cost the others their link', async () => {
    await using backend = await startJson(({ id }) => ({ id }))
    await using gateway = await startGateway({ xml: asking(correlated(backend.url, BY_ID)) })
    const body = Buffer.from('{"id":"\xff"}', 'latin1')

    const { status } = await ask(gateway.url('http', 'asks'), { method: 'POST', body })

    expect(status).toBe(200)
    expect(backend.received.all).toHaveLength(0)
  })
})

describe('a WebSocket client', () => {
  test('asks over the links of all, and its own coming and going means nothing to them', async () => {
    await using backend = await startJson(({ id, q }) => ({ id, a: String(q).toUpperCase() }))
    const dispatch = `<call>${correlated(backend.url, BY_ID)}</call><respond/>`
    await using gateway = await startGateway({ xml: service(dispatch) })
    using first = await connect(gateway.url('ws'))
    using second = await connect(gateway.url('ws'))

    expect(await first.ask('{"id":1,"q":"x"}')).toBe('{"id":1,"a":"X"}')
    await first.close()
    expect(await second.ask('{"id":1,"q":"y"}')).toBe('{"id":1,"a":"Y"}')

    expect(backend.connections).toHaveLength(1)
    expect(backend.received.all).toHaveLength(2)
  })
})

describe('a group', () => {
  test('goes on to the next member when the first cannot be reached', async () => {
    await using backend = await startJson(({ id }) => ({ id, from: 'second' }))
    const dead = `ws://127.0.0.1:${await freePort()}/`
    const members = [dead, backend.url].map(url => correlated(url, BY_ID)).join('')
    await using gateway = await startGateway({
      xml: asking(`<endpoint><failover>${members}</failover></endpoint>`),
    })

    expect((await post(gateway, { id: 1 })).body).toBe('{"id":1,"from":"second"}')
  })
})

test('a gateway that stops lets replies come within its time, and ends the other calls then', async () => {
  await using backend = await startJson(({ id, wait }) => (wait ? undefined : { id }))
  await using gateway = await startGateway({ xml: asking(correlated(backend.url, BY_ID, 60_000)) })
  const asked = request(gateway.url('http', 'asks'), { method: 'POST' }).on('error', () => {})
  const closed = new Promise(resolve => asked.on('close', resolve))
  asked.end('{"id":1,"wait":true}')
  await backend.received.next()

  await gateway.gateway.stop(100)

  await eventually(() => expect(endings(gateway)).not.toEqual({}))
  expect(gateway.inFlight).toBe(0)
  expect((await backend.connections[0]!.closed).code).toBe(1001)
  await closed
})
