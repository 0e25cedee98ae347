import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonToXml, xmlToJson } from '../../src/message/codecs/json-xml.ts'
import { payloadOf, SOAP11, wrap } from '../../src/message/codecs/soap.ts'
import { Content } from '../../src/message/content.ts'
import { ContentError } from '../../src/message/content-error.ts'
import { parseXml } from '../../src/message/xml/parse.ts'
import { serializeXml } from '../../src/message/xml/serialize.ts'
import { XmlElement } from '../../src/message/xml/tree.ts'

const PAYLOAD = 'http://ws.apache.org/commons/ns/payload'

function xml(text: string): XmlElement {
  return parseXml(text).documentElement!
}

function received(body: string | Buffer, contentType = ''): Content {
  return Content.received(Buffer.from(body), contentType)
}

const soap = (body: string): string =>
  `<soapenv:Envelope xmlns:soapenv="${SOAP11}"><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`

describe('what is put in leaves in the type it is put in with', () => {
  const order = { order: { id: 7, price: 1.5 } }

  test.each([
    ['application/json', '{"order":{"id":7,"price":1.5}}'],
    ['application/xml', '<jsonObject><order><id>7</id><price>1.5</price></order></jsonObject>'],
    ['text/xml', soap('<jsonObject><order><id>7</id><price>1.5</price></order></jsonObject>')],
    ['text/plain', '{"order":{"id":7,"price":1.5}}'],
    ['application/octet-stream', '{"order":{"id":7,"price":1.5}}'],
    ['image/png', '{"order":{"id":7,"price":1.5}}'],
    ['', '{"order":{"id":7,"price":1.5}}'],
    ['application/x-www-form-urlencoded', 'order=%7B%22id%22%3A7%2C%22price%22%3A1.5%7D'],
  ])('JSON as %j', (type, expected) => {
    expect(Content.ofJson(order, type).text()).toBe(expected)
    expect(
      Content.ofJson(order)
        .as(type === '' ? 'application/json' : type)
        .toString(),
    ).toBe(expected)
  })

  test.each([
    ['application/json', '{"a":{"b":1}}'],
    ['application/xml', '<a><b>1</b></a>'],
    ['application/atom+xml', '<a><b>1</b></a>'],
    ['text/xml', soap('<a><b>1</b></a>')],
    ['text/plain', '1'],
    ['application/octet-stream', '<a><b>1</b></a>'],
    ['', '<a><b>1</b></a>'],
    ['application/x-www-form-urlencoded', 'b=1'],
  ])('an element as %j', (type, expected) => {
    expect(Content.ofPayload(xml('<a><b>1</b></a>'), type).text()).toBe(expected)
  })

  test.each([
    ['text/plain', 'hi'],
    ['application/octet-stream', 'hi'],
    ['image/png', 'hi'],
    ['', 'hi'],
    ['application/json', '{"binary":"aGk="}'],
    ['application/xml', `<binary xmlns="${PAYLOAD}">aGk=</binary>`],
  ])('bytes in an envelope as %j', (type, expected) => {
    expect(Content.ofPayload(xml(`<binary xmlns="${PAYLOAD}">aGk=</binary>`), type).text()).toBe(expected)
  })

  test('no payload is nothing, except in SOAP', () => {
    for (const type of ['application/json', 'application/xml', 'text/plain', 'image/png', ''])
      expect(Content.ofEnvelope(wrap([]), type).bytes.length).toBe(0)
    expect(Content.ofEnvelope(wrap([]), 'text/xml').text()).toContain('<soapenv:Body/>')
  })

  test('what XML cannot hold is a content error', () => {
    expect(() => Content.ofJson({ a: '\u0001' }).as('application/xml')).toThrow(ContentError)
    expect(() => Content.ofJson({ a: '\u0001' }, 'text/xml').bytes).toThrow('U+0001')
  })
})

