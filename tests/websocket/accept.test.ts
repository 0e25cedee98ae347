import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { WebSocketServer } from 'ws'
import {
  acceptOptions,
  announceChoices,
  chooseCompression,
  chooseSubprotocol,
  chosenSubprotocol,
  splitSubprotocols,
} from '../../src/websocket/accept.ts'

function request(offered?: string): IncomingMessage {
  return { headers: offered === undefined ? {} : { 'sec-websocket-protocol': offered } } as IncomingMessage
}

/** What the 101 answer to a request says beside what the library writes. */
function answer(of: IncomingMessage): string[] {
  const server = new EventEmitter()
  announceChoices(server as WebSocketServer)
  const headers: string[] = []
  server.emit('headers', headers, of)
  return headers
}

describe('offers', () => {
  test.each([
    ['chat', ['chat']],
    ['chat, mqtt ,soap', ['chat', 'mqtt', 'soap']],
    ["synapse(contentType='application/json')", ["synapse(contentType='application/json')"]],
    ["chat, synapse(contentType='a,b'), mqtt", ['chat', "synapse(contentType='a,b')", 'mqtt']],
    ['synapse(a="x, y"), "q,r"', ['synapse(a="x, y")', '"q,r"']],
    ['', []],
    [' , ,', []],
  ])('%s', (header, names) => {
    expect(splitSubprotocols(header)).toEqual(names)
  })

  test('a long header of brackets and quotes is split in no time', () => {
    const header = `${"('".repeat(20_000)}`
    const start = performance.now()
    splitSubprotocols(header)
    expect(performance.now() - start).toBeLessThan(1_000)
  })
})

describe('the choice', () => {
  const isServed = (name: string): boolean =>
    ['chat', "synapse(contentType='application/json')"].includes(name)

  test.each([
    ['chat', 'chat'],
    ['mqtt, chat', 'chat'],
    ["synapse(contentType='application/json'), chat", "synapse(contentType='application/json')"],
    ["mqtt, synapse(contentType='application/json')", "synapse(contentType='application/json')"],
  ])('of %s is %s, and the answer says so', (offered, chosen) => {
    const of = request(offered)
    expect(chooseSubprotocol(of, isServed)).toBe(chosen)
    expect(chosenSubprotocol(of)).toBe(chosen)
    expect(answer(of)).toEqual([`Sec-WebSocket-Protocol: ${chosen}`])
    expect(of.headers, 'the library does not see it').not.toHaveProperty('sec-websocket-protocol')
  })

  test.each([undefined, '', 'mqtt', 'CHAT', 'chat2'])(
    'of %s is none: the upgrade goes on without',
    offered => {
      const of = request(offered)
      expect(chooseSubprotocol(of, isServed)).toBe('')
      expect(chosenSubprotocol(of)).toBe('')
      expect(answer(of)).toEqual([])
    },
  )
})

describe('compression', () => {
  const offering = (header: string): IncomingMessage =>
    ({ headers: { 'sec-websocket-extensions': header } }) as IncomingMessage

  test('that was agreed on is in the answer', () => {
    const of = offering('permessage-deflate; server_no_context_takeover')
    expect(chooseCompression(of, { thresholdBytes: 1, keepsContext: true, windowBits: 15 })).toBe(true)
    expect(answer(of)).toEqual(['Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover'])
  })

  test('is not where nobody wants it, and a malformed header is refused even then', () => {
    const of = offering('permessage-deflate')
    expect(chooseCompression(of, undefined)).toBe(true)
    expect(answer(of)).toEqual([])
    expect(chooseCompression(offering('permessage-deflate; ='), undefined)).toBe(false)
    expect(chooseCompression(request(), undefined)).toBe(true)
  })
})

test('the library upgrades and does nothing else', () => {
  expect(acceptOptions()).toMatchObject({ perMessageDeflate: false, autoPong: false, clientTracking: false })
})
