import { describe, expect, test } from 'vitest'
import { type ContextOptions, MessageContext } from '../../src/core/context.ts'
import type { RequestFacts } from '../../src/core/ports.ts'
import type { Handshake, Link, Session } from '../../src/core/session.ts'
import { accessor } from '../../src/expressions/scopes.ts'
import { type Scope, wellKnown } from '../../src/expressions/well-known.ts'
import { Message } from '../../src/message/message.ts'
import { deployed, json, message, RecordingOrigin, soap, xml } from '../support/mediate.ts'

const { services } = deployed({
  's.xml': '<sequence name="s"><drop/></sequence>',
  'p.xml': '<proxy name="orders"><target inSequence="s"/></proxy>',
  'i.xml': `<inboundEndpoint name="clients" protocol="ws" sequence="s"><parameters>
    <parameter name="inbound.ws.port">0</parameter></parameters></inboundEndpoint>`,
})
const proxy = services.find(({ service }) => service.kind === 'proxy service')!.service
const inbound = services.find(({ service }) => service.kind === 'inbound endpoint')!.service

function context(body: Message = Message.empty(), options: ContextOptions = {}): MessageContext {
  return new MessageContext(proxy, new RecordingOrigin(), body, options)
}

function get(ctx: MessageContext, name: string, scope: Scope = 'default'): unknown {
  return accessor(scope, name).get(ctx)
}

function set(ctx: MessageContext, name: string, value: unknown, scope: Scope = 'default'): void {
  accessor(scope, name).set(ctx, value)
}

function remove(ctx: MessageContext, name: string, scope: Scope = 'default'): void {
  accessor(scope, name).remove(ctx)
}

/** A client that is connected; nothing is sent to it here. */
const handshake: Handshake = {
  method: 'GET',
  target: '/chat?room=1',
  path: '/chat',
  url: 'ws://gateway.test:9091/chat?room=1',
  remoteAddress: '192.0.2.8',
  postfix: '',
  subprotocol: '',
}
const client = { id: 'session-1', handshake } as Session
const link = { address: 'ws://backend.test/feed' } as Link

