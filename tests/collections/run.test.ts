import { expect, onTestFinished, test } from 'vitest'
import { inputRows } from '../../src/collections/input-rows.ts'
import { type OpenCollection, openCollection } from '../../src/collections/open-collection.ts'
import { type RepeatOptions, type Repetition, repeat } from '../../src/collections/repeat.ts'
import { latenciesOf, repetitionCsv, repetitionJson } from '../../src/collections/repeat-report.ts'
import { runConnection } from '../../src/collections/run-connection.ts'
import { startBackend, startEcho, startRaw, startUpper } from '../support/backends.ts'
import { TestFolder } from '../support/certificates.ts'

function opened(text: string, files: Readonly<Record<string, string | Buffer>> = {}): OpenCollection {
  const folder = new TestFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  for (const [name, content] of Object.entries(files)) folder.write(name, content)
  return openCollection(folder.write('orders.yaml', text))
}

/** Runs a connection with one message to an echo; gives what was wrong with each step. */
async function failures(
  message: string,
  files?: Readonly<Record<string, string>>,
): Promise<(string | undefined)[]> {
  await using backend = await startEcho()
  const open = opened(
    `
collection: Orders
variables: { who: Ada }
connections:
  - name: A
    url: ${backend.url}
    messages:
      - ${message}
`,
    files,
  )
  const { steps } = await runConnection(open, 'A', open.connection('A'))
  return steps.map(({ failure }) => failure)
}

const ORDER = `content: '{"id": 7, "of": {"name": "Ada", "tags": ["a", "b"]}}'`

test.for<[string, string | undefined]>([
  ["content: 'Hi {{ who }}', expect: { equals: 'Hi {{ who }}' }", undefined],
  ['content: Hi, expect: { equals: Ho }', 'expected "Ho", not "Hi"'],
  ['content: Hello, expect: { contains: [He, lo] }', undefined],
  ['content: Hello, expect: { contains: x }', 'expected text with "x" in it, not "Hello"'],
  ["content: Hello, expect: { matches: '^H.l+o$' }", undefined],
  ["content: Hello, expect: { matches: '^h' }", 'expected text that matches ^h, not "Hello"'],
  ['content: Hello, expect: { type: binary }', 'expected a binary message, not "Hello"'],
  [`${ORDER}, expect: { json: { of: { name: '{{ who }}' } } }`, undefined],
  [`${ORDER}, expect: { json: { id: 8 } }`, 'expected other JSON: $.id is 7, not 8'],
  [
    `${ORDER}, expect: { json: { of: { tags: [a] } } }`,
    'expected other JSON: $.of.tags is ["a","b"], not a list of 1',
  ],
  [`${ORDER}, expect: { json: { no: 1 } }`, 'expected other JSON: $.no is not there'],
  [`${ORDER}, expect: { jsonPath: { '$.of.tags[1]': b, $.id: 7 } }`, undefined],
  [`${ORDER}, expect: { jsonPath: { $.id: '7' } }`, 'expected "7" at $.id, not 7'],
  [`${ORDER}, expect: { jsonPath: { $.none: 1 } }`, 'expected 1 at $.none, where nothing is'],
  ['content: no, expect: { json: {} }', 'expected JSON, not "no"'],
  ['type: binary, file: data, expect: { equalsFile: data }', undefined],
  [
    'content: date, expect: { equalsFile: data }',
    expect.stringMatching(/^expected the 4 bytes of .*data, not 4 bytes that differ from byte 4 on$/),
  ],
  ['type: close, code: 4001, reason: over, expect: { close: 4001, reason: over }', undefined],
  ['type: close, expect: { close: 1001 }', 'expected a close 1001, but the server closed with 1000'],
  ['type: close, expect: { equals: x }', 'expected a message, but the server closed with 1000'],
  ['type: ping, expect: { equals: x, within: 30 }', 'no message came within 30 ms'],
  ["content: a, capture: { x: '$.id' }", 'variable x: nothing is at $.id of "a"'],
])('{ %s }', async ([message, failure]) => {
  expect(await failures(`{ name: M, ${message} }`, { data: 'data' })).toEqual([undefined, failure])
})

