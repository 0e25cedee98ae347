import { describe, expect, test } from 'vitest'
import { MessageContext } from '../../src/core/context.ts'
import { Fault } from '../../src/core/fault.ts'
import { dynamic } from '../../src/expressions/expression.ts'
import { Expected } from '../../src/language/types.ts'
import { Message } from '../../src/message/message.ts'
import { parseXml } from '../../src/message/xml/parse.ts'
import { json, message, RecordingOrigin, soap, xml } from '../support/mediate.ts'
import { compile, context, refusal, setting } from './support.ts'

describe('which language an expression is in', () => {
  test.each([
    ['json-eval($.id)', '7'],
    ['${payload.id}', '7'],
    [' ${ payload.id } ', '7'],
    [' json-eval($.id) ', '7'],
    ['//id', '7'],
    ['string(//id)', '7'],
    ["'json-eval($.id)'", 'json-eval($.id)'],
  ])('%s', (source, text) => {
    expect(compile(source).text(context(json({ id: 7 })))).toBe(text)
  })

  test.each([
    ['', 'an expression'],
    ['  ', 'an expression'],
    ['${payload.id', /^an XPath expression \(/],
    ['${payload.}', 'a ${…} expression (a name is missing) Column 11 of ${payload.}.'],
    ['json-eval($.id', 'json-eval(…) with its closing bracket'],
    ['json-eval($.[)', /^a JSONPath \(/],
    ['json-eval($.a[?(@.b=={//})])', /^an XPath expression \(/],
    ['//', /^an XPath expression \(/],
    ['$nothing', 'an XPath expression (there is no variable $nothing)'],
    ["document('http://example.com/')", /^an XPath expression \(document\(\) is not allowed: /],
    ["encrypt('a', 'b', 'c', 'd')", /^an XPath expression \(encrypt\(\) is not supported: /],
    ["get-property('SYSTEM_DATE', 'yyyy bbb')", /the letter b means nothing in the date pattern/],
  ])('%j cannot be compiled', (source, reason) => {
    if (typeof reason === 'string') expect(refusal(source)).toBe(reason)
    else expect(refusal(source)).toMatch(reason)
  })
})

describe('one property alone', () => {
  const forms = (scope: string, name: string, prefix: string): string[] => [
    `get-property('${scope}', '${name}')`,
    `get-property("${scope}","${name}")`,
    `syn:get-property( '${scope}' , '${name}' )`,
    `$${prefix}:${name}`,
    `string(get-property('${scope}', '${name}'))`,
  ]

  test.each([
    ['default', 'uri.var.id', 'ctx'],
    ['axis2', 'uri.var.id', 'axis2'],
    ['transport', 'X-Trace', 'trp'],
    ['operation', 'seen-by', 'operation'],
  ])('%s, however it is written', (scope, name, prefix) => {
    const ctx = context()
    ctx.properties.set(name, `default ${name}`)
    ctx.transport.extra.set(name, `axis2 ${name}`)
    ctx.message.headers.set(name, `transport ${name}`)
    ctx.operation.set(name, `operation ${name}`)
    for (const form of forms(scope, name, prefix)) expect(compile(form).text(ctx)).toBe(`${scope} ${name}`)
  })

  test('without a scope it is the default one', () => {
    const ctx = context()
    ctx.properties.set('a', '1')
    expect(compile("get-property('a')").text(ctx)).toBe('1')
    expect(compile("concat(get-property('a'), get-property('default', 'a'))").text(ctx)).toBe('11')
  })

  test('what is not there is null, and false as a condition', () => {
    for (const source of ["get-property('a')", '$ctx:a', '$trp:a', '$axis2:a', '$operation:a', '$var:a']) {
      const expression = compile(source)
      expect(expression.text(context())).toBeNull()
      expect(expression.boolean(context())).toBe(false)
      expect(expression.value(context()) ?? null).toBeNull()
    }
  })

  test('an empty name is empty text, and a variable of the process too where there is none', () => {
    expect(compile("get-property('')").text(context())).toBe('')
    expect(compile('$sys:MYELIN_NOT_SET').text(context())).toBe('')
    expect(compile("get-property('env', 'MYELIN_NOT_SET')").text(context())).toBe('')
    expect(compile("get-property('system', 'PATH')").text(context())).toBe(process.env.PATH)
  })

  test('values keep their type where it is asked for, and are written as text else', () => {
    const ctx = context()
    const element = parseXml('<a><b>1</b></a>').documentElement
    for (const [name, value, text] of [
      ['number', 7.5, '7.5'],
      ['boolean', false, 'false'],
      ['json', { a: [1] }, '{"a":[1]}'],
      ['xml', element, '<a><b>1</b></a>'],
      ['big', 9223372036854775807n, '9223372036854775807'],
    ] as const) {
      ctx.properties.set(name, value)
      expect(compile(`$ctx:${name}`).value(ctx)).toBe(value)
      expect(compile(`$ctx:${name}`).text(ctx)).toBe(text)
    }
  })

  test('as a condition, text that is not empty is true', () => {
    const ctx = context()
    for (const [value, truth] of [
      ['false', true],
      ['', false],
      [true, true],
      [false, false],
      [0, false],
      [Number.NaN, false],
      [2, true],
      [{}, true],
    ] as const) {
      ctx.properties.set('a', value)
      expect(compile('$ctx:a').boolean(ctx)).toBe(truth)
    }
  })

  test('headers compare without regard to case', () => {
    const ctx = context(json({}))
    expect(compile('$trp:CONTENT-TYPE').text(ctx)).toBe('application/json')
  })

  test('query parameters of the request: any case, decoded, empty where there is none', () => {
    expect(compile('$url:currency').text(context())).toBe('EUR')
    expect(compile('$url:nothing').text(context())).toBe('')
    const ctx = new MessageContext(
      context().service,
      new RecordingOrigin({ target: '/a?q=a%20b+c&q=2' }),
      Message.empty(),
    )
    expect(compile('$url:q').text(ctx)).toBe('a b c')
  })
})

describe('XPath on the message', () => {
  const order = soap(
    '<o:order xmlns:o="urn:orders"><id>7</id><id>8</id><none/></o:order>',
    '<user>ann</user>',
  )

  test.each([
    ['//o:order/id', '<id>7</id><id>8</id>'],
    ['$body/o:order/id[2]', '8'],
    ['$header/user', 'ann'],
    ['$env/s:Body/o:order/id[1]', '7'],
    ['/s:Envelope/s:Body/o:order/id[1]', '7'],
    ['count(//id)', '2.0'],
    ['concat("n", count(//id))', 'n2'],
    ['//none', '<none/>'],
    ['//nowhere', ''],
    ['base64Encode(//id[1])', 'Nw=='],
    ["base64Decode('aGVsbG8=')", 'hello'],
  ])('%s', (source, text) => {
    expect(compile(source).text(context(order))).toBe(text)
  })

  test('JSON, text and bytes stand in the body as elements', () => {
    expect(compile('//jsonObject/a').text(context(json({ a: 1 })))).toBe('1')
    expect(compile('//jsonArray/jsonElement[2]').text(context(json([1, 2])))).toBe('2')
    expect(compile("//*[local-name()='text']").text(context(message('hello', 'text/plain')))).toBe('hello')
    const bytes = message(Buffer.from('hello'), 'application/octet-stream')
    expect(compile("//*[local-name()='binary']").text(context(bytes))).toBe('aGVsbG8=')
  })

  test('a payload that cannot be read is fault 601000', () => {
    const attempt = (): unknown => compile('//id').text(context(xml('<id>')))
    expect(attempt).toThrow()
    try {
      attempt()
    } catch (error) {
      expect(Fault.from(error).code).toBe(601000)
    }
  })

  test('an expression that looks at no content reads none', () => {
    expect(compile("concat($ctx:a, 'b')").text(context(xml('<not closed')))).toBe('b')
    expect(compile("concat($ctx:a, 'b')").readsContent).toBe(false)
    expect(compile('concat(//a, "b")').readsContent).toBe(true)
    expect(compile("get-property('FAULT')").readsContent).toBe(true)
  })

  test('a path into a property that holds XML', () => {
    const ctx = context()
    ctx.properties.set('order', parseXml('<order><id>7</id></order>').documentElement)
    expect(compile('$ctx:order/id').text(ctx)).toBe('7')
    expect(compile("get-property('order')/id + 1").text(ctx)).toBe('8.0')
    expect(compile('$ctx:order/id').readsContent).toBe(false)
  })
})

describe('json-eval', () => {
  const order = { id: 7, name: 'tea', on: true, off: null, lines: [{ n: 1 }, { n: 2 }] }

  test.each([
    ['$.id', '7'],
    ['$.name', 'tea'],
    ['$.on', 'true'],
    ['$.lines[1].n', '2'],
    ['$.lines[*].n', '[1,2]'],
    ['$.lines[0]', '{"n":1}'],
    ['$.nowhere', ''],
    ['$.id.', '7'],
    [' $.id ', '7'],
  ])('%s', (path, text) => {
    expect(compile(`json-eval(${path})`).text(context(json(order)))).toBe(text)
  })

  test('the whole payload is the text as it came', () => {
    expect(compile('json-eval($)').text(context(json('{ "a" : 1 }')))).toBe('{ "a" : 1 }')
    expect(compile('json-eval($)').value(context(json('{ "a" : 1 }')))).toEqual({ a: 1 })
    expect(compile('json-eval($)').text(context(xml('<a>1</a>')))).toBe('{"a":1}')
    expect(compile('json-eval($)').text(context(message('hello', 'text/plain')))).toBe('')
  })

  test('values keep their JSON type where it is asked for', () => {
    expect(compile('json-eval($.id)').value(context(json(order)))).toBe(7)
    expect(compile('json-eval($.lines[0])').value(context(json(order)))).toEqual({ n: 1 })
    expect(compile('json-eval($.nowhere)').value(context(json(order)))).toBeUndefined()
  })

  test('it looks into XML too, and finds nothing in text or nothing', () => {
    expect(compile('json-eval($.order.id)').text(context(xml('<order><id>7</id></order>')))).toBe('7')
    expect(compile('json-eval($.a)').text(context(message('hello', 'text/plain')))).toBe('')
    expect(compile('json-eval($.a)').text(context())).toBe('')
  })

  test('it looks into a property that holds JSON, as text or as a value', () => {
    const ctx = context()
    ctx.properties.set('text', '{"a":{"b":1}}')
    ctx.properties.set('value', { a: { b: 2 } })
    ctx.message.headers.set('x-json', '[3]')
    expect(compile('json-eval($ctx:text.a.b)').text(ctx)).toBe('1')
    expect(compile('json-eval($ctx:value.a)').text(ctx)).toBe('{"b":2}')
    expect(compile('json-eval($trp:x-json[0])').text(ctx)).toBe('3')
    expect(compile('json-eval($ctx:nothing.a)').text(ctx)).toBe('')
    expect(() => compile('json-eval($ctx:value.x)').text(ctx)).toThrow('no such path in property value')
    expect(compile('json-eval($ctx:value.a)').readsContent).toBe(false)
  })

  test('a property that holds no JSON is a fault that says so', () => {
    const ctx = context()
    ctx.properties.set('text', 'hello')
    expect(() => compile('json-eval($ctx:text.a)').text(ctx)).toThrow(/property text holds no JSON/)
  })
})

describe('values in braces', () => {
  test.each([
    ['lane', 'lane', true],
    ['{$ctx:a}', '1', false],
    ['{json-eval($.id)}', '7', false],
    ["{concat('x', //id)}", 'x7', false],
    ['{half', '{half', true],
    ['', '', true],
  ])('%j', (source, text, isFixed) => {
    const value = dynamic.parse(source, setting)
    const ctx = context(json({ id: 7 }))
    ctx.properties.set('a', '1')
    expect(value.text(ctx)).toBe(text)
    expect(value.fixed !== undefined).toBe(isFixed)
  })

  test('they read content where the expression does', () => {
    expect(dynamic.parse('{//id}', setting).readsContent).toBe(true)
    expect(dynamic.parse('{$ctx:a}', setting).readsContent).toBe(false)
    expect(() => dynamic.parse('{}', setting)).toThrow(Expected)
  })
})
