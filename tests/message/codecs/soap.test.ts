import { describe, expect, test } from 'vitest'
import {
  bodyOf,
  headerOf,
  isEnvelope,
  payloadOf,
  SOAP11,
  SOAP12,
  wrap,
} from '../../../src/message/codecs/soap.ts'
import { Content } from '../../../src/message/content.ts'
import { parseXml } from '../../../src/message/xml/parse.ts'
import { serializeXml } from '../../../src/message/xml/serialize.ts'

const envelope = (version: string, inside: string): string =>
  `<s:Envelope xmlns:s="${version}">${inside}</s:Envelope>`

function content(text: string, mediaType: string): Content {
  return new Content(Buffer.from(text), mediaType)
}

describe.each([
  ['1.1', SOAP11, 'text/xml'],
  ['1.2', SOAP12, 'application/soap+xml'],
])('SOAP %s', (_version, namespace, mediaType) => {
  test('an envelope is seen as it is, header and payload included', () => {
    const text = envelope(namespace, '<s:Header><h>1</h></s:Header><s:Body> <a>1</a><b/></s:Body>')
    const read = content(text, mediaType).envelope()
    expect(isEnvelope(read)).toBe(true)
    expect(read.namespaceURI).toBe(namespace)
    expect(headerOf(read)?.children.map(child => child.localName)).toEqual(['h'])
    expect(bodyOf(read)?.children.map(child => child.localName)).toEqual(['a', 'b'])
    expect(payloadOf(read)?.text).toBe('1')
    expect(serializeXml(read)).toBe(text)
  })

  test('an envelope of the other version keeps it', () => {
    const other = namespace === SOAP11 ? SOAP12 : SOAP11
    const read = content(envelope(other, '<s:Body/>'), mediaType).envelope()
    expect(read.namespaceURI).toBe(other)
    expect(payloadOf(read)).toBeUndefined()
  })

  test('plain XML and nothing get an envelope of this version', () => {
    for (const text of ['<a>1</a>', '', ' \n']) {
      const read = content(text, mediaType).envelope()
      expect(read.namespaceURI).toBe(namespace)
      expect(bodyOf(read)).toBeDefined()
      expect(headerOf(read)).toBeUndefined()
      expect(payloadOf(read)?.text).toBe(text.trim() === '' ? undefined : '1')
    }
  })

  test('JSONPath looks at the payload alone', () => {
    const text = envelope(namespace, '<s:Header><h>1</h></s:Header><s:Body><a><b>x</b></a></s:Body>')
    expect(content(text, mediaType).json()).toEqual({ a: { b: 'x' } })
    expect(content(envelope(namespace, '<s:Body/>'), mediaType).json()).toBeUndefined()
  })

  test('it leaves as XML without its envelope, and with it as SOAP', () => {
    const soap = content(envelope(namespace, '<s:Body><a>1</a></s:Body>'), mediaType)
    expect(soap.as('application/xml').toString()).toBe('<a>1</a>')
    expect(soap.describe()).toEqual({ label: 'Envelope', text: soap.text() })
  })
})

test('an envelope without a body, or of another namespace, is plain XML', () => {
  const other = parseXml('<Envelope xmlns="urn:mine"/>').documentElement!
  expect(isEnvelope(other)).toBe(false)
  expect(isEnvelope(parseXml(`<Letter xmlns="${SOAP11}"/>`).documentElement!)).toBe(false)
  const bare = parseXml(`<Envelope xmlns="${SOAP11}"/>`).documentElement!
  expect(bodyOf(bare)).toBeUndefined()
  expect(payloadOf(bare)).toBeUndefined()
  expect(payloadOf(content('<Envelope xmlns="urn:mine"/>', 'text/xml').envelope())?.namespaceURI).toBe(
    'urn:mine',
  )
})

test('wrap makes an envelope that reads again as written', () => {
  const text = serializeXml(wrap([parseXml('<a>1</a>').documentElement!], SOAP12))
  expect(text).toBe(
    `<soapenv:Envelope xmlns:soapenv="${SOAP12}"><soapenv:Body><a>1</a></soapenv:Body></soapenv:Envelope>`,
  )
  expect(payloadOf(parseXml(text).documentElement!)?.text).toBe('1')
})