describe('what the engine acts on', () => {
  test('HTTP_SC is a status from 100 to 999; anything else changes nothing', () => {
    const ctx = context()
    expect(get(ctx, 'HTTP_SC', 'axis2')).toBeUndefined()
    set(ctx, 'HTTP_SC', '201', 'axis2')
    for (const wrong of ['abc', '99', '1000', '200.5', undefined]) set(ctx, 'HTTP_SC', wrong, 'axis2')
    expect(ctx.transport.status).toBe(201)
    expect(get(ctx, 'HTTP_SC', 'axis2')).toBe(201)
    remove(ctx, 'HTTP_SC', 'axis2')
    expect(ctx.transport.status).toBeUndefined()
  })

  test('OUT_ONLY makes a message one-way: text or boolean, in any case', () => {
    const ctx = context()
    for (const [value, oneWay] of [
      ['true', true],
      ['TRUE', true],
      [true, true],
      ['false', false],
      ['yes', false],
    ] as const) {
      set(ctx, 'OUT_ONLY', value)
      expect(ctx.isOneWay).toBe(oneWay)
      expect(get(ctx, 'OUT_ONLY')).toBe(value)
    }
    set(ctx, 'OUT_ONLY', 'true')
    set(ctx, 'OUT_ONLY', undefined)
    expect(ctx.isOneWay).toBe(true)
    remove(ctx, 'OUT_ONLY')
    expect(ctx.isOneWay).toBe(false)
  })

  test('FORCE_SC_ACCEPTED is kept as it was set', () => {
    const ctx = context()
    set(ctx, 'FORCE_SC_ACCEPTED', 'true', 'axis2')
    expect(ctx.transport.forceAccepted).toBe('true')
    expect(get(ctx, 'FORCE_SC_ACCEPTED', 'axis2')).toBe('true')
    remove(ctx, 'FORCE_SC_ACCEPTED', 'axis2')
    expect(get(ctx, 'FORCE_SC_ACCEPTED', 'axis2')).toBeUndefined()
  })

  test('RESPONSE turns the direction', () => {
    const ctx = context()
    set(ctx, 'RESPONSE', 'true')
    expect(ctx.direction).toBe('response')
    set(ctx, 'RESPONSE', undefined)
    expect(ctx.direction).toBe('response')
    set(ctx, 'RESPONSE', 'no')
    expect(ctx.direction).toBe('request')
    expect(get(ctx, 'RESPONSE')).toBe('no')
    remove(ctx, 'RESPONSE')
    expect(get(ctx, 'RESPONSE')).toBeUndefined()
  })

  test('messageType is the type of the payload until it is set, and then ContentType and the header too', () => {
    const ctx = context(json({}))
    expect(get(ctx, 'messageType', 'axis2')).toBe('application/json')
    expect(get(ctx, 'ContentType', 'axis2')).toBe('application/json')
    set(ctx, 'messageType', 'text/xml', 'axis2')
    expect(get(ctx, 'ContentType', 'axis2')).toBe('text/xml')
    expect(get(ctx, 'Content-Type', 'transport')).toBe('text/xml')
    set(ctx, 'ContentType', 'text/xml; charset=UTF-8', 'axis2')
    expect(get(ctx, 'messageType', 'axis2')).toBe('text/xml')
    remove(ctx, 'messageType', 'axis2')
    expect(get(ctx, 'messageType', 'axis2')).toBe('application/json')
    expect(get(context(), 'messageType', 'axis2')).toBeUndefined()
  })

  test.each(['websocket.accept.contenType', 'websocket.accept.contentType'])(
    '%s is the content type agreed with the backend',
    name => {
      const ctx = context()
      set(ctx, name, 'application/json', 'axis2')
      expect(ctx.transport.acceptContentType).toBe('application/json')
      expect(get(ctx, 'websocket.accept.contentType', 'axis2')).toBe('application/json')
      remove(ctx, name, 'axis2')
      expect(ctx.transport.acceptContentType).toBeUndefined()
    },
  )

  test('websocket.subprotocol is what is offered to a backend', () => {
    const ctx = context()
    set(ctx, 'websocket.subprotocol', 'chat, mqtt', 'axis2')
    expect(ctx.transport.subprotocol).toBe('chat, mqtt')
    remove(ctx, 'websocket.subprotocol', 'axis2')
    expect(get(ctx, 'websocket.subprotocol', 'axis2')).toBeUndefined()
  })

  test('the names mean nothing in other scopes', () => {
    const ctx = context()
    set(ctx, 'HTTP_SC', '500')
    set(ctx, 'OUT_ONLY', 'true', 'axis2')
    set(ctx, 'messageType', 'text/xml')
    expect(ctx.transport.status).toBeUndefined()
    expect(ctx.isOneWay).toBe(false)
    expect(ctx.transport.messageType).toBeUndefined()
    expect(get(ctx, 'HTTP_SC')).toBe('500')
  })
})

describe('the frame a message came in', () => {
  const frame = (kind: 'text' | 'binary', contentIsKnown = false): MessageContext => {
    const received = message('hello')
    const frameData = received.content.bytes
    return context(received, { session: client, frame: kind, frameData, contentIsKnown })
  }

  test.each(['text', 'binary'] as const)('%s: present in both scopes, and the other is not', kind => {
    const ctx = frame(kind)
    const other = kind === 'text' ? 'binary' : 'text'
    for (const scope of ['default', 'axis2'] as const) {
      expect(get(ctx, `websocket.${kind}.frame.present`, scope)).toBe(true)
      expect(get(ctx, `websocket.${other}.frame.present`, scope)).toBeUndefined()
      expect(get(ctx, `websocket.${kind}.frame`, scope)).toBe(kind === 'text' ? 'hello' : 'aGVsbG8=')
      expect(get(ctx, `websocket.${other}.frame`, scope)).toBeUndefined()
    }
  })

  test.each([
    [true, true],
    ['true', false],
    ['false', false],
    [false, false],
    [1, false],
  ])('set to %j, the axis2 flag makes send relay it: %s', (value, relays) => {
    const ctx = frame('text')
    set(ctx, 'websocket.text.frame.present', value, 'axis2')
    expect(ctx.sendsFrame).toBe(relays)
    expect(ctx.respondsFrame).toBe(true)
    expect(get(ctx, 'websocket.text.frame.present', 'axis2')).toBe(relays || undefined)
  })

  test.each([
    [true, true],
    ['true', false],
    [false, false],
  ])('set to %j, the default flag makes respond relay it: %s', (value, relays) => {
    const ctx = frame('binary')
    set(ctx, 'websocket.binary.frame.present', value)
    expect(ctx.respondsFrame).toBe(relays)
    expect(ctx.sendsFrame).toBe(true)
    expect(get(ctx, 'websocket.binary.frame.present')).toBe(relays)
  })

  test('removing a flag is the same as false, and the flag of another frame does nothing', () => {
    const ctx = frame('text')
    remove(ctx, 'websocket.binary.frame.present', 'axis2')
    set(ctx, 'websocket.binary.frame.present', false)
    expect([ctx.sendsFrame, ctx.respondsFrame]).toEqual([true, true])
    remove(ctx, 'websocket.text.frame.present', 'axis2')
    remove(ctx, 'websocket.text.frame.present')
    expect([ctx.sendsFrame, ctx.respondsFrame]).toEqual([false, false])
  })

  test('content of a known type is answered as content', () => {
    expect(frame('text', true).respondsFrame).toBe(false)
    expect(frame('text', true).sendsFrame).toBe(true)
  })

  test('a message without a frame has no flags to set', () => {
    const ctx = context()
    set(ctx, 'websocket.text.frame.present', true, 'axis2')
    set(ctx, 'websocket.binary.frame.present', true)
    expect([ctx.sendsFrame, ctx.respondsFrame]).toEqual([false, false])
    expect(get(ctx, 'websocket.text.frame.present')).toBeUndefined()
  })
})

