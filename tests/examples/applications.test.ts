// The larger examples, each with several clients at once that also leave in the middle and say what nobody expects: in
// TypeScript and in YAML they say the same.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Backend, startBackend } from '../support/backends.ts'
import { frameLine, type Lines, type Player, sameFor, stageOf, WELCOME } from './stage.ts'

const NOT_FOUND = '< 404 application/json; charset=utf-8 {"message":"nothing is served here"}'

const ODD = ['/name', '/name a b', '{"a": 1}', '$1 $' + '{props.synapse.x}', '<b>&amp;</b>', 'ä\n😀']
const TALK = [
  '< text ana: hi all',
  '< text ana is anna now',
  '< text anna: it is me',
  ...ODD.map(text => `< text bob b: ${text}`),
  '< text bob b: still here',
]

describe('the chat', () => {
  sameFor(
    ['applications/chat.ts', 'applications/chat.yaml'],
    async stage => {
      const ana = await stage.enter('ana', '/chat/ana')
      await ana.heard(2)
      const bob = await stage.enter('bob', '/chat/bob%20b')
      await bob.heard(2)
      const eve = await stage.enter('eve', '/chat/eve')
      await Promise.all([ana.heard(4), bob.heard(3), eve.heard(2)])
      await ana.says('hi all')
      await ana.says('/name anna')
      await ana.says('it is me')
      await bob.heard(6)
      for (const text of ODD) await bob.says(text)
      // A binary message is nothing a chat takes; what comes after it is.
      bob.client.send(Buffer.from([0, 255]))
      await bob.says('still here')
      bob.client[Symbol.dispose]()
      await ana.heard(15)
      await ana.leaves(1000)
      await eve.heard(14)
      await eve.leaves(1001, 'off')
      await stage.refused('nobody', '/chat')
      await stage.refused('nobody', '/chat/a/b')
    },
    {
      ana: [
        WELCOME,
        '< text ana has joined',
        '< text bob b has joined',
        '< text eve has joined',
        ...TALK,
        '< text bob b has left',
        '< close 1000 ',
      ],
      bob: [WELCOME, '< text bob b has joined', '< text eve has joined', ...TALK, '< close 1006 '],
      eve: [
        WELCOME,
        '< text eve has joined',
        ...TALK,
        '< text bob b has left',
        '< text anna has left',
        '< close 1001 off',
      ],
      nobody: [NOT_FOUND, NOT_FOUND],
    },
  )

  test('is one for all who are there, and a hundred of them hear the same', async () => {
    await using stage = await stageOf('applications/chat.yaml')
    const names = Array.from({ length: 100 }, (_, i) => `p${i}`)
    const players = await Promise.all(names.map(name => stage.enter(name, `/chat/${name}`)))
    const speaker = players[0]!
    speaker.client.send('last')
    const heard = async ({ client }: (typeof players)[number]): Promise<string[]> => {
      const texts: string[] = []
      while (texts.at(-1) !== 'p0: last') texts.push(await client.received.text())
      return texts
    }
    for (const texts of await Promise.all(players.map(heard))) expect(texts.at(-1)).toBe('p0: last')
  })
})

describe('dispatch by key', () => {
  sameFor(
    ['applications/dispatch.ts', 'applications/dispatch.yaml'],
    async stage => {
      const buyer = await stage.enter('buyer', '/market')
      const seller = await stage.enter('seller', '/market')
      await buyer.says('{"event":"subscribe","id":1,"symbol":"ACME"}')
      seller.client.send('{"event":"publish","symbol":"ACME","price":12.5}')
      await buyer.heard(3)
      await buyer.says('{"event":"heartbeat","id":2}')
      await buyer.says('{"event":"symbols.list","id":3}')
      for (const wrong of [
        '{"event":"subscribe","id":4}',
        '{"event":"subscribe","id":5,"symbol":"a cme"}',
        '{"event":"symbols.list"}',
        '{"event":"publish","symbol":"ACME","price":"12"}',
        '{"event":"nonsense"}',
        '{"event":{"a":1}}',
        '["event"]',
        'no JSON',
        Buffer.from([0, 255]),
      ])
        await seller.says(wrong)
      const other = await stage.enter('other', '/market')
      await other.says('{"event":"subscribe","id":6,"symbol":"ACME"}')
      await buyer.leaves(1000)
      seller.client.send('{"event":"publish","symbol":"ZEUS","price":1}')
      seller.client.send('{"event":"publish","symbol":"ACME","price":13}')
      await other.heard(3)
    },
    {
      buyer: [
        WELCOME,
        '< text {"subscribed":"ACME","id":1}',
        '< text {"symbol":"ACME","price":12.5}',
        '< text {"event":"heartbeat","id":2}',
        '< text {"symbols":["ACME","ZEUS"],"id":3}',
        '< close 1000 ',
      ],
      seller: [
        WELCOME,
        '< text {"error":"a subscription needs an id and a symbol","id":4}',
        '< text {"error":"a subscription needs an id and a symbol","id":5}',
        '< text {"error":"that is not understood"}',
        '< text {"error":"that is not understood"}',
        ...Array<string>(5).fill('< text {"error":"nobody knows that event"}'),
      ],
      other: [WELCOME, '< text {"subscribed":"ACME","id":6}', '< text {"symbol":"ACME","price":13}'],
    },
  )
})

