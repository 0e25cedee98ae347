import { describe, expect, test } from 'vitest'
import { refusal } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { serveMocks } from '../support/mocks.ts'

const ECHO = `
- websocket:
    path: /ws/mirror
    on-connect:
      response: '{"hello": "there"}'
    on-message:
      - pattern: "ping"
        response: "pong"
      - pattern: '{"say": "{{json-params.say}}"}'
        response: '{"said": "{{json-params.say}}"}'
- websocket:
    path: /ws/people/:name
    on-connect:
      response: '{"welcome": "{{path-params.name}}"}'
    on-message:
      - pattern: '{"action": "show"}'
        response: '{"name": "{{path-params.name}}", "since": "2025-03-20"}'
`

describe('a conversation', () => {
  test('greets, answers text by text, and JSON by what stands in it', async () => {
    await using mocks = await serveMocks(ECHO)
    using client = await mocks.connect('/ws/mirror')
    expect(await client.received.text()).toBe('{"hello": "there"}')
    expect(await client.ask('ping')).toBe('pong')
    expect(await client.ask('{"say": "hello world"}')).toBe('{"said": "hello world"}')
    expect(await client.ask('{ "more": 1,\n "say" : "a \\"b\\"\\n" }')).toBe('{"said": "a \\"b\\"\\n"}')
  })

  test('knows the parameters of its path, decoded', async () => {
    await using mocks = await serveMocks(ECHO)
    using client = await mocks.connect('/ws/people/ana')
    expect(await client.received.text()).toBe('{"welcome": "ana"}')
    expect(await client.ask('{"action":"show"}')).toBe('{"name": "ana", "since": "2025-03-20"}')
    using other = await mocks.connect('/ws/people/J%22%C3%BCrgen')
    expect(JSON.parse(await other.received.text())).toEqual({ welcome: 'J"ürgen' })
  })

  test('refuses paths that nobody mocks', async () => {
    await using mocks = await serveMocks(ECHO)
    expect((await refusal(`${mocks.server.url}/ws/others`)).status).toBe(404)
    expect((await refusal(`${mocks.server.url}/ws/people/ana/more`)).status).toBe(404)
  })

  test('is silent where nothing matches, and remembers it', async () => {
    await using mocks = await serveMocks(ECHO)
    using client = await mocks.connect('/ws/mirror')
    await client.received.next()
    client.send('what?')
    expect(await client.ask('ping')).toBe('pong')
    expect(mocks.server.received).toHaveLength(2)
    expect(mocks.server.unmatched).toEqual([
      { kind: 'ws', path: '/ws/mirror', text: 'what?', isMatched: false },
    ])
    expect(mocks.server.unused.map(({ what }) => what)).toEqual([
      'ws /ws/mirror {"say": "{{json-params.say}}"}',
      'ws /ws/people/:name {"action": "show"}',
    ])
  })
})

async function answers(rules: string, messages: readonly string[], more = ''): Promise<string[]> {
  await using mocks = await serveMocks(`
- websocket:
    path: /ws
    unmatched: {response: none}
${more}
    on-message:
${rules}`)
  using client = await mocks.connect('/ws?room=7&room2=x', { headers: { 'X-Team': 'blue' } })
  const found: string[] = []
  for (const message of messages) found.push(await client.ask(message))
  return found
}

