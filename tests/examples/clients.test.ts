// The examples of clients: each program prints what its transcript says, and the collection beside it says the same to
// the same server.

import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runMyelin } from '../cli/program.ts'
import { Programs } from '../sdk/programs.ts'
import { type Backend, type BackendOptions, startUpper } from '../support/backends.ts'
import { testAuthority } from '../support/certificates.ts'
import { frameLine } from './stage.ts'

const examples = resolve(import.meta.dirname, '../../examples/client')
const names = readdirSync(examples)
  .filter(file => file.endsWith('.ts'))
  .map(file => file.slice(0, -3))

/** Processes are slow to start on a machine that is busy. */
const PROCESSES_MS = 60_000

const printed = (name: string): string => readFileSync(join(examples, `${name}.txt`), 'utf8')

/** Runs an example against a server, and gives what it prints. */
async function run(name: string, ...args: string[]): Promise<string> {
  using programs = new Programs()
  programs.copyExamples()
  return await programs.run(`client/${name}.ts`, args)
}

/** A server that answers text in upper case, and takes down what a client says to it over the wire. */
class Listening implements AsyncDisposable {
  readonly server: Backend
  readonly #lines: string[]
  readonly #over: Promise<void>

  constructor(server: Backend, lines: string[], over: Promise<void>) {
    this.server = server
    this.#lines = lines
    this.#over = over
  }

  /** What the client has said, its close included. */
  async heard(): Promise<readonly string[]> {
    await this.#over
    return this.#lines
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]()
  }
}

async function listen(options: BackendOptions = {}): Promise<Listening> {
  const lines: string[] = []
  const over = Promise.withResolvers<void>()
  const server = await startUpper({
    ...options,
    greet: ({ webSocket, request }) => {
      lines.push(`> GET ${request.url}`)
      webSocket.on('message', (data: Buffer, isBinary) => lines.push(frameLine('>', data, isBinary)))
      webSocket.on('ping', data => lines.push(`> ping ${data}`))
      webSocket.on('pong', data => lines.push(`> pong ${data}`))
      webSocket.on('close', (code, reason) => {
        lines.push(`> close ${code} ${reason}`)
        over.resolve()
      })
    },
  })
  return new Listening(server, lines, over.promise)
}

/** What a program and a collection say to servers of the same kind; what each prints is as it has to be. */
async function saidBy(
  name: string,
  options: BackendOptions = {},
  cert?: string,
): Promise<readonly (readonly string[])[]> {
  await using first = await listen(options)
  await using second = await listen(options)
  const variables = [`url=${second.server.url}`, ...(cert === undefined ? [] : [`cert=${cert}`])]
  const [program, collection] = await Promise.all([
    run(name, first.server.url, ...(cert === undefined ? [] : [cert])),
    runMyelin([
      'run-collection',
      join(examples, `${name}.yaml`),
      ...variables.flatMap(each => ['--variable', each]),
    ]),
  ])
  expect(program).toBe(printed(name))
  expect(collection.stdout).toMatch(/^1 connection, (\d+) steps: \1 passed, 0 failed$/m)
  expect(collection.code).toBe(0)
  return [await first.heard(), await second.heard()]
}

describe('a program and a collection say the same', { timeout: PROCESSES_MS }, () => {
  test.each([
    ['text', ['> text Text message', '> close 1000 ']],
    ['binary', ['> binary 010203', '> text by name', '> binary 6279206e616d65', '> close 1000 ']],
    ['close', ['> close 4001 the shift is over']],
  ])('%s', async (name, expected) => {
    const [program, collection] = await saidBy(name)
    expect(collection).toEqual(program)
    expect(program).toEqual(['> GET /websocket', ...expected])
  })

  test('ping-pong', async () => {
    const [program, collection] = await saidBy('ping-pong', {
      answer: (data, _isBinary, { webSocket }) => {
        webSocket.ping('hello')
        webSocket.send(data.toString().toUpperCase())
      },
    })
    expect(collection).toEqual(program)
    expect(program).toEqual([
      '> GET /websocket',
      '> text Hello World!',
      '> pong hello',
      '> ping are you there',
      '> close 1000 ',
    ])
  })

  test('tls', async () => {
    using files = await testAuthority()
    const [program, collection] = await saidBy('tls', { tls: files.server }, files.trustStore)
    expect(collection).toEqual(program)
    expect(program).toEqual(['> GET /websocket', '> text Text message', '> close 1000 '])
  })
})

test('a collection does not talk to a server whose certificate it does not trust', {
  timeout: PROCESSES_MS,
}, async () => {
  using files = await testAuthority()
  using others = await testAuthority()
  await using server = await listen({ tls: files.server })
  const { code, stdout } = await runMyelin([
    'run-collection',
    join(examples, 'tls.yaml'),
    '--variable',
    `url=${server.server.url}`,
    '--variable',
    `cert=${others.trustStore}`,
  ])
  expect(stdout).toContain('FAIL  connect')
  expect(code).toBe(1)
})

test('json binds what it reads', { timeout: PROCESSES_MS }, async () => {
  await using server = await startUpper()
  expect(await run('json', server.url)).toBe(printed('json'))
})

test('reconnect subscribes again after a loss', { timeout: PROCESSES_MS }, async () => {
  await using server: Backend = await startUpper({
    answer: (data, _isBinary, { webSocket }) => {
      const isFirst = server.connections.length === 1
      webSocket.send(data.toString().toUpperCase(), () => isFirst && webSocket.close(1012))
    },
  })
  expect(await run('reconnect', server.url)).toBe(printed('reconnect'))
  expect(server.accepted).toBe(2)
})

test('all are here, and are what the compiler takes', { timeout: PROCESSES_MS }, async () => {
  expect(names).toEqual(['binary', 'close', 'json', 'ping-pong', 'reconnect', 'text', 'tls'])
  using programs = new Programs()
  for (const name of names) programs.write(`${name}.ts`, readFileSync(join(examples, `${name}.ts`), 'utf8'))
  expect(await programs.check()).toBe('')
})
