import { describe, expect, test } from 'vitest'
import { serializeXml } from '../../src/message/xml/serialize.ts'
import { XmlElement } from '../../src/message/xml/tree.ts'
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

const enrich = (source: string, target: string): string => `<enrich>${source}${target}</enrich>`
const body = (ctx: Mediated): string => ctx.message.content.bytes.toString()
const error = (ctx: Mediated): unknown => ctx.properties.get('ERROR_MESSAGE')
const INVALID = 'Invalid Target object to be enrich.'

describe('JSON', () => {
  const patient = {
    name: 'John',
    address: null,
    phone: [8770586755, null],
    email: 'j@example.com',
    doctor: { name: 'thomas', id: '76DA' },
  }

  /** The payload, as a value, after one enrichment; `set` fills properties. */
  async function enriched(
    source: string,
    target: string,
    set: Readonly<Record<string, unknown>> = {},
    payload: unknown = patient,
  ): Promise<unknown> {
    const ctx = await mediate(enrich(source, target), json(payload), {
      before({ properties }) {
        for (const [name, value] of Object.entries(set)) properties.set(name, value)
      },
    })
    if (error(ctx) !== undefined) throw new Error(String(error(ctx)))
    return JSON.parse(body(ctx))
  }
  const inline = (text: string): string => `<source type="inline"><![CDATA[${text}]]></source>`
  const at = (path: string, action = 'replace'): string =>
    `<target action="${action}" xpath="json-eval(${path})"/>`
  const BODY = '<target type="body"/>'

  test.each([
    [inline('{"a": 1}'), at('$.doctor'), { ...patient, doctor: { a: 1 } }],
    [inline('text'), at('$.name'), { ...patient, name: 'text' }],
    [inline('12'), at('$.name'), { ...patient, name: 12 }],
    [inline('true'), at('$.isNew'), { ...patient, isNew: true }],
    [inline('"x"'), at('$.phone[1]'), { ...patient, phone: [8770586755, 'x'] }],
    [inline('{"a": 1}'), at('$.phone', 'child'), { ...patient, phone: [8770586755, null, { a: 1 }] }],
    [inline('{"a": 1}'), at('$.doctor', 'child'), { ...patient, doctor: { ...patient.doctor, a: 1 } }],
    [inline('{"a": 1}'), at('$', 'child'), { ...patient, a: 1 }],
    ['<source xpath="json-eval($.doctor.name)"/>', at('$.doctor'), { ...patient, doctor: 'thomas' }],
    ['<source xpath="json-eval($.doctor)"/>', at('$.copy'), { ...patient, copy: patient.doctor }],
    ['<source xpath="json-eval($..name)"/>', at('$.names'), { ...patient, names: ['John', 'thomas'] }],
    [
      '<source clone="false" xpath="json-eval($.doctor.name)"/>',
      at('$.doctorName'),
      { ...patient, doctor: { id: '76DA' }, doctorName: 'thomas' },
    ],
    [inline('{"a": [1]}'), BODY, { a: [1] }],
    [inline('[1, 2]'), BODY, [1, 2]],
    [inline('{"a": 1}'), '<target type="body" action="child"/>', { ...patient, a: 1 }],
    ['<source xpath="json-eval($.doctor)"/>', BODY, patient.doctor],
    [
      inline('mail'),
      '<target type="key" xpath="json-eval($.email)"/>',
      Object.fromEntries(Object.entries(patient).map(([k, v]) => [k === 'email' ? 'mail' : k, v])),
    ],
    [
      '<source xpath="json-eval($.doctor.name)"/>',
      '<target type="key" xpath="json-eval($.doctor.id)"/>',
      { ...patient, doctor: { name: 'thomas', thomas: '76DA' } },
    ],
  ])('%s goes to %s', async (source, target, expected) => {
    const result = await enriched(source, target)
    expect(result).toEqual(expected)
    expect(Object.keys(result as object)).toEqual(Object.keys(expected))
  })

  test('what was put in twice is two things', async () => {
    const copy = enrich('<source xpath="json-eval($.o)"/>', at('$.p'))
    const change = enrich(inline('2'), at('$.p.a'))
    expect(body(await mediate(copy + change, json({ o: { a: 1 } })))).toBe('{"o":{"a":1},"p":{"a":2}}')
  })

  test.each([
    ['json-eval($.name)', ['address', 'phone', 'email', 'doctor']],
    ['json-eval($.name, $.phone,$.doctor.id)', ['address', 'email', 'doctor']],
    ["json-eval($['name','email'])", ['address', 'phone', 'doctor']],
    ['json-eval($)', []],
  ])('%s is removed', async (path, left) => {
    const target = '<target type="body" action="remove"/>'
    const result = await enriched(`<source xpath="${path}"/>`, target)
    expect(Object.keys(result as object)).toEqual(left)
  })

  test('items are removed from an array', async () => {
    const target = '<target type="body" action="remove"/>'
    const source = '<source xpath="json-eval($.a[?(@.n > 1)])"/>'
    expect(await enriched(source, target, {}, { a: [{ n: 1 }, { n: 2 }, { n: 3 }] })).toEqual({
      a: [{ n: 1 }],
    })
  })

  test.each([
    [
      '<source xpath="json-eval($.missing)"/>',
      '<target type="body" action="remove"/>',
      'Nothing to remove: json-eval($.missing) leads nowhere',
    ],
    [inline('1'), at('$.missing.deeper'), INVALID],
    [inline('1'), at('$.name', 'child'), INVALID],
    [inline('1'), at('$.doctor', 'child'), INVALID],
    [inline('text'), '<target type="key" xpath="json-eval($.missing)"/>', INVALID],
    ['<source xpath="json-eval($.name)"/>', BODY, INVALID],
  ])('%s to %s is a fault', async (source, target, expected) => {
    const ctx = await mediate(enrich(source, target), json(patient))
    expect(error(ctx)).toBe(expected)
    expect(JSON.parse(body(ctx))).toEqual(patient)
  })

  test.each([
    ['$.email', '"j@example.com"'],
    ['$.doctor', '{"name":"thomas","id":"76DA"}'],
    ['$.address', 'null'],
    ['$.phone[0]', '8770586755'],
  ])('%s goes to a property as JSON text and back', async (path, text) => {
    const source = `<source xpath="json-eval(${path})"/>`
    const ctx = await mediate(
      enrich(source, '<target type="property" property="p"/>') +
        enrich('<source type="property" property="p"/>', at('$.copy')),
      json(patient),
    )
    expect(ctx.properties.get('p')).toBe(text)
    expect(JSON.parse(body(ctx))).toEqual({ ...patient, copy: JSON.parse(text) })
  })

  test('the payload survives a stay in a property as it is, digits and all', async () => {
    const text = '{"n": 1.50, "big": 12345678901234567890, "a": [ 1 ]}'
    const ctx = await mediate(
      enrich('<source type="body"/>', '<target type="property" property="p"/>') +
        enrich(inline('{"other": true}'), BODY) +
        enrich('<source type="property" property="p"/>', BODY),
      json(text),
    )
    expect(ctx.properties.get('p')).toBe(text)
    expect(body(ctx)).toBe('{"n":1.50,"big":12345678901234567890,"a":[1]}')
  })

  test('a payload that is moved leaves {}', async () => {
    const move = enrich('<source type="body" clone="false"/>', '<target type="property" property="p"/>')
    expect(body(await mediate(move, json(patient)))).toBe('{}')
  })

  test.each([
    ['Hello World', 'Hello World'],
    [{ a: 1 }, { a: 1 }],
    [12, 12],
    [true, true],
    ['[1]', [1]],
  ])('property %j goes in as a value', async (value, expected) => {
    const source = '<source type="property" property="p"/>'
    expect(await enriched(source, at('$.phone', 'child'), { p: value }, { phone: [] })).toEqual({
      phone: [expected],
    })
  })

  test.each([
    ['child', '[1]', '[1,{"a":1}]'],
    ['replace', '[1]', '{"a":1}'],
  ])('%s of a property that holds an array', async (action, before, after) => {
    const target = `<target type="property" property="p" action="${action}"/>`
    const ctx = await mediate(enrich(inline('{"a": 1}'), target), json({}), {
      before: ({ properties }) => properties.set('p', before),
    })
    expect(ctx.properties.get('p')).toBe(after)
  })

  test('JSON in a property loses members', async () => {
    const target = '<target type="property" property="p" action="remove"/>'
    const ctx = await mediate(enrich('<source xpath="json-eval($.a,$.b)"/>', target), json({}), {
      before: ({ properties }) => properties.set('p', '{"a":1,"b":2,"c":3}'),
    })
    expect(ctx.properties.get('p')).toBe('{"c":3}')
  })

  test('placeholders in inline text are computed', async () => {
    const text = '{"who": {json-eval($.name)}, "n": {$ctx:n}, "list": {json-eval($.phone)}, "q": "{$ctx:n}"}'
    expect(await enriched(inline(text), BODY, { n: '7' })).toEqual({
      who: 'John',
      n: 7,
      list: [8770586755, null],
      q: '7',
    })
  })

  test('an entry gives the text', async () => {
    const artifacts = ['<localEntry key="new"><![CDATA[{"fixed": true}]]></localEntry>']
    const source = '<source type="inline" key="new"/>'
    expect(body(await mediate(enrich(source, BODY), json({}), { artifacts }))).toBe('{"fixed":true}')
    const missing = await mediate(enrich('<source type="inline" key="{$ctx:none}"/>', BODY), json({}))
    expect(error(missing)).toBe('Key  not found')
  })

  test('other contexts that share the payload do not see the change', async () => {
    const shared = json({ a: 1 })
    const other = shared.share()
    await mediate(enrich(inline('2'), at('$.a')), shared)
    expect(other.content.bytes.toString()).toBe('{"a":1}')
    expect(shared.content.bytes.toString()).toBe('{"a":2}')
  })

  test('a member called __proto__ is one like any other', async () => {
    const result = await enriched(inline('{"__proto__": {"x": 1}}'), at('$', 'child'), {}, { a: 1 })
    expect(JSON.stringify(result)).toBe('{"a":1,"__proto__":{"x":1}}')
  })
})

