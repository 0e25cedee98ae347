import { describe, expect, test } from 'vitest'
import { payloadOf, SOAP11, SOAP12 } from '../../../src/message/codecs/soap.ts'
import { isFault, isFaultElement } from '../../../src/message/codecs/soap-fault.ts'
import { Content, reads } from '../../../src/message/content.ts'
import { parseXml } from '../../../src/message/xml/parse.ts'

const TYPES = { [SOAP11]: 'text/xml', [SOAP12]: 'application/soap+xml' } as const

function soap(version: keyof typeof TYPES, body: string, header = '', attributes = ''): Content {
  const head = header === '' ? '' : `<s:Header>${header}</s:Header>`
  const text = `<s:Envelope xmlns:s="${version}"${attributes}>${head}<s:Body>${body}</s:Body></s:Envelope>`
  return new Content(Buffer.from(text), TYPES[version])
}

function envelope(version: string, inside: string): string {
  return `<soapenv:Envelope xmlns:soapenv="${version}">${inside}</soapenv:Envelope>`
}

describe('an envelope in the other version', () => {
  test('keeps its payload and header blocks', () => {
    const from = soap(SOAP11, '<a>1</a>', '<h:b xmlns:h="u" s:mustUnderstand="1" x="y"/>')
    expect(from.as('application/soap+xml').toString()).toBe(
      envelope(
        SOAP12,
        '<soapenv:Header><h:b xmlns:h="u" x="y" soapenv:mustUnderstand="1"/></soapenv:Header><soapenv:Body><a>1</a></soapenv:Body>',
      ),
    )
    const back = soap(SOAP12, '<a>1</a>', '<h:b xmlns:h="u" s:mustUnderstand="true" s:relay="true"/>')
    expect(back.as('text/xml').toString()).toBe(
      envelope(
        SOAP11,
        '<soapenv:Header><h:b xmlns:h="u" soapenv:mustUnderstand="1"/></soapenv:Header><soapenv:Body><a>1</a></soapenv:Body>',
      ),
    )
  })

  test('says whom a block is for', () => {
    const actor = soap(
      SOAP11,
      '',
      '<b s:actor="http://schemas.xmlsoap.org/soap/actor/next"/><c s:actor="urn:x"/>',
    )
    expect(actor.as('application/soap+xml').toString()).toContain(
      '<b soapenv:role="http://www.w3.org/2003/05/soap-envelope/role/next"/><c soapenv:role="urn:x"/>',
    )
    const role = soap(SOAP12, '', '<b s:role="http://www.w3.org/2003/05/soap-envelope/role/next"/>')
    expect(role.as('text/xml').toString()).toContain(
      '<b soapenv:actor="http://schemas.xmlsoap.org/soap/actor/next"/>',
    )
  })

  test('keeps declarations that texts may need', () => {
    const from = soap(SOAP11, '<a type="x:b"/>', '', ' xmlns:x="urn:x"')
    expect(from.as('application/soap+xml').toString()).toContain('xmlns:x="urn:x"')
  })

  test('what came is left as it was', () => {
    const from = soap(SOAP11, '<a/>', '<b s:mustUnderstand="1"/>')
    from.as('application/soap+xml')
    expect(from.envelope().namespaceURI).toBe(SOAP11)
    expect(from.envelope().text).toBe('')
    expect(from.as('text/xml')).toBe(from.bytes)
  })

  test('an envelope of the wrong version under a type is put right', () => {
    const made = Content.ofEnvelope(soap(SOAP12, '<a/>').envelope(), 'text/xml')
    expect(made.text()).toBe(envelope(SOAP11, '<soapenv:Body><a/></soapenv:Body>'))
  })
})

