import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ContextOptions, MessageContext } from '../../src/core/context.ts'
import type { Service } from '../../src/core/ports.ts'
import { ExactNumber } from '../../src/message/codecs/exact-number.ts'
import { parseJson } from '../../src/message/codecs/json.ts'
import { payloadOf } from '../../src/message/codecs/soap.ts'
import { Content } from '../../src/message/content.ts'
import { Headers } from '../../src/message/headers.ts'
import { Message } from '../../src/message/message.ts'
import { parseXml } from '../../src/message/xml/parse.ts'
import { serializeXml } from '../../src/message/xml/serialize.ts'
import type { XmlElement } from '../../src/message/xml/tree.ts'
import { NOBODY } from '../../src/sequences/internal.ts'
import { StoredMessage } from '../../src/stores/stored-message.ts'
import { decodeStored, encodeStored } from '../../src/stores/stored-record.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

const service = {} as Service

function contextOf(message: Message, options: ContextOptions = {}): MessageContext {
  return new MessageContext(service, NOBODY, message, options)
}

/** Out of the process and back. */
function again(ctx: MessageContext, log = new RecordingLogger()): MessageContext {
  const { head, payload } = encodeStored(StoredMessage.of(ctx), log)
  return decodeStored({ head: Buffer.from(head).toString(), payload: Buffer.from(payload) }).restore(service)
}

function contentAgain(content: Content): Content {
  return again(contextOf(new Message(content))).message.content
}

const bytes = fc.uint8Array({ maxLength: 200 }).map(each => Buffer.from(each))
const text = fc.string({ unit: 'binary' })
const mediaType = fc.constantFrom('', 'text/plain', 'application/octet-stream', 'image/png', 'text/csv')
const value: fc.Arbitrary<unknown> = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    text,
    fc.boolean(),
    fc.double(),
    fc.bigInt(),
    fc.constant(null),
    bytes,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(text, tie('value'), { maxKeys: 5, noNullPrototype: true }),
  ),
})).value

describe('values', () => {
  test('of all kinds come back as they were', () => {
    fc.assert(
      fc.property(fc.dictionary(text, value), fc.dictionary(text, value), (properties, variables) => {
        const ctx = contextOf(Message.empty())
        for (const [name, each] of Object.entries(properties)) ctx.properties.set(name, each)
        for (const [name, each] of Object.entries(variables)) ctx.variables.set(name, each)
        const back = again(ctx)
        expect(back.properties.entries()).toEqual(ctx.properties.entries())
        expect(back.variables.entries()).toEqual(ctx.variables.entries())
      }),
    )
  })

  test('that are XML come back as elements, with the prefixes their texts use', () => {
    const ctx = contextOf(Message.empty())
    const root = parseXml('<a xmlns:x="urn:x" xmlns="urn:d"><b type="x:t"><![CDATA[1 < 2]]></b></a>')
    ctx.properties.set('whole', root.documentElement!)
    ctx.properties.set('part', root.documentElement!.firstElement!)
    const back = again(ctx)
    expect(serializeXml(back.properties.get('whole') as XmlElement)).toBe(serializeXml(root.documentElement!))
    const part = back.properties.get('part') as XmlElement
    expect(part.parentNode).toBeNull()
    expect(part.lookupNamespace('x')).toBe('urn:x')
    expect(part.namespaceURI).toBe('urn:d')
  })

  test('keep the digits of numbers, on their own and within', () => {
    const ctx = contextOf(Message.empty())
    ctx.properties.set('sum', new ExactNumber('1.50'))
    ctx.properties.set('order', parseJson('{"account":12345678901234567890}'))
    const back = again(ctx)
    expect(back.properties.get('sum')).toEqual(new ExactNumber('1.50'))
    expect(JSON.stringify(back.properties.get('order'))).toBe('{"account":12345678901234567890}')
  })

  test('that hide a name still do', () => {
    const ctx = contextOf(Message.empty())
    ctx.properties.hide('To')
    expect(again(ctx).properties.entries()).toEqual([['To', undefined]])
  })

  test('of any other kind are left out, and named in the log', () => {
    const ctx = contextOf(Message.empty())
    const ring: unknown[] = []
    ring.push(ring)
    ctx.properties.set('stream', new (class Open {})())
    ctx.properties.set('ring', ring)
    ctx.properties.set('deep', { within: () => {} })
    ctx.properties.set('kept', 1)
    const log = new RecordingLogger()
    expect(again(ctx, log).properties.entries()).toEqual([['kept', 1]])
    expect(log.lines.map(({ level, text: line }) => `${level} ${line}`)).toEqual([
      'debug values that cannot be stored are left out: stream, ring, deep',
    ])
  })
})

