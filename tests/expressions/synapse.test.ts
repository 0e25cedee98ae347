import { describe, expect, test } from 'vitest'
import { LateValue } from '../../src/core/template-frame.ts'
import { ExactNumber } from '../../src/message/codecs/exact-number.ts'
import { Message } from '../../src/message/message.ts'
import { parseXml } from '../../src/message/xml/parse.ts'
import { findings, json, mediate, message, soap, xml } from '../support/mediate.ts'
import { compile, context, logged, refusal } from './support.ts'

const ORDER = {
  id: 7,
  name: 'tea',
  price: 8.95,
  on: true,
  off: null,
  'a b': 'spaced',
  'a-b': 'hyphen',
  length: 3,
  lines: [
    { sku: 'x', n: 1, total: 5 },
    { sku: 'y', n: 2, total: 15 },
    { sku: "it's", n: 3, total: 25 },
  ],
}

function text(inner: string, ctx = context(json(ORDER))): string | null {
  return compile(`\${${inner}}`).text(ctx)
}

/** Why there is no value. */
function reason(inner: string, ctx = context(json(ORDER))): string | undefined {
  logged()
  expect(text(inner, ctx)).toBe('')
  return logged()[0]?.replace(/^.* cause : /, '')
}

describe('how it is written', () => {
  test.each([
    ['1', '1'],
    ['-1', '-1'],
    ['2.50', '2.5'],
    ['"a"', 'a'],
    ["'a'", 'a'],
    ['"a\\"b"', 'a\\"b'],
    ['true', 'true'],
    ['null', 'null'],
    ['[1, "a", true, 2.5]', '[1,"a","true",2.5]'],
    ['[]', '[]'],
    ['  ( 1 +\n 2 ) ', '3'],
    ['payload.length', '3'],
    ['payload["a b"]', 'spaced'],
    ["payload.['a b']", 'spaced'],
    ['payload.a-b', 'hyphen'],
    ['$.id', '7'],
    ['$.lines[0].sku', 'x'],
    ['payload.id - 1', '6'],
    ['payload.on ? "yes" : payload.off ? 1 : 2', 'yes'],
    ['false ? 1 : true ? 2 : 3', '2'],
    ['false and true or true', 'false'],
    ['true && true || false', 'true'],
    ['2 + 3 * 4 - 6 / 2', '11'],
    ['10 - 2 - 3', '5'],
    ['1 < 2 == true', 'true'],
  ])('${%s} is %s', (inner, expected) => {
    expect(text(inner)).toBe(expected)
  })

  test.each([
    ['', 'the expression ends too early', 3],
    ['5-3', 'a space belongs between "-" and what follows it', 4],
    ['!true', '"!" is not expected here; write not(…)', 3],
    ['-payload.id', '"-" is not expected here; write 0 - x for the opposite of x', 3],
    ['payload.size', 'a name is missing; write ["size"]', 11],
    ['payload.1', 'a name is missing; write ["1"]', 11],
    ['vars.true', 'a name is missing; write ["true"]', 8],
    ['vars', 'a name is missing', 7],
    ['vars[0]', 'a name in quotes is missing', 8],
    ['payload id', '"id" is not expected here', 11],
    ['(1 + 2', '")" is missing', 9],
    ['1 ? 2', '":" is missing', 8],
    ['"abc', 'the string that begins with " does not end', 3],
    ['a + b', 'there is no value a', 3],
    ['1 ^ 2', '^ is not allowed here', 5],
    ['nofn(1)', 'there is no function nofn()', 3],
    ['header.a', 'there is no value header; write headers', 3],
    ['props.x.a', 'props needs one of props.synapse, props.axis2, props.session', 3],
    ['params.a', 'params needs one of params.queryParams, params.pathParams, params.functionParams', 3],
    ['payload.lines[?(@.n ==)]', /the filter is not right: /, 17],
    ['payload.lines[?(@.n == 1]', '")" is missing', 28],
    ['payload.a.length().b', '"." is not expected here', 21],
    ['payload.a.sqrt()', 'a path cannot end in sqrt()', 13],
    ['payload[1:2:3]', 'a slice has a start and an end, no more', 11],
    ['xpath("//")', /xpath\(\) takes an XPath expression/, 3],
    ['wso2-vault("a")', /put the secret into the environment and read it as configs\.name/, 3],
    ['hashicorp-vault("a", "b")', /put the secret into the environment/, 3],
  ])('${%s} is refused', (inner, why, column) => {
    const said = refusal(`\${${inner}}`)
    if (typeof why === 'string') expect(said).toContain(`a \${…} expression (${why})`)
    else expect(said).toMatch(why)
    expect(said).toContain(`Column ${column} of `)
  })

  test('a mistake is reported at its place in the file', () => {
    expect(findings('<property name="a" expression="${payload.}"/>')).toEqual([
      'bad-value: attribute expression is "${payload.}"; expected a ${…} expression (a name is missing). Column 11 of ${payload.}.',
    ])
  })

  test('what can never have a value is a warning', () => {
    expect(findings('<property name="a" expression="${payload.n == 1 &amp;&amp; payload.f == 2}"/>')).toEqual(
      [
        'doubtful-expression: "and" takes true or false, and "1" is neither: "1 && payload.f" has no value. It binds more tightly than a comparison; put comparisons in brackets.',
      ],
    )
    expect(findings('<property name="a" expression="${trim()}"/>')).toEqual([
      'doubtful-expression: trim() takes 1 arguments, not 0.',
    ])
    expect(findings('<property name="a" expression="${payload.a and not(payload.b)}"/>')).toEqual([])
  })
})