describe('XML', () => {
  /** What stands in the body of a SOAP message after one enrichment. */
  async function enriched(
    source: string,
    target: string,
    payload: string,
    options: MediateOptions = {},
  ): Promise<string> {
    const ctx = await mediate(enrich(source, target), soap(payload), {
      attributes: 'xmlns:m="urn:m"',
      ...options,
    })
    if (error(ctx) !== undefined) throw new Error(String(error(ctx)))
    return /<s:Body>(.*)<\/s:Body>|<s:Body\/>/s.exec(body(ctx))![1] ?? ''
  }
  const inline = (element: string): string => `<source type="inline">${element}</source>`
  const at = (path: string, action = 'replace'): string => `<target action="${action}" xpath="${path}"/>`
  const BODY = '<target type="body"/>'

  test.each([
    // payload
    [inline('<n/>'), BODY, '<a/>', '<n/>'],
    [inline('<n/>'), BODY, '', '<n/>'],
    [inline('<n/>'), '<target type="body" action="child"/>', '<a><b/></a>', '<a><b/><n/></a>'],
    [inline('<n/>'), '<target type="body" action="sibling"/>', '<a/>', '<a/><n/>'],
    ['<source xpath="//b"/>', BODY, '<a><b>1</b></a>', '<b>1</b>'],
    ['<source xpath="//b"/>', BODY, '<a><b>1</b><b>2</b></a>', '<b>1</b><b>2</b>'],
    [inline('some text'), BODY, '<a><b/></a>', '<a>some text</a>'],
    ['<source xpath="//b/@n"/>', BODY, '<a><b n="1"/><b n="2"/></a>', '<a>12</a>'],
    // nodes
    [inline('<n/>'), at('//b'), '<a><b>1</b>x</a>', '<a><n/>x</a>'],
    [inline('<n/>'), at('//b'), '<a><b/><b/></a>', '<a><n/><n/></a>'],
    [inline('<n/>'), at('//b', 'child'), '<a><b>1</b></a>', '<a><b>1<n/></b></a>'],
    [inline('<n/>'), at('//b', 'sibling'), '<a><b/><c/></a>', '<a><b/><n/><c/></a>'],
    [inline('text'), at('//b'), '<a><b><c/></b></a>', '<a><b>text</b></a>'],
    [inline('text'), at('//b/text()'), '<a><b>1<c/></b></a>', '<a><b>text<c/></b></a>'],
    [inline('text'), at('//b/@n'), '<a><b n="1"/></a>', '<a><b n="text"/></a>'],
    ['<source xpath="//c/text()"/>', at('//b'), '<a><b>1</b><c>2</c></a>', '<a><b>2</b><c>2</c></a>'],
    ['<source xpath="//c"/>', at('//b', 'child'), '<a><b/><c>2</c></a>', '<a><b><c>2</c></b><c>2</c></a>'],
    [
      '<source clone="false" xpath="//c"/>',
      at('//b', 'child'),
      '<a><b/><c>2</c></a>',
      '<a><b><c>2</c></b></a>',
    ],
    ['<source clone="false" xpath="//b"/>', at('//b/c'), '<a><b><c/></b></a>', undefined],
    [
      '<source xpath="//m:a"/>',
      at('//m:b'),
      '<x xmlns="urn:m"><a/><b/></x>',
      '<x xmlns="urn:m"><a/><a/></x>',
    ],
    ['<source xpath="count(//b)"/>', at('//a'), '<a><b/></a>', '<a>1.0</a>'],
    // removal
    ['<source xpath="//b"/>', '<target type="body" action="remove"/>', '<a><b/>x<b/></a>', '<a>x</a>'],
    [
      '<source xpath="//b/@n"/>',
      '<target type="body" action="remove"/>',
      '<a><b n="1" k="2"/></a>',
      '<a><b k="2"/></a>',
    ],
  ])('%s goes to %s in %s', async (source, target, payload, expected) => {
    const result = enriched(source, target, payload)
    if (expected === undefined) await expect(result).rejects.toThrow(INVALID)
    else expect(await result).toBe(expected)
  })

  test('an inline element takes the prefixes it needs along', async () => {
    const source = '<source type="inline"><m:n m:a="1"/></source>'
    expect(await enriched(source, at('//a', 'child'), '<a/>')).toBe('<a><m:n xmlns:m="urn:m" m:a="1"/></a>')
  })

  test('several nodes in a property, and back', async () => {
    const ctx = await mediate(
      enrich('<source xpath="//b"/>', '<target type="property" property="p"/>') +
        enrich(inline('<new/>'), BODY) +
        enrich('<source type="property" property="p"/>', '<target type="body" action="child"/>'),
      xml('<a><b>1</b><c/><b>2</b></a>'),
    )
    expect(body(ctx)).toBe('<new><b>1</b><b>2</b></new>')
  })

  test('what a property holds does not change with the message', async () => {
    const ctx = await mediate(
      enrich('<source type="body"/>', '<target type="property" property="p"/>') +
        enrich('<source type="property" property="p" clone="false"/>', BODY) +
        enrich(inline('changed'), at('//b')),
      xml('<a><b>1</b></a>'),
    )
    expect(body(ctx)).toBe('<a><b>changed</b></a>')
    expect(serializeXml(ctx.properties.get('p') as XmlElement)).toBe('<a><b>1</b></a>')
  })

  test('a payload that is moved leaves the body empty', async () => {
    const ctx = await mediate(
      enrich('<source type="body" clone="false"/>', '<target type="property" property="p"/>'),
      xml('<a/>'),
    )
    expect(body(ctx)).toBe('')
    expect(ctx.properties.get('p')).toBeInstanceOf(XmlElement)
  })

  test('XML in a property is moved into the payload', async () => {
    const ctx = await mediate(
      `<property name="p" expression="//payload/content" type="OM"/>${enrich('<source type="property" clone="false" property="p"/>', BODY)}`,
      soap('<payload><content><abc><def>123</def></abc></content></payload>'),
    )
    expect(body(ctx)).toContain('<content><abc><def>123</def></abc></content>')
    expect(body(ctx)).not.toContain('payload')
  })

  test.each([
    ["get-property('x')", 'default'],
    ["get-property('axis2', 'x')", 'axis2'],
    ["get-property('operation', 'x')", 'operation'],
  ])('%s as a target is the property', async (path, scope) => {
    const put = (element: string, action: string): string => enrich(inline(element), at(path, action))
    const ctx = await mediate(
      put('<list/>', 'replace') + put('<n/>', 'child') + put('<n/>', 'child'),
      xml('<a/>'),
    )
    const scopes: Readonly<Record<string, { get(name: string): unknown }>> = {
      default: ctx.properties,
      axis2: ctx.transport.extra,
      operation: ctx.operation,
    }
    expect(serializeXml(scopes[scope]!.get('x') as XmlElement)).toBe('<list><n/><n/></list>')
    expect(body(ctx)).toBe('<a/>')
  })

  test('a property as a custom source', async () => {
    const options = {
      before: (ctx: Mediated | { properties: Mediated['properties'] }) => ctx.properties.set('p', 'text'),
    }
    expect(await enriched(`<source xpath="get-property('p')"/>`, at('//b'), '<a><b/></a>', options)).toBe(
      '<a><b>text</b></a>',
    )
  })

  test.each([
    ['<list/>', '<list><n/></list>'],
    ['no XML', '<n/>'],
  ])('a child of the property %j', async (before, after) => {
    const target = '<target type="property" property="p" action="child"/>'
    const ctx = await mediate(enrich(inline('<n/>'), target), xml('<a/>'), {
      before: ({ properties }) => properties.set('p', before),
    })
    expect(serializeXml(ctx.properties.get('p') as XmlElement)).toBe(after)
  })

  test('the whole envelope goes to a property and back', async () => {
    const ctx = await mediate(
      enrich('<source type="envelope"/>', '<target type="property" property="p"/>') +
        enrich(inline('<new/>'), BODY) +
        enrich('<source type="property" property="p"/>', '<target type="envelope"/>'),
      soap('<a/>', '<h/>'),
    )
    expect(body(ctx)).toContain('<s:Header><h/></s:Header><s:Body><a/></s:Body>')
  })

  test('a header block is a child of the header', async () => {
    const ctx = await mediate(enrich(inline('<h/>'), at('//s:Header', 'child')), soap('<a/>', '<first/>'), {
      attributes: 'xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"',
    })
    expect(body(ctx)).toContain('<s:Header><first/><h/></s:Header>')
  })

  test.each([
    [inline('<n/>'), at('//missing')],
    [inline('<n/>'), at('//b/@n', 'sibling')],
    [inline('<n/>'), at('//b/@n', 'child')],
    [inline('<n/>'), '<target type="envelope"/>'],
    [inline('<n/>'), '<target type="key" xpath="json-eval($.a)"/>'],
    [inline('<n/>'), '<target xpath="json-eval($.a)"/>'],
  ])('%s to %s is a fault', async (source, target) => {
    const ctx = await mediate(enrich(source, target), xml('<a><b n="1"/></a>'))
    expect(error(ctx)).toBe(INVALID)
  })

  test.each([
    ['<source xpath="//missing"/>', BODY],
    ['<source type="property" property="missing"/>', BODY],
    ['<source xpath="//missing"/>', '<target type="body" action="remove"/>'],
  ])('%s gives nothing: that is in the log, and the message goes on', async (source, target) => {
    const ctx = await mediate(`${enrich(source, target)}<property name="after" value="yes"/>`, xml('<a/>'))
    expect(ctx.logged.filter(({ level }) => level === 'error')).toHaveLength(1)
    expect(ctx.properties.get('after')).toBe('yes')
    expect(body(ctx)).toBe('<a/>')
  })
})