describe('patterns', () => {
  test('are JSON whose objects may have more keys, unless they are to be exact', async () => {
    const rules = `
      - {pattern: '{"a": {"b": [1, {"c": null}]}}', match: exact, response: exact}
      - {pattern: '{"a": {"b": [1, {"c": null}]}}', response: subset}`
    const messages = [
      '{"a":{"b":[1,{"c":null}]}}',
      '{"x":1,"a":{"b":[1,{"c":null,"d":2}]}}',
      '{"a":{"b":[1]}}',
      '[]',
    ]
    expect(await answers(rules, messages)).toEqual(['exact', 'subset', 'none', 'none'])
  })

  test('are maps of YAML as well', async () => {
    const rules = `
      - pattern: {action: pay, amount: '{{amount|number}}'}
        response: 'paid {{json-params.amount}}'`
    expect(await answers(rules, ['{"action":"pay","amount":12.5}', '{"action":"pay","amount":"x"}'])).toEqual(
      ['paid 12.5', 'none'],
    )
  })

  test('bind holes with their type, by any name, within text, and without quotes', async () => {
    const rules = `
      - pattern: '{"id": {{json-params.id|int}}, "to": "user-{{json-params.user}}", "deep": {"er": "{{json-params.all}}"}}'
        response: '{"id": {{json-params.id}}, "user": "{{json-params.user}}", "all": {{json json-params.all}}, "first": {{json-params.all.list.0}}, "size": {{json-params.all.list.length}}}'`
    const message = { id: 7, to: 'user-ana', deep: { er: { list: [4, 5] } } }
    const [answer] = await answers(rules, [JSON.stringify(message)])
    expect(JSON.parse(answer!)).toEqual({ id: 7, user: 'ana', all: { list: [4, 5] }, first: 4, size: 2 })
  })

  test('may ask for a value that is known', async () => {
    const rules = `
      - {pattern: '{"room": "{{query-params.room}}"}', response: mine}
      - {pattern: '{"team": "{{header-params.x-team}}"}', response: 'team {{header-params.X-Team}}'}`
    expect(await answers(rules, ['{"room":"7"}', '{"room":7}', '{"room":8}', '{"team":"blue"}'])).toEqual([
      'mine',
      'mine',
      'none',
      'team blue',
    ])
  })

  test('are regular expressions for all of the message', async () => {
    const rules = `
      - {pattern: 'get [a-z]+ \\d{1,3}', response: got}
      - {pattern: 'join {{room}} as {{who}}', response: '{{json-params.who}} in {{json-params.room}}'}
      - {pattern: 'a.c', kind: text, response: text}
      - {pattern: '.*!', response: loud}`
    const messages = ['get milk 12', 'get milk 1234', 'join the club as ana', 'abc', 'a.c', 'line\nline!']
    expect(await answers(rules, messages)).toEqual(['got', 'none', 'ana in the club', 'none', 'text', 'loud'])
  })

  test('never hold up the others, however they are written', async () => {
    const rules = `
      - {pattern: '(a+)+b', response: never}
      - {pattern: '(.*)*x(.*)*y', response: never}
      - {pattern: '.*', response: all}`
    expect(await answers(rules, [`${'a'.repeat(50_000)}c`])).toEqual(['all'])
  })

  test('are tried in order: the first one answers, or all that match', async () => {
    const rules = `
      - {pattern: '.*', response: first}
      - {pattern: 'go', response: second}
      - {pattern: 'go', responses: [{delay: 20, text: third}, fourth]}`
    expect(await answers(rules, ['go', 'go'])).toEqual(['first', 'first'])
    await using mocks = await serveMocks(
      `- websocket: {path: /ws, match: all, on-message: [${rules
        .split('\n')
        .slice(1)
        .map(line => line.replace(/^\s*- /, ''))
        .join(',')}]}`,
    )
    using client = await mocks.connect('/ws')
    client.send('go')
    expect(await client.received.texts(4)).toEqual(['first', 'second', 'third', 'fourth'])
  })

  test('hostile JSON reaches nothing but the message', async () => {
    const rules = `
      - pattern: '{"__proto__": "{{json-params.p}}"}'
        response: '[{{json-params.p}}][{{json-params.constructor}}][{{json-params.__proto__.toString}}]'`
    expect(await answers(rules, ['{"__proto__": "x"}', '{"p": 1}'])).toEqual(['[x][][]', 'none'])
  })
})

