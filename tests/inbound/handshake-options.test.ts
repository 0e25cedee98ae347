import { expect, test } from 'vitest'
import { inbound } from '../support/inbound.ts'

test('without parameters clients are answered at once, and nothing of theirs is forwarded', () => {
  const { options, found } = inbound({})
  expect(found).toBe('')
  expect(options?.handshake).toEqual({
    isHeld: false,
    timeoutMs: 30_000,
    passesSubprotocols: false,
    relayedHeaders: [],
  })
  expect(options).toMatchObject({ preservedHeaders: [], closeDeadlineMs: 5_000 })
})

test('all of them', () => {
  const { options, found } = inbound({
    'ws.handshake': 'held',
    'ws.handshake.timeout': '2000',
    'ws.handshake.relay.headers': 'Set-Cookie, X-Why',
    'ws.headers.preserve': 'Authorization',
    'ws.close.deadline': '100',
  })
  expect(found).toBe('')
  expect(options?.handshake).toMatchObject({
    isHeld: true,
    timeoutMs: 2_000,
    relayedHeaders: ['set-cookie', 'x-why'],
  })
  expect(options).toMatchObject({ preservedHeaders: ['Authorization'], closeDeadlineMs: 100 })
})

test('the backend can only choose a subprotocol while the client waits', () => {
  expect(inbound({ 'ws.subprotocol.passthrough': 'true' }).options?.handshake).toMatchObject({
    isHeld: true,
    passesSubprotocols: true,
  })
  const { found } = inbound({ 'ws.subprotocol.passthrough': 'true', 'ws.handshake': 'immediate' })
  expect(found).toContain('ws.subprotocol.passthrough needs ws.handshake to be held')
})

test.each([
  [{ 'ws.handshake.relay.headers': 'Set-Cookie' }, 'ws.handshake.relay.headers has no effect'],
  [{ 'ws.handshake': 'later' }, 'one of immediate, held'],
  [{ 'ws.close.deadline': '0' }, 'from 1 to 3600000'],
  [{ 'ws.handshake.timeout': 'x' }, 'from 1 to 3600000'],
])('%o is found', (parameters, text) => {
  expect(inbound(parameters).found).toContain(text)
})