describe('the taxis', () => {
  sameFor(
    ['applications/taxi.ts', 'applications/taxi.yaml'],
    async stage => {
      const trip = '{"rider": "ana", "from": "station \\"north\\""}'
      const order = (body: string): Promise<void> => stage.asks('orders', 'POST', '/taxi/trips', body)
      await order(trip)
      const dan = await stage.enter('dan', '/taxi/drivers/dan')
      const dora = await stage.enter('dora', '/taxi/drivers/d%22ora')
      const ana = await stage.enter('ana', '/taxi/riders/ana')
      await order(trip)
      await Promise.all([dan.heard(2), dora.heard(2)])
      for (const wrong of ['{"from": "x"}', '{"rider": 5, "from": "x"}', 'null', 'no JSON', ''])
        await order(wrong)
      await stage.asks('orders', 'GET', '/taxi/trips')
      dora.client.send('{"rider": "ana", "minutes": 4}')
      await ana.heard(2)
      for (const wrong of [
        '{"rider": "ana"}',
        '{"rider": "ana", "minutes": -1}',
        'no JSON',
        '{"rider":"otto","minutes":4}',
      ])
        await dan.says(wrong)
      dora.client[Symbol.dispose]()
      await ana.leaves(1000)
      await dan.heard(7)
      await dan.says('{"rider": "ana", "minutes": 1}')
      await stage.refused('lost', '/taxi/drivers')
      await stage.refused('lost', '/taxi/riders/a/b')
    },
    {
      orders: [
        '< 503 application/json; charset=utf-8 {"error":"there is no driver"}',
        '< 202 application/json; charset=utf-8 {"drivers":2}',
        ...Array<string>(5).fill(
          '< 400 application/json; charset=utf-8 {"error":"a trip has a rider and from"}',
        ),
        '< 405 undefined ',
      ],
      dan: [
        WELCOME,
        '< text {"rider":"ana","from":"station \\"north\\""}',
        ...Array<string>(3).fill('< text {"error":"an offer has a rider and minutes"}'),
        '< text {"error":"the rider has left"}',
        '< text {"left":"ana"}',
        '< text {"error":"the rider has left"}',
      ],
      dora: [WELCOME, '< text {"rider":"ana","from":"station \\"north\\""}', '< close 1006 '],
      ana: [WELCOME, '< text {"driver":"d\\"ora","minutes":4}', '< close 1000 '],
      lost: [NOT_FOUND, NOT_FOUND],
    },
  )
})

describe('the proxy', () => {
  let backend: Backend
  let lines: (number: number) => Lines
  const toBackend = (text: string): string => text.replaceAll('ws://localhost:8082/websocket', backend.url)

  beforeAll(async () => {
    backend = await startBackend({
      greet: ({ webSocket }) => {
        const own = lines(backend.connections.length)
        own.add('> open')
        webSocket.on('message', (data: Buffer, isBinary) => own.add(frameLine('>', data, isBinary)))
        webSocket.on('close', (code, reason) => own.add(`> close ${code} ${reason}`))
        webSocket.send('greeting')
      },
      answer: (data, isBinary, { webSocket }) => {
        if (String(data) === 'end') webSocket.close(4005, 'enough')
        else if (String(data) === 'die') webSocket.terminate()
        else if (String(data) === 'push') for (const text of ['first', 'second']) webSocket.send(text)
        else webSocket.send(data, { binary: isBinary })
      },
    })
  })
  afterAll(() => backend[Symbol.asyncDispose]())

  sameFor(
    ['applications/proxy.ts', 'applications/proxy.yaml'],
    async stage => {
      const before = backend.connections.length
      lines = number => stage.linesOf(`backend of ${'abcd'[number - before - 1]}`)
      const enter = async (name: string): Promise<Player> => {
        const player = await stage.enter(name, '/proxy')
        await player.heard(2)
        return player
      }
      const [a, b] = [await enter('a'), await enter('b')]
      await a.says('one')
      await a.says(Buffer.from([0, 255, 0]))
      await a.says('push', 2)
      for (const text of ['1', '2', '3', '']) b.client.send(text)
      await Promise.all([a.says('while b talks'), b.heard(6)])
      await a.leaves(4001, 'bye')
      await b.says('end')
      const [c, d] = [await enter('c'), await enter('d')]
      c.client[Symbol.dispose]()
      await stage.linesOf('backend of c').reach(2)
      await d.says('die')
      await stage.linesOf('backend of d').reach(3)
    },
    {
      a: [
        WELCOME,
        '< text greeting',
        '< text one',
        '< binary 00ff00',
        '< text first',
        '< text second',
        '< text while b talks',
        '< close 4001 bye',
      ],
      'backend of a': [
        '> open',
        '> text one',
        '> binary 00ff00',
        '> text push',
        '> text while b talks',
        '> close 4001 bye',
      ],
      b: [WELCOME, '< text greeting', '< text 1', '< text 2', '< text 3', '< text ', '< close 4005 enough'],
      'backend of b': [
        '> open',
        '> text 1',
        '> text 2',
        '> text 3',
        '> text ',
        '> text end',
        '> close 4005 enough',
      ],
      c: [WELCOME, '< text greeting', '< close 1006 '],
      'backend of c': ['> open', '> close 1001 client connection lost'],
      d: [WELCOME, '< text greeting', '< close 1014 the backend cannot be reached'],
      'backend of d': ['> open', '> text die', '> close 1006 '],
    },
    toBackend,
  )

  sameFor(
    ['applications/proxy.ts', 'applications/proxy.yaml'],
    async stage => {
      const client = await stage.enter('client', '/proxy')
      await client.heard(2)
    },
    { client: [WELCOME, '< close 1014 the backend cannot be reached'] },
    text => text.replaceAll('localhost:8082', 'localhost:1'),
  )
})