describe('faults', () => {
  const fault11 = (code: string, more = ''): string =>
    `<s:Fault><faultcode>${code}</faultcode><faultstring xml:lang="de">Schade</faultstring>${more}</s:Fault>`

  const in12 = (content: Content): string =>
    content
      .as('application/soap+xml')
      .toString()
      .replace(/^.*<soapenv:Body><soapenv:Fault>|<\/soapenv:Fault>.*$/g, '')

  const in11 = (content: Content): string =>
    content
      .as('text/xml')
      .toString()
      .replace(/^.*<soapenv:Body><soapenv:Fault>|<\/soapenv:Fault>.*$/g, '')

  const reason = '<soapenv:Reason><soapenv:Text xml:lang="de">Schade</soapenv:Text></soapenv:Reason>'

  test.each([
    ['s:Client', '<soapenv:Value>soapenv:Sender</soapenv:Value>'],
    ['s:Server', '<soapenv:Value>soapenv:Receiver</soapenv:Value>'],
    ['Server', '<soapenv:Value>soapenv:Receiver</soapenv:Value>'],
    ['s:VersionMismatch', '<soapenv:Value>soapenv:VersionMismatch</soapenv:Value>'],
    ['s:MustUnderstand', '<soapenv:Value>soapenv:MustUnderstand</soapenv:Value>'],
    [
      's:Client.Authentication',
      '<soapenv:Value>soapenv:Sender</soapenv:Value><soapenv:Subcode><soapenv:Value>Authentication</soapenv:Value></soapenv:Subcode>',
    ],
    [
      '101503',
      '<soapenv:Value>soapenv:Receiver</soapenv:Value><soapenv:Subcode><soapenv:Value>101503</soapenv:Value></soapenv:Subcode>',
    ],
  ])('faultcode %s', (code, expected) => {
    expect(in12(soap(SOAP11, fault11(code)))).toBe(`<soapenv:Code>${expected}</soapenv:Code>${reason}`)
  })

  test('a code of one’s own is a subcode, with its namespace', () => {
    const own = soap(SOAP11, fault11('m:Late'), '', ' xmlns:m="urn:m"')
    expect(in12(own)).toContain(
      '<soapenv:Subcode><soapenv:Value xmlns:m="urn:m">m:Late</soapenv:Value></soapenv:Subcode>',
    )
  })

  test('faultactor is Role, and the detail comes along with what it says', () => {
    const more = '<faultactor>urn:me</faultactor><detail x="1"><a>1</a><b/></detail>'
    expect(in12(soap(SOAP11, fault11('s:Server', more)))).toContain(
      '<soapenv:Role>urn:me</soapenv:Role><soapenv:Detail x="1"><a>1</a><b/></soapenv:Detail>',
    )
  })

  const fault12 = (code: string, more = ''): string =>
    `<s:Fault><s:Code><s:Value>${code}</s:Value></s:Code><s:Reason><s:Text xml:lang="en">No</s:Text></s:Reason>${more}</s:Fault>`

  test.each([
    ['s:Sender', 'soapenv:Client'],
    ['s:Receiver', 'soapenv:Server'],
    ['s:MustUnderstand', 'soapenv:MustUnderstand'],
    ['s:DataEncodingUnknown', 'soapenv:DataEncodingUnknown'],
  ])('Code %s is faultcode %s', (code, expected) => {
    expect(in11(soap(SOAP12, fault12(code)))).toBe(
      `<faultcode>${expected}</faultcode><faultstring>No</faultstring>`,
    )
  })

  test('Role, or else Node, is faultactor', () => {
    const node = '<s:Node>urn:node</s:Node>'
    const role = '<s:Role>urn:role</s:Role>'
    expect(in11(soap(SOAP12, fault12('s:Sender', node + role)))).toContain(
      '<faultactor>urn:role</faultactor>',
    )
    expect(in11(soap(SOAP12, fault12('s:Sender', node)))).toContain('<faultactor>urn:node</faultactor>')
  })

  test('there and back again says the same', () => {
    const more =
      '<faultactor>urn:me</faultactor><detail><m:d xmlns:m="urn:m">text<!-- gone --></m:d></detail>'
    const there = soap(SOAP11, fault11('s:Client.Late', more)).as('application/soap+xml')
    expect(in11(new Content(there, 'application/soap+xml'))).toBe(
      '<faultcode>soapenv:Client.Late</faultcode><faultstring>Schade</faultstring><faultactor>urn:me</faultactor><detail><m:d xmlns:m="urn:m">text<!-- gone --></m:d></detail>',
    )
  })

  test('a fault without anything in it is still one', () => {
    expect(in12(soap(SOAP11, '<s:Fault/>'))).toBe(
      '<soapenv:Code><soapenv:Value>soapenv:Receiver</soapenv:Value></soapenv:Code><soapenv:Reason><soapenv:Text xml:lang="en"/></soapenv:Reason>',
    )
    expect(in11(soap(SOAP12, '<s:Fault/>'))).toContain('<faultstring/>')
  })

  test('alone, as plain XML, it declares its prefix', () => {
    const alone = Content.ofPayload(payloadOf(soap(SOAP12, fault12('s:Sender')).envelope())!.clone())
    const element = parseXml(alone.text()).documentElement!
    expect(isFaultElement(element)).toBe(true)
  })
})

describe('whether a payload is a fault', () => {
  test('SOAP faults of both versions are', () => {
    expect(isFault(soap(SOAP11, '<s:Fault/>'))).toBe(true)
    expect(isFault(soap(SOAP12, '<s:Fault/>'))).toBe(true)
    expect(isFault(Content.ofEnvelope(soap(SOAP11, '<s:Fault/>').envelope(), 'application/json'))).toBe(true)
    expect(isFault(new Content(soap(SOAP11, '<s:Fault/>').bytes, ''))).toBe(true)
    const utf16 = Buffer.from(`\ufeff${soap(SOAP11, '<s:Fault/>').text()}`, 'utf16le')
    expect(isFault(new Content(utf16, 'text/xml'))).toBe(true)
  })

  test('nothing else is', () => {
    expect(isFault(soap(SOAP11, '<Fault/>'))).toBe(false)
    expect(isFault(soap(SOAP11, `<f:Fault xmlns:f="${SOAP12}x"/>`))).toBe(false)
    expect(isFault(soap(SOAP11, '<a>Fault</a>'))).toBe(false)
    expect(isFault(new Content(Buffer.from('<Fault'), 'text/xml'))).toBe(false)
    expect(isFault(new Content(Buffer.from('{"Fault":1}'), 'application/json'))).toBe(false)
    expect(isFault(Content.ofJson({ Fault: 1 }, 'text/xml'))).toBe(false)
    expect(isFault(Content.empty())).toBe(false)
  })

  test('nothing is read to find out that there is none', () => {
    const before = reads.count
    isFault(soap(SOAP11, '<a/>'))
    isFault(new Content(Buffer.from('{"Fault":1}'), 'application/json'))
    isFault(new Content(Buffer.from('Fault'), 'text/plain'))
    expect(reads.count).toBe(before)
  })
})
