import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { eventually } from '../support/eventually.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { findings, json, mediate, message } from '../support/mediate.ts'
import { Serving } from '../support/serving.ts'

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

describe('the answer of an HTTP backend', () => {
  const OUT = '<property name="via" value="out"/><send/>'
  const RECEIVE = '<sequence name="received"><property name="via" value="received"/><send/></sequence>'

  test('runs through the out sequence', async () => {
    await using backend = await HttpBackend.json({ id: 7 })
    await using service = new Serving(`<send>${backend.endpoint}</send>`, { out: OUT })
    const ctx = await service.take(json({}))
    expect(ctx.replies).toEqual(['{"id":7}'])
    expect(ctx.properties.get('via')).toBe('out')
  })

  test.each([
    ['received', 'received'],
    ["{get-property('where')}", 'received'],
    ["{get-property('nowhere')}", 'out'],
  ])('runs through receive="%s": %s', async (receive, via) => {
    await using backend = await HttpBackend.json({ id: 7 })
    await using service = new Serving(
      `<property name="where" value="received"/><send receive="${receive}">${backend.endpoint}</send>`,
      { out: OUT, artifacts: [RECEIVE] },
    )
    const ctx = await service.take(json({}))
    expect(ctx.replies).toEqual(['{"id":7}'])
    expect(ctx.properties.get('via')).toBe(via)
  })

  test('a receive sequence computed that is not there is a fault once the answer is there', async () => {
    await using backend = await HttpBackend.json({ id: 7 })
    await using service = new Serving(`<send receive="{'gone'}">${backend.endpoint}</send>`, { out: OUT })
    const ctx = await service.take(json({}))
    expect(backend.received).toHaveLength(1)
    expect(ctx.fault?.message).toBe('Sequence named gone cannot be found')
  })

  test('what a receive sequence sends in turn comes to the out sequence', async () => {
    await using first = await HttpBackend.json({ step: 1 })
    await using second = await HttpBackend.json({ step: 2 })
    await using service = new Serving(`<send receive="next">${first.endpoint}</send>`, {
      out: OUT,
      artifacts: [`<sequence name="next"><send>${second.endpoint}</send></sequence>`],
    })
    const ctx = await service.take(json({}))
    expect(second.received.map(({ body }) => body)).toEqual(['{"step":1}'])
    expect(ctx.replies).toEqual(['{"step":2}'])
  })

  test('is let go with OUT_ONLY', async () => {
    await using backend = await HttpBackend.json({ id: 7 })
    const send = `<property name="OUT_ONLY" value="true"/><send>${backend.endpoint}</send>`
    await using service = new Serving(send, { out: OUT })
    const ctx = await service.take(json({ ask: 1 }))
    await eventually(() => expect(backend.received).toHaveLength(1))
    expect(ctx.replies).toEqual([])
  })
})

test.each([
  ['<send><endpoint/></send>', 'missing: <endpoint> needs an address, or the key of another endpoint.'],
  [
    '<send receive="answers"/>',
    'missing-sequence: There is no sequence named answers; reaching it is a fault.',
  ],
  ['<send receive=""/>', 'missing-sequence: The name of a sequence is empty; reaching it is a fault.'],
])('%s is a finding', (fragment, finding) => {
  expect(findings(fragment)).toContainEqual(finding)
})
