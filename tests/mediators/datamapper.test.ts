import { describe, expect, test } from 'vitest'
import type { Message } from '../../src/message/message.ts'
import { findings, json, type Mediated, mediate, message, soap, xml } from '../support/mediate.ts'

const entry = (key: string, content: string): string =>
  `<localEntry key="${key}"><![CDATA[${content}]]></localEntry>`

interface Parts {
  readonly config: string
  readonly input?: object
  readonly output?: object
  readonly attributes?: string
  readonly before?: string
  readonly after?: string
}

const artifacts = ({ config, input = { title: 'in' }, output = { title: 'out' } }: Parts): string[] => [
  entry('map', config),
  entry('from', JSON.stringify(input)),
  entry('to', JSON.stringify(output)),
]

const mapper = (attributes = ''): string =>
  `<datamapper config="map" inputSchema="from" outputSchema="to" ${attributes}/>`

const map = (parts: Parts, given: Message): Promise<Mediated> =>
  mediate(`${parts.before ?? ''}${mapper(parts.attributes)}${parts.after ?? '<respond/>'}`, given, {
    artifacts: artifacts(parts),
  })

const reply = async (parts: Parts, given: Message): Promise<string | undefined> => {
  const ctx = await map(parts, given)
  if (ctx.fault) throw ctx.fault
  return ctx.replies[0]
}

const JSON_JSON = 'inputType="JSON" outputType="JSON"'
const XML_JSON = 'inputType="XML" outputType="JSON"'
const JSON_XML = 'inputType="JSON" outputType="XML"'

/** A mapping that gives what it gets. */
const SAME = 'function map_S_in_S_out() { return inputin }'

describe('the mapping', () => {
  test('runs by the names of the schemas', async () => {
    const config = `
      map_S_order_S_bill = function () {
        var outputbill = {}; outputbill.total = inputorder.price * inputorder.count; return outputbill }`
    const parts = { config, input: { title: 'order' }, output: { title: 'bill' }, attributes: JSON_JSON }

    const ctx = await map(parts, json({ price: 2.5, count: 4 }))

    expect(ctx.replies).toEqual(['{"total":10}'])
    expect(ctx.transport.messageType).toBe('application/json')
  })

  test('drops the prefix from the name of the function, not from that of the input', async () => {
    const config = 'function map_S_order_S_bill() { return { a: inputns_order.a } }'
    const parts = {
      config,
      input: { title: 'ns:order' },
      output: { title: 'b:bill' },
      attributes: JSON_JSON,
    }
    expect(await reply(parts, json({ a: 1 }))).toBe('{"a":1}')
  })

  test('has names with characters that scripts do not', async () => {
    const config = `function mapFunction(input) {
      return { a: inputnew_EnC0DeCHaRHyPh3n_order_x_.a, same: input === inputnew_EnC0DeCHaRHyPh3n_order_x_ } }`
    const parts = { config, input: { title: 'new-order:x=' }, attributes: JSON_JSON }
    expect(await reply(parts, json({ a: 1 }))).toBe('{"a":1,"same":true}')
  })

  test('is mapFunction, where there is none by the schemas', async () => {
    const config = `const twice = x => x * 2
      const mapFunction = input => ({ a: twice(input.a) })`
    expect(await reply({ config, attributes: JSON_JSON }, json({ a: 4 }))).toBe('{"a":8}')
  })

  test('reads properties; one that is not set is empty', async () => {
    const config = `function mapFunction() { return [
      DM_PROPERTIES.DEFAULT['one'], DM_PROPERTIES.SYNAPSE["one"], DM_PROPERTIES.TRANSPORT['X-Two'],
      DM_PROPERTIES.AXIS2['three'], DM_PROPERTIES.AXIS2_CLIENT['four'], DM_PROPERTIES.OPERATION['five'],
      DM_PROPERTIES.DEFAULT['none'], DM_PROPERTIES.DEFAULT['proxy.name']] }`
    const before = [
      ['one', '1', 'default'],
      ['X-Two', '2', 'transport'],
      ['three', '3', 'axis2'],
      ['four', '4', 'axis2-client'],
      ['five', '5', 'operation'],
    ]
      .map(([name, value, scope]) => `<property name="${name}" value="${value}" scope="${scope}"/>`)
      .join('')
    const expected = '["1","1","2","3","4","5","","test"]'
    expect(await reply({ config, before, attributes: JSON_JSON }, json({}))).toBe(expected)
  })

  test('reads parameters of the template it stands in', async () => {
    const parts = {
      config: `function mapFunction() { return { who: DM_PROPERTIES.FUNCTION['who'] } }`,
    }
    const ctx = await mediate(
      `<call-template target="t"><with-param name="who" value="you"/></call-template><respond/>`,
      json({}),
      {
        artifacts: [
          ...artifacts(parts),
          `<template name="t"><parameter name="who"/><sequence>${mapper(JSON_JSON)}</sequence></template>`,
        ],
      },
    )
    expect(ctx.replies).toEqual(['{"who":"you"}'])
  })

  test('leaves nothing to the next message', async () => {
    const config = `var count = (typeof count === 'number' ? count : 0) + 1
      left = (typeof left === 'number' ? left : 0) + 1
      function mapFunction() { return { count: count, left: left, input: typeof inputin } }`
    const ctx = await mediate(`${mapper(JSON_JSON)}${mapper(JSON_JSON)}<respond/>`, json({}), {
      artifacts: artifacts({ config }),
    })
    expect(ctx.replies).toEqual(['{"count":1,"left":1,"input":"object"}'])
  })

  test('can be named by an expression', async () => {
    const ctx = await mediate(
      `<property name="which" value="map"/>
       <datamapper config="{get-property('which')}" inputSchema="from" outputSchema="to" ${JSON_JSON}/><respond/>`,
      json({ a: 1 }),
      { artifacts: artifacts({ config: SAME }) },
    )
    expect(ctx.replies).toEqual(['{"a":1}'])
  })
})