describe('between JSON and XML', () => {
  test('an element as the payload of a JSON message leaves as JSON', async () => {
    const ctx = await mediate(
      enrich('<source type="inline"><a xmlns=""><b>1</b></a></source>', '<target type="body"/>'),
      json({ x: 1 }),
    )
    expect(body(ctx)).toBe('{"a":{"b":1}}')
  })

  test('JSON text as the payload of an XML message leaves as XML', async () => {
    const ctx = await mediate(
      enrich('<source type="inline">{"a": {"b": 1}}</source>', '<target type="body"/>'),
      xml('<x/>'),
    )
    expect(body(ctx)).toBe('<jsonObject><a><b>1</b></a></jsonObject>')
  })

  test.each(['', 'text/plain'])('JSON text as the payload of a message of type %j is JSON', async type => {
    const ctx = await mediate(
      enrich('<source type="inline">{"a": 1}</source>', '<target type="body"/>'),
      message('', type),
    )
    expect(body(ctx)).toBe('{"a":1}')
  })

  test('an element as the payload of a message without a type is XML', async () => {
    const ctx = await mediate(enrich('<source type="inline"><a xmlns=""/></source>', '<target type="body"/>'))
    expect(body(ctx)).toBe('<a xmlns=""/>')
  })

  test('XPath changes JSON as the elements it becomes, and JSONPath goes on from there', async () => {
    const ctx = await mediate(
      enrich('<source type="inline">2</source>', '<target xpath="//jsonObject/a"/>') +
        enrich('<source type="inline">3</source>', '<target xpath="json-eval($.b)"/>'),
      json({ a: 1 }),
    )
    expect(body(ctx)).toBe('{"a":2,"b":3}')
  })

  test('a text payload survives a stay in a property', async () => {
    const ctx = await mediate(
      `${enrich('<source type="body" clone="false"/>', '<target type="property" property="p"/>')}
      <property name="text" expression="$ctx:p"/>`,
      message('{ "a": 1 } & more', 'text/plain'),
    )
    expect(ctx.properties.get('text')).toBe('{ "a": 1 } & more')
  })
})

