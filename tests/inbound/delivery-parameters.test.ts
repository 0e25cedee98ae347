import { describe, expect, test } from 'vitest'
import { format } from '../../src/language/diagnostic.ts'
import type { DeliveryOptions } from '../../src/websocket/options.ts'
import { deployed } from '../support/mediate.ts'

type Parameters = Readonly<Record<string, string | number>>

function endpoint(parameters: Parameters): ReturnType<typeof deployed> {
  const all = Object.entries({ 'inbound.ws.port': 0, ...parameters })
    .map(([name, value]) => `<parameter name="${name}">${value}</parameter>`)
    .join('')
  return deployed({
    'endpoint.xml': `<definitions><messageStore name="incoming"/><sequence name="main"/><sequence name="fault"/>
      <inboundEndpoint name="clients" protocol="ws" sequence="main" onError="fault">
      <parameters>${all}</parameters></inboundEndpoint></definitions>`,
  })
}

function findings(parameters: Parameters): string[] {
  return endpoint(parameters).diagnostics.all().map(format)
}

function deliveryOf(parameters: Parameters): DeliveryOptions | undefined {
  const { services, diagnostics } = endpoint(parameters)
  expect(diagnostics.all().map(format)).toEqual([])
  return services.find(({ webSocket }) => webSocket)?.webSocket?.delivery
}

describe('parameters for delivery at least once', () => {
  test('are off without a store', () => {
    expect(deliveryOf({})).toBeUndefined()
  })

  test('have defaults', () => {
    expect(deliveryOf({ 'ws.delivery.store': 'incoming' })).toMatchObject({
      subprotocol: 'at-least-once.myelin',
      scope: 'clients',
      user: undefined,
      maxUnacknowledged: 256,
      rememberMs: 604_800_000,
      rememberClients: 100_000,
    })
  })

  test('name the subprotocol', () => {
    const parameters = { 'ws.delivery.store': 'incoming', 'ws.delivery.subprotocol': ' safe.example ' }
    expect(deliveryOf(parameters)?.subprotocol).toBe('safe.example')
  })

  test('say what is wrong with them', () => {
    expect(findings({ 'ws.delivery.store': 'outgoing' }).join()).toMatch(/missing-message-store.*outgoing/s)
    expect(findings({ 'ws.delivery.user': '$trp:X-User' }).join()).toMatch(/no-effect.*ws\.delivery\.user/s)
    const wrong = {
      'ws.delivery.store': 'incoming',
      'ws.delivery.subprotocol': 'two words',
      'ws.delivery.max.unacknowledged': 0,
      'ws.delivery.remember': 5,
    }
    expect(findings(wrong)).toHaveLength(3)
  })
})
