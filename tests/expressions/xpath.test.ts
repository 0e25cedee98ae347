import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  compileXPath,
  type XPathFunction,
  type XPathScope,
  XPathSyntaxError,
  type XPathValue,
  type XPathVariable,
  xpathBoolean,
  xpathString,
  xpathText,
} from '../../src/expressions/xpath.ts'
import { inDocumentOrder } from '../../src/message/xml/order.ts'
import { parseXml } from '../../src/message/xml/parse.ts'
import { XmlElement, type XmlNode } from '../../src/message/xml/tree.ts'

type Properties = Readonly<Record<string, XPathValue>>

const NAMESPACES = new Map([
  ['s', 'http://schemas.xmlsoap.org/soap/envelope/'],
  ['o', 'urn:orders'],
  ['f', 'http://www.w3.org/2005/xpath-functions'],
  ['other', 'urn:other'],
])

const getProperty: XPathFunction<Properties> = (properties, [name]) =>
  properties[xpathString(name ?? null)] ?? null

/** As configurations see it: `$ctx:name`, `$body` and `get-property`. */
const scope: XPathScope<Properties> = {
  namespaces: NAMESPACES,
  function: (_prefix, name) => (name === 'get-property' ? getProperty : undefined),
  variable: (prefix, name): XPathVariable<Properties> | undefined => {
    if (prefix === 'ctx') return properties => properties[name] ?? null
    return prefix === undefined && name === 'body' ? () => [ENVELOPE.children[1]!] : undefined
  },
}

const ENVELOPE =
  parseXml(`<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body><o:order
 xmlns:o="urn:orders" id="7" o:kind="new" xml:lang="en-GB"><o:item n="1">Tea</o:item><o:item n="2"> Milk
 </o:item><total>12.50</total><note>a<![CDATA[<b>]]>c</note><!--paid--><?print now?><sub><o:item n="3">Rum</o:item
><total/></sub></o:order></s:Body></s:Envelope>`).documentElement!

function evaluate(source: string, properties: Properties = {}, node: XmlNode = ENVELOPE): XPathValue {
  return compileXPath(source, scope).evaluate(node, properties)
}

function text(source: string, properties: Properties = {}): string | null {
  return xpathText(evaluate(source, properties), source)
}

function names(value: XPathValue): string[] {
  if (!Array.isArray(value)) throw new Error(`no nodes: ${value}`)
  return value.map(node => (node.nodeType === 1 ? (node.getAttribute('n') ?? node.localName) : node.nodeName))
}

function syntaxError(source: string): { message: string; offset: number | undefined } {
  try {
    compileXPath(source, scope)
  } catch (error) {
    if (error instanceof XPathSyntaxError) return { message: error.message, offset: error.offset }
    throw error
  }
  throw new Error(`${source} compiles`)
}