describe('the payload', () => {
  test.each([
    ['payload.lines[0]', '{"sku":"x","n":1,"total":5}'],
    ['payload.lines[-1].n', '3'],
    ['payload.lines[0,2]', '[{"sku":"x","n":1,"total":5},{"sku":"it\'s","n":3,"total":25}]'],
    ['payload.lines[1:].n', '[2,3]'],
    ['payload.lines[:1].n', '[1]'],
    ['payload.lines[payload.id - 6:].n', '[2,3]'],
    ['payload.lines[*].n', '[1,2,3]'],
    ['payload..n', '[1,2,3]'],
    ['payload.lines.*.n', '[1,2,3]'],
    ['payload.lines[payload.id - 6].n', '2'],
    ['payload[vars.key]', 'tea'],
    ['payload.lines[vars.at].sku', 'y'],
    ['payload.lines[- vars.at].n', '3'],
    ['payload.lines[?(@.total > 10)].n', '[2,3]'],
    ['payload.lines[?(@.total > 10 && @.n<3)].n', '[2]'],
    ['payload.lines[?(@.sku == vars.sku)].n', '[2]'],
    ['payload.lines[?(@.sku == vars.tricky)].n', '[3]'],
    ['payload.lines[?(@.sku == vars.hostile)].n', '[]'],
    ['payload.lines[?(@.n == payload.lines[1].n)].sku', '["y"]'],
    ['payload.lines[?(@.n == length(vars.sku))].n', '[1]'],
    ['payload.lines[?(@.sku =~ /[a-x]/)].n', '[1]'],
    ['payload.lines[?(@.n == params.pathParams.n)].sku', '["it\'s"]'],
    ['payload.lines.length()', '3'],
    ['payload.lines[*].n.sum()', '6.0'],
    ['payload.lines.first()', '{"sku":"x","n":1,"total":5}'],
    ['payload.lines[?(@.n > 5)]', '[]'],
    ['payload.off', 'null'],
    ['payload.price', '8.95'],
  ])('${%s} is %s', (inner, expected) => {
    const ctx = context(json(ORDER))
    ctx.variables.set('key', 'name')
    ctx.variables.set('at', 1)
    ctx.variables.set('sku', 'y')
    ctx.variables.set('tricky', "it's")
    ctx.variables.set('hostile', "x' || @.n > 0 || @.sku == 'x")
    ctx.properties.set('uri.var.n', '3')
    expect(text(inner, ctx)).toBe(expected)
  })

  test('a path that leads nowhere has no value', () => {
    expect(reason('payload.nowhere')).toBe('payload.nowhere leads nowhere')
    expect(reason('payload.name.first')).toBe('payload.name.first leads nowhere')
    expect(reason('payload.lines[3]')).toBe('payload.lines[3] leads nowhere')
    expect(reason('payload.lines[payload.name]')).toBe('payload.lines[payload.name] leads nowhere')
    expect(reason('payload.lines[payload.on]')).toBe('true is no index')
    expect(reason('payload.a', context())).toBe('there is no payload')
    expect(reason('payload', context())).toBe('there is no payload')
  })

  test('a payload that cannot be read has no value either', () => {
    expect(reason('payload.a', context(json('{')))).toContain('the payload is no JSON')
  })

  test('the whole payload: JSON compact, XML as it is, text as it is', () => {
    expect(text('payload', context(json('{ "a" : 1.50 }')))).toBe('{"a":1.50}')
    expect(text('$', context(json('"hi"')))).toBe('hi')
    expect(text('payload', context(xml('<a><b>1</b></a>')))).toBe('<a><b>1</b></a>')
    expect(text('payload', context(soap('<a>1</a>')))).toContain('<a')
    expect(text('payload', context(message('hello', 'text/plain')))).toBe('hello')
    expect(text('payload + 1', context(json('41')))).toBe('42.0')
  })

  test('a path looks into XML as JSON', () => {
    expect(text('payload.order.id + 1', context(xml('<order><id>7</id></order>')))).toBe('8')
  })

  test('only what looks at the payload reads it', () => {
    expect(compile('${payload.a}').readsContent).toBe(true)
    expect(compile('${vars.a == 1 ? "x" : $.b}').readsContent).toBe(true)
    expect(compile('${vars.list[payload.i]}').readsContent).toBe(true)
    expect(compile("${xpath('//a')}").readsContent).toBe(true)
    expect(compile("${xpath('$ctx:a')}").readsContent).toBe(false)
    expect(compile("${xpath('//a', 'x')}").readsContent).toBe(false)
    expect(compile('${vars.payload + props.synapse.x}').readsContent).toBe(false)
  })
})