describe('what befell a session', () => {
  test.each([
    ['open', 'source.handshake.present'],
    ['open', 'websocket.source.handshake.present'],
    ['linked', 'websocket.target.handshake.present'],
    ['close', 'connection.terminate'],
    ['ping', 'websocket.ping.frame.present'],
    ['pong', 'websocket.pong.frame.present'],
  ] as const)('%s sets %s in both scopes, and a plain message does not', (event, name) => {
    for (const scope of ['default', 'axis2'] as const) {
      expect(get(context(undefined, { session: client, event }), name, scope)).toBe(true)
      expect(get(context(undefined, { session: client }), name, scope)).toBeUndefined()
    }
  })
})

test.each(['ping', 'pong'] as const)(
  'what came in a %s is there in Base64, and in no other message',
  event => {
    const name = `websocket.${event}.frame`
    const came = context(undefined, { session: client, event, frameData: Buffer.from([0, 255]) })
    expect([get(came, name), get(came, name, 'axis2')]).toEqual(['AP8=', 'AP8='])
    expect(get(context(undefined, { session: client, event }), name)).toBe('')
    expect(
      get(context(undefined, { session: client, frame: 'text', frameData: Buffer.from('x') }), name),
    ).toBeUndefined()
  },
)

describe('what is known of a message', () => {
  test('of a proxy service', () => {
    const ctx = context()
    expect(get(ctx, 'proxy.name')).toBe('orders')
    expect(get(ctx, 'TRANSPORT_IN_NAME')).toBe('http')
    for (const name of ['isInbound', 'inbound.endpoint.name', 'api.caller', 'clientId'])
      expect(get(ctx, name)).toBeUndefined()
    expect(get(ctx, 'HTTP_METHOD', 'axis2')).toBe('POST')
    expect(get(ctx, 'REST_URL_POSTFIX', 'axis2')).toBe('/orders?Currency=EUR')
    expect(get(ctx, 'REMOTE_ADDR', 'axis2')).toBe('192.0.2.7')
    expect(get(ctx, 'TransportInURL', 'axis2')).toBe(
      'http://gateway.test:8280/services/test/orders?Currency=EUR',
    )
    expect(get(ctx, 'To')).toBe('/services/test/orders?Currency=EUR')
    ctx.to = 'ws://backend.test/'
    expect(get(ctx, 'To')).toBe('ws://backend.test/')
    expect(get(context(undefined, { direction: 'response' }), 'To')).toBe('')
  })

  test('of an inbound endpoint', () => {
    const ctx = new MessageContext(inbound, new RecordingOrigin(), Message.empty(), { session: client })
    expect(get(ctx, 'isInbound')).toBe(true)
    expect(get(ctx, 'isInbound', 'axis2')).toBe(true)
    expect(get(ctx, 'inbound.endpoint.name')).toBe('clients')
    expect(get(ctx, 'api.caller')).toBe('clients')
    expect(get(ctx, 'proxy.name')).toBeUndefined()
    expect(get(ctx, 'TRANSPORT_IN_NAME')).toBe('ws')
    expect(get(ctx, 'websocket.source.channel.identifier')).toBe('session-1')
    expect(get(ctx, 'websocket.source.channel.identifier', 'axis2')).toBe('session-1')
    expect(get(ctx, 'clientId', 'axis2')).toBe('session-1')
    expect(get(ctx, 'websocket.subscriber.path')).toBe('/chat?room=1')
  })

  test('of a message of a backend, the path is the address of the backend', () => {
    const ctx = context(undefined, { session: client, link, direction: 'response' })
    expect(get(ctx, 'websocket.subscriber.path')).toBe('ws://backend.test/feed')
  })

  test('the id is the same each time it is read', () => {
    const ctx = context()
    expect(get(ctx, 'MessageID')).toMatch(/^urn:uuid:[0-9a-f-]{36}$/)
    expect(get(ctx, 'MessageID')).toBe(ctx.id)
  })

  test('the time is now', () => {
    const before = Date.now()
    const time = Number(get(context(), 'SYSTEM_TIME'))
    expect(time).toBeGreaterThanOrEqual(before)
    expect(time).toBeLessThanOrEqual(Date.now())
    expect(get(context(), 'SYSTEM_DATE')).toMatch(/^\d{1,2}\/\d{1,2}\/\d\d, \d{1,2}:\d\d [AP]M$/)
  })

  test('addresses are what was set, and the request says where it is for else', () => {
    const ctx = context()
    expect(get(ctx, 'To')).toBe('/services/test/orders?Currency=EUR')
    ctx.to = 'http://endpoint.test/'
    expect(get(ctx, 'To')).toBe('http://endpoint.test/')
    for (const name of ['To', 'From', 'ReplyTo', 'FaultTo', 'Action', 'RelatesTo', 'MessageID']) {
      const before = get(ctx, name)
      set(ctx, name, `urn:${name}`)
      expect(get(ctx, name)).toBe(`urn:${name}`)
      remove(ctx, name)
      expect(get(ctx, name)).toBe(before)
    }
    ctx.addressing.messageId = 'urn:uuid:mine'
    expect(get(ctx, 'MessageID')).toBe('urn:uuid:mine')
    expect(ctx.id).toBe('urn:uuid:mine')
  })

  test('Action is the SOAPAction header, without its quotes', () => {
    const order = soap('<order/>')
    expect(get(context(order), 'Action')).toBe('')
    order.headers.set('soapaction', '"urn:place"')
    expect(get(context(order), 'Action')).toBe('urn:place')
  })

  test('FAULT says whether the body holds a SOAP fault', () => {
    expect(get(context(soap('<s:Fault><faultcode>x</faultcode></s:Fault>')), 'FAULT')).toBe('TRUE')
    expect(get(context(soap('<order/>')), 'FAULT')).toBe('')
    expect(get(context(), 'FAULT')).toBe('')
  })

  const soap12 = '<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body/></e:Envelope>'
  test.each([
    ['soap11', soap('<a/>'), {}],
    ['soap12', message(soap12, 'application/soap+xml; charset=utf-8'), {}],
    ['soap12', message(soap12, 'text/xml'), {}],
    ['pox', message('<a/>', 'text/xml'), {}],
    ['pox', xml('<a/>'), {}],
    ['pox', json({}), {}],
    ['get', Message.empty(), { method: 'GET' }],
  ] as [string, Message, Partial<RequestFacts>][])('MESSAGE_FORMAT %s', (format, body, request) => {
    const ctx = new MessageContext(proxy, new RecordingOrigin(request), body)
    expect(get(ctx, 'MESSAGE_FORMAT')).toBe(format)
  })
})