describe('the payload', () => {
  test('comes back byte by byte, with its type', () => {
    fc.assert(
      fc.property(bytes, mediaType, fc.constantFrom('', '; charset=iso-8859-1'), (body, type, parameter) => {
        const back = contentAgain(Content.received(body, type + parameter))
        expect(back.bytes.equals(body)).toBe(true)
        expect([back.mediaType, back.contentType]).toEqual([type, type + parameter])
        expect(back.form).toBe('bytes')
      }),
    )
  })

  test('that is a text comes back as one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), body => {
        const back = contentAgain(Content.ofText(body, 'application/json'))
        expect([back.text(), back.mediaType, back.form]).toEqual([body, 'application/json', 'text'])
      }),
    )
  })

  test('that is a JSON value comes back as one, whatever its type', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), mediaType, (json, type) => {
        for (const each of ['application/json', type]) {
          const back = contentAgain(Content.ofJson(json, each))
          expect(back.isJson).toBe(true)
          expect(JSON.stringify(back.json())).toBe(JSON.stringify(json))
        }
      }),
    )
  })

  test.each([
    ['text/xml', 'soapenv', 'http://schemas.xmlsoap.org/soap/envelope/'],
    ['application/soap+xml', 'env', 'http://www.w3.org/2003/05/soap-envelope'],
  ])('that is SOAP keeps its version: %s', (type, prefix, namespace) => {
    const soap = `<${prefix}:Envelope xmlns:${prefix}="${namespace}"><${prefix}:Header><h/></${prefix}:Header><${prefix}:Body><a/></${prefix}:Body></${prefix}:Envelope>`
    const received = contentAgain(Content.received(Buffer.from(soap), type))
    expect(received.bytes.toString()).toBe(soap)
    const changed = Content.received(Buffer.from(soap), type)
    payloadOf(changed.editEnvelope())!.setText('1')
    const back = contentAgain(changed)
    expect(back.envelope().namespaceURI).toBe(namespace)
    expect(back.as(type).toString()).toBe(soap.replace('<a/>', '<a>1</a>'))
  })

  test.each(['', 'application/xml', 'text/plain', 'application/json', 'image/png'])(
    'that is an element stays one under the type %s',
    type => {
      const made = (): Content => Content.ofPayload(parseXml('<a><b>1</b></a>').documentElement!, type)
      const back = contentAgain(made())
      expect(serializeXml(payloadOf(back.envelope())!)).toBe('<a><b>1</b></a>')
      expect(back.as(type).toString()).toBe(made().as(type).toString())
      expect(back.as('text/xml').toString()).toContain('<a><b>1</b></a>')
    },
  )

  test('that was changed is not read in the charset it came in', () => {
    const headers = Headers.fromRaw(['Content-Type', 'application/xml; charset=iso-8859-1'])
    const content = Content.received(Buffer.from('<a>\xe4</a>', 'latin1'), headers.get('Content-Type'))
    payloadOf(content.editEnvelope())!.setText('ü')
    const back = again(contextOf(new Message(content, headers))).message.content
    expect(payloadOf(back.envelope())!.text).toBe('ü')
    expect(back.form).toBe('envelope')
  })

  test('of several parts keeps them when one was changed', () => {
    const body =
      '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x\r\nContent-Disposition: form-data; name="f"; filename="f.bin"\r\nContent-Type: application/octet-stream\r\n\r\n\x01\x02\r\n--x--\r\n'
    const content = Content.received(Buffer.from(body, 'latin1'), 'multipart/form-data; boundary=x')
    payloadOf(content.editEnvelope())!.firstElement!.setText('2')
    const back = contentAgain(content)
    const parts = payloadOf(back.envelope())!.children
    expect(parts.map(each => each.text)).toEqual(['2', Buffer.from('\x01\x02').toString('base64')])
    const boundary = /boundary=(.+)/.exec(back.contentTypeAs('multipart/form-data'))![1]!
    expect(back.bytes.toString()).toContain(`--${boundary}--`)
  })

  test('that is a query is still one', () => {
    expect(contentAgain(Content.ofQuery('a=1&b=2')).query).toBe('a=1&b=2')
  })
})