describe('nodes', () => {
  test.each([
    ['//o:item', ['1', '2', '3']],
    ['/s:Envelope/s:Body/o:order/o:item', ['1', '2']],
    ['s:Body//o:item[2]', ['2']],
    ['//o:item[1]', ['1', '3']],
    ['(//o:item)[1]', ['1']],
    ['(//o:item)[last()]', ['3']],
    ['//o:item[last()]', ['2', '3']],
    ['//o:item[position() > 1]', ['2']],
    ['//o:item[@n > 1]', ['2', '3']],
    ['//o:item[@n > 1][1]', ['2', '3']],
    ['//o:item[1][@n > 1]', ['3']],
    ['//sub/preceding-sibling::o:item', ['1', '2']],
    ['//sub/preceding-sibling::o:item[1]', ['2']],
    ['//o:item/following-sibling::*', ['2', 'total', 'note', 'sub', 'total']],
    ['//o:item[@n=3]/ancestor::*', ['Envelope', 'Body', 'order', 'sub']],
    ['//o:item[@n=3]/ancestor::*[1]', ['sub']],
    ['//o:item[@n=3]/preceding::*', ['Header', '1', '2', 'total', 'note']],
    ['//note/following::*', ['sub', '3', 'total']],
    ['//o:item/..', ['order', 'sub']],
    ['//o:item | //total | //o:item', ['1', '2', 'total', '3', 'total']],
    ['//*[o:item]', ['order', 'sub']],
    ['//@*', ['id', 'o:kind', 'xml:lang', 'n', 'n', 'n']],
    ['//@o:*', ['o:kind']],
    ['//o:order/@id', ['id']],
    ['//comment()', ['#comment']],
    ['//processing-instruction("print")', ['print']],
    ['//note/text()', ['#text']],
    ['//note/node()', ['#text']],
    ['//o:*[self::o:item]', ['1', '2', '3']],
    ['//s:Body/descendant-or-self::*[total]', ['order', 'sub']],
    ["//*[local-name()='item'][namespace-uri()='urn:orders']", ['1', '2', '3']],
    ['//o:item [ @n = count( //sub ) ]', ['1']],
    ['//div', []],
    ['/', ['#document']],
    ['.', ['Envelope']],
  ])('%s', (source, expected) => {
    expect(names(evaluate(source))).toEqual(expected)
  })

  test('prefixes of the expression count, not those of the document', () => {
    expect(names(evaluate('//order'))).toEqual([])
    expect(names(evaluate('//xml:order'))).toEqual([])
    expect(names(evaluate('//@xml:lang'))).toEqual(['xml:lang'])
  })

  test('text and CDATA side by side are one text', () => {
    expect(text('//note/text()')).toBe('a<b>c')
    expect(evaluate('count(//note/text())')).toBe(1)
  })

  test('namespaces in scope can be listed', () => {
    expect(evaluate('count(//sub/namespace::*)')).toBe(3)
    expect(evaluate('string(//sub/namespace::o)')).toBe('urn:orders')
  })

  test('a path from the root works in a tree without a document', () => {
    const detached = ENVELOPE.clone()

    expect(names(evaluate('/s:Envelope/s:Body', {}, detached))).toEqual(['Body'])
  })
})

describe('values', () => {
  test.each([
    ['count(//o:item)', 3],
    ['sum(//o:item/@n)', 6],
    ['//total + 1', 13.5],
    ['5 mod -2', 1],
    ['-5 mod 2', -1],
    ['- (2 - 5) * 2', 6],
    ['6 div 4', 1.5],
    ["number('1e3')", Number.NaN],
    ["number(' 12. ')", 12],
    ['number(//nothing)', Number.NaN],
    ['round(-2.5)', -2],
    ['floor(-2.5)', -3],
    ['ceiling(2.1)', 3],
    ["string-length('é😀')", 2],
    ["concat('a', 1, true(), 2.50, //total)", 'a1true2.512.50'],
    [
      'concat(count(//o:item), 0.0000001, 1 div 3 * 3000000000000000000000000)',
      '30.00000011000000000000000000000000',
    ],
    ["substring('12345', 1.5, 2.6)", '234'],
    ["substring('12345', 0, 3)", '12'],
    ["substring('12345', -42, 1 div 0)", '12345'],
    ["substring('12345', 0 div 0, 3)", ''],
    ["substring('😀x', 2)", 'x'],
    ["substring-before('a=b', '=')", 'a'],
    ["substring-after('a=b', '=')", 'b'],
    ["translate('bar', 'abc', 'AB')", 'BAr'],
    ["normalize-space('  a  b ')", 'a b'],
    ["starts-with('abc', '')", true],
    ["ends-with('abc', 'bc')", true],
    ["contains('abc', 'd')", false],
    ["lower-case('AbÇ')", 'abç'],
    ["upper-case('abß')", 'ABSS'],
    ['name(//@o:*)', 'o:kind'],
    ['local-name(//o:item)', 'item'],
    ['name(//comment())', ''],
    ["//o:item[1][lang('en')] = 'Tea'", true],
    ["boolean(//o:order[lang('fr')])", false],
    ['string(-1 div 0)', '-Infinity'],
    ['1 < 2 and not(false()) or false()', true],
    ["'a' = 'b' or 1 = 1.0", true],
    ["true() = 'x'", true],
    ["'1' = 1", true],
    ["//o:item = 'Milk'", false],
    ["//o:item != 'Tea'", true],
    ['//total > //o:item/@n', true],
    ['//o:item/@n = //sub/o:item/@n', true],
    ['//o:item/@n < 1', false],
    ["//nothing = ''", false],
    ['3 > 2 > 1', false],
    ["concat(name(*), '|', local-name(//sub/*))", 's:Header|item'],
  ])('%s is %j', (source, expected) => {
    expect(evaluate(source)).toEqual(expected)
  })

  test('a name may be a word of the language where no operator can stand', () => {
    const root = parseXml('<div><mod>3</mod><or and="1"/></div>').documentElement!
    const programOf = (source: string) => compileXPath(source, scope).evaluate(root, { and: 'x' })

    expect(programOf('mod mod 2')).toBe(1)
    expect(programOf('count(or/@and | mod)')).toBe(2)
    expect(programOf('$ctx:and and or')).toBe(true)
  })

  test('functions of XPath itself may carry a prefix that means nothing else', () => {
    expect(evaluate("fn:concat('a', 'b')")).toBe('ab')
    expect(evaluate("f:lower-case('A')")).toBe('a')
    expect(evaluate("syn:get-property('x')", { x: '1' })).toBe('1')
    expect(syntaxError("other:concat('a', 'b')").message).toBe('there is no function other:concat()')
  })

  test('errors that show at run time only say what is wrong', () => {
    expect(() => evaluate("count('x')")).toThrow('count expects (node-set)')
    expect(() => evaluate("local-name('x')")).toThrow('local-name expects nodes')
    expect(() => evaluate("'x' | //total")).toThrow('"|" joins nodes')
    expect(() => evaluate('$ctx:x[1]', { x: 'text' })).toThrow('a predicate needs nodes')
  })
})

