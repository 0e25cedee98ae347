import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LateValue } from '../../src/core/template-frame.ts'
import {
  fileProperty,
  parseProperties,
  setSystemProperty,
} from '../../src/expressions/external-properties.ts'
import { accessor } from '../../src/expressions/scopes.ts'
import { ExactNumber } from '../../src/message/codecs/exact-number.ts'
import { parseXml } from '../../src/message/xml/parse.ts'
import { findings, json, soap, xml } from '../support/mediate.ts'
import { compile, context, refusal } from './support.ts'

describe('get-property', () => {
  test('a local entry or a resource, and a property of it', () => {
    for (const form of [
      "get-property('registry', 'greeting')",
      "string(get-property('registry', concat('greet', 'ing')))",
      "get-property('greeting')",
    ])
      expect(compile(form).text(context())).toBe('hello')
    expect(compile("get-property('registry', 'order')").text(context())).toBe('<order><id>7</id></order>')
    expect(compile("get-property('registry', 'greeting@owner')").text(context())).toBe('')
    expect(compile("get-property('registry', 'none')").text(context())).toBe('')
    expect(compile("get-property('registry', 'none@owner')").text(context())).toBe('')
  })

  test('parameters of a template', () => {
    const ctx = context(json({ id: 7 }))
    expect(compile('$func:a').text(ctx)).toBeNull()
    expect(() => compile("get-property('func', 'a')").text(ctx)).toThrow(
      "get-property('func', 'a') stands outside of a template",
    )
    const values = new Map<string, unknown>([
      ['a', 'text'],
      ['late', new LateValue(now => compile('//id').text(now))],
      ['nodes', [parseXml('<n>1</n>').documentElement, parseXml('<n>2</n>').documentElement]],
    ])
    ctx.parameters = { values, outer: undefined }
    expect(compile("get-property('func', 'a')").text(ctx)).toBe('text')
    expect(compile("concat($func:a, '!')").text(ctx)).toBe('text!')
    expect(compile('$func:late').text(ctx)).toBe('7')
    expect(compile("$func:late = '7'").boolean(ctx)).toBe(true)
    expect(compile('count($func:nodes)').text(ctx)).toBe('2.0')
    expect(compile('$func:nodes').text(ctx)).toBe('<n>1</n><n>2</n>')
    expect(compile('$func:none').text(ctx)).toBeNull()
  })

  test('dates', () => {
    const year = String(new Date().getFullYear())
    for (const form of [
      "get-property('SYSTEM_DATE', 'yyyy')",
      "get-property('axis2', 'SYSTEM_DATE', 'yyyy')",
      "string(get-property('SYSTEM_DATE', concat('yy', 'yy')))",
    ])
      expect(compile(form).text(context())).toBe(year)
    expect(Number(compile("get-property('operation', 'SYSTEM_TIME')").text(context()))).toBeGreaterThan(1e12)
    expect(() => compile("string(get-property('SYSTEM_DATE', concat('b', 'b')))").text(context())).toThrow(
      'the letter b means nothing',
    )
  })

  test('of two arguments the first is the name if it is no scope', () => {
    const ctx = context()
    ctx.properties.set('count', '3')
    expect(compile("get-property('count', 'yyyy')").text(ctx)).toBe('3')
    expect(findings(`<property name="a" expression="get-property('trace', 'x')"/>`)).toEqual([
      'doubtful-expression: There is no scope "trace": the property of this name is read, and "x" means nothing.',
    ])
  })

  test('no arguments give nothing, and more than three are a fault', () => {
    expect(compile('get-property()').text(context())).toBe('')
    expect(() => compile("get-property('a', 'b', 'c', 'd')").text(context())).toThrow('get-property takes')
  })

  test('properties of the process', () => {
    setSystemProperty('myelin.test', 'set')
    expect(compile("get-property('system', 'myelin.test')").text(context())).toBe('set')
    expect(compile('$sys:myelin.test').text(context())).toBe('set')
    expect(compile("get-property('env', 'myelin.test')").text(context())).toBe('')
  })

  test('the properties file of the process', () => {
    const folder = mkdtempSync(join(tmpdir(), 'properties-'))
    writeFileSync(join(folder, 'a.properties'), 'limit = 10\n')
    process.env.PROPERTIES_FILE_PATH = join(folder, 'a.properties')
    try {
      expect(compile("get-property('file', 'limit')").text(context())).toBe('10')
      expect(fileProperty('none')).toBe('')
    } finally {
      delete process.env.PROPERTIES_FILE_PATH
      rmSync(folder, { recursive: true })
    }
  })

  test('a properties file as Java reads it', () => {
    const text = '# note\n! note\na=1\nb : 2\nc 3\nlong = one \\\n   two\nk\\=ey=\\u00e9\\n\nempty=\n'
    expect([...parseProperties(text)]).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
      ['long', 'one two'],
      ['k=ey', 'é\n'],
      ['empty', ''],
    ])
  })
})

