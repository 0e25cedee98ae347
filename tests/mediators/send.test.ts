import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { findings, json, mediate, message } from '../support/mediate.ts'

/** A WebSocket server as a backend may be, and what it got on its first connection. */
class Backend implements AsyncDisposable {
  readonly #server = new WebSocketServer({ port: 0, host: 'localhost' })
  readonly #messages: Promise<{ text: string; isBinary: boolean }[]>

  constructor() {
    this.#messages = new Promise(resolve => {
      this.#server.once('connection', socket => {
        const got: { text: string; isBinary: boolean }[] = []
        socket.on('message', (data, isBinary) => got.push({ text: String(data), isBinary }))
        socket.on('close', () => resolve(got))
      })
    })
  }

  async endpoint(): Promise<string> {
    if (!this.#server.address()) await once(this.#server, 'listening')
    const { port } = this.#server.address() as AddressInfo
    return `<endpoint name="backend"><address uri="ws://localhost:${port}/websocket"/></endpoint>`
  }

  /** All it got, once the connection has ended. */
  get messages(): Promise<{ text: string; isBinary: boolean }[]> {
    return this.#messages
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise(resolve => this.#server.close(resolve))
  }
}

const SEND = '<send><endpoint key="backend"/></send><property name="after" value="yes"/>'

test('hands the message to a named endpoint and ends the sequence', async () => {
  await using backend = new Backend()
  const ctx = await mediate(SEND, message('hello'), { artifacts: [await backend.endpoint()] })
  expect(await backend.messages).toEqual([{ text: 'hello', isBinary: false }])
  expect(ctx.properties.has('after')).toBe(false)
  expect(ctx.replies).toEqual([])
  expect(ctx.counters.ended.delivered).toBe(1)
})

test('takes an endpoint written in place', async () => {
  await using backend = new Backend()
  const inline = (await backend.endpoint()).replace(' name="backend"', '')
  await mediate(`<send buildmessage="true">${inline}</send>`, message('hello'))
  expect(await backend.messages).toEqual([{ text: 'hello', isBinary: false }])
})

test('the message leaves in the type that messageType says, and unread bytes as binary', async () => {
  await using backend = new Backend()
  const artifacts = [await backend.endpoint()]
  await mediate(
    `<property name="messageType" value="application/xml" scope="axis2"/>${SEND}`,
    json({ id: 7 }),
    {
      artifacts,
    },
  )
  expect(await backend.messages).toEqual([{ text: '<jsonObject><id>7</id></jsonObject>', isBinary: false }])
  await using other = new Backend()
  const bytes = message(Buffer.from([1, 2]), 'application/octet-stream')
  await mediate(SEND, bytes, { artifacts: [await other.endpoint()] })
  expect(await other.messages).toEqual([{ text: '\x01\x02', isBinary: true }])
})

test('a backend that is not there is fault 101503 in the sequence that sends', async () => {
  const gone = new Backend()
  const endpoint = await gone.endpoint()
  await gone[Symbol.asyncDispose]()
  const ctx = await mediate('<sequence key="sends"/>', message('hello'), {
    artifacts: [
      endpoint,
      `<sequence name="sends" onError="failed">${SEND}</sequence>`,
      `<sequence name="failed"><property name="code" expression="$ctx:ERROR_CODE"/></sequence>`,
    ],
  })
  expect(ctx.properties.get('code')).toBe('101503')
  expect(ctx.fault?.place?.file).toBe('artifact2.xml')
})

test('without an endpoint a response goes back to the caller', async () => {
  const ctx = await mediate('<send/><property name="after" value="yes"/>', message('hello'), {
    direction: 'response',
  })
  expect(ctx.replies).toEqual(['hello'])
  expect(ctx.properties.has('after')).toBe(false)
  expect(ctx.counters.ended.answered).toBe(1)
})

test('without an endpoint a response waits for a caller that takes its time', async () => {
  const ctx = await mediate('<send/><property name="after" value="yes"/>', message('hello'), {
    direction: 'response',
    whenReplied: () => Promise.resolve(),
  })
  expect(ctx.properties.has('after')).toBe(false)
})

test('without an endpoint a request has nowhere to go', async () => {
  const ctx = await mediate('<send/>')
  expect(ctx.fault?.code).toBe(0)
  expect(ctx.fault?.message).toBe('send has no endpoint, and the message no address to go to')
})

test('an endpoint that is not there is a warning, and fault 305100 when it is reached', async () => {
  const artifacts = ['<endpoint name="backends"><address uri="ws://localhost:1/"/></endpoint>']
  expect(findings(SEND, { artifacts })).toEqual([
    'missing-endpoint: There is no endpoint named backend; sending to it is a fault. Did you mean backends?',
  ])
  const ctx = await mediate(SEND, message('hello'), { artifacts })
  expect(ctx.fault?.code).toBe(305100)
  expect(ctx.fault?.message).toBe('endpoint backend cannot be found')
})

test.each([
  [
    '<send receive="answers"/>',
    'not-supported: attribute receive of <send> is not supported: sequences for one response come with a later version; use the out sequence of the service.',
  ],
  ['<send><endpoint/></send>', 'missing: <endpoint> needs an address, or the key of another endpoint.'],
  [
    '<send><endpoint key-expression="//a"/></send>',
    'not-supported: attribute key-expression of <endpoint> is not supported: endpoints chosen per message come with a later version; use a switch with one send per endpoint.',
  ],
])('%s is a finding', (fragment, finding) => {
  expect(findings(fragment)).toContain(finding)
})
