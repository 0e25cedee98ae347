import { describe, expect, test } from 'vitest'
import { findings, json, type MediateOptions, mediate, message, soap, xml } from '../support/mediate.ts'

const LABEL = '{proxy:test} '
const TO = 'To: /services/test/orders?Currency=EUR'

/** What one log mediator writes, without the service in front. */
async function logs(
  fragment: string,
  body = message(''),
  options: MediateOptions = {},
): Promise<string | undefined> {
  const { logged } = await mediate(fragment, body, options)
  return logged[0]?.text.replace(/\{\w+:test\} /, '').replace(/urn:uuid:[-\w]{36}/, 'urn:uuid:ID')
}

describe('levels', () => {
  test('simple is what a log without a level prints: the addressing', async () => {
    const expected = `${TO}, MessageID: urn:uuid:ID, Direction: request`
    expect(await logs('<log/>')).toBe(expected)
    expect(await logs('<log level="simple"/>')).toBe(expected)
  })

  test('simple prints the SOAP action as both actions when there is one', async () => {
    const order = soap('<order/>')
    order.headers.set('SOAPAction', '"urn:placeOrder"')
    expect(await logs('<log/>', order)).toBe(
      `${TO}, WSAction: urn:placeOrder, SOAPAction: urn:placeOrder, MessageID: urn:uuid:ID, Direction: request`,
    )
    expect(await logs('<log separator=" | "/>', order)).toBe(
      `${TO} | WSAction: urn:placeOrder | SOAPAction: urn:placeOrder | MessageID: urn:uuid:ID | Direction: request`,
    )
  })

  test('simple prints an empty To and the direction of a response', async () => {
    const line = await logs('<log/>', undefined, { direction: 'response' })
    expect(line).toBe('To: , MessageID: urn:uuid:ID, Direction: response')
  })

  test('simple prints properties last', async () => {
    expect(await logs('<log><property name="step" value="in"/></log>')).toBe(
      `${TO}, MessageID: urn:uuid:ID, Direction: request, step = in`,
    )
  })

  test('headers prints the SOAP header blocks, and no transport headers', async () => {
    const order = soap(
      '<order/>',
      '<a:user xmlns:a="urn:a">ann</a:user><a:token xmlns:a="urn:a"> t1 </a:token>',
    )
    order.headers.set('Authorization', 'Basic c2VjcmV0')
    const line = await logs('<log level="headers"><property name="step" value="in"/></log>', order)
    expect(line).toMatch(/^user : ann, token : +t1 *, step = in$/)
    expect(line).not.toContain('Authorization')
  })

  test('headers prints nothing but the service for a message without header blocks', async () => {
    expect(await logs('<log level="headers"/>', json({ a: 1 }))).toBe('')
  })

  test('custom prints only the properties', async () => {
    const fragment = `<log level="custom">
      <property name="kind" expression="json-eval($.kind)"/><property name="step" value="in"/></log>`
    expect(await logs(fragment, json({ kind: 'debit' }))).toBe('kind = debit, step = in')
  })

  test('full prints the addressing, the properties and the payload', async () => {
    const line = await logs(
      '<log level="full"><property name="step" value="in"/></log>',
      json('{ "kind": "debit" }'),
    )
    expect(line).toBe(
      `${TO}, MessageID: urn:uuid:ID, Direction: request, step = in, Payload: { "kind": "debit" }`,
    )
  })

  test('full prints XML in its envelope', async () => {
    const line = await logs('<log level="full"/>', xml('<order>7</order>'))
    expect(line).toMatch(/Envelope: <soapenv:Envelope .*<soapenv:Body><order>7<\/order><\/soapenv:Body>/)
  })

  test('full prints a message of no type as it is, and bytes as their number', async () => {
    expect(await logs('<log level="full"/>', message('hello'))).toMatch(/, Payload: hello$/)
    expect(await logs('<log level="full"/>', message(Buffer.from([0xff, 0xfe])))).toMatch(
      /, Payload: \(2 bytes\)$/,
    )
  })

  test('full faults on a payload that is not what it says', async () => {
    const ctx = await mediate('<log level="full"/>', xml('<order>'))
    expect(ctx.fault?.code).toBe(601000)
  })

  test('logFullPayload makes any level full', async () => {
    const line = await logs('<log level="custom" logFullPayload="true"/>', json({ a: 1 }))
    expect(line).toBe(`${TO}, MessageID: urn:uuid:ID, Direction: request, Payload: {"a":1}`)
  })

  test('a level there is none of is a finding', () => {
    expect(findings('<log level="verbose"/>')).toEqual([
      'bad-value: attribute level is "verbose"; expected one of simple, headers, full, custom.',
    ])
  })
})

