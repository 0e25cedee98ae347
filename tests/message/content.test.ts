import { describe, expect, test } from 'vitest'
import { Content, mediaTypeOf } from '../../src/message/content.ts'
import { ContentError } from '../../src/message/content-error.ts'
import { serializeXml } from '../../src/message/xml/serialize.ts'

function content(body: string | Buffer, mediaType = ''): Content {
  return new Content(Buffer.from(body), mediaType)
}

/** What stands in the body of the envelope an XPath sees. */
function inBody(of: Content): string {
  return serializeXml(of.envelope()).replace(
    /^.*<soapenv:Body>|<\/soapenv:Body>.*$|^.*<soapenv:Body\/>.*$/gs,
    '',
  )
}

describe('media types', () => {
  test.each([
    ['text/xml; charset=UTF-8', 'text/xml'],
    ['Application/JSON', 'application/json'],
    [' text/plain ;x=1', 'text/plain'],
    ['', ''],
    [undefined, ''],
  ])('%j is %j', (header, type) => {
    expect(mediaTypeOf(header)).toBe(type)
  })

  test.each([
    ['application/json', '{"a":1}', '<jsonObject><a>1</a></jsonObject>'],
    ['text/json', '[1]', '<jsonArray><jsonElement>1</jsonElement></jsonArray>'],
    ['application/vnd.orders+json', '{"a":1}', '<jsonObject><a>1</a></jsonObject>'],
    ['application/xml', '<a>1</a>', '<a>1</a>'],
    ['text/xml', '<a>1</a>', '<a>1</a>'],
    ['application/atom+xml', '<a>1</a>', '<a>1</a>'],
    ['image/xml', '<a>1</a>', '<a>1</a>'],
    ['text/plain', 'a < b', '<text xmlns="http://ws.apache.org/commons/ns/payload">a &lt; b</text>'],
    ['text/csv', 'a,b', '<text xmlns="http://ws.apache.org/commons/ns/payload">a,b</text>'],
    ['application/pdf', 'hi', '<binary xmlns="http://ws.apache.org/commons/ns/payload">aGk=</binary>'],
    ['application/x-www-form-urlencoded', 'a=1', '<xformValues><a>1</a></xformValues>'],
    ['', '{"a":1}', '<jsonObject><a>1</a></jsonObject>'],
    ['', ' <a>1</a>', '<a>1</a>'],
    ['', 'hello', ''],
  ])('%j: XPath sees %s as %s', (type, body, expected) => {
    expect(inBody(content(body, type))).toBe(expected)
  })

  test('only bytes of a type nobody reads are binary', () => {
    for (const type of ['application/pdf', 'image/png', 'application/octet-stream'])
      expect(content('x', type).isBinary).toBe(true)
    for (const type of [
      '',
      'text/plain',
      'application/json',
      'text/xml',
      'application/x-www-form-urlencoded',
    ])
      expect(content('x', type).isBinary).toBe(false)
  })
})