describe('variables', () => {
  test('values of every kind', () => {
    const ctx = context()
    ctx.variables.set('n', 5)
    ctx.variables.set('big', 9007199254740993n)
    ctx.variables.set('text', '007')
    ctx.variables.set('object', { a: { b: [1, 2.5] } })
    ctx.variables.set('json', '{"a":[10]}')
    ctx.variables.set('xml', parseXml('<a><b>1</b></a>').documentElement)
    ctx.variables.set('exact', new ExactNumber('2.50'))
    for (const [inner, expected] of [
      ['vars.n + 1', '6'],
      ['vars.big + 1', '9007199254740994'],
      ['vars.text', '007'],
      ['vars.object.a.b[1]', '2.5'],
      ['vars["object"]["a"].b', '[1,2.5]'],
      ['vars.json.a[0]', '10'],
      ['vars.json', '{"a":[10]}'],
      ['vars.xml', '<a><b>1</b></a>'],
      ['vars.exact', '2.5'],
    ] as const) {
      expect(text(inner, ctx)).toBe(expected)
    }
    expect(reason('vars.none', ctx)).toBe('Variable none is not defined')
    expect(reason('vars.xml.b', ctx)).toBe("xml holds XML; xpath(…, 'xml') looks into it")
    expect(reason('vars.text.b', ctx)).toBe('variable text is no JSON')
    expect(reason('vars.object.x', ctx)).toBe('vars.object.x leads nowhere')
  })

  test('a map as a connector leaves it', () => {
    const ctx = context()
    const headers = new Map([['city', 'Paris']])
    ctx.variables.set(
      'r',
      new Map<string, unknown>([
        ['payload', '{"a":[{"b":1}]}'],
        ['headers', headers],
      ]),
    )
    expect(text('vars.r.payload.a[0].b', ctx)).toBe('1')
    expect(text('vars.r.headers.city', ctx)).toBe('Paris')
    expect(text('vars.r.payload', ctx)).toBe('{"a":[{"b":1}]}')
    expect(reason('vars.r.nothing', ctx)).toBe('vars.r.nothing leads nowhere')
    expect(reason('vars.r[0]', ctx)).toBe('vars.r[0] leads nowhere')
  })

  test('the names of early versions', () => {
    const ctx = context()
    ctx.variables.set('a', 1)
    expect(text('var.a', ctx)).toBe('1')
  })
})