describe('properties that hold more than text', () => {
  test('XML is what an XPath to it gives', () => {
    const ctx = context()
    ctx.properties.set('plain', parseXml('<a> text </a>').documentElement)
    ctx.properties.set('deep', parseXml('<a><b>1</b><b>2</b></a>').documentElement)
    expect(compile('$ctx:plain').text(ctx)).toBe('text')
    expect(compile('$ctx:deep').text(ctx)).toBe('<a><b>1</b><b>2</b></a>')
    expect(compile('$ctx:deep//b').text(ctx)).toBe('<b>1</b><b>2</b>')
    expect(compile("get-property('deep')/b[2]").text(ctx)).toBe('2')
    expect(compile('$ctx:deep').nodes?.(ctx)).toHaveLength(1)
    expect(compile('$ctx:none').nodes?.(ctx)).toBeUndefined()
  })

  test('in a header they are text on one line', () => {
    const ctx = context()
    const set = accessor('transport', 'X-A').set
    set(ctx, parseXml('<a>\n <b>1</b>\n</a>').documentElement)
    expect(ctx.message.headers.get('X-A')).toBe('<a>  <b>1</b> </a>')
    set(ctx, { a: [1] })
    expect(ctx.message.headers.get('X-A')).toBe('{"a":[1]}')
    set(ctx, undefined)
    expect(ctx.message.headers.get('X-A')).toBe('')
  })

  test('numbers, JSON and maps', () => {
    const ctx = context()
    ctx.properties.set('exact', new ExactNumber('1.50'))
    ctx.properties.set('big', 9223372036854775807n)
    ctx.properties.set('map', new Map([['a', 1]]))
    expect(compile('$ctx:exact').text(ctx)).toBe('1.50')
    expect(compile('$ctx:exact + 1').text(ctx)).toBe('2.5')
    expect(compile("concat($ctx:big, '')").text(ctx)).toBe('9223372036854775807')
    expect(compile('$ctx:map').text(ctx)).toBe('{"a":1}')
  })

  test('a property that holds a map is the prefix of its entries', () => {
    const ctx = context()
    ctx.properties.set('order', { id: 7, 'a.b': 'c' })
    ctx.properties.set('map', new Map([['id', 8]]))
    ctx.properties.set('text', 'x')
    expect(compile('$order:id').text(ctx)).toBe('7')
    expect(compile('concat($order:a.b, $map:id)').text(ctx)).toBe('c8')
    expect(compile('$order:none').text(ctx)).toBeNull()
    expect(() => compile('$text:id').text(ctx)).toThrow('the property text does not hold a map')
    expect(() => compile('$none:id + 1').text(ctx)).toThrow('there is no variable $none:id')
    expect(findings('<property name="a" expression="$cxt:x"/>')).toEqual([
      'doubtful-expression: $cxt:x is a fault unless the property cxt holds a map.',
    ])
  })
})