describe('reading', () => {
  test('nothing is parsed before somebody asks, and then once', () => {
    const broken = content('{"a":', 'application/json')
    expect(broken.bytes.toString()).toBe('{"a":')
    expect(broken.text()).toBe('{"a":')
    expect(() => broken.json()).toThrow(ContentError)
    const whole = content('{"a":{}}', 'application/json')
    expect(whole.json()).toBe(whole.json())
    expect(whole.envelope()).toBe(whole.envelope())
  })

  test('text is UTF-8', () => {
    expect(content('größe 注文 😀', 'text/plain').text()).toBe('größe 注文 😀')
  })

  test.each([
    ['application/json', '{"a":\n 1,}', /^the payload is no JSON: .* at line 2, column 4$/],
    ['application/json', '{"a":1', /^the payload is no JSON: .* at line 1, column 7$/],
    ['application/json', 'hello', /^the payload is no JSON: Unexpected token 'h' at line 1, column 1$/],
    [
      'application/json',
      '{"a":"\\u0041",\n"b": trux}',
      /^the payload is no JSON: .*'x' at line 2, column 9$/,
    ],
    ['application/json', `[${'1,'.repeat(500)}x]`, /^the payload is no JSON: .*'x' at line 1, column 1002$/],
    ['application/json', `[${' '.repeat(70_000)}x]`, /^the payload is no JSON: Unexpected token 'x'$/],
    ['application/xml', '<a>\n<b></a>', /^the payload is no XML: .* at line 2, column 4$/],
  ])('%s that is none is told with the place: %j', (type, body, message) => {
    const read = (): unknown =>
      type === 'application/json' ? content(body, type).json() : content(body, type).envelope()
    expect(read).toThrow(ContentError)
    expect(read).toThrow(message)
  })

  test('JSON whose keys cannot be names has no XML form, and is JSON all the same', () => {
    const of = content('{"a key":1}', 'application/json')
    expect(() => of.envelope()).toThrow(ContentError)
    expect(of.json()).toEqual({ 'a key': 1 })
  })

  test('an error does not tell the payload', () => {
    try {
      content('{"password": secret}', 'application/json').json()
    } catch (error) {
      expect((error as Error).message).not.toContain('secret')
    }
  })

  test('JSON is seen where it is JSON or XML, and nothing else is', () => {
    expect(content('<a><b>1</b></a>', 'application/xml').json()).toEqual({ a: { b: expect.anything() } })
    expect(content('a=1', 'application/x-www-form-urlencoded').json()).toBeDefined()
    for (const [body, type] of [
      ['hello', 'text/plain'],
      ['hello', 'application/pdf'],
      ['', 'application/json'],
      ['hello', ''],
      ['{broken', ''],
    ] as const)
      expect(content(body, type).json()).toBeUndefined()
  })

  test('no payload is an empty body', () => {
    for (const type of ['', 'text/xml', 'application/soap+xml', 'application/xml', 'application/json'])
      expect(inBody(content('', type))).toBe('')
    expect(Content.empty().isEmpty).toBe(true)
    expect(content('x').isEmpty).toBe(false)
  })
})

describe('leaving in a type', () => {
  test('what nobody changed leaves with the very bytes it came with', () => {
    const body = Buffer.from('{ "a" : 1 }')
    const of = new Content(body, 'application/json')
    of.json()
    of.envelope()
    for (const type of ['application/json', '', 'text/json', 'application/vnd.x+json'])
      expect(of.as(type)).toBe(body)
    expect(new Content(body, '').as('application/xml')).toBe(body)
  })

  test.each([
    ['application/json', '{"a":1}', 'application/xml', '<jsonObject><a>1</a></jsonObject>'],
    ['application/xml', '<a><b>1</b></a>', 'application/json', '{"a":{"b":1}}'],
    ['text/plain', 'hello', 'application/json', '{"text":"hello"}'],
    ['text/plain', '', 'application/json', ''],
    ['application/xml', '<a>1</a>', 'text/plain', '1'],
    ['application/x-www-form-urlencoded', 'a=1', 'application/xml', '<xformValues><a>1</a></xformValues>'],
    ['application/json', '{"a":"x y","b":2}', 'application/x-www-form-urlencoded', 'a=x%20y&b=2'],
    [
      'application/pdf',
      'hi',
      'application/xml',
      '<binary xmlns="http://ws.apache.org/commons/ns/payload">aGk=</binary>',
    ],
    ['application/json', '{"a":1}', 'application/pdf', '{"a":1}'],
  ])('%s %s as %s is %s', (from, body, to, expected) => {
    expect(content(body, from).as(to).toString()).toBe(expected)
  })

  test('as SOAP the payload stands in an envelope', () => {
    const soap = content('<a>1</a>', 'application/xml').as('text/xml').toString()
    expect(soap).toContain('http://schemas.xmlsoap.org/soap/envelope/')
    expect(soap).toContain('<soapenv:Body><a>1</a></soapenv:Body>')
  })
})

describe('for the log', () => {
  test.each([
    ['application/json', '{ "a":1 }', 'Payload', '{ "a":1 }'],
    ['text/plain', 'hello', 'Payload', 'hello'],
    ['application/pdf', 'hi', 'Payload', '(2 bytes)'],
    ['', 'hello', 'Payload', 'hello'],
    ['application/x-www-form-urlencoded', 'a=1', 'Payload', 'a=1'],
  ])('%j %s', (type, body, label, text) => {
    expect(content(body, type).describe()).toEqual({ label, text })
  })

  test('bytes of no type that are no text are counted', () => {
    expect(content(Buffer.from([0xff, 0x00]), '').describe().text).toBe('(2 bytes)')
  })
})