describe('message', () => {
  test('a message without a level stands alone, with the properties', async () => {
    const line = await logs('<log><message>got it</message><property name="n" value="1"/></log>')
    expect(line).toBe('got it, n = 1')
  })

  test('a message with a level stands in front of what the level prints', async () => {
    const line = await logs('<log level="simple"><message>got it</message></log>')
    expect(line).toBe(`got it, ${TO}, MessageID: urn:uuid:ID, Direction: request`)
    expect(await logs('<log level="custom"><message>got it</message></log>')).toBe('got it')
  })

  test('the message id stands in front where it is asked for', async () => {
    const line = await logs('<log logMessageID="true"><message>got it</message></log>')
    expect(line).toBe('MessageID: urn:uuid:ID, got it')
    expect(await logs('<log level="custom" logMessageID="TRUE"/>')).toBe('MessageID: urn:uuid:ID')
  })

  test('what stands in ${…} is computed', async () => {
    const log = '<log><message>got ${payload.kind}, and ${payload.kind + "!"}.</message></log>'
    expect(await logs(log, json({ kind: 'debit' }))).toBe('got debit, and debit!.')
    expect(findings('<log><message>got ${payload.}</message></log>')).toEqual([
      'bad-value: text of <message> is "got ${payload.}"; expected a ${…} expression (a name is missing). Column 11 of ${payload.}.',
    ])
  })
})

describe('categories', () => {
  test.each([
    ['TRACE', 'trace'],
    ['DEBUG', 'debug'],
    ['INFO', 'info'],
    ['WARN', 'warn'],
    ['ERROR', 'error'],
    ['FATAL', 'fatal'],
    ['Warn', 'warn'],
  ])('%s is level %s of the log', async (category, level) => {
    const { logged } = await mediate(`<log level="custom" category="${category}"/>`)
    expect(logged[0]?.level).toBe(level)
  })

  test('INFO is the default', async () => {
    expect((await mediate('<log/>')).logged[0]?.level).toBe('info')
  })

  test('a category there is none of is a finding', () => {
    expect(findings('<log category="NOTICE"/>')).toEqual([
      'bad-value: attribute category is "NOTICE"; expected one of INFO, TRACE, DEBUG, WARN, ERROR, FATAL.',
    ])
  })

  test('a category that the log leaves out costs nothing: its expressions are not evaluated', async () => {
    const ctx = await mediate(
      '<log level="full" category="DEBUG"/><property name="after" value="yes"/>',
      xml('<not closed'),
      { enabled: level => level !== 'debug' },
    )
    expect(ctx.logged).toEqual([])
    expect(ctx.fault).toBeUndefined()
    expect(ctx.properties.get('after')).toBe('yes')
  })
})

describe('separator', () => {
  test.each([
    [' | ', 'a = 1 | b = 2'],
    ['\\n', 'a = 1\nb = 2'],
    ['\\t', 'a = 1\tb = 2'],
    ['', 'a = 1b = 2'],
  ])('%j stands between the parts', async (separator, expected) => {
    const line = await logs(`<log level="custom" separator="${separator}">
      <property name="a" value="1"/><property name="b" value="2"/></log>`)
    expect(line).toBe(expected)
  })

  test('it stands between header blocks too', async () => {
    const order = soap('<order/>', '<user>ann</user><token>t1</token>')
    expect(await logs('<log level="headers" separator=" | "/>', order)).toBe('user : ann | token : t1')
  })
})

describe('properties', () => {
  test('what is not there prints as null, what is empty as nothing', async () => {
    const line = await logs(
      `<log level="custom">
        <property name="gone" expression="get-property('nowhere')"/>
        <property name="empty" expression="json-eval($.nowhere)"/>
        <property name="none" expression="//nowhere"/>
        <property name="many" expression="//id"/>
      </log>`,
      json({ id: [1, 2] }),
    )
    expect(line).toBe('gone = null, empty = , none = , many = <id>1</id><id>2</id>')
  })

  test('prefixes of the log and around it are known to the expressions', async () => {
    const line = await logs(
      '<log level="custom" xmlns:o="urn:orders"><property name="id" expression="//o:id + //p:n"/></log>',
      xml('<o:order xmlns:o="urn:orders" xmlns:p="urn:parts"><o:id>7</o:id><p:n>1</p:n></o:order>'),
      { attributes: 'xmlns:p="urn:parts"' },
    )
    expect(line).toBe('id = 8.0')
  })

  test.each([
    ['<property value="1"/>', 'missing: <property> needs attribute name.'],
    ['<property name="a"/>', 'missing: Property a needs a value or an expression.'],
    ['<property name="a" value=" "/>', 'missing: Property a needs a value or an expression.'],
    ['<property name=" " value="1"/>', 'bad-value: attribute name is " "; expected a name.'],
    ['<property name="a" expression=""/>', 'bad-value: attribute expression is ""; expected an expression.'],
  ])('%s is a finding', (property, finding) => {
    expect(findings(`<log>${property}</log>`)).toEqual([finding])
  })
})

test('a line names the service in front, and the session in its fields', async () => {
  const proxy = await mediate('<log level="custom"/>')
  expect(proxy.logged[0]?.text).toBe(LABEL)
  const inbound = await mediate('<log level="custom"/>', undefined, { inbound: true })
  expect(inbound.logged[0]?.text).toBe('{inboundendpoint:test} ')
})

test('the sequence goes on after it', async () => {
  const ctx = await mediate('<log/><property name="after" value="yes"/>')
  expect(ctx.properties.get('after')).toBe('yes')
})