describe('answers', () => {
  test('are text, JSON, bytes, files, and the end, each after its time', async () => {
    await using mocks = await serveMocks(
      `
- websocket:
    path: /ws
    on-message:
      - pattern: go
        responses:
          - plain
          - {json: {a: [1, "{{message}}"]}, delay: 10ms}
          - {binary: AQID}
          - {binary: {hex: "ff 00"}}
          - {file: greeting.txt}
          - {file: logo.png}
          - {close: {code: 4001, reason: done}, delay: 0.01s}`,
      { 'greeting.txt': 'got {{message}}', 'logo.png': Buffer.from([0x89, 0x50]) },
    )
    using client = await mocks.connect('/ws')
    client.send('go')
    expect(await client.received.texts(2)).toEqual(['plain', '{"a":[1,"go"]}'])
    expect(await client.received.next()).toEqual({ data: Buffer.from([1, 2, 3]), isBinary: true })
    expect(await client.received.next()).toEqual({ data: Buffer.from([255, 0]), isBinary: true })
    expect(await client.received.next()).toEqual({ data: Buffer.from('got go'), isBinary: false })
    expect(await client.received.next()).toEqual({ data: Buffer.from([0x89, 0x50]), isBinary: true })
    expect(await client.closed).toEqual({ code: 4001, reason: 'done' })
  })

  test('come in turn', async () => {
    const rules = `      - {pattern: next, in-turn: true, responses: [one, two, three]}`
    expect(await answers(rules, ['next', 'next', 'next', 'next'])).toEqual(['one', 'two', 'three', 'one'])
  })

  test('have conditions, lists, and what there is of values', async () => {
    const rules = `
      - pattern: '{}'
        response: >-
          {{#if json-params.vip}}VIP{{else}}guest{{/if}}:{{#each json-params.items}}{{@index}}={{name}}/{{this.name}};{{else}}none{{/each}}{{json-params.gone}}|{{query-params.room}}|{{message.vip}}`
    const full = JSON.stringify({ vip: true, items: [{ name: 'a' }, { name: 'b' }] })
    expect(await answers(rules, [full, '{"items":[]}'])).toEqual(['VIP:0=a/a;1=b/b;|7|true', 'guest:none|7|'])
  })

  test('are made up where that is wanted', async () => {
    const rules = `      - {pattern: x, response: '{{uuid}} {{now}} {{random 5 6}} {{fake.email}}'}`
    const [answer] = await answers(rules, ['x'])
    expect(answer).toMatch(/^[\da-f-]{36} \d{4}-\d\d-\d\dT[\d:.]+Z [56] [a-z]+\.[a-z]+\d+@example\.com$/)
  })

  test('end the connection where a value must be there', async () => {
    await using mocks = await serveMocks(
      `- websocket: {path: /ws, strict: true, on-message: [{pattern: '.*', response: '{{json-params.a}}'}]}`,
    )
    using client = await mocks.connect('/ws')
    expect(await client.ask('{"a":1}')).toBe('1')
    client.send('{}')
    expect(await client.closed).toEqual({
      code: 1011,
      reason: 'The mock has no value for {{json-params.a}}.',
    })
  })
})