describe('a payload of which a part was changed', () => {
  function changed(body: string, type: string): string {
    const content = received(body, type)
    payloadOf(content.editEnvelope())!.firstElement!.setText('2')
    return content.text()
  }

  test.each([
    ['application/json', '{"a":1}', '{"a":2}'],
    ['', '{"a":1}', '{"a":2}'],
    ['application/xml', '<r><a>1</a></r>', '<r><a>2</a></r>'],
    ['text/xml', soap('<r><a>1</a></r>'), soap('<r><a>2</a></r>')],
    ['text/xml', '<r><a>1</a></r>', '<r><a>2</a></r>'],
    ['', soap('<r><a>1</a></r>'), soap('<r><a>2</a></r>')],
    ['', '<r><a>1</a></r>', '<r><a>2</a></r>'],
    ['application/x-www-form-urlencoded', 'a=1&b=x', 'a=2&b=x'],
  ])('%j %s leaves as it came', (type, body, expected) => {
    expect(changed(body, type)).toBe(expected)
  })

  test('plain XML that came as text/xml is SOAP where SOAP is wanted of it', () => {
    const content = received('<a/>', 'text/xml')
    content.editEnvelope()
    expect(content.as('application/soap+xml').toString()).toContain(':Envelope')
    expect(content.share().editEnvelope().localName).toBe('Envelope')
  })

  test('who shares it sees nothing of the change', () => {
    const content = received('<a>1</a>', 'text/xml')
    const other = content.share()
    payloadOf(other.editEnvelope())!.setText('2')
    expect(content.text()).toBe('<a>1</a>')
    expect(other.text()).toBe('<a>2</a>')
    const json = received('{"n":1.50,"a":{}}', 'application/json')
    const mine = json.share().editJson() as { a: object }
    Object.assign(mine.a, { b: 1 })
    expect(json.json()).toEqual({ n: expect.anything(), a: {} })
  })

  test('an untyped payload that was changed is written in the type wanted', () => {
    const content = received('{"a":1}')
    ;(content.editJson() as { a: number }).a = 2
    expect(content.as('application/xml').toString()).toBe('<jsonObject><a>2</a></jsonObject>')
    expect(content.as('').toString()).toBe('{"a":2}')
  })
})

describe('types', () => {
  test('parameters and upper case in a wanted type do not matter', () => {
    const content = received('<a>1</a>', 'application/xml')
    expect(content.as('Application/JSON; charset=UTF-8').toString()).toBe('{"a":1}')
    expect(content.as('application/xml; charset=UTF-8')).toBe(content.bytes)
  })

  test('under another type a payload is read again', () => {
    const content = received('{"a":1}', 'text/plain')
    expect(content.json()).toBeUndefined()
    expect(content.withType('application/json').json()).toEqual({ a: 1 })
    expect(content.withType('text/plain')).toBe(content)
    expect(Content.ofText('<a/>').withType('application/xml').envelope().text).toBe('')
    expect(Content.ofJson({ a: 1 }).withType('application/xml').text()).toBe(
      '<jsonObject><a>1</a></jsonObject>',
    )
  })

  test('what is JSON and what is XML is told without parsing', () => {
    expect(Content.ofJson({}, 'text/xml').isXml).toBe(false)
    expect(Content.ofJson({}, 'text/xml').isJson).toBe(true)
    expect(Content.ofPayload(xml('<a/>'), 'application/json').isXml).toBe(true)
    expect(Content.ofPayload(xml('<a/>'), 'application/json').isJson).toBe(false)
    expect(received('<broken', 'text/xml').isXml).toBe(true)
  })

  test('the Content-Type that goes along keeps what the bytes came with', () => {
    const content = received('x', 'text/plain; charset=iso-8859-1')
    expect(content.contentTypeAs('text/plain')).toBe('text/plain; charset=iso-8859-1')
    expect(content.contentTypeAs('application/json')).toBe('application/json')
    expect(content.contentTypeAs('')).toBe('text/plain; charset=iso-8859-1')
    expect(Content.ofJson(1).contentTypeAs('')).toBe('application/json')
  })
})

