import { describe, expect, test } from 'vitest'
import { SOAP11, SOAP12 } from '../../src/message/codecs/soap.ts'
import { isFault } from '../../src/message/codecs/soap-fault.ts'
import { findings, json, mediate, message, soap, xml } from '../support/mediate.ts'

const CODE11 = `<code xmlns:t="${SOAP11}" value="t:Server"/>`
const CODE12 = `<code xmlns:t="${SOAP12}" value="t:Receiver"/>`
const REASON = '<reason value="Too &lt;late&gt;"/>'

function envelope(version: string, inside: string, header = ''): string {
  const head = header === '' ? '' : `<soapenv:Header>${header}</soapenv:Header>`
  return `<soapenv:Envelope xmlns:soapenv="${version}">${head}<soapenv:Body><soapenv:Fault>${inside}</soapenv:Fault></soapenv:Body></soapenv:Envelope>`
}

describe('SOAP 1.1', () => {
  test('has a code, a reason, a role and a detail', async () => {
    const ctx = await mediate(
      `<makefault version="soap11">${CODE11}${REASON}<role>urn:me</role><detail>more of it</detail></makefault><respond/>`,
      soap('<a/>'),
    )
    expect(ctx.replies).toEqual([
      envelope(
        SOAP11,
        '<faultcode>soapenv:Server</faultcode><faultstring>Too &lt;late&gt;</faultstring><faultactor>urn:me</faultactor><detail>more of it</detail>',
      ),
    ])
    expect(ctx.message.headers.get('Content-Type')).toBe('text/xml; charset=UTF-8')
    expect(isFault(ctx.message.content)).toBe(true)
  })

  test.each(['VersionMismatch', 'MustUnderstand', 'Client', 'Server'])('knows the code %s', async code => {
    const ctx = await mediate(
      `<makefault><code xmlns:t="${SOAP11}" value="t:${code}"/>${REASON}</makefault><respond/>`,
    )
    expect(ctx.replies[0]).toContain(`<faultcode>soapenv:${code}</faultcode>`)
  })

  test('a code of one’s own keeps its namespace', async () => {
    const ctx = await mediate(
      `<makefault><code xmlns:m="urn:m" value="m:Late"/>${REASON}</makefault><respond/>`,
    )
    expect(ctx.replies[0]).toContain('<faultcode xmlns:m="urn:m">m:Late</faultcode>')
  })
})

describe('SOAP 1.2', () => {
  test('has a node too', async () => {
    const ctx = await mediate(
      `<makefault version="soap12">${CODE12}${REASON}<node>urn:node</node><role>urn:me</role><detail>more</detail></makefault><respond/>`,
      soap('<a/>'),
    )
    expect(ctx.replies).toEqual([
      envelope(
        SOAP12,
        '<soapenv:Code><soapenv:Value>soapenv:Receiver</soapenv:Value></soapenv:Code><soapenv:Reason><soapenv:Text xml:lang="en">Too &lt;late&gt;</soapenv:Text></soapenv:Reason><soapenv:Node>urn:node</soapenv:Node><soapenv:Role>urn:me</soapenv:Role><soapenv:Detail>more</soapenv:Detail>',
      ),
    ])
    expect(ctx.message.headers.get('Content-Type')).toBe('application/soap+xml; charset=UTF-8')
  })

  test('without a version, the code tells', async () => {
    const ctx = await mediate(`<makefault>${CODE12}${REASON}</makefault><respond/>`)
    expect(ctx.replies[0]).toContain(SOAP12)
    expect(ctx.message.content.mediaType).toBe('application/soap+xml')
  })

  test('a computed code that it does not know is a subcode', async () => {
    const ctx = await mediate(
      `<property name="ERROR_CODE" value="101503"/><makefault version="soap12"><code expression="get-property('ERROR_CODE')"/>${REASON}</makefault><respond/>`,
    )
    expect(ctx.replies[0]).toContain(
      '<soapenv:Value>soapenv:Receiver</soapenv:Value><soapenv:Subcode><soapenv:Value>101503</soapenv:Value></soapenv:Subcode>',
    )
  })
})

describe('plain XML', () => {
  test('is an exception with the detail', async () => {
    const ctx = await mediate(
      `<makefault version="pox">${REASON}<detail><m:d xmlns:m="urn:m">1</m:d></detail></makefault><respond/>`,
    )
    expect(ctx.replies).toEqual(['<Exception><m:d xmlns:m="urn:m">1</m:d></Exception>'])
    expect(ctx.message.content.mediaType).toBe('application/xml')
  })

  test('or else with the reason', async () => {
    const ctx = await mediate(`<makefault version="pox">${REASON}</makefault><respond/>`, json({}))
    expect(ctx.replies).toEqual(['<Exception>Too &lt;late&gt;</Exception>'])
    expect((await mediate('<makefault version="pox"/><respond/>')).replies).toEqual(['<Exception/>'])
  })
})