describe('properties', () => {
  test.each([
    ['$ctx:uri.var.id', '42'],
    ['$ctx:Content-Type', 'a/b'],
    ['$ctx:_x1', 'u'],
    ["get-property('uri.var.id')", '42'],
    ['$ctx:uri.var.id + 1', '43.0'],
    ["concat($ctx:uri.var.id, '-', $ctx:missing, '.')", '42-.'],
    ['$body//sub/total', '<total/>'],
    ['$ctx:xml/b', '1'],
    ['$ctx:xml/b/@c', '2'],
    ['$ctx:uri.var.id/b', ''],
  ])('%s is %s', (source, expected) => {
    const xml = [parseXml('<a><b c="2">1</b></a>').documentElement!]

    expect(text(source, { 'uri.var.id': '42', 'Content-Type': 'a/b', _x1: 'u', xml })).toBe(expected)
  })

  test.each([
    ['$ctx:x', null],
    ["get-property('x')", null],
    ["$ctx:x = 'a'", false],
    ["$ctx:x != 'a'", false],
    ['$ctx:x != //total', false],
    ['$ctx:x = false()', false],
    ['$ctx:x < 1', false],
    ["not($ctx:x = 'a')", true],
    ['not($ctx:x)', true],
    ['string-length($ctx:x)', 0],
    ["contains($ctx:x, '')", true],
    ['number($ctx:x)', Number.NaN],
    ['count($ctx:x | //total)', 2],
    ['$ctx:x/y', []],
  ])('%s is %j when x is not there', (source, expected) => {
    expect(evaluate(source)).toEqual(expected)
  })

  test('types decide how properties compare', () => {
    expect(evaluate("$ctx:flag = 'false'", { flag: false })).toBe(false)
    expect(evaluate('$ctx:flag = false()', { flag: false })).toBe(true)
    expect(['5', 5, '5.0'].map(n => evaluate('$ctx:n = 5', { n }))).toEqual([true, true, true])
  })

  test('a number in a predicate is a position, wherever it comes from', () => {
    expect(names(evaluate('//o:item[$ctx:n]', { n: 2 }))).toEqual(['2'])
    expect(names(evaluate('//o:item[$ctx:n]', { n: 'x' }))).toEqual(['1', '2', '3'])
    expect(names(evaluate("//o:item[get-property('n')]", { n: 1 }))).toEqual(['1', '3'])
  })
})