test('what is captured is there for later messages, and for other connections', async () => {
  await using backend = await startEcho()
  const open = opened(`
collection: Orders
connections:
  - name: Login
    url: ${backend.url}
    messages:
      - { name: M, content: '{"data": {"token": "t1"}, "n": 5}', capture: { token: $.data.token, n: { matches: '"n": (\\d)' } } }
      - { name: N, content: '{{ token }}-{{ n }}', expect: { equals: t1-5 } }
  - name: Use
    url: ${backend.url}?{{ token }}
`)
  const login = await runConnection(open, 'Login', open.connection('Login'))
  await runConnection(open, 'Use', open.connection('Use'))

  expect(login.steps.map(({ failure }) => failure)).toEqual([undefined, undefined, undefined])
  expect(backend.connections[1]!.request.url).toBe('/websocket?t1')
})

test('several messages are expected in order, and others are passed over where that is wished', async () => {
  await using backend = await startBackend({
    greet: ({ webSocket }) => webSocket.send('welcome'),
    answer: (_data, _isBinary, { webSocket }) => {
      for (const text of ['noise', 'one', 'noise', 'two']) webSocket.send(text)
    },
  })
  const open = opened(`
collection: Orders
connections:
  - name: A
    url: ${backend.url}
    expect: { equals: welcome }
    messages:
      - name: M
        content: go
        expect: [{ equals: one, skipOthers: true }, { equals: noise }, { equals: two }]
`)
  const { steps } = await runConnection(open, 'A', open.connection('A'))
  expect(steps.map(({ name, failure }) => [name, failure])).toEqual([
    ['connect', undefined],
    ['M', undefined],
  ])
})

test('a server that closes fails what is expected and sent after it', async () => {
  await using backend = await startBackend({
    answer: (_data, _isBinary, { webSocket }) => webSocket.close(1011, 'no'),
  })
  const open = opened(`
collection: Orders
connections:
  - { name: A, url: '${backend.url}', messages: [{ name: M, content: a, expect: { equals: a } }, { name: N, content: b }] }
`)
  const { steps } = await runConnection(open, 'A', open.connection('A'))
  expect(steps.map(({ failure }) => failure)).toEqual([
    undefined,
    'expected a message, but the server closed with 1011 no',
    'not connected: the server closed with 1011 no',
  ])
})

test('a connection that cannot be opened fails, and nothing is sent; secrets are masked', async () => {
  const open = opened(`
collection: Orders
variables: { key: { value: s3cret, secret: true } }
connections:
  - { name: A, url: 'ws://127.0.0.1:1/{{ key }}', messages: [{ name: M, content: a }] }
`)
  const { steps } = await runConnection(open, 'A', open.connection('A'))
  expect(steps).toMatchObject([
    {
      name: 'connect',
      failure: expect.stringMatching(
        /^cannot connect to ws:\/\/127\.0\.0\.1:1\/\*\*\*: connect ECONNREFUSED 127\.0\.0\.1:1 \(step TCP, after \d+ ms; nothing listens on 127\.0\.0\.1:1: start the server, or correct the port\)$/,
      ),
    },
  ])
})

test.for([
  ['auth: { bearer: "{{ token }}" }', 'the token of bearer of connection A'],
  ['auth: { basic: { username: u, password: "{{ token }}" } }', 'the password of basic of connection A'],
  ['headers: { Authorization: "Key {{ token }}" }', 'header Authorization of connection A'],
  ['headers: { X-Mine: "{{ token }}" }', 'header X-Mine of connection A'],
])('a credential without a value is never sent: %s', async ([option, where]) => {
  await using backend = await startEcho()
  const open = opened(`
collection: Orders
variables: { token: { environment: NOT_THERE_TOKEN, secret: true } }
connections: [{ name: A, url: '${backend.url}', ${option}, messages: [{ name: M, content: a }] }]
`)
  const { steps } = await runConnection(open, 'A', open.connection('A'))
  expect(steps.map(({ failure }) => failure)).toEqual([
    `Nothing gives variable token of ${where} a value; without it the connection is not opened. Set NOT_THERE_TOKEN in the environment of the process, or give a value with --variable.`,
  ])
  expect(backend.connections).toEqual([])
})

test.for([
  [400, '', 'it may want a subprotocol; offer one with subprotocols of the connection)'],
  [
    400,
    'Bad Request',
    'it may want a subprotocol; offer one with subprotocols of the connection); it said: Bad Request',
  ],
  [400, 'Query parameter q is no int', ' ms); it said: Query parameter q is no int'],
  [401, '', 'it wants credentials; give them in auth or headers of the collection)'],
] as const)('a refusal with %d and "%s" is explained', async ([status, body, expected]) => {
  await using refusing = await startRaw(socket =>
    socket.once('data', () =>
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    ),
  )
  const open = opened(`{ collection: Orders, connections: [{ name: A, url: '${refusing.url}' }] }`)
  const { steps } = await runConnection(open, 'A', open.connection('A'))
  expect(steps[0]!.failure!.endsWith(expected)).toBe(true)
})

