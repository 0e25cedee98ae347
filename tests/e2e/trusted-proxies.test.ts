// Requests come by a proxy: who the client is, and what it asked for, is taken from the proxies that are trusted and
// from nobody else.

import { describe, expect, test } from 'vitest'
import { connect } from '../support/clients.ts'
import { proxy, service } from '../support/configurations.ts'
import { buildGateway, startGateway } from '../support/gateway.ts'

const TRUSTED = 'transport.http.listener.trusted_proxies'
const HEADERS = 'transport.http.listener.forwarded_headers'

const SHOW = `<log level="custom">
    <property name="FROM" expression="get-property('axis2', 'REMOTE_ADDR')"/>
    <property name="AT" expression="get-property('axis2', 'TransportInURL')"/>
  </log>`

type Sent = Readonly<Record<string, string>>

async function seen(headers: Sent, settings: Record<string, string>): Promise<string> {
  await using gateway = await startGateway({ xml: proxy('show', SHOW), settings })
  await fetch(gateway.url('http', 'show'), { method: 'POST', headers, body: 'x' })
  const { text } = await gateway.waitForLog('FROM')
  return text.slice(text.indexOf('FROM = ') + 7, text.indexOf(', AT')).replace(/^::1$/, '127.0.0.1')
}

describe('X-Forwarded-For', () => {
  const trusted = { [TRUSTED]: '127.0.0.1/32, ::1, 10.0.0.0/8, 2001:db8:ffff::/48' }

  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['203.0.113.9, 192.0.2.1', '192.0.2.1'],
    ['203.0.113.9, 192.0.2.1, 10.1.2.3', '192.0.2.1'],
    ['203.0.113.9,192.0.2.1 ,10.1.2.3,2001:db8:ffff::1', '192.0.2.1'],
    ['10.1.2.3, 10.4.5.6', '10.1.2.3'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['[2001:db8::1]:4711', '2001:db8::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['192.0.2.1, nonsense', '127.0.0.1'],
    ['192.0.2.1, unknown, 10.1.2.3', '10.1.2.3'],
    ['', '127.0.0.1'],
  ])('"%s" by trusted proxies is %s', async (chain, address) => {
    expect(await seen({ 'X-Forwarded-For': chain }, trusted)).toBe(address)
  })

  test('of anybody else is not looked at', async () => {
    const headers = { 'X-Forwarded-For': '192.0.2.1', Forwarded: 'for=192.0.2.1' }

    expect(await seen(headers, {})).toBe('127.0.0.1')
    expect(await seen(headers, { [TRUSTED]: '10.0.0.0/8' })).toBe('127.0.0.1')
    expect(await seen({ Forwarded: 'for=192.0.2.1' }, trusted)).toBe('127.0.0.1')
  })
})

describe('Forwarded', () => {
  const trusted = { [TRUSTED]: '127.0.0.1, ::1, 10.0.0.0/8', [HEADERS]: 'Forwarded' }

  test.each([
    ['for=192.0.2.1', '192.0.2.1'],
    ['For="[2001:db8::1]:4711"; proto=https', '2001:db8::1'],
    ['for=203.0.113.9, for=192.0.2.1;by=10.0.0.1, for="10.1.2.3"', '192.0.2.1'],
    ['for="a, for=203.0.113.9", for=192.0.2.1', '192.0.2.1'],
    ['for=192.0.2.1, for=_hidden', '127.0.0.1'],
    ['for="unterminated', '127.0.0.1'],
    [`${'"\\'.repeat(3_000)}`, '127.0.0.1'],
  ])('%s is %s', async (value, address) => {
    expect(await seen({ Forwarded: value }, trusted)).toBe(address)
  })

  test('X-Forwarded-For is not looked at then', async () => {
    expect(await seen({ 'X-Forwarded-For': '192.0.2.1' }, trusted)).toBe('127.0.0.1')
  })
})

describe('scheme and host', () => {
  const clients = service(
    `<filter source="boolean(get-property('source.handshake.present'))" regex="true"><then>${SHOW}</then></filter>`,
  )
  const headers = {
    'X-Forwarded-For': '192.0.2.1',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'app.example',
  }

  test('are those the proxy says, for WebSocket clients too', async () => {
    await using gateway = await startGateway({
      xml: clients,
      settings: { [TRUSTED]: '127.0.0.1, ::1' },
    })
    using _client = await connect(`${gateway.url('ws')}feed?a=1`, { headers })

    const { text } = await gateway.waitForLog('FROM')
    expect(text).toContain('FROM = 192.0.2.1, AT = wss://app.example/feed?a=1')
  })

  test('are those of the request where the proxy is not trusted', async () => {
    await using gateway = await startGateway({ xml: clients })
    using _client = await connect(`${gateway.url('ws')}feed`, { headers })

    const { text } = await gateway.waitForLog('FROM')
    expect(text).toMatch(/AT = ws:\/\/localhost:\d+\/feed/)
  })
})

test.each(['10.0.0.0/33', '10.0.0', 'proxy.example', '2001:db8::/129', '10.0.0.0/8/8', 'fe80::1%eth0'])(
  '%s is no address or range',
  range => {
    const { gateway } = buildGateway({ xml: proxy('p', '<drop/>'), settings: { [TRUSTED]: range } })

    expect(
      gateway.diagnostics
        .all()
        .map(({ message }) => message)
        .join('\n'),
    ).toContain(`${range} is none`)
  },
)