describe('XML that comes in', () => {
  const input = {
    title: 'orders',
    type: 'object',
    properties: {
      order: {
        type: 'array',
        items: [
          {
            type: 'object',
            properties: {
              'line-no': { type: 'number' },
              paid: { type: 'boolean' },
              name: { type: 'string' },
              price: {
                type: 'object',
                properties: { _ELEMVAL: { type: 'number' } },
                attributes: { currency: { type: 'string' } },
              },
            },
            attributes: { id: { type: 'integer' } },
          },
        ],
      },
    },
  }
  const config = 'function mapFunction(input) { return input }'
  const read = (body: string, schema: object = input): Promise<string | undefined> =>
    reply({ config, input: schema, attributes: XML_JSON }, xml(body))

  test('is typed by the schema', async () => {
    const body = `<orders><order id="7"><line-no>1</line-no><paid>true</paid><name>007</name>
      <price currency="EUR">1.5</price></order></orders>`
    expect(JSON.parse((await read(body))!)).toEqual({
      order: [
        {
          attr_id: 7,
          line_EnC0DeCHaRHyPh3n_no: 1,
          paid: true,
          name: '007',
          price: { attr_currency: 'EUR', _ELEMVAL: 1.5 },
        },
      ],
    })
  })

  test('is left out where the schema does not know it; what is not there is not there', async () => {
    expect(await read('<orders x="1"><other/><order><more/></order></orders>')).toBe('{"order":[{}]}')
    expect(await read('<orders/>')).toBe('{}')
  })

  test('stays a text where it is not what the schema says', async () => {
    const body = '<orders><order><line-no>one</line-no><paid/></order></orders>'
    expect(await read(body)).toBe('{"order":[{"line_EnC0DeCHaRHyPh3n_no":"one","paid":null}]}')
  })

  test('has names with prefixes of the schema, whatever prefixes it uses itself', async () => {
    const schema = {
      title: 'r:root',
      properties: { 'r:a': { type: 'string' }, 's:a': { type: 'string' } },
      attributes: { 's:b': { type: 'string' } },
      namespaces: [
        { prefix: 'r', url: 'urn:r' },
        { prefix: 's', url: 'urn:s' },
      ],
    }
    const body = '<root xmlns="urn:r" xmlns:p="urn:s" p:b="3"><p:a>2</p:a><a>1</a></root>'
    expect(await read(body, schema)).toBe('{"attr_s_b":"3","r_a":"1","s_a":"2"}')
  })

  test('is the first element of a SOAP body, or the envelope where the schema is one of it', async () => {
    const body = { title: 'm', properties: { a: { type: 'string' } } }
    expect(await reply({ config, input: body, attributes: XML_JSON }, soap('<m><a>1</a></m>'))).toBe(
      '{"a":"1"}',
    )
    const envelope = {
      title: 'soapenv:Envelope',
      properties: { 'soapenv:Body': { type: 'object', properties: { m: { $ref: '#/definitions/m' } } } },
      namespaces: [{ prefix: 'soapenv', url: 'http://schemas.xmlsoap.org/soap/envelope/' }],
      definitions: { m: body },
    }
    expect(await reply({ config, input: envelope, attributes: XML_JSON }, soap('<m><a>1</a></m>'))).toBe(
      '{"soapenv_Body":{"m":{"a":"1"}}}',
    )
  })
})