describe('headers, properties, parameters and the environment', () => {
  test.each([
    ['007', '7'],
    ['1.0', '1.0'],
    ['5000000000', '5000000000'],
    ['-3', '-3'],
    ['1e3', '1000.0'],
    ['x1', 'x1'],
    ['1x', '1x'],
    ['', ''],
  ])('a text %j is %j', (value, expected) => {
    const ctx = context()
    ctx.message.headers.set('X-Id', value)
    ctx.properties.set('a', value)
    ctx.transport.extra.set('a', value)
    ctx.properties.set('query.param.a', value)
    ctx.properties.set('uri.var.a.b', value)
    const frame = { values: new Map([['a', value]]), outer: undefined }
    ctx.parameters = frame
    for (const inner of [
      'headers.x-id',
      'headers["X-Id"]',
      'props.synapse.a',
      'properties.axis2["a"]',
      'params.queryParams.a',
      'params.pathParams["a.b"]',
      'params.functionParams.a',
      'props.synapse["uri.var.a.b"]',
    ]) {
      expect(text(inner, ctx)).toBe(expected)
    }
  })

  test('what is not set has no value', () => {
    for (const inner of [
      'headers.a',
      'props.synapse.a',
      'props.axis2.a',
      'params.queryParams.a',
      'configs.NO_SUCH',
    ])
      expect(reason(inner)).toBe(`${inner} is not set`)
  })

  test('configs are the environment', () => {
    process.env.MYELIN_TEST_LIMIT = '10'
    try {
      expect(text('configs.MYELIN_TEST_LIMIT + 1')).toBe('11')
    } finally {
      delete process.env.MYELIN_TEST_LIMIT
    }
  })

  test('a parameter that was passed unevaluated is evaluated now', () => {
    const ctx = context(json(ORDER))
    const late = new LateValue(now => compile('json-eval($.name)').text(now))
    ctx.parameters = { values: new Map([['a', late]]), outer: undefined }
    expect(text('params.functionParams.a', ctx)).toBe('tea')
    expect(compile('$func:a').text(ctx)).toBe('tea')
  })
})

describe('arithmetic', () => {
  test.each([
    ['8.95 + 8.99', '17.94'],
    ['0.1 + 0.2', '0.3'],
    ['1.1 * 3', '3.3'],
    ['5 - 3', '2'],
    ['2147483647 + 1', '2147483648'],
    ['9007199254740992 + 1', '9007199254740993'],
    ['9007199254740993 * 2', '18014398509481986'],
    ['3000000000 * 2', '6000000000'],
    ['7 / 2', '3.5'],
    ['6 / 2', '3'],
    ['34.45 / 3.44', '10.01'],
    ['10 / 2.5', '4.0'],
    ['6000000000 / 2', '3.0E9'],
    ['2.5 / 1', '2.5'],
    ['7 % 4', '3'],
    ['-7 % 4', '-3'],
    ['7.5 % 2', '1.5'],
    ['5.0', '5.0'],
    ['10000000.0', '1.0E7'],
    ['0.0001', '1.0E-4'],
    ['1 > 0.5', 'true'],
    ['now() > 5', 'true'],
    ['payload.lines.length() >= 3', 'true'],
    ['3 <= 2', 'false'],
    ['10 == "10"', 'true'],
    ['2.0 == 2', 'false'],
    ['1 != 2', 'true'],
    ['null == null', 'true'],
    ['payload.off != 1', 'true'],
    ['"a" + "b"', 'ab'],
    ['payload.name == "tea"', 'true'],
  ])('${%s} is %s', (inner, expected) => {
    expect(text(inner)).toBe(expected)
  })

  test.each([
    ['"a" - 1', '"-" does not take "a" with 1'],
    ['true + 1', '"+" does not take true with 1'],
    ['1 / 0', '"/" by zero'],
    ['1 % 0.0', '"%" by zero'],
    ['"a" > "b"', '">" takes a number, not "a"'],
    ['null + 1', '"+" does not take null'],
    ['payload.off > 1', '">" does not take null'],
    ['1 and true', 'and takes true or false, not 1; comparisons beside it belong in brackets'],
    ['true or 1', 'or takes true or false, not 1; comparisons beside it belong in brackets'],
    ['1 ? 2 : 3', '"?" takes true or false, not 1'],
    ['[null]', 'a list takes no null'],
  ])('${%s} has no value', (inner, why) => {
    expect(reason(inner)).toBe(why)
  })
})