const REPEAT: RepeatOptions = {
  connections: 1,
  repetitions: 1,
  parallel: 100,
  delayMs: 0,
  ratePerSecond: undefined,
  rows: undefined,
  mode: 'sequential',
  timeoutMs: 5_000,
}

async function repeated(url: string, message: string, options: Partial<RepeatOptions>): Promise<Repetition> {
  const open = opened(`
collection: Orders
variables: { n: none }
connections: [{ name: A, url: '${url}', messages: [{ name: M, ${message} }] }]
`)
  const connection = open.connection('A')
  return await repeat(open, connection, connection.messages!, { ...REPEAT, ...options })
}

test('messages are repeated over several connections, and each answer is measured', async () => {
  await using backend = await startUpper()
  const repetition = await repeated(backend.url, 'content: a, expect: { equals: A }', {
    connections: 4,
    repetitions: 25,
  })

  expect(repetition.iterations).toHaveLength(100)
  expect(repetition.iterations.filter(({ failure }) => failure !== undefined)).toEqual([])
  expect(backend.received.all).toHaveLength(100)
  expect(backend.connections).toHaveLength(4)
  const { min, p50, p90, p95, p99, max } = latenciesOf(repetition)!
  expect([min, p50, p90, p95, p99, max]).toEqual([min, p50, p90, p95, p99, max].sort((a, b) => a - b))
})

test('rows give values, in turn or any of them, and stand in the reports', async () => {
  await using backend = await startEcho()
  const rows = inputRows('n,text\n1,"a, ""b"""\n2,plain\n')
  const inTurn = await repeated(backend.url, "content: '{{ n }}', expect: { equals: '{{ n }}' }", {
    rows,
    connections: 2,
  })
  const any = await repeated(backend.url, "content: 'r{{ n }}'", { rows, mode: 'random', repetitions: 30 })

  expect(inTurn.iterations.map(({ input, failure }) => [input.n, failure])).toEqual([
    ['1', undefined],
    ['2', undefined],
  ])
  expect(any.iterations).toHaveLength(30)
  expect(any.iterations.every(({ input }) => rows.includes(input))).toBe(true)
  const [head, first] = repetitionCsv(inTurn).split('\n')
  expect(head).toBe('iteration,connection,result,startedAt,durationInMs,n,text')
  expect(first).toMatch(/^1,[12],success,[\d-]+T[\d:.]+Z,[\d.]+,1,"a, ""b"""$/)
  expect(JSON.parse(repetitionJson(inTurn))).toMatchObject({
    total: 2,
    failed: 0,
    latencyInMs: { p99: expect.any(Number) },
    iterations: [{ iteration: 1, result: 'success', input: { n: '1' } }, { iteration: 2 }],
  })
})

test('an iteration without an answer fails, and the next one has a connection of its own', async () => {
  await using backend = await startBackend({
    answer: (data, _isBinary, { webSocket }) => {
      if (data.toString() !== '1') webSocket.send(data)
    },
  })
  const rows = inputRows('[{"n": 1}, {"n": 2}]')
  const { iterations } = await repeated(backend.url, "content: '{{ n }}'", { rows, timeoutMs: 50 })

  expect(iterations.map(({ failure }) => failure)).toEqual(['no answer within 50 ms', undefined])
  expect(backend.connections).toHaveLength(2)
})

test('no more iterations begin in a second than the rate allows', async () => {
  await using backend = await startEcho()
  const { durationMs } = await repeated(backend.url, 'content: a', {
    connections: 5,
    repetitions: 2,
    ratePerSecond: 50,
  })
  expect(durationMs).toBeGreaterThanOrEqual(175)
})

test.for([
  ['', 'there are no rows of values'],
  ['a,b\n1\n', 'row 1 has 1 values, and there are 2 names'],
  ['a\n"open\n', 'this is no CSV: a quote is not closed, or stands inside text, at character 3'],
  ['[1]', 'row 1 is no object'],
])('%j is no input', ([text, message]) => {
  expect(() => inputRows(text!)).toThrow(message)
})