describe('functions beside those of XPath', () => {
  test.each([
    ["url-encode('http://a.b/c d+e?f=g+h&i=100%')", 'http://a.b/c%20d%2Be?f=g+h&i=100%25'],
    ["url-encode('é\"<>')", '%C3%A9%22%3C%3E'],
    ["url-encode('é', 'ISO-8859-1')", '%E9'],
    ["url-encode('')", ''],
    ["base64Encode('hé')", 'aMOp'],
    ["base64Encode('hé', 'ISO-8859-1')", 'aOk='],
    ["base64Encode('')", ''],
    ["base64Decode('IGggIA==')", 'h'],
    ["base64Decode('aOk=', 'ISO-8859-1')", 'hé'],
    ["hmac-generate('payload', 'secret')", 'f75efc0f29bf50c23f99b30b86f7c78fdaf5f11d'],
    [
      "hmac-generate('payload', 'secret', 'HmacSHA256')",
      'b82fcb791acec57859b989b430a826488ce2e479fdf92326bd0a2e8375a42ba4',
    ],
    ["evaluate('//id')", '7'],
    ["evaluate(concat('count(//', 'id)'))", '1.0'],
    ["fn:concat('a', fn:upper-case('b'))", 'aB'],
    ["fn:substring-after('a:b', ':')", 'b'],
    ["syn:get-property('none')", null],
  ])('%s', (source, expected) => {
    expect(compile(source).text(context(soap('<id>7</id>')))).toBe(expected)
  })

  test('what they cannot do is a fault', () => {
    expect(() => compile("hmac-generate('a', 'b', 'HmacX')").text(context())).toThrow('no algorithm HmacX')
    expect(() => compile("base64Encode('a', 'KLINGON')").text(context())).toThrow('charset KLINGON')
    expect(() => compile("evaluate('//')").text(context(soap('<a/>')))).toThrow('ends too early')
  })

  test('a secure vault there is none of is a warning, and a fault when it is reached', () => {
    const source = "wso2:vault-lookup('alias')"
    expect(() => compile(source).text(context())).toThrow('there is no secure vault')
    expect(findings(`<property name="a" expression="${source}"/>`)).toEqual([
      "doubtful-expression: There is no secure vault: vault-lookup() is a fault when it is reached. Put the secret into the environment and read it with get-property('env', 'NAME').",
    ])
  })
})

describe('later versions of XPath', () => {
  const order = '<o:order xmlns:o="urn:orders"><id>7</id><id>8</id><tags>a,b,c</tags></o:order>'

  test.each([
    ["fn:tokenize('a,b,c', ',')[2]", 'b'],
    ["tokenize(//tags, ',')[last()]", 'c'],
    ["string-join(//id, '-')", '7-8'],
    ["if (//id = '7') then 'yes' else 'no'", 'yes'],
    ['for $i in //id return number($i) * 2', '14 16'],
    ["replace($ctx:name, 'a', 'b')", 'bbb'],
    ["replace(get-property('name'), 'a', 'c')", 'ccc'],
    ["tokenize('a$ctx:name', 'a\\$')[2]", 'ctx:name'],
    ["matches($trp:X-Name, '^a')", 'true'],
    ["upper-case(string-join($ctx:none, ''))", ''],
    ["//o:order/id[matches(., '8')]", '8'],
    ["matches(string-join($body//tags, ''), 'b')", 'true'],
  ])('%s', (source, expected) => {
    const ctx = context(soap(order))
    ctx.properties.set('name', 'aaa')
    ctx.message.headers.set('X-Name', 'abc')
    expect(compile(source).text(ctx)).toBe(expected)
  })

  test('they give conditions and nodes too, and read only what they look at', () => {
    const ctx = context(xml('<a><b>1</b></a>'))
    expect(compile("matches(string(//b), '1')").boolean(ctx)).toBe(true)
    expect(compile("//b[matches(., '1')]").nodes?.(ctx)).toHaveLength(1)
    expect(compile("//b[matches(., '1')]").readsContent).toBe(true)
    expect(compile("replace($ctx:a, 'x', 'y')").readsContent).toBe(false)
    expect(compile("replace($body, 'x', 'y')").readsContent).toBe(true)
  })

  test('functions there are none of are told, and a fault when they are reached', () => {
    const expression = compile("concat(nofn(//a), doc('/etc/hosts'))")
    expect(expression.warnings).toEqual([
      'There is no function nofn(): reaching it is a fault.',
      'There is no function doc(): reaching it is a fault.',
    ])
    expect(() => expression.text(context(xml('<a/>')))).toThrow('there is no function nofn()')
  })

  test('what is wrong in every version is told as version 1.0 tells it', () => {
    expect(refusal('$nothing')).toBe('an XPath expression (there is no variable $nothing)')
  })
})