describe('functions', () => {
  test.each([
    ['length("abc")', '3'],
    ['toUpper("aé")', 'AÉ'],
    ['toLower(payload.on)', 'true'],
    ['trim("  a ")', 'a'],
    ['subString("hello", 1)', 'ello'],
    ['subString("hello", 1, 3)', 'el'],
    ['subString("hello", 5)', ''],
    ['startsWith("hello", "he")', 'true'],
    ['endsWith("hello", "he")', 'false'],
    ['contains("hello", "ell")', 'true'],
    ['indexOf("hello", "l")', '2'],
    ['indexOf("hello", "l", 3)', '3'],
    ['indexOf("hello", "z")', '-1'],
    ['charAt("hello", 1)', 'e'],
    ['replace("a.b.c", ".", "$&")', 'a$&b$&c'],
    ['split("a1b22c", "[0-9]+")', '["a","b","c"]'],
    ['split("a,b,,", ",")', '["a","b"]'],
    ['split("abc", "")', '["a","b","c"]'],
    ['abs(-5)', '5'],
    ['abs(-5.5)', '5.5'],
    ['ceil(5)', '5'],
    ['floor(5.8)', '5.0'],
    ['round(-2.5)', '-2'],
    ['round(7, 2)', '7'],
    ['round(1.005, 2)', '1.01'],
    ['sqrt(16)', '4.0'],
    ['sqrt(-1)', 'NaN'],
    ['pow(2, 0.5)', '1.4142135623730951'],
    ['log(1000)', '3.0'],
    ['log(8, 2)', '3.0'],
    ['base64encode("hé")', 'aMOp'],
    ['base64encode("hé", "ISO-8859-1")', 'aOk='],
    ['base64decode("aMOp")', 'hé'],
    ['urlEncode("a b&~é")', 'a%20b%26%7E%C3%A9'],
    ['urlEncode("a b é", "ISO-8859-1")', 'a+b+%E9'],
    ['urlDecode("a+b%20c%C3%A9")', 'a b cé'],
    ['string(payload.lines[0])', '{"sku":"x","n":1,"total":5}'],
    ['string(5.0)', '5.0'],
    ['integer("12") + 1', '13'],
    ['integer(payload.lines[0].n)', '1'],
    ['float("2") + 1', '3.0'],
    ['boolean("TRUE")', 'true'],
    ['object("{\\"a\\":{\\"b\\":1}}").a.b', '1'],
    ['object(\'{"a":[1,2]}\').a[1]', '2'],
    ["array('[1,2,3]')[1:]", '[2,3]'],
    ['array(payload.lines).length()', '3'],
    ['isString("a")', 'true'],
    ['isNumber(2.5)', 'true'],
    ['isNumber("34")', 'false'],
    ["isArray('[1]')", 'true'],
    ['isArray(payload)', 'false'],
    ["isObject('{}')", 'true'],
    ['isObject(payload.lines)', 'false'],
    ['not(1 == 2)', 'true'],
    ['exists(payload.id)', 'true'],
    ['exists(vars.x)', 'false'],
  ])('${%s} is %s', (inner, expected) => {
    expect(text(inner)).toBe(expected)
  })

  test.each([
    ['length(5)', 'text is expected, not 5'],
    ['length(payload.off)', 'length() does not take null'],
    ['subString("abc", 1, 9)', 'there is no part from 1 to 9 of "abc"'],
    ['subString("abc", 1.5)', 'a whole number is expected, not 1.5'],
    ['charAt("abc", 3)', '"abc" has no character 3'],
    ['round(1.5, 0)', 'round takes a number of decimals from 1 on'],
    ['integer(34.5)', '34.5 is no whole number'],
    ['integer("34.5")', '"34.5" is no whole number'],
    ['float("x")', 'float takes a number, not "x"'],
    ['object("[1]")', '"[1]" is no object'],
    ['array("{")', 'the text is no JSON'],
    ['not("true")', 'not takes true or false, not "true"'],
    ['urlDecode("%zz")', '"%zz" has a % without two hexadecimal digits'],
    ['base64encode("a", "KLINGON")', 'the charset KLINGON is not known'],
    ['trim("a", "b")', 'trim() takes 1 arguments, not 2'],
    ['formatDateTime("x", "yyyy", "yyyy")', '"x" is no date like yyyy'],
    ['xpath("$ctx:none")', 'xpath("$ctx:none") gives nothing'],
    ['xpath("//a", "none")', 'Variable none is not defined'],
  ])('${%s} has no value', (inner, why) => {
    expect(reason(inner)).toBe(why)
  })

  test('dates and times', () => {
    expect(Number(text('now()'))).toBeGreaterThan(1_700_000_000_000)
    expect(text('formatDateTime("2026-01-31 16:05:09", "yyyy-MM-dd HH:mm:ss", "d MMM yyyy h:mm a")')).toBe(
      '31 Jan 2026 4:05 PM',
    )
    expect(text('formatDateTime("31/01/2026", "dd/MM/yyyy", "yyyy-MM-dd")')).toBe('2026-01-31')
    expect(text('formatDateTime("16:05", "HH:mm", "hh:mm a")')).toBe('04:05 PM')
    expect(reason('formatDateTime("16:05", "HH:mm", "yyyy")')).toBe('yyyy asks for more than HH:mm says')
    const noon = new Date(2026, 0, 31, 12, 30).getTime()
    expect(text(`formatDateTime(${noon}, "yyyy-MM-dd'T'HH:mm:ss.SSS")`)).toBe('2026-01-31T12:30:00.000')
  })

  test('xpath looks into the message, or into XML in a variable', () => {
    const ctx = context(soap('<o:order xmlns:o="urn:orders"><id>7</id><id>8</id></o:order>'))
    ctx.variables.set('x', parseXml('<list><i>1</i><i>2</i></list>').documentElement)
    ctx.variables.set('m', new Map([['field', parseXml('<f>3</f>').documentElement]]))
    ctx.variables.set('path', '//id[1]')
    expect(text("xpath('//o:order/id[2]')", ctx)).toBe('8')
    expect(text("xpath('//i[1]', 'x')", ctx)).toBe('1')
    expect(text("xpath('//f', 'm.field')", ctx)).toBe('3')
    expect(text('xpath(vars.path)', ctx)).toBe('7')
    expect(text("xpath('count(//id)') + ' found'", ctx)).toBe('2.0 found')
    expect(compile("${xpath('//id')}").value(ctx)).toMatchObject([{ localName: 'id' }, { localName: 'id' }])
    expect(reason("xpath('//a', 'path')", ctx)).toBe('variable path holds no XML')
  })

  test('registry reads local entries and resources', () => {
    expect(text('registry("greeting")')).toBe('hello')
    expect(text('registry("limits").a.b[1]')).toBe('2')
    expect(reason('registry("none")')).toBe('there is no resource none')
    expect(reason('registry("greeting").a')).toBe('resource greeting is no JSON')
    expect(reason('registry("greeting").property("p")')).toBe('resource greeting has no property p')
  })
})