describe('text', () => {
  test.each([
    ['//nothing', ''],
    ['//total', '<total>12.50</total><total/>'],
    ['count(//o:item)', '3.0'],
    ['12345678.5', '1.23456785E7'],
    ['0.0001', '1.0E-4'],
    ['100 * 1000000', '1.0E8'],
    ['1 div 0', 'Infinity'],
    ['1 = 1', 'true'],
    ['//o:order/@id', '7'],
    ['//@n', '123'],
    ["'x'", 'x'],
  ])('of %s is %j', (source, expected) => {
    expect(text(source)).toBe(expected)
  })

  test('of one element is its own text, trimmed, or else its XML', () => {
    expect(text('(//o:item)[2]')).toBe('Milk')
    expect(text('//sub/total')).toBe('<total/>')
    expect(text('//sub')).toBe('<sub><o:item xmlns:o="urn:orders" n="3">Rum</o:item><total/></sub>')
    expect(xpathText([parseXml('<a>\u00a0x\u00a0</a>').documentElement!], 'a')).toBe('x')
  })

  test('of one element is its XML when the expression contains node()', () => {
    expect(text('//s:Body/o:order/sub/total/self::node()')).toBe('<total/>')
    expect(text('//o:order/node()[self::total]')).toBe('<total>12.50</total>')
  })

  test('of several elements has their texts trimmed', () => {
    expect(text('//o:order/o:item[@n=2] | //sub/total')).toBe(
      '<o:item xmlns:o="urn:orders" n="2">Milk</o:item><total/>',
    )
  })

  test('of no value is null', () => {
    expect(xpathText(null, '$ctx:x')).toBeNull()
  })

  test('of the document is the XML of its element', () => {
    const document = parseXml('<a><b/></a>')

    expect(xpathText(evaluate('/', {}, document), '/')).toBe('<a><b/></a>')
  })
})

test('values become conditions', () => {
  const values: XPathValue[] = [null, '', 'false', 0, Number.NaN, 2, [], [ENVELOPE], true, false]

  expect(values.map(xpathBoolean)).toEqual([false, false, true, false, false, true, false, true, true, false])
})

test.each([
  ['$ctx:x', false],
  ["concat($ctx:x, get-property('y'))", false],
  ['1 + 2', false],
  ['$ctx:x/y[. = string()]', false],
  ['//x', true],
  ['.', true],
  ['string()', true],
  ['$body', true],
  ["$ctx:x = concat('a', /a)", true],
  ['$ctx:x[//y]/z', false],
  ['$ctx:x[$body]', true],
  ["count($body/*) > 0 and $ctx:x = 'a'", true],
])('%s reads content: %s', (source, expected) => {
  expect(compileXPath(source, scope).readsContent).toBe(expected)
})

test('functions and variables can say whether they read content', () => {
  const reads = Object.assign(() => 'x', { readsContent: true })
  const marked: XPathScope<null> = { namespaces: new Map(), function: () => reads, variable: () => reads }

  expect(compileXPath('f()', marked).readsContent).toBe(true)
  expect(compileXPath('$p:x', marked).readsContent).toBe(true)
})

test('what reads no content needs no node', () => {
  expect(compileXPath('$ctx:x', scope).evaluate(undefined, { x: '1' })).toBe('1')
  expect(() => compileXPath('//x', scope).evaluate(undefined, {})).toThrow('there is no content to look into')
})

test.each([
  ['', 0, 'the expression is empty'],
  ['//a[', 4, 'the expression ends too early'],
  ['//a]', 3, '"]" is not expected here'],
  ["concat('a'", 10, 'the expression ends too early'],
  ["concat('a)", 7, "the string that begins with ' does not end"],
  ['1e3', 1, '"e3" is not expected here'],
  ['a && b', 2, '& is not allowed here; write "and"'],
  ['1 + nofn(2)', 4, 'there is no function nofn()'],
  ['constructor()', 0, 'there is no function constructor()'],
  ["contains('a')", 0, 'contains() takes 2 arguments, not 1'],
  ["substring('a')", 0, 'substring() takes 2 to 3 arguments, not 1'],
  ["concat('a')", 0, 'concat() takes 2 or more arguments, not 1'],
  ['$body + $nope', 9, 'there is no variable $nope'],
])('%j is refused at %i: %s', (source, offset, message) => {
  expect(syntaxError(source)).toEqual({ message, offset })
})

