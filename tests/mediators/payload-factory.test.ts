import { describe, expect, test } from 'vitest'
import { parseXml } from '../../src/message/xml/parse.ts'
import {
  findings,
  json,
  type Mediated,
  type MediateOptions,
  mediate,
  message,
  soap,
  xml,
} from '../support/mediate.ts'

const body = (ctx: Mediated): string => ctx.message.content.bytes.toString()

/** The payload a template of one media type makes. */
async function made(
  mediaType: string,
  format: string,
  args = '',
  input = json({}),
  options: MediateOptions = {},
): Promise<string> {
  const ctx = await mediate(
    `<payloadFactory media-type="${mediaType}"><format>${format}</format><args>${args}</args></payloadFactory>`,
    input,
    options,
  )
  return body(ctx)
}

describe('JSON', () => {
  const payload = {
    text: 'say "hi"\n\\',
    number: 2.5,
    yes: true,
    nothing: null,
    object: { a: [1, 'x'] },
    array: [1, 2],
    markup: '<hello/>',
    braces: '{"a":1}',
  }
  test.each([
    ['$.text', '"$1"', '"say \\"hi\\"\\n\\\\"'],
    ['$.number', '$1', '2.5'],
    ['$.yes', '$1', 'true'],
    ['$.nothing', '$1', 'null'],
    ['$.missing', '"$1"', '""'],
    ['$.object', '$1', '{"a":[1,"x"]}'],
    ['$.array', '$1', '[1,2]'],
    ['$.braces', '$1', '{"a":1}'],
    ['$.markup', '"$1"', '"<hello/>"'],
    ['json-eval($.number)', '$1', '2.5'],
  ])('JSONPath %s', async (path, place, expected) => {
    const arg = `<arg evaluator="json" expression="${path}"/>`
    expect(await made('json', `{"v": ${place}}`, arg, json(payload))).toBe(`{"v": ${expected}}`)
  })

  const order = () => xml('<order id="7"><n>3</n><t>a "b"</t><code>007</code></order>')
  test.each([
    ['//n', '$1', '3'],
    ['//t', '"$1"', '"a \\"b\\""'],
    ['//order/@id', '"$1"', '"7"'],
    ['//missing', '"$1"', '""'],
    ['count(//n)', '$1', '1.0'],
    ['//order', '$1', '{"order":{"@id":"7","n":3,"t":"a \\"b\\"","code":"007"}}'],
    ['get-property("nothing")', '"$1"', '""'],
  ])('XPath %s', async (expression, place, expected) => {
    const arg = `<arg expression='${expression}'/>`
    expect(await made('json', `{"v": ${place}}`, arg, order())).toBe(`{"v": ${expected}}`)
  })

  test.each([
    ['<hello/>', 'false', '{ "payload": "{"hello":null}" }'],
    ['<hello/>', 'true', '{ "payload": "<hello/>" }'],
    ['{"a": "b"}', 'false', '{ "payload": "{"a": "b"}" }'],
    ['{"a": "b"}', 'true', '{ "payload": "{\\"a\\": \\"b\\"}" }'],
    ['<ta>&$@%*\\"\\" \'>', 'false', '{ "payload": "<ta>&$@%*\\\\\\"\\\\\\" \'>" }'],
  ])('text %s of a property, literal %s', async (text, literal, expected) => {
    const ctx = await mediate(
      `<payloadFactory media-type="json"><format>{ "payload": "$1" }</format>
        <args><arg deepCheck="false" literal="${literal}" evaluator="xml" expression="$ctx:text"/></args></payloadFactory>`,
      json({}),
      { before: ({ properties }) => properties.set('text', text) },
    )
    expect(body(ctx)).toBe(expected)
  })

  test.each([
    ['plain', '"plain"'],
    ['a "b"', '"a \\"b\\""'],
    ['12.5', '12.5'],
    ['007', '"007"'],
    ['true', 'true'],
    ['null', 'null'],
    ['', '""'],
    ['{"a":1}', '{"a":1}'],
  ])('with QUOTE_STRING_IN_PAYLOAD_FACTORY_JSON %j becomes %s', async (text, expected) => {
    const args = '<arg evaluator="json" expression="$.v"/>'
    const before: MediateOptions['before'] = ({ properties }) =>
      properties.set('QUOTE_STRING_IN_PAYLOAD_FACTORY_JSON', 'true')
    expect(await made('json', '{"v": $1}', args, json({ v: text }), { before })).toBe(`{"v": ${expected}}`)
  })

  test('a fixed value is escaped as in XML, unless it is XML', async () => {
    const args = `<arg value="a &lt; 'b'"/><arg value="&lt;b>x&lt;/b>"/>`
    expect(await made('json', '["$1", "$2"]', args)).toBe('["a &lt; &apos;b&apos;", "<b>x</b>"]')
  })

  test('$10 is the tenth argument, and the same one may stand several times', async () => {
    const args = Array.from({ length: 10 }, (_, i) => `<arg value="${i + 1}"/>`).join('')
    expect(await made('json', '[$10, $1, $1]', args)).toBe('[10, 1, 1]')
  })

  test('control characters inside broken JSON are escaped on demand', async () => {
    const fragment = `<payloadFactory media-type="json" escapeXmlChars="true"><format>{"v": $1, "w": $2}</format>
      <args><arg expression="$ctx:broken"/><arg expression="$ctx:right"/></args></payloadFactory>`
    const ctx = await mediate(fragment, json({}), {
      before: ({ properties }) => {
        properties.set('broken', '{"a": "x\ny"}')
        properties.set('right', '{\n"a": 1}')
      },
    })
    expect(body(ctx)).toBe('{"v": {"a": "x\\ny"}, "w": {\n"a": 1}}')
  })

  test.each(['"text"', '12', 'true', '[1]', ' {"a": 1} '])('%s is a payload', async format => {
    expect(await made('json', format)).toBe(format.trim())
  })

  test('an empty result is {}', async () => {
    expect(await made('json', '$1', '<arg expression="$ctx:nothing"/>')).toBe('{}')
  })

  test('what does not even begin as JSON is a fault', async () => {
    const ctx = await mediate(
      `<payloadFactory media-type="json"><format>so $1</format><args><arg value="x"/></args></payloadFactory>
       <property name="after" value="yes"/>`,
    )
    expect(ctx.properties.get('ERROR_CODE')).toBe(601000)
    expect(ctx.properties.get('ERROR_MESSAGE')).toBe('Generated content is not a valid JSON payload')
    expect(ctx.properties.get('after')).toBeUndefined()
  })
})