describe('what is computed', () => {
  test('code and reason are', async () => {
    const ctx = await mediate(
      `<makefault><code expression="concat('x:', //code)"/><reason expression="json-eval($.a.text)"/></makefault><respond/>`,
      xml('<a><code>Client</code><text>why</text></a>'),
    )
    expect(ctx.replies[0]).toContain('<faultcode>soapenv:Client</faultcode><faultstring>why</faultstring>')
  })

  test('the reason of a fault is at hand in its sequence', async () => {
    const ctx = await mediate(`<property name="p" type="INTEGER" expression="'x'"/>`, soap('<a/>'), {
      artifacts: [
        `<sequence name="fault"><makefault>${CODE11}<reason expression="get-property('ERROR_MESSAGE')"/><detail expression="get-property('ERROR_CODE')"/></makefault><respond/></sequence>`,
      ],
    })
    expect(ctx.replies[0]).toContain('<faultstring>"x" is no INTEGER</faultstring><detail>0</detail>')
  })

  test('a detail may be text, or nodes of the message', async () => {
    const nodes = await mediate(
      `<makefault>${CODE11}${REASON}<detail expression="//x"/></makefault><respond/>`,
      xml('<a><x>1</x><x k="2"/></a>'),
    )
    expect(nodes.replies[0]).toContain('<detail><x>1</x><x k="2"/></detail>')
    const text = await mediate(
      `<makefault>${CODE11}${REASON}<detail expression="json-eval($.a)"/></makefault><respond/>`,
      json({ a: '<b>' }),
    )
    expect(text.replies[0]).toContain('<detail>&lt;b&gt;</detail>')
  })
})

describe('around the fault', () => {
  test('SOAP header blocks stay, in the words of the version', async () => {
    const ctx = await mediate(
      `<makefault version="soap12">${CODE12}${REASON}</makefault><respond/>`,
      soap('<a/>', '<h:b xmlns:h="urn:h" s:mustUnderstand="1"/>'),
    )
    expect(ctx.replies[0]).toContain(
      '<soapenv:Header><h:b xmlns:h="urn:h" soapenv:mustUnderstand="1"/></soapenv:Header>',
    )
  })

  test('a payload that cannot be read is no hindrance', async () => {
    const ctx = await mediate(`<property name="p" expression="//a"/>`, message('<broken', 'text/xml'), {
      artifacts: [
        `<sequence name="fault"><makefault>${CODE11}<reason expression="get-property('ERROR_CODE')"/></makefault><respond/></sequence>`,
      ],
    })
    expect(ctx.replies[0]).toContain('<faultstring>601000</faultstring>')
  })

  test('it makes the message a response to what it was, unless told not to', async () => {
    const before = `<header name="ReplyTo" value="urn:reply"/><header name="FaultTo" value="urn:fault"/>`
    const ctx = await mediate(`${before}<makefault>${CODE11}${REASON}</makefault>`)
    expect([ctx.direction, ctx.addressing.to, ctx.to]).toEqual(['response', 'urn:reply', 'urn:reply'])
    expect(ctx.addressing.relatesTo).toBe(ctx.id)
    const request = await mediate(`${before}<makefault response="false">${CODE11}${REASON}</makefault>`)
    expect([request.direction, request.addressing.to]).toEqual(['request', 'urn:fault'])
    const plain = await mediate(`<header name="To" value="x"/><makefault>${CODE11}${REASON}</makefault>`)
    expect(plain.to).toBeUndefined()
  })

  test('a type that was set before is the one it leaves in', async () => {
    const ctx = await mediate(
      `<property name="messageType" scope="axis2" value="application/json"/><makefault>${CODE11}${REASON}</makefault><respond/>`,
    )
    expect(JSON.parse(ctx.replies[0]!)).toEqual({
      Fault: { faultcode: 'soapenv:Server', faultstring: 'Too <late>' },
    })
    expect(ctx.message.headers.get('Content-Type')).toBe('application/json')
  })
})

describe('what is wrong with it', () => {
  test.each([
    [`<makefault>${REASON}</makefault>`, ['missing: <makefault> needs element <code>.']],
    [`<makefault>${CODE11}</makefault>`, ['missing: <makefault> needs element <reason>.']],
    [
      `<makefault><code/><reason/></makefault>`,
      [
        'missing: <code> needs a value or an expression.',
        'missing: <reason> needs a value or an expression.',
      ],
    ],
    [
      `<makefault version="soap13">${CODE11}${REASON}</makefault>`,
      ['bad-value: attribute version is "soap13"; expected one of soap11, soap12, pox.'],
    ],
    [
      `<makefault><code value="t:Server"/>${REASON}</makefault>`,
      [
        `bad-value: attribute value is "t:Server"; expected a code with a prefix that is declared. Add xmlns:t="${SOAP11}".`,
      ],
    ],
    [
      `<makefault><code value="Server"/>${REASON}</makefault>`,
      [
        'bad-value: attribute value is "Server"; expected a code with a prefix, such as soap:Server. Declare the prefix as that of SOAP.',
      ],
    ],
    [
      `<makefault version="soap12">${CODE11}${REASON}</makefault>`,
      [
        `bad-combination: The fault is soap12, and its code is of the other version of SOAP. Declare its prefix as ${SOAP12}.`,
      ],
    ],
    [
      `<makefault version="soap12"><code xmlns:t="${SOAP12}" value="t:Server"/>${REASON}</makefault>`,
      [
        'bad-value: Server is no fault code of SOAP 1.2. These are: VersionMismatch, MustUnderstand, DataEncodingUnknown, Sender, Receiver.',
      ],
    ],
  ])('%s', (fragment, expected) => {
    expect(findings(fragment)).toEqual(expected)
  })
})