test('the message has a body again', async () => {
  const ctx = await mediate(
    `<property name="NO_ENTITY_BODY" scope="axis2" value="true"/>
     ${enrich('<source type="inline"><a/></source>', '<target type="body"/>')}`,
    xml('<x/>'),
  )
  expect(ctx.transport.noEntityBody).toBeUndefined()
})

describe('findings', () => {
  const source = (type: string): string =>
    ({
      envelope: '<source type="envelope"/>',
      body: '<source type="body"/>',
      custom: '<source xpath="//a"/>',
      inline: '<source type="inline"><a/></source>',
      property: '<source type="property" property="p"/>',
    })[type]!

  test.each([
    ['envelope', '<target xpath="//a"/>', 'A source of type envelope cannot go to a target of type custom.'],
    [
      'envelope',
      '<target type="envelope"/>',
      'A source of type envelope cannot go to a target of type envelope.',
    ],
    ['envelope', '<target type="body"/>', 'A source of type envelope cannot go to a target of type body.'],
    ['body', '<target type="body"/>', 'A source of type body cannot go to a target of type body.'],
    ['body', '<target type="envelope"/>', 'A source of type body cannot go to a target of type envelope.'],
    [
      'custom',
      '<target type="envelope"/>',
      'A source of type custom cannot go to a target of type envelope.',
    ],
    [
      'property',
      '<target type="envelope" action="child"/>',
      'The envelope can be replaced; child is not for it.',
    ],
    ['inline', '<target type="body" action="remove"/>', 'Action remove needs a source of type custom.'],
    [
      'custom',
      '<target type="envelope" action="remove"/>',
      'Action remove needs a target of type body or property.',
    ],
    [
      'custom',
      '<target xpath="//a" action="remove"/>',
      'Action remove needs a target of type body or property.',
    ],
    [
      'body',
      '<target type="key" xpath="json-eval($.a)"/>',
      'A source of type body cannot be the name of a member.',
    ],
    [
      'inline',
      '<target type="key" action="child" xpath="json-eval($.a)"/>',
      'A target of type key takes action replace only.',
    ],
    ['inline', '<target type="key" xpath="//a"/>', 'A target of type key needs json-eval(…).'],
    [
      'inline',
      '<target xpath="json-eval($)"/>',
      'The root of JSON cannot be replaced; use a target of type body.',
    ],
    ['inline', '<target action="sibling" xpath="json-eval($.a)"/>', 'JSON has no siblings; use child.'],
  ])('%s to %s', (type, target, message) => {
    expect(findings(enrich(source(type), target))).toEqual([`bad-combination: ${message}`])
  })

  test('several paths are for removing', () => {
    expect(
      findings(enrich('<source xpath="json-eval($.a,$.b)"/>', '<target xpath="json-eval($.c)"/>')),
    ).toEqual(['bad-combination: Several paths go with action remove only.'])
  })

  test.each([
    ['<enrich/>', ['missing: <enrich> needs element <source>.', 'missing: <enrich> needs element <target>.']],
    [
      enrich('<source/>', '<target type="body"/>'),
      ['missing: <source> of type custom needs attribute xpath.'],
    ],
    [
      enrich('<source type="property"/>', '<target type="body"/>'),
      ['missing: <source> of type property needs attribute property.'],
    ],
    [
      enrich('<source type="inline"/>', '<target type="body"/>'),
      ['missing: <source> of type inline needs an element, a text or a key.'],
    ],
    [enrich(source('inline'), '<target/>'), ['missing: <target> of type custom needs attribute xpath.']],
    [
      enrich(source('inline'), '<target type="property"/>'),
      ['missing: <target> of type property needs attribute property.'],
    ],
    [
      enrich(source('inline'), '<target type="inline"/>'),
      ['bad-value: attribute type is "inline"; expected one of custom, envelope, body, property, key.'],
    ],
    [
      enrich('<source xpath="json-eval($.a[)"/>', '<target type="body"/>'),
      [expect.stringMatching(/^bad-value: attribute xpath is "json-eval\(\$\.a\[\)"; expected /)],
    ],
  ])('%s', (fragment, expected) => {
    expect(findings(fragment)).toEqual(expected)
  })
})
