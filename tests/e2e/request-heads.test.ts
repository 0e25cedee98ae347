// The head of a request, an upgrade among them: how long it may take to come in, how large it may be, and how many
// fields it may have.

import { connect as connectTcp, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { connect, refusal } from '../support/clients.ts'
import { proxy, service } from '../support/configurations.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const LISTENER = 'transport.http.listener'

function raw(gateway: TestGateway): Socket {
  return connectTcp(Number(new URL(gateway.url('ws')).port), '127.0.0.1').on('error', () => {})
}

async function all(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += chunk
  return text
}

describe('a client that takes its time', () => {
  const settings = { [`${LISTENER}.header_timeout_ms`]: 300 }

  test.each([
    ['nothing at all', '', /^$/],
    [
      'half an upgrade',
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgr',
      /^HTTP\/1\.1 408 .*too long to come in/s,
    ],
  ])('and sends %s is cut', async (_what, head, answer) => {
    await using gateway = await startGateway({ xml: service('<respond/>'), settings })
    const socket = raw(gateway)
    socket.write(head)

    expect(await all(socket)).toMatch(answer)
    using client = await connect(gateway.url('ws'))
    expect(await client.ask('in')).toBe('in')
  })

  test('and sends one byte after the other is cut all the same', async () => {
    await using gateway = await startGateway({ xml: service('<respond/>'), settings })
    const socket = raw(gateway)
    const drip = setInterval(() => socket.write('G'), 50)
    try {
      expect(await all(socket)).toMatch(/^(?:HTTP\/1\.1 40[08] |$)/)
    } finally {
      clearInterval(drip)
    }
  })

  test('once it is connected may be quiet for longer', async () => {
    await using gateway = await startGateway({ xml: service('<respond/>'), settings })
    using client = await connect(gateway.url('ws'))
    using other = await connect(gateway.url('ws'))
    const socket = raw(gateway)
    // When this one has been cut, the others would have been too.
    await all(socket)

    expect(await client.ask('still in')).toBe('still in')
    expect(await other.ask('still in')).toBe('still in')
  })
})

describe('a head that is too large', () => {
  const settings = { [`${LISTENER}.max_headers`]: 20, [`${LISTENER}.max_header_bytes`]: 4096 }
  const fields = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`X-Field-${i}`, String(i)]))

  test('is 431 for an upgrade', async () => {
    await using gateway = await startGateway({ xml: service('<respond/>'), settings })

    expect((await refusal(gateway.url('ws'), { headers: fields(30) })).status).toBe(431)
    expect((await refusal(gateway.url('ws'), { headers: { 'X-Long': 'x'.repeat(8_000) } })).status).toBe(431)
    using client = await connect(gateway.url('ws'), { headers: fields(10) })
    expect(await client.ask('in')).toBe('in')
  })

  test('is 431 for any other request', async () => {
    await using gateway = await startGateway({ xml: proxy('p', '<respond/>'), settings })
    const post = (headers: Readonly<Record<string, string>>) =>
      fetch(gateway.url('http', 'p'), { method: 'POST', headers, body: 'x' })

    expect((await post(fields(30))).status).toBe(431)
    expect((await post({ 'X-Long': 'x'.repeat(8_000) })).status).toBe(431)
    expect((await post(fields(5))).status).toBe(200)
  })
})