test('an unknown axis is named with the axes there are', () => {
  expect(syntaxError('//childs::a').message).toContain('there is no axis "childs"; there is ancestor')
})

describe('many nodes', () => {
  const AXES =
    'ancestor ancestor-or-self child descendant descendant-or-self following following-sibling parent preceding preceding-sibling self'.split(
      ' ',
    )
  const name = fc.constantFrom('a', 'b', 'c')
  const tree = fc.letrec<{ node: string }>(tie => ({
    node: fc.oneof(
      { maxDepth: 5 },
      name.map(n => `<${n} x=""/>`),
      fc
        .tuple(name, fc.array(tie('node'), { minLength: 1, maxLength: 3 }))
        .map(([n, inside]) => `<${n}>${inside.join('t')}</${n}>`),
    ),
  })).node

  test('taken together reach the same nodes as one by one', () => {
    const inputs = fc.record({
      xml: tree,
      axis: fc.constantFrom(...AXES),
      next: fc.constantFrom(...AXES),
      test: fc.constantFrom('*', 'a', 'node()', 'b[c]', 'c[2]', '*[last()]'),
    })
    fc.assert(
      fc.property(inputs, ({ xml, axis, next, test: nodeTest }) => {
        const root = parseXml(`<r>${xml}</r>`).documentElement!
        const from = evaluate(`//a/${axis}::node()`, {}, root) as XmlNode[]
        const together = evaluate(`//a/${axis}::node()/${next}::${nodeTest}`, {}, root)
        const apart = from.flatMap(node => evaluate(`${next}::${nodeTest}`, {}, node) as XmlNode[])
        expect(together).toEqual(inDocumentOrder(apart))
      }),
      { numRuns: 150 },
    )
  })

  /** Counts in time: a quadratic engine needs minutes for these. */
  test('cost no more than the tree is big', { timeout: 10_000 }, () => {
    const flat = new XmlElement('r')
    for (let i = 0; i < 20_000; i++) {
      const item = new XmlElement('x')
      item.setText(String(i))
      flat.append(item)
    }
    const megabyte = parseXml(`<r>${'<item n="1"><x>12345</x><y>6789</y></item>'.repeat(25_000)}</r>`)
      .documentElement!

    expect(names(evaluate('//x', {}, megabyte))).toHaveLength(25_000)
    expect(evaluate('count(//x/following::y)', {}, megabyte)).toBe(25_000)
    expect(evaluate('count(//y/preceding::x)', {}, megabyte)).toBe(25_000)
    expect(evaluate('count(//item/following-sibling::*)', {}, flat)).toBe(0)
    expect(evaluate('count(//x/preceding-sibling::x)', {}, flat)).toBe(19_999)
    expect(evaluate('count(//x/preceding-sibling::x[1])', {}, flat)).toBe(19_999)
    expect(evaluate('//x = //x/@none', {}, flat)).toBe(false)
    expect(evaluate('//x > //x', {}, flat)).toBe(true)
    expect(evaluate('count(//x | //x)', {}, flat)).toBe(20_000)
  })

  test('nested in each other cost no more than the tree is big', { timeout: 10_000 }, () => {
    const tower = `${'<a><b><c>'.repeat(160)}${'</c></b></a>'.repeat(160)}`
    const root = parseXml(`<r>${tower.repeat(20)}</r>`).documentElement!

    expect(evaluate('count(//a//b//c)', {}, root)).toBe(3200)
    expect(evaluate('count(//*//*//*//*//*//*)', {}, root)).toBe(20 * (480 - 4))
    expect(evaluate('count(//a/ancestor::*/descendant::c)', {}, root)).toBe(3200)
  })
})

test.each(['//q:a', '//q:*', 'count(//q:a)'])(
  '%s: a prefix nobody declared is a warning, and a fault',
  source => {
    const program = compileXPath(source, scope)

    expect(program.warnings).toEqual([
      'The prefix "q" is not declared, so this is a fault when it is evaluated; add xmlns:q="…".',
    ])
    expect(() => program.evaluate(parseXml('<a/>').documentElement!, {})).toThrow(
      'the prefix "q" is not declared',
    )
  },
)