describe('CSV that comes in', () => {
  const rows = {
    title: 'in',
    type: 'array',
    items: [{ type: 'object', properties: { name: { type: 'string' }, age: { type: 'number' } } }],
  }
  const read = (body: string, schema: object = rows): Promise<string | undefined> =>
    reply(
      { config: SAME, input: schema, attributes: 'inputType="CSV" outputType="JSON"' },
      message(body, 'text/plain'),
    )

  test('is an array with the columns of the schema', async () => {
    expect(await read('Ann,30\r\n"Smith, ""Jo""",x\n\nEve\n')).toBe(
      '[{"name":"Ann","age":30},{"name":"Smith, \\"Jo\\"","age":"x"},{"name":"Eve"}]',
    )
  })

  test('may name its columns', async () => {
    expect(await read('age,name\n30,Ann')).toBe('[{"age":30,"name":"Ann"}]')
  })

  test('is a member, where the schema has it in an object', async () => {
    expect(await read('Ann,30', { title: 'in', type: 'object', properties: { people: rows } })).toBe(
      '{"people":[{"name":"Ann","age":30}]}',
    )
  })

  test('with quotes nobody closes is read to its end', async () => {
    expect(await read('"Ann,30\nEve')).toBe('[{"name":"Ann,30\\nEve"}]')
  })
})

describe('what goes out', () => {
  const write = (value: string, output: object, attributes = JSON_XML): Promise<string | undefined> =>
    reply({ config: `function mapFunction() { return ${value} }`, output, attributes }, json({}))

  test('is XML with the names of the schema', async () => {
    const output = {
      title: 'o:orders',
      properties: {
        'o:order': {
          type: 'array',
          items: [
            {
              properties: { 'o:line-no': {}, under_score: {}, _ELEMVAL: {} },
              attributes: { id: {}, 'x:type': {} },
            },
          ],
        },
      },
      namespaces: [
        { prefix: 'o', url: 'urn:o' },
        { prefix: 'x', url: 'urn:x' },
      ],
    }
    const value = `{ o_order: [{ attr_id: 1, attr_x_type: 't', o_line_EnC0DeCHaRHyPh3n_no: 1.50, under_score: null },
      { _ELEMVAL: 'a<b', o_other: [true, false] }] }`
    expect(await write(value, output)).toBe(
      '<o:orders xmlns:o="urn:o"><o:order xmlns:x="urn:x" id="1" x:type="t"><o:line-no>1.5</o:line-no><under_score/></o:order>' +
        '<o:order>a&lt;b<o:other>true</o:other><o:other>false</o:other></o:order></o:orders>',
    )
  })

  test('is an envelope, where the schema is one of it', async () => {
    const SOAP = 'http://schemas.xmlsoap.org/soap/envelope/'
    const output = {
      title: 'soapenv:Envelope',
      properties: { 'soapenv:Body': {} },
      namespaces: [{ prefix: 'soapenv', url: SOAP }],
    }
    const config = `function mapFunction() { return { soapenv_Body: { a: 1 } } }`
    const after = '<property name="messageType" value="text/xml" scope="axis2"/><respond/>'
    expect(await reply({ config, output, attributes: JSON_XML, after }, json({}))).toBe(
      `<soapenv:Envelope xmlns:soapenv="${SOAP}"><soapenv:Body><a>1</a></soapenv:Body></soapenv:Envelope>`,
    )
  })

  test('is XML of a type of its own', async () => {
    const ctx = await map({ config: SAME, attributes: JSON_XML }, json({ a: 1 }))
    expect(ctx.replies).toEqual(['<out><a>1</a></out>'])
    expect(ctx.transport.messageType).toBe('application/xml')
    expect(ctx.message.headers.get('Content-Type')).toBe('application/xml')
  })

  test('is CSV as text in an element', async () => {
    const config = `function mapFunction() { return { people: [{ a: 'x,y', b: 1 }, { a: 'say "no"', b: null }] } }`
    const attributes = 'inputType="JSON" outputType="CSV"'
    const ctx = await map({ config, attributes }, json({}))
    expect(ctx.replies[0]).toContain(
      'Body><text xmlns="http://ws.apache.org/commons/ns/payload">"x,y",1\n"say ""no""",\n</text>',
    )
    expect(ctx.transport.messageType).toBe('text/xml')
    const after = '<property name="messageType" value="text/csv" scope="axis2"/><respond/>'
    expect(await reply({ config, attributes, after }, json({}))).toBe('"x,y",1\n"say ""no""",\n')
  })
})