describe('a WebSocket frame', () => {
  test.each(['text', 'binary'] as const)('of kind %s is sent as it came', frame => {
    const data = Buffer.from('{"a":1}')
    const content = Content.received(data, '')
    const back = again(contextOf(new Message(content), { frame, frameData: data }))
    expect([back.frame, back.sendsFrame, back.frameData?.toString()]).toEqual([frame, true, '{"a":1}'])
  })

  test('is no longer one when its payload was changed', () => {
    const data = Buffer.from('{"a":1}')
    const ctx = contextOf(new Message(Content.received(data, '')), { frame: 'binary', frameData: data })
    ctx.message.content = Content.ofJson({ a: 2 })
    const back = again(ctx)
    expect([back.frame, back.sendsFrame, back.message.content.json()]).toEqual(['binary', false, { a: 2 }])
  })
})

test('headers keep spelling, order and repetition', () => {
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z-]{0,9}$/)
  const fields = fc.array(fc.tuple(fc.oneof(name, fc.constant('Set-Cookie')), fc.string()))
  fc.assert(
    fc.property(fields, fc.boolean(), (list, isChanged) => {
      const message = new Message(Content.empty(), Headers.fromRaw(list.flat()))
      if (isChanged) message.headers.set('Added', 'x')
      const back = again(contextOf(message)).message
      expect(back.headers.flat()).toEqual(message.headers.flat())
      expect(back.headers.entries()).toEqual(message.headers.entries())
    }),
  )
})

test('the rest of the message comes along', () => {
  const message = Message.empty()
  message.status = 404
  message.reason = 'Not Found'
  const ctx = contextOf(message)
  ctx.transport.status = 500
  ctx.transport.messageType = 'text/xml'
  ctx.transport.noEntityBody = true
  ctx.transport.extra.set('REST_URL_POSTFIX', '/a?b=c')
  ctx.addressing.to = 'urn:to'
  ctx.addressing.action = 'urn:action'
  ctx.outOnly = 'true'
  ctx.to = 'http://localhost/'
  const stored = StoredMessage.of(ctx)
  stored.handOuts = 3
  const decoded = decodeStored(encodeStored(stored))
  const back = decoded.restore(service)
  expect(decoded).toMatchObject({
    id: ctx.id,
    storedAt: stored.storedAt,
    handOuts: 3,
    bytes: 0,
    mediaType: '',
  })
  expect([back.message.status, back.message.reason]).toEqual([404, 'Not Found'])
  expect(back.transport).toMatchObject({ status: undefined, messageType: 'text/xml', noEntityBody: true })
  expect(back.transport.extra.get('REST_URL_POSTFIX')).toBe('/a?b=c')
  expect(back.addressing).toMatchObject({ to: 'urn:to', action: 'urn:action', messageId: ctx.id })
  expect([back.id, back.outOnly, back.isOneWay, back.to]).toEqual([ctx.id, 'true', true, 'http://localhost/'])
})

test('each restored message is a copy of its own', () => {
  const decoded = decodeStored(
    encodeStored(StoredMessage.of(contextOf(new Message(Content.ofJson({ a: 1 }))))),
  )
  const first = decoded.restore(service)
  ;(first.message.content.editJson() as { a: number }).a = 2
  first.addressing.to = 'urn:elsewhere'
  const second = decoded.restore(service)
  expect(second.message.content.json()).toEqual({ a: 1 })
  expect(second.addressing.to).toBeUndefined()
})

describe('a record that cannot be read is an error', () => {
  test.each([
    ['{"v":2}', 'a stored message is of form 2; this version knows form 1'],
    ['{}', 'a stored message cannot be read: its head is damaged'],
    ['{"v":1,"id', 'a stored message cannot be read: its head is damaged'],
    ['null', 'a stored message cannot be read: its head is damaged'],
  ])('%s', (head, message) => {
    expect(() => decodeStored({ head, payload: Buffer.alloc(0) })).toThrow(message)
  })
})
