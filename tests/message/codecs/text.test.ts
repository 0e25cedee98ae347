import { describe, expect, test } from 'vitest'
import { bodyOf, payloadOf } from '../../../src/message/codecs/soap.ts'
import { Content } from '../../../src/message/content.ts'

const PAYLOAD = 'http://ws.apache.org/commons/ns/payload'

function content(body: string | Buffer, mediaType = ''): Content {
  return new Content(Buffer.from(body), mediaType)
}

describe('text', () => {
  test('XPath sees one text element', () => {
    const element = payloadOf(content('a <b> & ü', 'text/plain').envelope())
    expect([element?.namespaceURI, element?.localName, element?.text]).toEqual([PAYLOAD, 'text', 'a <b> & ü'])
    expect(payloadOf(content('', 'text/plain').envelope())?.text).toBe('')
  })

  test('written as text, XML is the text in its payload', () => {
    expect(content('<a>x<b>y</b></a>', 'application/xml').as('text/plain').toString()).toBe('xy')
    const carried = content(`<text xmlns="${PAYLOAD}">hello</text>`, 'application/xml')
    expect(carried.as('text/plain').toString()).toBe('hello')
    expect(content('', 'application/xml').as('text/plain').toString()).toBe('')
  })

  test('written as text, JSON is the JSON as it came', () => {
    expect(content('{ "a": 1.50 }', 'application/json').as('text/plain').toString()).toBe('{ "a": 1.50 }')
    const changed = content('{ "a": 1.50, "b": 2 }', 'application/json')
    delete (changed.editJson() as Record<string, unknown>).b
    expect(changed.as('text/plain').toString()).toBe('{"a":1.50}')
    expect(content('', 'application/json').as('text/plain').toString()).toBe('')
  })

  test('written as JSON, text is a value under its element', () => {
    expect(content('hi', 'text/plain').as('application/json').toString()).toBe('{"text":"hi"}')
  })
})

describe('bytes', () => {
  test('XPath sees one binary element in base64', () => {
    const element = payloadOf(content(Buffer.from([0, 255, 16]), 'application/octet-stream').envelope())
    expect([element?.namespaceURI, element?.localName, element?.text]).toEqual([PAYLOAD, 'binary', 'AP8Q'])
  })

  test('they are never changed', () => {
    const bytes = Buffer.from([0, 255])
    expect(new Content(bytes, 'image/png').as('application/octet-stream')).toBe(bytes)
  })
})

describe('a payload nobody named a type for', () => {
  test.each([
    ['{"a":1}', 'jsonObject'],
    ['  [1]', 'jsonArray'],
    ['<a/>', 'a'],
    ['\n<?xml version="1.0"?>\n<a/>'.trim(), 'a'],
  ])('%j is recognised by how it begins', (body, name) => {
    expect(payloadOf(content(body).envelope())?.localName).toBe(name)
  })

  test.each(['hello', '', '{broken', '<broken', '5', '"x"', Buffer.from([0xff, 0xfe])])(
    '%j stays an empty body, without an error',
    body => {
      expect(bodyOf(content(body).envelope())?.children).toEqual([])
      expect(content(body).json()).toBeUndefined()
    },
  )

  test('JSONPath sees JSON, and XML as JSON', () => {
    expect(content('{"a":1}').json()).toEqual({ a: 1 })
    expect(JSON.stringify(content('<a>x</a>').json())).toBe('{"a":"x"}')
  })

  test('it leaves as it came, whatever type is wanted', () => {
    for (const type of ['application/json', 'text/xml', 'text/plain'])
      expect(content('hello').as(type).toString()).toBe('hello')
  })
})