describe('charsets', () => {
  test.each([
    ['text/plain; charset=ISO-8859-1', Buffer.from([0xfc])],
    ['text/plain; charset="utf-8"', Buffer.from('ü')],
    ['text/plain; Charset=windows-1252', Buffer.from([0xfc])],
    ['text/plain', Buffer.from('ü')],
  ])('%s', (type, body) => {
    expect(received(body, type).text()).toBe('ü')
  })

  test.each([
    ['a declaration', Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>ü</a>', 'latin1')],
    ['a byte order mark', Buffer.from('\ufeff<a>ü</a>', 'utf16le')],
    ['a byte order mark of the other kind', Buffer.from('\ufeff<a>ü</a>', 'utf16le').swap16()],
  ])('of XML, by %s', (_what, body) => {
    for (const type of ['application/xml', 'text/xml', 'application/soap+xml'])
      expect(received(body, type).envelope().text).toBe('ü')
  })

  test('read in one, a changed payload is written in UTF-8', () => {
    const content = received(Buffer.from([0xfc]), 'text/plain; charset=ISO-8859-1')
    expect(content.as('application/json')).toEqual(Buffer.from('{"text":"ü"}'))
  })

  test('one that nobody knows is a content error', () => {
    expect(() => received('x', 'text/plain; charset=klingon').text()).toThrow(
      'the payload is in charset klingon',
    )
  })
})

describe('hostile XML', () => {
  const MB10 = 10_000_000
  const flood = (each: string): string => each.repeat(Math.ceil(MB10 / each.length))

  test.each([
    ['a DOCTYPE', `<!DOCTYPE a [${flood('<!ENTITY x "y">')}]><a/>`, 'a DOCTYPE is not allowed'],
    ['a DOCTYPE without end', `<!DOCTYPE ${flood('x')}`, 'a DOCTYPE is not allowed'],
    ['a DOCTYPE behind a comment', `<!-- x --> <?x y?>\n<!DOCTYPE ${flood('x')}`, 'a DOCTYPE is not allowed'],
    ['attributes', `<a ${Array.from({ length: 700_000 }, (_, i) => `a${i}="x"`).join(' ')}/>`, 'attributes'],
    [
      'declarations',
      `<a ${Array.from({ length: 500_000 }, (_, i) => `xmlns:a${i}="x"`).join(' ')}/>`,
      'attributes',
    ],
    ['nested elements', flood('<a>'), 'nested more than 500 deep'],
    ['entities', `<a>${flood('&x;')}</a>`, 'stands for nothing'],
    ['bare &', `<a>${flood('&')}</a>`, 'stands for nothing'],
    ['a long character reference', `<a>&#${flood('1')};</a>`, 'stands for nothing'],
    ['<', flood('<'), 'no XML'],
    ['a long name', `<${flood('x')}`, 'no XML'],
    ['a comment without end', `<!--${flood('x')}`, 'no XML'],
    ['white space', `${flood(' ')}x`, 'no XML'],
    ['zeros', flood('\0'), 'no XML'],
  ])('10 MB of %s are refused', (_what, body, message) => {
    const read = (): unknown => received(body, 'application/xml').envelope()
    expect(read).toThrow(ContentError)
    expect(read).toThrow(message)
    expect(read).toThrow(/ at line \d+, column \d+$/)
  })

  test('a thousand attributes are fine', () => {
    const many = Array.from({ length: 1_000 }, (_, i) => `a${i}="x"`).join(' ')
    expect(payloadOf(received(`<a ${many}/>`, 'text/xml').envelope())!.attributes.length).toBe(1_000)
  })
})

describe('round trips', () => {
  const text = fc.string({ unit: 'grapheme-ascii' }).filter(each => each.trim() === each)
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_.-]{0,8}$/).filter(each => !/^json/.test(each))
  const element = fc.letrec<{ element: XmlElement }>(tie => ({
    element: fc
      .tuple(
        name,
        fc.constantFrom('', 'urn:a', 'urn:b'),
        fc.uniqueArray(fc.tuple(name, text), { selector: ([key]) => key, maxLength: 3 }),
        fc.oneof({ depthSize: 'small' }, text, fc.array(tie('element'), { maxLength: 3 })),
      )
      .map(([localName, uri, attributes, inside]) => {
        const made = new XmlElement(localName, uri, uri === 'urn:b' ? 'b' : '')
        for (const [key, value] of attributes) made.setAttribute(key, value)
        if (typeof inside === 'string') made.setText(inside)
        else made.append(...inside)
        return made
      }),
  })).element

  test('XML is written and read again as it was', () => {
    fc.assert(
      fc.property(element, made => {
        const written = serializeXml(made)
        expect(serializeXml(xml(written))).toBe(written)
        expect(Content.ofPayload(xml(written)).text()).toBe(written)
      }),
    )
  })

  // Empty texts, arrays of fewer than two items, and texts that look like something else have no form of their own.
  const word = fc
    .stringMatching(/^[a-z][a-z ]{0,8}[a-z]$/)
    .filter(each => !/^(?:true|false|null)$/.test(each))
  const scalar = fc.oneof(word, fc.integer(), fc.boolean(), fc.constant(null))
  const json = fc.letrec<{ value: unknown; object: Record<string, unknown> }>(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      scalar,
      tie('object'),
      fc.array(scalar, { minLength: 2, maxLength: 4 }),
    ),
    object: fc.dictionary(name, tie('value'), { minKeys: 1, maxKeys: 4 }),
  })).object

  test('JSON goes to XML and back', () => {
    fc.assert(
      fc.property(json, value => {
        expect(xmlToJson(jsonToXml(value))).toEqual(value)
        const content = received(Content.ofJson(value).as('application/xml'), 'application/xml')
        expect(JSON.parse(content.as('application/json').toString())).toEqual(
          JSON.parse(JSON.stringify(value)),
        )
      }),
    )
  })
})