describe('a connection', () => {
  test('has a state of its own', async () => {
    await using mocks = await serveMocks(`
- websocket:
    path: /ws
    state: new
    on-message:
      - {pattern: 'login {{user}}', when: new, set: {state: in, user: '{{json-params.user}}'}, response: welcome}
      - {pattern: who, when: {state: in}, response: '{{state.user}}'}
      - {pattern: who, response: nobody}
      - {pattern: logout, set: {state: new}, response: bye}`)
    using ana = await mocks.connect('/ws')
    using ben = await mocks.connect('/ws')
    expect(await ana.ask('who')).toBe('nobody')
    expect(await ana.ask('login ana')).toBe('welcome')
    expect(await ana.ask('who')).toBe('ana')
    expect(await ben.ask('who')).toBe('nobody')
    expect(await ana.ask('logout')).toBe('bye')
    expect(await ana.ask('who')).toBe('nobody')
  })

  test('is pushed to, after as many messages as it says', async () => {
    await using mocks = await serveMocks(`
- websocket:
    path: /ws
    on-message:
      - {pattern: a, after: 1, response: later}
      - {pattern: a, response: early}
    push:
      - {every: 10ms, times: 2, in-turn: true, responses: [tick, tock]}
      - {every: 10ms, times: 1, after: 2, response: two came}`)
    using client = await mocks.connect('/ws')
    expect(await client.received.texts(2)).toEqual(['tick', 'tock'])
    expect(await client.ask('a')).toBe('early')
    expect(await client.ask('a')).toBe('later')
    expect(await client.received.text()).toBe('two came')
  })

  test('is closed for a message that nothing is meant for', async () => {
    await using mocks = await serveMocks(`- websocket: {path: /ws, unmatched: close}`)
    using client = await mocks.connect('/ws')
    client.send('x')
    expect(await client.closed).toEqual({ code: 1008, reason: 'no pattern matches the message' })
  })

  test('is not pushed to while it does not read', async () => {
    const size = 1024 * 1024
    await using mocks = await serveMocks(
      `- websocket: {path: /ws, push: [{every: 1ms, response: {file: large.txt}}]}`,
      { 'large.txt': `{{now}}${'x'.repeat(size)}` },
    )
    const options = { perMessageDeflate: false }
    using slow = await mocks.connect('/ws', options)
    slow.webSocket.pause()
    using quick = await mocks.connect('/ws', options)
    await eventually(() => expect(quick.received.all.length).toBeGreaterThan(120))
    const resumed = new Date().toISOString()
    slow.webSocket.resume()
    const stamps = (): string[] =>
      slow.received.all.map(({ data }) => data.subarray(0, resumed.length).toString())
    await eventually(() => expect(stamps().at(-1)! > resumed).toBe(true))
    // What the machine keeps between the two ends comes in any case.
    expect(stamps().filter(stamp => stamp <= resumed).length).toBeLessThan(60)
  })

  test('agrees on a subprotocol, and asks for credentials', async () => {
    await using mocks = await serveMocks(`
- websocket:
    path: /ws
    subprotocols: [chat.v2]
    auth: {bearer: secret}
    on-connect: {response: in}`)
    expect((await refusal(`${mocks.server.url}/ws`)).status).toBe(401)
    const headers = { Authorization: 'Bearer secret' }
    using client = await mocks.connect('/ws', { offer: ['chat.v3', 'chat.v2'], headers })
    expect(await client.received.text()).toBe('in')
    expect(client.subprotocol).toBe('chat.v2')
  })

  test('has typed parameters', async () => {
    await using mocks = await serveMocks(`
- websocket:
    path: /ws/:id|int
    query: {day: date}
    on-connect: {response: '{"id": {{path-params.id}}, "day": "{{query-params.day}}"}'}`)
    using client = await mocks.connect('/ws/007?day=2025-03-20')
    expect(await client.received.text()).toBe('{"id": 7, "day": "2025-03-20"}')
    expect((await refusal(`${mocks.server.url}/ws/x`)).status).toBe(400)
    expect((await refusal(`${mocks.server.url}/ws/7?day=2025-02-30`)).status).toBe(400)
  })

  test('may be limited, and fail', async () => {
    await using mocks = await serveMocks(`
- websocket:
    path: /limited
    rate-limit: {max-requests: 1}
    on-message: [{pattern: a, response: b}]
- websocket:
    path: /late
    latency: {min-ms: 5, max-ms: 10}
    on-message: [{pattern: a, response: b}]
- websocket:
    path: /failing
    latency: {failure-rate: 1}
    on-message: [{pattern: a, response: b}]`)
    using limited = await mocks.connect('/limited')
    expect(await limited.ask('a')).toBe('b')
    expect(await limited.ask('a')).toBe('{"error":"Rate limit exceeded"}')
    using late = await mocks.connect('/late')
    expect(await late.ask('a')).toBe('b')
    using failing = await mocks.connect('/failing')
    failing.send('a')
    expect((await failing.closed).code).toBe(1011)
  })
})