describe('with a target', () => {
  const before = '<variable name="rate" type="INTEGER" value="3"/>'

  test.each([
    '(input, variables) => ({ a: input.m.a * variables.rate })',
    'function any(input, variables) { return { a: input.m.a * variables.rate } };',
    'const rate = v => v.rate; function mapFunction(input, v) { return { a: input.m.a * rate(v) } }',
  ])('the mapping is a function: %s', async config => {
    const attributes = `${XML_JSON} target="body"`
    expect(await reply({ config, before, attributes }, xml('<m><a>2</a></m>'))).toBe('{"a":6}')
  })

  test('a variable gets the result, and the payload stays', async () => {
    const parts = {
      config: 'input => ({ b: input.a })',
      attributes: `${JSON_JSON} target="variable" target-variable="v"`,
    }
    const ctx = await map(parts, json({ a: [1] }))
    expect(ctx.variables.get('v')).toEqual({ b: [1] })
    expect(ctx.replies).toEqual(['{"a":[1]}'])
  })
})

describe('a mapping that fails is a fault', () => {
  const fault = async (config: string, given: Message = json({}), attributes = JSON_JSON): Promise<string> =>
    (await map({ config, attributes }, given)).fault?.message ?? 'no fault'

  test.each([
    [
      'function mapFunction() {\n  return inputin.a.b }',
      "Cannot read properties of undefined (reading 'b') at line 2",
    ],
    ['function other() {}', 'there is no function map_S_in_S_out, and no mapFunction'],
    ['function mapFunction() {}', 'the mapping gave nothing'],
    ['function mapFunction() { return process }', 'process is not defined at line 1'],
    ['function mapFunction() { return __host("", "") }', '__host is not defined at line 1'],
    ['function mapFunction() { for (;;); }', 'the script ran longer than 500 ms and was stopped'],
    ['function mapFunction() { return mapFunction() }', 'it calls itself without an end at line 1'],
  ])('%s', async (config, reason) => {
    expect(await fault(config)).toBe(`DataMapper mediator : mapping failed: ${reason}`)
  })

  test.each([
    ['what cannot be a name', '{ "a b": 1 }', '"a b" cannot be the name of an element or attribute'],
    ['several roots', '[1, 2]', 'it gave 2 elements, where one can be the outermost'],
  ])('%s', async (_what, value, reason) => {
    expect(await fault(`function mapFunction() { return ${value} }`, json({}), JSON_XML)).toContain(reason)
  })

  test('a payload that cannot be read', async () => {
    const ctx = await map({ config: SAME, attributes: JSON_JSON }, json('{"a":'))
    expect(ctx.fault?.code).toBe(601000)
  })

  test('no payload where XML is wanted', async () => {
    expect(await fault(SAME, message(''), XML_JSON)).toContain('there is no XML to map')
  })

  test('a mapping that is not there', async () => {
    const ctx = await mediate(mapper(), xml('<a/>'))
    expect(ctx.fault?.message).toBe('DataMapper mediator : mapping failed: there is no map')
  })
})

describe('found at deployment', () => {
  const check = (fragment: string, parts: Parts = { config: SAME }): string[] =>
    findings(fragment, { artifacts: artifacts(parts) })

  test('nothing, where all is well', () => {
    expect(check(mapper('inputType="json" outputType="Csv"'))).toEqual([])
    expect(check(mapper('target="body"'), { config: '(input) => input' })).toEqual([])
  })

  test.each<[fragment: string, finding: string]>([
    [mapper('inputType="YAML"'), 'bad-value: attribute inputType is "YAML"; expected one of XML, JSON, CSV.'],
    ['<datamapper config="map" inputSchema="from"/>', 'missing: <datamapper> needs attribute outputSchema.'],
    [
      mapper('target="variable"'),
      'missing: <datamapper> with target variable needs attribute target-variable.',
    ],
    [
      mapper('xsltStyleSheet="x"'),
      'no-effect: attribute xsltStyleSheet of <datamapper> has no effect: the mapping itself runs, and gives the same.',
    ],
  ])('%s', (fragment, finding) => {
    expect(check(fragment)).toEqual([finding])
  })

  test('a mapping that cannot be read, and a schema that is none', () => {
    expect(check(mapper(), { config: 'var b\nvar a = ;' })).toEqual([
      "bad-script: the mapping map cannot be read, line 2: Unexpected token ';'.",
    ])
    expect(check(mapper(), { config: SAME, output: [] })).toEqual([
      'bad-schema: to is no schema of a mapping: the schema is no JSON object.',
    ])
  })
})