describe('XML', () => {
  const input = () =>
    soap('<o:order xmlns:o="urn:o"><o:symbol> IBM </o:symbol><o:line n="1"/><o:line n="2"/></o:order>')
  const options = { attributes: 'xmlns:o="urn:o" xmlns="http://ws.apache.org/ns/synapse"' }

  /** The element that a format in no namespace makes of the SOAP message above. */
  const payload = async (format: string, args: string, from = input()): Promise<string> => {
    const ctx = await mediate(
      `<payloadFactory><format>${format}</format><args>${args}</args></payloadFactory>
       <property name="messageType" scope="axis2" value="application/xml"/>`,
      from,
      options,
    )
    return ctx.message.content.as('application/xml').toString()
  }

  test.each([
    ['//o:symbol/text()', '<a xmlns="">$1</a>', '<a xmlns=""> IBM </a>'],
    ['//o:symbol', '<a xmlns="">$1</a>', '<a xmlns="">IBM</a>'],
    ['//o:line/@n', '<a xmlns="" n="$1">x</a>', '<a xmlns="" n="12">x</a>'],
    [
      '//o:line',
      '<a xmlns="">$1</a>',
      '<a xmlns=""><o:line xmlns:o="urn:o" n="1"/><o:line xmlns:o="urn:o" n="2"/></a>',
    ],
    ['//nothing', '<a xmlns="">$1</a>', '<a xmlns=""/>'],
    ['$ctx:nothing', '<a xmlns="">[$1]</a>', '<a xmlns="">[]</a>'],
    ["'a &lt; &quot;b&quot;'", '<a xmlns="">$1</a>', '<a xmlns="">a &lt; "b"</a>'],
    ["'&lt;b>1&lt;/b>'", '<a xmlns="">$1</a>', '<a xmlns=""><b>1</b></a>'],
    ["'&lt;b>1&lt;/c>'", '<a xmlns="">$1</a>', '<a xmlns="">&lt;b&gt;1&lt;/c&gt;</a>'],
    ["'{&quot;a&quot;:1}'", '<a xmlns="">$1</a>', '<a xmlns="">{"a":1}</a>'],
  ])('XPath %s in %s', async (expression, format, expected) => {
    expect(await payload(format, `<arg expression="${expression}"/>`)).toBe(expected)
  })

  test.each([
    ['$.o', '<a xmlns="">$1</a>', '<a xmlns=""><x>1</x><y>2</y><y>3</y></a>'],
    [
      '$.list',
      '<a xmlns="">$1</a>',
      '<a xmlns=""><jsonElement>1</jsonElement><jsonElement>2</jsonElement></a>',
    ],
    ['$.text', '<a xmlns="">$1</a>', '<a xmlns="">R&amp;D &lt;x&gt;</a>'],
    ['$.broken', '<a xmlns="">$1</a>', '<a xmlns="">{oh</a>'],
  ])('JSONPath %s', async (path, format, expected) => {
    const from = json({ o: { x: 1, y: [2, 3] }, list: [1, 2], text: 'R&D <x>', broken: '{oh' })
    expect(await payload(format, `<arg evaluator="json" expression="${path}"/>`, from)).toBe(expected)
  })

  test('white space between elements goes, text and comments stay', async () => {
    const format = '\n  <a xmlns="">\n <b> $1 </b>\n <!-- c --></a>\n'
    expect(await payload(format, '<arg value="x"/>')).toBe('<a xmlns=""><b> x </b><!-- c --></a>')
  })

  test('elements put in take the default namespace of their place', async () => {
    const args = `<arg value="&lt;b/>"/>`
    expect(await payload('<a xmlns="urn:a">$1</a>', args)).toBe('<a xmlns="urn:a"><b/></a>')
  })

  test('the first element of text counts', async () => {
    expect(await payload('<![CDATA[before <a>$1</a><b/>]]>', '<arg value="x"/>')).toBe('<a>x</a>')
    expect(await payload('$1', '<arg expression="//o:line[1]"/>')).toBe('<o:line xmlns:o="urn:o" n="1"/>')
    expect(await payload('<![CDATA[<$1>x</$1>]]>', '<arg value="name"/>')).toBe('<name>x</name>')
  })

  test('an argument without a value is no markup for the next message', async () => {
    const fragment = `<property name="list" expression="'1,2'"/>
      <payloadFactory><format><a xmlns="">$1</a></format><args><arg value="&lt;b/>"/></args></payloadFactory>
      <payloadFactory><format><a xmlns="">$1</a></format><args><arg value="&lt;b/>"/></args></payloadFactory>`
    expect(body(await mediate(fragment))).toBe('<a xmlns=""><b/></a>')
  })

  test('an envelope becomes the envelope', async () => {
    const envelope = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><h xmlns=""/></s:Header><s:Body><a xmlns="">$1</a></s:Body></s:Envelope>`
    const ctx = await mediate(
      `<payloadFactory><format>${envelope}</format><args><arg value="x"/></args></payloadFactory>`,
      input(),
    )
    expect(body(ctx)).toBe(envelope.replace('$1', 'x'))
  })

  test('header blocks of a SOAP message stay', async () => {
    const ctx = await mediate(
      '<payloadFactory><format><a xmlns=""/></format></payloadFactory>',
      soap('<b/>', '<h/>'),
    )
    const envelope = parseXml(body(ctx)).documentElement!
    expect(envelope.children.map(part => part.children.map(({ localName }) => localName))).toEqual([
      ['h'],
      ['a'],
    ])
  })

  test.each(['<format>just text</format>', '<format>$1</format>'])(
    '%s without an element is a fault',
    async format => {
      const ctx = await mediate(`<payloadFactory>${format}<args><arg value="x"/></args></payloadFactory>`)
      expect(ctx.properties.get('ERROR_MESSAGE')).toBe('Generated content is not a valid XML payload')
    },
  )
})

describe('text', () => {
  test('is what the template says', async () => {
    const args = '<arg evaluator="json" expression="$"/><arg expression="//a"/>'
    expect(await made('text', '$1 and $2!', args, json({ a: '"x" &' }))).toBe('{"a":"\\"x\\" &"} and "x" &!')
  })
})

describe('inline expressions', () => {
  const payload = { name: 'A "B"', n: 10, yes: true, nothing: null, pet: { kind: 'cat', legs: [1, 2] } }
  test.each([
    ['${payload.name}', '"A \\"B\\""'],
    ['"${payload.name}"', '"A \\"B\\""'],
    ['${payload.n + 1}', '11'],
    ['"${payload.n}"', '"10"'],
    ['${payload.yes}', 'true'],
    ['${payload.pet}', '{"kind":"cat","legs":[1,2]}'],
    ['"${payload.pet}"', '"{\\"kind\\":\\"cat\\",\\"legs\\":[1,2]}"'],
    ['${payload.pet.legs}', '[1,2]'],
    ['[${payload.nothing}]', '[]'],
    ['"${payload.missing}"', '""'],
  ])('%s in JSON', async (format, expected) => {
    expect(await made('json', `{"v": ${format}}`, '', json(payload))).toBe(`{"v": ${expected}}`)
  })

  test.each([
    ['${payload.name}', 'A "B"'],
    ['${payload.n}', '10'],
    ['${payload.pet}', '<kind>cat</kind><legs>1</legs><legs>2</legs>'],
    ['"${payload.pet}"', '"{"kind":"cat","legs":[1,2]}"'],
    ['${payload.missing}', ''],
  ])('%s in XML', async (format, expected) => {
    const wanted = expected === '' ? '<a xmlns=""/>' : `<a xmlns="">${expected}</a>`
    expect(await made('xml', `<a xmlns="">${format}</a>`, '', json(payload))).toBe(wanted)
  })

  test('XML becomes JSON, or text between quotes', async () => {
    const ctx = await mediate(
      `<payloadFactory media-type="json"><format>{"o": \${xpath('//pet')}, "t": "\${xpath('//pet')}"}</format></payloadFactory>`,
      xml('<root><pet><kind>cat</kind></pet></root>'),
    )
    expect(body(ctx)).toBe('{"o": {"pet":{"kind":"cat"}}, "t": "<pet><kind>cat</kind></pet>"}')
  })

  test('in text', async () => {
    expect(await made('text', 'Hi ${payload.name}, ${payload.pet.legs}', '', json(payload))).toBe(
      'Hi A "B", [1,2]',
    )
  })

  test('a wrong one is an error at its place', () => {
    const [finding] = findings(
      '<payloadFactory media-type="json"><format>{"a": ${payload.}}</format></payloadFactory>',
    )
    expect(finding).toMatch(/^bad-value: \$\{payload\.\} in the format: expected /)
  })
})

describe('type of the message', () => {
  test.each([
    ['json', '{}', 'application/json'],
    ['text', 'x', 'text/plain'],
    ['xml', '<a/>', 'application/xml'],
  ])('%s sets the type', async (mediaType, format, expected) => {
    const ctx = await mediate(
      `<property name="messageType" scope="axis2" value="application/octet-stream"/>
       <property name="NO_ENTITY_BODY" scope="axis2" value="true"/>
       <payloadFactory media-type="${mediaType}"><format>${format}</format></payloadFactory>`,
      message('x', 'text/csv'),
    )
    expect(ctx.message.content.mediaType).toBe(expected)
    expect(ctx.transport.messageType).toBe(expected)
    expect(ctx.transport.contentType).toBe(expected)
    expect(ctx.message.headers.get('content-type')).toBe(expected)
    expect(ctx.transport.noEntityBody).toBeUndefined()
  })

  test.each(['text/xml', 'application/xml', 'application/soap+xml'])('XML stays %s', async type => {
    const ctx = await mediate('<payloadFactory><format><a/></format></payloadFactory>', message('<b/>', type))
    expect(ctx.message.content.mediaType).toBe(type)
    expect(ctx.transportIfAny?.messageType).toBeUndefined()
  })
})

describe('a format by key', () => {
  const artifacts = [
    '<localEntry key="xml-format"><a>$1</a></localEntry>',
    '<localEntry key="json-format"><![CDATA[{"a": "$1"}]]></localEntry>',
    '<localEntry key="bad"><![CDATA[{"a": ${payload.}}]]></localEntry>',
  ]
  const factory = (key: string, mediaType = 'json'): string =>
    `<payloadFactory media-type="${mediaType}"><format key="${key}"/><args><arg value="x"/></args></payloadFactory>`

  test.each([
    ['json-format', 'json', '{"a": "x"}'],
    ['{get-property("which")}', 'json', '{"a": "x"}'],
    ['xml-format', 'xml', '<a>x</a>'],
  ])('%s', async (key, mediaType, expected) => {
    const fragment = `<property name="which" value="json-format"/>${factory(key.replaceAll('"', '&quot;'), mediaType)}`
    expect(body(await mediate(fragment, json({}), { artifacts }))).toBe(expected)
  })

  test.each(['nowhere', '{$ctx:none}'])('%s that is not there is a fault', async key => {
    const ctx = await mediate(factory(key), json({}), { artifacts })
    expect(ctx.properties.get('ERROR_MESSAGE')).toBe(`Key ${key === 'nowhere' ? key : ''} not found`)
  })

  test('a wrong template is an error where it is named', () => {
    expect(findings(factory('bad'), { artifacts })[0]).toMatch(/^bad-value: bad: \$\{payload\.\}/)
  })

  test('a wrong template that the message names is a fault', async () => {
    const ctx = await mediate(factory("{'bad'}"), json({}), { artifacts })
    expect(ctx.properties.get('ERROR_MESSAGE')).toMatch(/^the format bad cannot be used/)
  })
})

describe('FreeMarker', () => {
  const factory = (mediaType: string, format: string, args = ''): string =>
    `<payloadFactory media-type="${mediaType}" template-type="FreeMarker"><format><![CDATA[${format}]]></format>
     <args>${args}</args></payloadFactory>`

  test('sees the payload, arguments, properties, headers and variables', async () => {
    const ctx = await mediate(
      `<property name="lane" value="fast"/><property name="HTTP_SC" scope="axis2" value="201"/>
       <property name="X-Id" scope="transport" value="7"/><variable name="n" type="INTEGER" value="1234"/>
       ${factory('json', '{"n": "${payload.first} ${payload.last}", "id": ${vars.n}, "p": "${ctx.lane}", "s": ${axis2.HTTP_SC}, "h": "${trp["X-Id"]}", "a": "${args.arg1}${args.arg2}"}', '<arg value="x"/><arg evaluator="json" expression="$.first"/>')}`,
      json({ first: 'Ann', last: 'Lee' }),
    )
    expect(JSON.parse(body(ctx))).toEqual({ n: 'Ann Lee', id: 1234, p: 'fast', s: 201, h: '7', a: 'xAnn' })
    expect(ctx.transport.messageType).toBe('application/json')
  })

  test('computes with numbers whose digits matter', async () => {
    const format = '${payload.n + 1} ${payload.n?c} ${payload.n == 1.5} ${payload.n?is_number}'
    expect(body(await mediate(factory('text', format), json('{"n": 1.50}')))).toBe('2.5 1.5 true true')
  })

  test('lists JSON', async () => {
    const format =
      '[<#list payload.lines as l>{"sku": "${l.sku}", "total": ${(l.qty * l.price)?c}}<#sep>,</#list>]'
    const lines = [
      { sku: 'a', qty: 1000, price: 2 },
      { sku: 'b', qty: 1, price: 0.5 },
    ]
    expect(JSON.parse(body(await mediate(factory('json', format), json({ lines }))))).toEqual([
      { sku: 'a', total: 2000 },
      { sku: 'b', total: 0.5 },
    ])
  })

  test.each(['${payload.user.name}', '${payload.name}'])(
    'XML is seen from above its first element: %s',
    async path => {
      const ctx = await mediate(factory('text', `Hi ${path}`), soap('<user><name>Ann</name></user>'))
      expect(body(ctx)).toBe('Hi Ann')
    },
  )

  test('writes XML, and sees text', async () => {
    const ctx = await mediate(factory('xml', '<a><b>${payload?xml}</b></a>'), message('x < y', 'text/plain'))
    expect(body(ctx)).toBe('<a><b>x &lt; y</b></a>')
  })

  test('an element can be the template', async () => {
    const ctx = await mediate(
      '<payloadFactory template-type="freemarker"><format><a xmlns="">${payload.n}</a></format></payloadFactory>',
      json({ n: 'x' }),
    )
    expect(body(ctx)).toBe('<a xmlns="">x</a>')
  })

  test('a failure is a fault with line and column', async () => {
    const ctx = await mediate(factory('json', '{\n  "a": ${payload.missing}\n}'), json({}))
    expect(ctx.properties.get('ERROR_MESSAGE')).toBe(
      'the FreeMarker template failed at line 2, column 8: a text is expected, and this is nothing',
    )
  })

  test('a mistake is an error with line and column', () => {
    expect(findings(factory('json', '{\n  "a": ${payload.n?upper}\n}'))).toEqual([
      'bad-value: the FreeMarker template is wrong at line 2, column 20: there is no built-in ?upper here.',
    ])
  })
})

describe('findings', () => {
  test.each([
    ['<payloadFactory/>', 'missing: <payloadFactory> needs element <format>.'],
    [
      '<payloadFactory><format/></payloadFactory>',
      'missing: <format> is empty; it needs an element, a text or a key.',
    ],
    [
      '<payloadFactory media-type="csv"><format>a</format></payloadFactory>',
      'bad-value: attribute media-type is "csv"; expected one of xml, json, text.',
    ],
    [
      '<payloadFactory template-type="velocity"><format>a</format></payloadFactory>',
      'bad-value: attribute template-type is "velocity"; expected one of default, freemarker.',
    ],
    [
      '<payloadFactory media-type="text"><format>a</format><args><arg expression="//["/></args></payloadFactory>',
      'bad-value: attribute expression is "//["; expected',
    ],
    [
      '<payloadFactory media-type="text"><format>a $1 b $2 c</format><args><arg value="x"/></args></payloadFactory>',
      'missing-argument: the format asks for $2, and there are 1 arguments; it stays as it is from there on.',
    ],
    ['<payloadFactory media-type="text"><format key="nowhere"/></payloadFactory>', 'missing-entry: '],
    [
      '<payloadFactory media-type="text"><format>a</format><args><arg/></args></payloadFactory>',
      'missing: <arg> needs value or expression.',
    ],
  ])('%s', (fragment, finding) => {
    expect(findings(fragment)[0]?.startsWith(finding)).toBe(true)
  })

  test('what follows an argument that is not there stays as it is', async () => {
    expect(await made('text', '$1 b $2 $1', '<arg value="x"/>')).toBe('x b $2 $1')
  })
})
