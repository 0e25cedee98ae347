import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { pororocaFile } from '../collections/pororoca-file.ts'
import { startBackend, startEcho, startRaw, startUpper } from '../support/backends.ts'
import { TestFolder } from '../support/certificates.ts'
import { myelin, runMyelin } from './program.ts'

const examples = resolve(import.meta.dirname, '../../examples/collections')

const folders: TestFolder[] = []
afterAll(() => {
  for (const each of folders) each[Symbol.dispose]()
})

function folder(files: Readonly<Record<string, string | Buffer>> = {}): TestFolder {
  const made = new TestFolder()
  folders.push(made)
  for (const [name, content] of Object.entries(files)) made.write(name, content)
  return made
}

const orders = (url: string): string => `# Kept.
collection: Orders
variables:
  token: { value: t0k3n, secret: true }
connections:
  - name: Echo # kept too
    url: ${url}
    headers: { Authorization: 'Key {{ token }}' }
    messages:
      - { name: Hello, content: 'Hello {{ token }}', expect: { contains: t0k3n } }
      - { name: Zeros, type: binary, file: zeros.bin }
      - { name: Bye, type: close, code: 4000, reason: done }
`

test('the example runs: a text with a variable, a binary from a file, a close', async () => {
  await using backend = await startUpper()
  const host = `host=localhost:${backend.port}`

  const { code, stdout } = await runMyelin([
    'run-collection',
    join(examples, 'echo.yaml'),
    '--variable',
    host,
  ])

  expect(stdout.replace(/[\d.]+ ms/g, 'N ms')).toBe(
    [
      'Echo',
      '  Upper case',
      '    PASS  connect (N ms)',
      '    PASS  Hello (N ms)',
      '    PASS  Zeros (N ms)',
      '    PASS  Bye (N ms)',
      '1 connection, 4 steps: 4 passed, 0 failed\n',
    ].join('\n'),
  )
  expect(code).toBe(0)
  expect(backend.received.all[1]!.data.equals(readFileSync(join(examples, 'zeros.bin')))).toBe(true)
})

test('messages are sent by name; a received one is saved byte for byte, and the conversation', async () => {
  await using backend = await startEcho()
  const zeros = Buffer.alloc(1440)
  const { path } = folder({ 'orders.yaml': orders(backend.url), 'zeros.bin': zeros })

  const { code, stdout } = await runMyelin([
    'ws',
    ...[
      '--collection',
      join(path, 'orders.yaml'),
      '--connection',
      'Echo',
      '--send',
      'Hello',
      '--send',
      'Zeros',
    ],
    ...['--send', 'Bye', '--save-message', '2', join(path, 'saved.bin')],
    ...['--save-conversation', join(path, 'talk.jsonl')],
  ])

  expect(code).toBe(0)
  expect(stdout).toContain('> Hello ***\n')
  expect(stdout).toContain('< Hello ***\n')
  expect(stdout).toMatch(/> close 4000 done\n(?:<.*\n)*< close 4000 done\n$/)
  expect(backend.connections[0]!.request.headers.authorization).toBe('Key t0k3n')
  expect(backend.received.all[0]!.data.toString()).toBe('Hello t0k3n')
  expect(backend.received.all[1]!.data.equals(zeros)).toBe(true)
  expect(readFileSync(join(path, 'saved.bin')).equals(zeros)).toBe(true)
  const talk = readFileSync(join(path, 'talk.jsonl'), 'utf8')
  expect(talk).not.toContain('t0k3n')
  const rows = talk
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  const kinds = (of: string) => rows.filter(({ direction }) => direction === of).map(({ kind }) => kind)
  expect(rows[0]).toMatchObject({ kind: 'handshake', status: 101 })
  expect(kinds('sent')).toEqual(['text', 'binary', 'close'])
  expect(kinds('received')).toEqual(['text', 'binary', 'close'])
})

test('words are followed in a conversation', async () => {
  await using backend = await startUpper()
  const { path } = folder({ 'orders.yaml': orders(backend.url), 'zeros.bin': Buffer.alloc(3) })
  await using client = myelin('ws', '--collection', join(path, 'orders.yaml'))

  client.type('/ping')
  await client.prints(/^< \(pong, 0 bytes\)$/m)
  client.type('/send Zeros')
  await client.prints(/^< \(binary, 3 bytes\) 00 00 00$/m)
  client.type(`/save -1 ${join(path, 'last')}`)
  client.type('//slash')
  await client.prints(/^< \/SLASH$/m)
  client.type('/nope')
  client.type('/send Helo')
  client.type('/close 4999 over and out')

  const { code, stdout, stderr } = await client.ended()
  expect(stdout).toContain('> close 4999 over and out\n< close 4999 over and out\n')
  expect(stderr).toContain('myelin: there is no /nope; there are /send NAME')
  expect(stderr).toContain('myelin: Echo has no message Helo; Did you mean Hello?')
  expect(readFileSync(join(path, 'last'))).toEqual(Buffer.alloc(3))
  expect(code).toBe(0)
})

