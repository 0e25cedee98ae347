import { describe, expect, test } from 'vitest'
import { findings, json, mediate, message, soap, xml } from '../support/mediate.ts'

const NS = 'xmlns:h="urn:h"'

/** The header of the envelope a message leaves with. */
function header(text: string): string {
  return /<[\w]+:Header>(.*)<\/[\w]+:Header>/s.exec(text)?.[1] ?? ''
}

describe('addresses', () => {
  test.each([
    ['To', 'to'],
    ['From', 'from'],
    ['Action', 'action'],
    ['FaultTo', 'faultTo'],
    ['ReplyTo', 'replyTo'],
    ['RelatesTo', 'relatesTo'],
  ] as const)('%s is set and removed', async (name, field) => {
    const set = await mediate(`<header name="${name}" value="urn:x"/>`)
    expect(set.addressing[field]).toBe('urn:x')
    const removed = await mediate(
      `<header name="${name}" value="urn:x"/><header name="${name}" action="remove"/>`,
    )
    expect(removed.addressing[field]).toBeUndefined()
  })

  test('To is where the message goes', async () => {
    const ctx = await mediate(
      `<header name="To" expression="concat('http://', //host)"/>`,
      xml('<a><host>b</host></a>'),
    )
    expect(ctx.to).toBe('http://b')
    const gone = await mediate('<header name="To" value="http://b"/><header name="To" action="remove"/>')
    expect(gone.to).toBeUndefined()
  })

  test('without its Action a message has no SOAPAction either', async () => {
    const ctx = await mediate('<header name="Action" action="remove"/>', soap('<a/>'), {
      before: each => each.message.headers.set('SOAPAction', '"urn:x"'),
    })
    expect(ctx.message.headers.get('soapaction')).toBeUndefined()
  })

  test('an expression that gives nothing sets the empty text, and says so', async () => {
    const ctx = await mediate(`<header name="To" expression="get-property('nowhere')"/>`)
    expect(ctx.addressing.to).toBe('')
    expect(ctx.logged.map(line => [line.level, line.text])).toContainEqual([
      'warn',
      expect.stringContaining("header To: get-property('nowhere') gives nothing; the header is empty"),
    ])
  })

  test('they leave the payload alone', async () => {
    const ctx = await mediate('<header name="To" value="x"/><respond/>', message('<broken', 'text/xml'))
    expect(ctx.replies).toEqual(['<broken'])
  })
})

describe('transport', () => {
  test('a header is set, by value or expression, and removed', async () => {
    const ctx = await mediate(
      `<header name="X-Fixed" value="abc" scope="transport"/>
       <header name="X-Id" expression="json-eval($.id)" scope="transport"/>
       <header name="content-type" scope="transport" action="remove"/>`,
      json({ id: 'i-9' }),
    )
    expect(ctx.message.headers.entries()).toEqual([
      { name: 'X-Fixed', value: 'abc' },
      { name: 'X-Id', value: 'i-9' },
    ])
  })

  test('of a name with a prefix, the rest counts', async () => {
    const ctx = await mediate('<header name="p:X-A" value="1" scope="transport"/>')
    expect(ctx.message.headers.get('X-A')).toBe('1')
  })
})

describe('SOAP header blocks', () => {
  test('one is added to those that are there', async () => {
    const fragment = `<header name="h:A" value="1" ${NS}/><header name="h:A" expression="'&lt;2&gt;'" ${NS}/><respond/>`
    const ctx = await mediate(fragment, soap('<a/>', '<old/>'))
    expect(header(ctx.replies[0]!)).toBe(
      '<old/><h:A xmlns:h="urn:h">1</h:A><h:A xmlns:h="urn:h">&lt;2&gt;</h:A>',
    )
  })

  test('a header is made where there is none, in front of the body', async () => {
    const ctx = await mediate(`<header name="h:A" value="1" ${NS}/><respond/>`, soap('<a/>'))
    expect(ctx.replies[0]).toMatch(/^<s:Envelope[^>]*><s:Header><h:A.*<\/s:Header><s:Body><a\/><\/s:Body>/)
  })

  test('elements are added as they are written, for each message anew', async () => {
    const fragment = `<header><h:A xmlns:h="urn:h" x="1"><b xmlns="">t</b></h:A><h:B xmlns:h="urn:h"/></header><respond/>`
    for (const ctx of [await mediate(fragment, soap('<a/>')), await mediate(fragment, soap('<a/>'))])
      expect(header(ctx.replies[0]!)).toBe(
        '<h:A xmlns:h="urn:h" x="1"><b xmlns="">t</b></h:A><h:B xmlns:h="urn:h"/>',
      )
  })

  test('with type OM a block holds copies of what is selected', async () => {
    const fragment = `<header name="h:A" expression="//x | //@k" type="OM" ${NS}/><respond/>`
    const ctx = await mediate(fragment, soap('<a k="v"><x>1</x></a>'))
    expect(header(ctx.replies[0]!)).toBe('<h:A xmlns:h="urn:h">v<x>1</x></h:A>')
    expect(ctx.replies[0]).toContain('<s:Body><a k="v"><x>1</x></a></s:Body>')
  })

  test('all of a name are removed, whatever their prefix', async () => {
    const fragment = `<header name="h:A" action="remove" ${NS}/><respond/>`
    const ctx = await mediate(
      fragment,
      soap('<a/>', '<x:A xmlns:x="urn:h"/><A/><x:B xmlns:x="urn:h"/><A xmlns="urn:h"/>'),
    )
    expect(header(ctx.replies[0]!)).toBe('<A/><x:B xmlns:x="urn:h"/>')
  })

  test('where there is none to remove, the very bytes leave', async () => {
    const request = message(
      '<s:Envelope  xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope >',
      'text/xml',
    )
    const ctx = await mediate(`<header name="h:A" action="remove" ${NS}/><respond/>`, request)
    expect(ctx.replies[0]).toContain('<s:Envelope  xmlns')
    const other = await mediate(`<header name="h:A" action="remove" ${NS}/><respond/>`, json('{ "a" : 1 }'))
    expect(other.replies).toEqual(['{ "a" : 1 }'])
  })
})

describe('what is wrong with it', () => {
  test.each([
    ['<header value="1"/>', ['missing: <header> needs attribute name.']],
    ['<header name="To"/>', ['missing: <header> needs a value, an expression or elements.']],
    [
      '<header name="To" value="1" expression="2"/>',
      ['bad-combination: <header> takes one of value, expression and elements. Leave the others out.'],
    ],
    ['<header name="Too" value="1"/>', ['bad-value: Too is no address of a message. Did you mean To?']],
    [
      '<header name="X-Forwarded-For" value="1"/>',
      [
        'bad-value: X-Forwarded-For is no address of a message. Write prefix:X-Forwarded-For for a SOAP header block, or scope="transport" for a header of the transport.',
      ],
    ],
    ['<header name="q:A" value="1"/>', ['bad-value: The prefix "q" is not declared. Add xmlns:q="…".']],
    [
      '<header scope="transport"><a/></header>',
      ['bad-combination: Elements in <header> are SOAP header blocks; scope transport has none.'],
    ],
    [
      '<header name="To" value="1" scope="axis2"/>',
      ['bad-value: attribute scope is "axis2"; expected one of default, transport.'],
    ],
  ])('%s', (fragment, expected) => {
    expect(findings(fragment)).toEqual(expected)
  })
})
