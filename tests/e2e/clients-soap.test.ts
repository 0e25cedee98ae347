// A SOAP client that knows nothing but the address of a description: it reads the WSDL of a proxy service, with the
// schema it imports, calls an operation, and is answered in its version of SOAP.

import { createClientAsync, type IOptions } from 'soap'
import { describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { startHttpBackend } from '../support/http-backend.ts'

const WSDL = `<wsdl:definitions name="Stock" targetNamespace="urn:stock" xmlns:tns="urn:stock" xmlns:t="urn:stock:types"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <wsdl:types><xs:schema targetNamespace="urn:stock"><xs:import namespace="urn:stock:types" schemaLocation="types.xsd"/></xs:schema></wsdl:types>
  <wsdl:message name="in"><wsdl:part name="body" element="t:getPrice"/></wsdl:message>
  <wsdl:message name="out"><wsdl:part name="body" element="t:getPriceResponse"/></wsdl:message>
  <wsdl:portType name="StockType"><wsdl:operation name="getPrice">
    <wsdl:input message="tns:in"/><wsdl:output message="tns:out"/></wsdl:operation></wsdl:portType>
  <wsdl:binding name="StockBinding" type="tns:StockType">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <wsdl:operation name="getPrice"><soap:operation soapAction="urn:getPrice"/>
      <wsdl:input><soap:body use="literal"/></wsdl:input><wsdl:output><soap:body use="literal"/></wsdl:output>
    </wsdl:operation></wsdl:binding>
  <wsdl:service name="Stock"><wsdl:port name="StockPort" binding="tns:StockBinding">
    <soap:address location="http://backend.example.com/stock"/></wsdl:port></wsdl:service>
</wsdl:definitions>`

const TYPES = `<xs:schema targetNamespace="urn:stock:types" xmlns="urn:stock:types" elementFormDefault="qualified"
    xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:include schemaLocation="common/price.xsd"/>
  <xs:element name="getPrice"><xs:complexType><xs:sequence>
    <xs:element name="symbol" type="xs:string"/></xs:sequence></xs:complexType></xs:element>
  <xs:element name="getPriceResponse"><xs:complexType><xs:sequence>
    <xs:element name="price" type="price"/></xs:sequence></xs:complexType></xs:element>
</xs:schema>`

const PRICE = `<xs:schema targetNamespace="urn:stock:types" elementFormDefault="qualified" xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="price"><xs:restriction base="xs:string"/></xs:simpleType></xs:schema>`

const RESOURCES =
  '<resource location="types.xsd" key="types"/><resource location="common/price.xsd" key="price"/>'
const ENTRIES = `<localEntry key="wsdl">${WSDL}</localEntry><localEntry key="types">${TYPES}</localEntry>
  <localEntry key="price">${PRICE}</localEntry>`

const envelope = (body: string): string =>
  `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>${body}</s:Body></s:Envelope>`

const proxy = (target: string): string => `<proxy name="Stock"><target>${target}</target>
  <publishWSDL key="wsdl">${RESOURCES}</publishWSDL></proxy>${ENTRIES}`

/** Answers with the price, in SOAP as its endpoint speaks it. */
const ANSWERS = `<inSequence>
  <payloadFactory media-type="xml"><format><r:getPriceResponse xmlns:r="urn:stock:types"><r:price>$1</r:price></r:getPriceResponse></format>
    <args><arg xmlns:t="urn:stock:types" expression="concat(string-length(//t:symbol), ' for ', //t:symbol)"/></args></payloadFactory>
  <respond/></inSequence>`

const FAILS = `<inSequence>
  <makefault><code xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" value="e:Client"/><reason value="no such symbol"/><detail>symbol</detail></makefault>
  <respond/></inSequence>`

async function callPrice(url: string, symbol: string, options: IOptions = {}): Promise<unknown> {
  const client = await createClientAsync(`${url}?wsdl`, options)
  const [answer] = await client.getPriceAsync({ symbol })
  return answer
}

/** What a call fails with. */
async function failureOf(call: Promise<unknown>): Promise<{ message: string; response: { status: number } }> {
  try {
    await call
  } catch (error) {
    return error as { message: string; response: { status: number } }
  }
  throw new Error('the call did not fail')
}

describe.each([
  ['SOAP 1.1', {}],
  ['SOAP 1.2', { forceSoap12Headers: true }],
] as const)('a client that speaks %s', (version, options) => {
  test('reads the description with all it imports, calls, and gets the answer', async () => {
    await using gateway = await startGateway({ xml: proxy(ANSWERS) })

    expect(await callPrice(gateway.url('http'), 'ACME', options)).toEqual({ price: '4 for ACME' })
  })

  test('gets a fault as an error', async () => {
    await using gateway = await startGateway({ xml: proxy(FAILS) })

    const { message, response } = await failureOf(callPrice(gateway.url('http'), 'NONE', options))

    expect(message).toContain('no such symbol')
    expect(message).toContain(version === 'SOAP 1.1' ? 'Client' : 'Sender')
    expect(response.status).toBe(500)
  })

  test('reaches a backend that speaks SOAP 1.1', async () => {
    const answer = envelope(
      '<r:getPriceResponse xmlns:r="urn:stock:types"><r:price>7</r:price></r:getPriceResponse>',
    )
    await using backend = await startHttpBackend(response =>
      response.writeHead(200, { 'Content-Type': 'text/xml' }).end(answer),
    )
    const endpoint = `<endpoint><address uri="${backend.url}/stock" format="soap11"/></endpoint>`
    await using gateway = await startGateway({ xml: proxy(endpoint) })

    expect(await callPrice(gateway.url('http'), 'ACME', options)).toEqual({ price: '7' })
    expect(backend.received).toHaveLength(1)
    expect(backend.received[0]).toMatchObject({ method: 'POST', headers: { soapaction: '"urn:getPrice"' } })
    expect(backend.received[0]?.body).toContain('http://schemas.xmlsoap.org/soap/envelope/')
  })
})