test('bye closes with 1000, and only where words are taken', async () => {
  await using backend = await startEcho()

  const word = await runMyelin(['ws', backend.url, '--words'], 'bye')
  const text = await runMyelin(['ws', backend.url], 'bye')

  expect(word.stdout).toBe('> close 1000\n< close 1000\n')
  expect(text.stdout).toBe('> bye\n< bye\n')
  expect(word.code).toBe(0)
})

test('what the server answers is told: status, headers and body of a refusal, with one hint', async () => {
  const body = '{"error": "no such key"}'
  await using refusing = await startRaw(socket =>
    socket.once('data', () =>
      socket.end(`HTTP/1.1 403 No\r\nX-Why: key\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    ),
  )

  const { code, stderr } = await runMyelin(['ws', refusing.url, '--verbose'])

  expect(stderr.replace(/\d+ ms/, 'N ms').split('\n')).toEqual([
    `myelin: cannot connect to ${refusing.url}: the server answered the upgrade with status 403; it wants credentials; pass them with --header 'Authorization: …'`,
    '  step: HTTP, after N ms',
    '  X-Why: key',
    `  Content-Length: ${body.length}`,
    `  it said: ${body}`,
    '',
  ])
  expect(code).toBe(1)
})

test('a credential without a value is said before anything is sent, and a header of the call takes its place', async () => {
  await using backend = await startEcho()
  const { path } = folder({
    'orders.yaml': `collection: Orders
auth: { bearer: '{{ token }}' }
connections: [{ name: Echo, url: '${backend.url}' }]
`,
  })
  const client = ['ws', '--collection', join(path, 'orders.yaml')]

  const refused = await runMyelin(client)
  expect(refused.stderr).toContain(
    'Nothing gives variable token of the token of bearer of connection Echo a value',
  )
  expect(refused.code).not.toBe(0)
  expect(backend.connections).toEqual([])

  const given = await runMyelin([...client, '--header', 'Authorization: Key 1'], 'bye')
  expect(given.code).toBe(0)
  expect(backend.connections[0]!.request.headers.authorization).toBe('Key 1')
})

test('a refusal with 400 that says why gets no hint of a subprotocol', async () => {
  const body = 'Query parameter q is no int'
  await using refusing = await startRaw(socket =>
    socket.once('data', () => socket.end(`HTTP/1.1 400 No\r\nContent-Length: ${body.length}\r\n\r\n${body}`)),
  )
  await using silent = await startRaw(socket =>
    socket.once('data', () => socket.end('HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n')),
  )

  const telling = await runMyelin(['ws', refusing.url])
  const other = await runMyelin(['ws', silent.url])

  expect(telling.stderr).toContain(`  it said: ${body}`)
  expect(telling.stderr).not.toContain('subprotocol')
  expect(other.stderr).toContain('it may want a subprotocol; offer one with --subprotocol')
})

test.for([
  ['ws://no-such-host.invalid/', 'DNS'],
  ['ws://127.0.0.1:1/', 'TCP'],
  ['nonsense', 'address'],
])('%s fails at the step %s', async ([url, step]) => {
  const { stderr } = await runMyelin(['ws', url!, '--verbose'])
  expect(stderr).toContain(`  step: ${step}, after `)
})

test('a server that is no WebSocket server fails at the handshake or with its status', async () => {
  const server = createServer((_request, response) => response.end('hello'))
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { stderr } = await runMyelin([
    'ws',
    `ws://127.0.0.1:${(server.address() as { port: number }).port}/`,
    '--verbose',
  ])
  server.close()
  expect(stderr).toContain('  it said: hello')
})

test('a run that fails says where, as plain text, JSON and JUnit', async () => {
  await using backend = await startBackend({
    answer: (_data, _isBinary, { webSocket }) => webSocket.send('<other> t0k3n'),
  })
  const { path } = folder({
    'orders.yaml': orders(backend.url).replace('contains: t0k3n', 'equals: x'),
    'zeros.bin': 'x',
  })
  const run = (...more: string[]) => runMyelin(['run-collection', join(path, 'orders.yaml'), ...more])

  const [plain, json, junit] = await Promise.all([
    run(),
    run('--report', 'json'),
    run('--report', 'junit', '--output', join(path, 'report.xml')),
  ])

  expect(plain.code).toBe(1)
  expect(plain.stdout).toContain('    FAIL  Hello\n          expected "x", not "<other> ***"\n')
  expect(JSON.parse(json.stdout)).toMatchObject({
    collection: 'Orders',
    passed: false,
    connections: [
      {
        connection: 'Echo',
        steps: [{ name: 'connect', passed: true }, { name: 'Hello', passed: false }, {}, {}],
      },
    ],
  })
  expect(junit.stdout).toContain('1 connection, 4 steps: 3 passed, 1 failed')
  expect(readFileSync(join(path, 'report.xml'), 'utf8')).toContain('not &quot;&lt;other&gt; ***&quot;')
})

test('a file that is wrong is told, exit code 2', async () => {
  const { path } = folder({ 'wrong.yaml': 'collection: X\nconections: []\n' })
  const { code, stderr } = await runMyelin(['run-collection', join(path, 'wrong.yaml')])
  expect(stderr).toContain('Did you mean connections?')
  expect(code).toBe(2)
})

test('a Pororoca file is imported and exported, and equal', async () => {
  const { path } = folder({ 'in.json': JSON.stringify(pororocaFile) })
  const [yaml, out] = [join(path, 'orders.yaml'), join(path, 'out.json')]

  const imported = await runMyelin(['collection', 'import', join(path, 'in.json'), '--output', yaml])
  const exported = await runMyelin(['collection', 'export', yaml, '--output', out])

  expect([imported.code, exported.code]).toEqual([0, 0])
  expect([imported.stderr, exported.stderr]).toEqual(['', ''])
  expect(JSON.parse(readFileSync(out, 'utf8'))).toStrictEqual(pororocaFile)
})

test('secrets are left out of an import and an export, unless they are asked for', async () => {
  const { path } = folder({ 'orders.yaml': orders('ws://localhost') })
  const file = join(path, 'orders.yaml')

  const without = await runMyelin(['collection', 'export', file])
  const withThem = await runMyelin(['collection', 'export', file, '--with-secrets'])

  expect(without.stdout).not.toContain('t0k3n')
  expect(without.stderr).toContain('myelin: 1 secret is left out; --with-secrets keeps them')
  expect(withThem.stdout).toContain('"value": "t0k3n"')
})

test('connections are added, renamed and listed; comments stay', async () => {
  const { path } = folder({
    'orders.yaml': orders('ws://localhost/{{ token }}'),
    'zeros.bin': Buffer.alloc(9),
  })
  const file = join(path, 'orders.yaml')

  const added = await runMyelin(['ws', 'add', file, 'Second', 'ws://second'])
  const renamed = await runMyelin(['ws', 'rename', file, 'Echo', 'First'])
  const again = await runMyelin(['ws', 'add', file, 'Second', 'ws://second'])
  const { stdout } = await runMyelin(['ws', 'list', file])

  expect([added.code, renamed.code, again.code]).toEqual([0, 0, 1])
  expect(stdout).toBe(
    [
      'First  ws://localhost/***',
      '  Hello  text, 11 bytes',
      '  Zeros  binary, zeros.bin, 9 bytes',
      '  Bye  close 4000, 4 bytes',
      'Second  ws://second\n',
    ].join('\n'),
  )
  expect(readFileSync(file, 'utf8')).toMatch(/^# Kept\.\n[\s\S]*name: First # kept too\n/)
  const made = join(path, 'new.yaml')
  await runMyelin(['ws', 'add', made, 'One', 'ws://one'])
  expect((await runMyelin(['ws', 'list', made])).stdout).toBe('One  ws://one\n')
})

test('messages are repeated, and the report has latencies', async () => {
  await using backend = await startEcho()
  const { path } = folder({
    'orders.yaml': orders(backend.url),
    'zeros.bin': 'x',
    'rows.csv': 'token\nt0k3n-1\nt0k3n-2\n',
  })
  const run = (...more: string[]) =>
    runMyelin([
      'ws',
      'repeat',
      '--collection',
      join(path, 'orders.yaml'),
      '--connection',
      'Echo',
      '--send',
      'Hello',
      ...more,
    ])

  const plain = await run('--connections', '3', '--repetitions', '4')
  const json = await run('--rows', join(path, 'rows.csv'), '--report', 'json')

  expect(plain.stdout).toMatch(
    /^12 iterations in [\d.]+ ms \([\d.]+ per second\), 0 failed\nlatency in ms: min .*, p50 .*, p99 /,
  )
  expect(JSON.parse(json.stdout)).toMatchObject({ total: 2, failed: 0, iterations: [{}, {}] })
  expect([plain.code, json.code]).toEqual([0, 0])
})

test('validate looks at collections too', async () => {
  const { path } = folder({ 'orders.yaml': orders('http//x') })
  const { code, stdout, stderr } = await runMyelin(['validate', join(path, 'orders.yaml')])
  expect(stderr).toContain(
    'orders.yaml:7:10 error bad-value\n  connection Echo: http//x is no URL.\n  7 |     url: http//x\n',
  )
  expect(stderr).toContain('error missing-file\n  message Zeros: there is no file zeros.bin.')
  expect(stdout).toBe('1 file, 2 errors, 0 warnings, 0 notes\n')
  expect(code).toBe(1)
  expect((await runMyelin(['validate', join(examples, 'echo.yaml')])).code).toBe(0)
})
