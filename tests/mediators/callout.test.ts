import { describe, expect, test } from 'vitest'
import { HttpBackend } from '../support/http-backend.ts'
import { findings, json, mediate, soap } from '../support/mediate.ts'
import { Serving } from '../support/serving.ts'

const BODY = 's:Body/*[position()=1]'
const attributes = 'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
const AFTER = '<property name="after" value="yes"/>'

const quotes = (body = '<quote>9</quote>') =>
  HttpBackend.start(() => ({
    status: 200,
    headers: { 'Content-Type': 'text/xml', 'X-Answer': 'yes' },
    body: `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>${body}</e:Body></e:Envelope>`,
  }))

describe('a callout', () => {
  test('sends an element, and puts the answer in the place of another', async () => {
    await using backend = await quotes()
    const ctx = await mediate(
      `<callout serviceURL="${backend.url}" action="urn:getQuote">
         <source xpath="//ask"/><target xpath="//place"/></callout>${AFTER}`,
      soap('<o><ask>7</ask><place/></o>', '<h/>'),
      { attributes },
    )
    expect(ctx.fault).toBeUndefined()
    const [request] = backend.received
    expect(request?.body).toContain('<ask>7</ask>')
    expect(request?.body).not.toContain('<place')
    expect(String(request?.headers.soapaction).replaceAll('"', '')).toBe('urn:getQuote')
    expect(ctx.message.content.text()).toContain('<o><ask>7</ask><quote>9</quote></o>')
    expect(ctx.transport.status).toBe(200)
    expect(ctx.message.headers.get('X-Answer')).toBeUndefined()
    expect(ctx.properties.get('after')).toBe('yes')
  })

  test('sends the payload, and takes the answer for it, where nothing else is said', async () => {
    await using backend = await quotes()
    const ctx = await mediate(
      `<callout endpointKey="quotes"><source type="envelope"/><target xpath="${BODY}"/></callout>`,
      soap('<ask/>'),
      { attributes, artifacts: [`<endpoint name="quotes"><address uri="${backend.url}"/></endpoint>`] },
    )
    expect(backend.received[0]?.body).toContain('<ask/>')
    expect(ctx.message.content.text()).toContain('Body><quote>9</quote></')
  })

  test('takes a property to send, and keeps the answer in one', async () => {
    await using backend = await HttpBackend.json({ price: 9 })
    const ctx = await mediate(
      `<property name="ask" type="JSON" value='{"id":7}'/>
       <callout>${backend.endpoint}<source key="ask"/><target key="answer"/></callout>`,
      json({ mine: 1 }),
    )
    expect(backend.received[0]?.body).toBe('{"id":7}')
    expect(ctx.properties.get('answer')).toEqual({ price: 9 })
    expect(ctx.message.content.json()).toEqual({ mine: 1 })
  })

  test('an answer in JSON becomes the payload, whatever the target', async () => {
    await using backend = await HttpBackend.json({ price: 9 })
    const ctx = await mediate(
      `<callout>${backend.endpoint}<target xpath="//place"/></callout>`,
      soap('<o><place/></o>'),
    )
    expect(ctx.message.content.json()).toEqual({ price: 9 })
  })

  test('an expression nobody gave, as editors write it, is none', async () => {
    await using backend = await HttpBackend.json({ price: 9 })
    const ctx = await mediate(
      `<callout>${backend.endpoint}<source xpath="/default/xpath"/><target xpath="/default/xpath"/></callout>`,
      json({ mine: 1 }),
    )
    expect(backend.received[0]?.body).toBe('{"mine":1}')
    expect(ctx.message.content.json()).toEqual({ price: 9 })
  })

  test('takes headers of the answer when BLOCKING_SENDER_PRESERVE_REQ_HEADERS is false', async () => {
    await using backend = await quotes()
    const ctx = await mediate(
      `<property name="BLOCKING_SENDER_PRESERVE_REQ_HEADERS" value="false"/>
       <callout>${backend.endpoint}<target key="answer"/></callout>`,
      soap('<ask/>'),
    )
    expect(ctx.message.headers.get('X-Answer')).toBe('yes')
  })
})

describe('faults', () => {
  test('an error status is 401000, and the status is there', async () => {
    await using backend = await HttpBackend.json({}, 404)
    await using service = new Serving(`<callout>${backend.endpoint}</callout>${AFTER}`, {
      fault: `<property name="seen" expression="fn:concat($ctx:ERROR_CODE, ' ', $axis2:HTTP_SC)"/>`,
    })
    const ctx = await service.take(json({}))
    expect(ctx.properties.get('seen')).toBe('401000 404')
    expect(ctx.properties.has('after')).toBe(false)
  })

  test('a service that is not there is 401000', async () => {
    expect((await mediate('<callout serviceURL="http://localhost:1/"/>', json({}))).fault?.code).toBe(401000)
  })

  test.each([
    ['<source xpath="//none"/>', 'callout: //none selects no element to send'],
    ['<source key="none"/>', 'callout: there is nothing at none to send'],
    ['<target xpath="//none"/>', 'callout: //none selects no element to replace'],
  ])('%s', async (part, message) => {
    await using backend = await quotes()
    const ctx = await mediate(`<callout>${backend.endpoint}${part}</callout>`, soap('<ask/>'))
    expect(ctx.fault?.message).toBe(message)
  })
})

test.each([
  [
    '<callout><source xpath="//a" key="b"/></callout>',
    'bad-combination: <source> takes an xpath or a key, not both.',
  ],
  [
    '<callout><enableSec policy="p"/></callout>',
    'no-effect: <enableSec> of <callout> has no effect: WS-Security is not there; the message is sent without.',
  ],
])('%s is a finding', (fragment, finding) => {
  expect(findings(fragment)).toContain(finding)
})
