import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import type { Connection } from '../../src/websocket/connection.ts'
import { dial } from '../../src/websocket/dial.ts'
import { myelin, type Running, runMyelin } from './program.ts'

type Received = { data: Buffer; isBinary: boolean }

/** A client that keeps what it gets. */
class Client {
  readonly #waiting: ((received: Received) => void)[] = []
  readonly #closed = Promise.withResolvers<{ code: number; reason: string }>()
  readonly #opened = Promise.withResolvers<Connection>()

  constructor(url: string, subprotocols: readonly string[] = []) {
    dial(
      url,
      { subprotocols },
      {
        onOpen: this.#opened.resolve,
        onFailed: this.#opened.reject,
        onMessage: (data, isBinary) => this.#waiting.shift()?.({ data, isBinary }),
        onClose: (code, reason) => this.#closed.resolve({ code, reason }),
      },
    )
  }

  get opened(): Promise<Connection> {
    return this.#opened.promise
  }

  get closed(): Promise<{ code: number; reason: string }> {
    return this.#closed.promise
  }

  async ask(data: Buffer | string): Promise<Received> {
    const answer = Promise.withResolvers<Received>()
    this.#waiting.push(answer.resolve)
    const connection = await this.opened
    connection.send(data, typeof data !== 'string')
    return await answer.promise
  }
}

async function port(backend: Running): Promise<number> {
  const [, number] = await backend.prints(/listening on ws:\/\/localhost:(\d+)\/websocket/)
  return Number(number)
}

test('answers text in upper case and binary unchanged, on any path, and says so', async () => {
  await using backend = myelin('backend', '--port', '0')
  const client = new Client(`ws://localhost:${await port(backend)}/any/path?q=1`)

  const text = await client.ask('grüße, {"a":1}')
  expect(text.data.toString()).toBe('GRÜSSE, {"A":1}')
  expect(text.isBinary).toBe(false)
  const bytes = Buffer.from([0, 1, 97, 255])
  expect(await client.ask(bytes)).toEqual({ data: bytes, isBinary: true })

  await backend.prints(/^text, 16 bytes: grüße, {"a":1}$/m)
  await backend.prints(/^binary, 4 bytes$/m)
})

test('shows one line per message, shortened to 200 characters', async () => {
  await using backend = myelin('backend', '--port', '0')
  const client = new Client(`ws://localhost:${await port(backend)}/`)

  await client.ask(`two\nlines${'x'.repeat(300)}`)

  const [line] = await backend.prints(/^text, .*$/m)
  expect(line).toBe(`text, 309 bytes: two\\nlines${'x'.repeat(191)}…`)
})

test('chooses the first subprotocol a client offers', async () => {
  await using backend = myelin('backend', '--port', '0')
  const offered = ["synapse(contentType='application/json')", 'chat']
  const client = new Client(`ws://localhost:${await port(backend)}/`, offered)

  expect((await client.opened).subprotocol).toBe(offered[0])
})

test('says goodbye to its clients and exits with 0 on SIGTERM', async () => {
  await using backend = myelin('backend', '--port', '0')
  const client = new Client(`ws://localhost:${await port(backend)}/`)
  await client.opened

  backend.kill('SIGTERM')

  expect(await client.closed).toEqual({ code: 1001, reason: 'shutdown' })
  expect((await backend.ended()).code).toBe(0)
})

test('tells plain HTTP requests to upgrade', async () => {
  await using backend = myelin('backend', '--port', '0')

  const answer = await fetch(`http://localhost:${await port(backend)}/`)

  expect(answer.status).toBe(426)
})

test('says which port is in use', async () => {
  const occupier = createServer().listen(0, '127.0.0.1')
  await once(occupier, 'listening')
  const { port: taken } = occupier.address() as AddressInfo

  const { code, stderr } = await runMyelin(['backend', '--port', String(taken), '--host', '127.0.0.1'])
  occupier.close()

  expect(stderr).toBe(
    `myelin: port ${taken} of 127.0.0.1 is in use; free it, or choose another one with --port\n`,
  )
  expect(code).toBe(1)
})
