// A page asks for a WebSocket: its origin decides whether it gets one.

import { describe, expect, test } from 'vitest'
import { connect, refusal } from '../support/clients.ts'
import { service } from '../support/configurations.ts'
import { buildGateway, startGateway } from '../support/gateway.ts'

const COOKIE = { Cookie: 'session=secret' }

function origins(list: string): string {
  return service('<respond/>', { parameters: { 'ws.origins': list } })
}

describe('without a list', () => {
  test('a page of another host is refused where the browser sends a cookie along', async () => {
    await using gateway = await startGateway({ xml: service('<respond/>') })

    const { status, body } = await refusal(gateway.url('ws'), {
      headers: { ...COOKIE, Origin: 'https://evil.example' },
    })

    expect(status).toBe(403)
    expect(JSON.parse(body).message).toBe('a page of this origin may not connect')
    const line = await gateway.waitForLog('https://evil.example')
    expect(line.text).toContain('ws.origins')
    expect(line.fields).toMatchObject({ status: 403, id: JSON.parse(body).id })
    expect([...gateway.gateway.counters.values()][0]!.ended.refused).toBe(1)
  })

  test.each([
    ['a page of the same host', { ...COOKIE, Origin: 'https://LOCALHOST:3000' }],
    ['a page of another host without a cookie', { Origin: 'https://other.example' }],
    ['what is no page', COOKIE],
  ])('%s is let in', async (_what, headers) => {
    await using gateway = await startGateway({ xml: service('<respond/>') })
    using client = await connect(gateway.url('ws'), { headers })

    expect(await client.ask('in')).toBe('in')
  })

  test.each(['null', 'https://localhost.evil.example', 'https://evil.example/localhost', 'localhost', ''])(
    'a cookie and the origin "%s" are refused',
    async origin => {
      await using gateway = await startGateway({ xml: service('<respond/>') })

      expect((await refusal(gateway.url('ws'), { headers: { ...COOKIE, Origin: origin } })).status).toBe(403)
    },
  )

  test('behind a proxy that is trusted the host is the one it names', async () => {
    await using gateway = await startGateway({
      xml: service('<respond/>'),
      settings: { 'transport.http.listener.trusted_proxies': '127.0.0.1, ::1' },
    })
    const headers = { ...COOKIE, 'X-Forwarded-Host': 'app.example' }

    using client = await connect(gateway.url('ws'), {
      headers: { ...headers, Origin: 'https://app.example' },
    })
    expect(await client.ask('in')).toBe('in')
    const own = await refusal(gateway.url('ws'), { headers: { ...headers, Origin: 'https://localhost' } })
    expect(own.status).toBe(403)
  })
})

describe('with a list', () => {
  test.each([
    ['https://app.example', 'https://app.example', 101],
    ['https://app.example', 'https://APP.example:443', 101],
    ['https://app.example', 'http://app.example', 403],
    ['https://app.example', 'https://app.example:8443', 403],
    ['https://app.example', 'https://app.example.evil.example', 403],
    ['https://app.example:8443, http://localhost:3000', 'http://localhost:3000', 101],
    ['https://*.app.example', 'https://www.app.example', 101],
    ['https://*.app.example', 'https://a.b.app.example', 101],
    ['https://*.app.example', 'https://app.example', 403],
    ['https://*.app.example', 'https://evilapp.example', 403],
    ['https://*.app.example', 'http://www.app.example', 403],
    ['*.app.example', 'http://www.app.example:81', 101],
    ['*', 'https://anything.example', 101],
    ['*', 'null', 101],
    ['null', 'null', 101],
    ['https://app.example', 'null', 403],
    ['https://app.example', 'https://app.example, https://evil.example', 403],
  ])('%s and the origin %s: %i', async (list, origin, status) => {
    await using gateway = await startGateway({ xml: origins(list) })
    const options = { headers: { ...COOKIE, Origin: origin } }

    if (status === 101) {
      using client = await connect(gateway.url('ws'), options)
      expect(await client.ask('in')).toBe('in')
    } else expect((await refusal(gateway.url('ws'), options)).status).toBe(status)
  })

  test('what sends no origin is let in', async () => {
    await using gateway = await startGateway({ xml: origins('https://app.example') })
    using client = await connect(gateway.url('ws'), { headers: COOKIE })

    expect(await client.ask('in')).toBe('in')
  })
})

test.each(['app.example', 'https://app.example/path', 'https://*', '*.', 'https://a.*.example', 'https://'])(
  'a list with %s is an error',
  list => {
    const { gateway } = buildGateway({ xml: origins(list) })

    expect(
      gateway.diagnostics
        .all()
        .map(({ message }) => message)
        .join('\n'),
    ).toContain(
      `expected origins such as https://app.example.com, https://*.app.example.com or *; ${list} is none`,
    )
  },
)