describe('setting and removing what is known of a message', () => {
  const readOnly = [...wellKnown.values()].filter(({ isReadOnly }) => isReadOnly)

  test.each(readOnly.map(({ name, scope }) => [name, scope] as const))(
    '%s in %s: a configuration may set it over, or take it away',
    (name, scope) => {
      const ctx = new MessageContext(inbound, new RecordingOrigin(), Message.empty(), {
        session: client,
        event: 'open',
      })
      set(ctx, name, 'mine', scope)
      expect(get(ctx, name, scope)).toBe('mine')
      remove(ctx, name, scope)
      expect(get(ctx, name, scope)).toBeUndefined()
      set(ctx, name, 'again', scope)
      expect(get(ctx, name, scope)).toBe('again')
    },
  )

  test('one scope does not show what is set in the other', () => {
    const ctx = context(undefined, { session: client, event: 'close' })
    remove(ctx, 'connection.terminate')
    expect(get(ctx, 'connection.terminate')).toBeUndefined()
    expect(get(ctx, 'connection.terminate', 'axis2')).toBe(true)
  })
})

test('every entry is found under its scope and name, and says what it is', () => {
  for (const [key, { name, scope, doc }] of wellKnown) {
    expect(key).toBe(`${scope} ${name}`)
    expect(doc).toMatch(/[.:…]$/)
  }
})