describe('values with their type', () => {
  test.each([
    ['payload.id', 7],
    ['payload.price', 8.95],
    ['payload.on', true],
    ['payload.off', null],
    ['payload.lines[0]', ORDER.lines[0]],
    ['payload.lines[*].n', [1, 2, 3]],
    ['"text"', 'text'],
    ['[1, "a"]', [1, 'a']],
    ['5.0', new ExactNumber('5.0')],
    ['payload.nowhere', undefined],
  ])('${%s}', (inner, expected) => {
    expect(compile(`\${${inner}}`).value(context(json(ORDER)))).toEqual(expected)
  })

  test('an item of an array, XML, and the whole payload', () => {
    expect(compile('${payload[1]}').value(context(json('[1,2]')))).toBe(2)
    expect(compile('${payload[0]}').value(context(json('[1.50]')))).toEqual(new ExactNumber('1.50'))
    expect(compile('${payload}').value(context(json('[1]')))).toEqual([1])
    expect(compile('${payload}').value(context(xml('<a/>')))).toMatchObject({ localName: 'a' })
  })

  test('as a condition only true is true', () => {
    const truth = (inner: string): boolean => compile(`\${${inner}}`).boolean(context(json(ORDER)))
    expect([truth('payload.on'), truth('"TRUE"'), truth('1'), truth('payload.nowhere')]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})

test('in a sequence: properties, variables, filters and names', async () => {
  const { properties, variables } = await mediate(
    `<property name="a" expression="\${payload.lines.length() + 1}"/>
     <variable name="v" expression="\${payload.lines[0]}"/>
     <property name="{\${payload.name}}" expression="\${vars.v.sku}"/>
     <filter xpath="\${(payload.id == 7) and payload.on}"><then><property name="passed" value="yes"/></then></filter>
     <property name="none" expression="\${payload.nowhere}"/>`,
    json(ORDER),
  )
  expect(properties.get('a')).toBe('4')
  expect(properties.get('tea')).toBe('x')
  expect(properties.get('passed')).toBe('yes')
  expect(properties.get('none')).toBe('')
  expect(variables.get('v')).toEqual(ORDER.lines[0])
})

test('an expression that looks at no content reads none', async () => {
  const body = new Message(json('{').content, json('{').headers)
  const { properties } = await mediate('<property name="a" expression="${1 + 1}"/>', body)
  expect(properties.get('a')).toBe('2')
})
