import { describe, expect, test } from 'vitest'
import { parseXml, XmlError, type XmlParseOptions } from '../../../src/message/xml/parse.ts'
import type { XmlElement } from '../../../src/message/xml/tree.ts'

function parse(text: string, options?: XmlParseOptions): XmlElement {
  return parseXml(text, options).documentElement!
}

function errorOf(text: string, options?: XmlParseOptions): XmlError {
  try {
    parseXml(text, options)
  } catch (error) {
    if (error instanceof XmlError) return error
    throw error
  }
  throw new Error(`no error for ${text.slice(0, 60)}`)
}

test('reads names, namespaces, attributes and text', () => {
  const order = parse(
    '<o:order xmlns:o="urn:o" xmlns="urn:d" id="7" o:kind="new"><line>A &amp; B</line></o:order>',
  )

  expect([order.nodeName, order.localName, order.prefix, order.namespaceURI]).toEqual([
    'o:order',
    'order',
    'o',
    'urn:o',
  ])
  expect([...order.declarations]).toEqual([
    ['o', 'urn:o'],
    ['', 'urn:d'],
  ])
  expect(order.attributes.map(a => [a.nodeName, a.namespaceURI, a.value])).toEqual([
    ['id', '', '7'],
    ['o:kind', 'urn:o', 'new'],
  ])
  expect(order.child('urn:d', 'line')?.text).toBe('A & B')
})

test('keeps comments, instructions and CDATA sections apart from text', () => {
  const root = parse('<a>x<!--c--><?go now?><![CDATA[<y>]]>z</a>')

  expect(root.childNodes.map(node => [node.nodeName, node.nodeValue])).toEqual([
    ['#text', 'x'],
    ['#comment', 'c'],
    ['go', 'now'],
    ['#text', '<y>'],
    ['#text', 'z'],
  ])
  expect(root.text).toBe('x<y>z')
})

test('reads line ends as line feeds', () => {
  expect(parse('<a b="1\r\n2">x\r\ny\rz</a>').text).toBe('x\ny\nz')
})

test('reads names every object has without mixing them up', () => {
  const root = parse('<constructor __proto__="1"><toString/></constructor>')

  expect([root.localName, root.getAttribute('__proto__'), root.getAttribute('constructor')]).toEqual([
    'constructor',
    '1',
    undefined,
  ])
})

test('reads a text longer than the pieces it is fed in', () => {
  const text = `${'x'.repeat(65_530)}😀\r\n${'y'.repeat(70_000)}`

  expect(parse(`<a>${text}</a>`).text).toBe(text.replace('\r\n', '\n'))
})

test('says where every element stands, to the character', () => {
  const text =
    '\ufeff<?xml version="1.0"?>\r\n<a x="1>2">\r\n<!-- <b> -->😀<![CDATA[<c>]]><p:b xmlns:p="u"\r\n y=\'2\'\r\n>t</p:b ><c/></a>'
  const root = parse(text, { positions: true })
  const spans = [root, ...root.children].map(({ span }) => [
    text.slice(span!.start, span!.startTagEnd),
    text.slice(span!.start, span!.end),
  ])

  expect(spans).toEqual([
    ['<a x="1>2">', text.slice(text.indexOf('<a '))],
    ['<p:b xmlns:p="u"\r\n y=\'2\'\r\n>', '<p:b xmlns:p="u"\r\n y=\'2\'\r\n>t</p:b >'],
    ['<c/>', '<c/>'],
  ])
})

test('says where elements stand behind the first piece', () => {
  const text = `<a>${'é\r\n'.repeat(50_000)}<b/></a>`
  const { span } = parse(text, { positions: true }).firstElement!

  expect(text.slice(span!.start, span!.end)).toBe('<b/>')
})

test('leaves positions away unless asked', () => {
  expect(parse('<a/>').span).toBeUndefined()
})

test.each([
  ['<a>\n  <b>\n</a>', 3, 1, '</a> does not close <b>; </b> is missing before it'],
  ['<a>\r\n<b>', 2, 1, '<b> is not closed; </b> is missing'],
  ['<a/>\n<b/>', 2, 1, '<b> is a second outermost element; there can be one'],
  ['<a/> x', 1, 6, 'text stands outside the outermost element'],
  ['<a><b c="1" c="2"/></a>', 1, 4, 'the attribute "c" is given twice in one tag; keep one'],
  [
    '<a xmlns:p="u" xmlns:q="u" p:x="" q:x=""/>',
    1,
    1,
    'the attribute "x" is given twice in one tag; keep one',
  ],
  ['<p:a/>', 1, 1, 'the prefix "p" is not declared; add xmlns:p="…"'],
  ['<a p:b=""/>', 1, 1, 'the prefix "p" is not declared; add xmlns:p="…"'],
  ['<constructor:a/>', 1, 1, 'the prefix "constructor" is not declared; add xmlns:constructor="…"'],
  ['<a>\n&nbsp;</a>', 2, 1, '&nbsp; stands for nothing; write a bare & as &amp;'],
  ['<a>&constructor;</a>', 1, 4, '&constructor; stands for nothing; write a bare & as &amp;'],
  ['<a>&#0;</a>', 1, 4, '&#0; stands for nothing; write a bare & as &amp;'],
  ['<a>x & y</a>', 1, 6, 'a bare & stands for nothing; write it as &amp;'],
  ['<!DOCTYPE a><a/>', 1, 1, 'a DOCTYPE is not allowed; leave it out'],
  ['<a b="x<y"/>', 1, 8, '"<" is not allowed in an attribute value; write &lt;'],
  ['<a>\u0001</a>', 1, 4, 'the character U+0001 is not allowed in XML'],
  ['<a>\ud800</a>', 1, 4, 'half of a surrogate pair is not a character'],
  ['', 1, 1, 'there is no element in the text'],
  ['<a b', 1, 1, 'the text ends inside what begins here'],
  ['</a>', 1, 1, '</a> closes nothing'],
  ['<a>\n<!-- a -- b --></a>', 2, 8, '"--" is not allowed in a comment; its end is -->'],
  ['<a><!-- - a long comment -- b --></a>', 1, 26, '"--" is not allowed in a comment; its end is -->'],
  ['<a>\r\n<!-- - a long comment \u0001--></a>', 2, 23, 'the character U+0001 is not allowed in XML'],
  ['<a>\n  <!-- x', 2, 3, 'the text ends inside what begins here'],
  ['<a>\n  <![CDATA[ x', 2, 3, 'the text ends inside what begins here'],
  ['<a>\n  <?x y', 2, 3, 'the text ends inside what begins here'],
  ['<a>\r\r\n<b>', 3, 1, '<b> is not closed; </b> is missing'],
  ['<a b="<!-- - in a value, too long -->"/>', 1, 7, '"<" is not allowed in an attribute value; write &lt;'],
])('explains what is wrong with %j', (text, line, column, message) => {
  const error = errorOf(text)

  expect([error.line, error.column, error.message]).toEqual([line, column, message])
})

test('refuses a DOCTYPE before its entities can grow', () => {
  const bomb = `<!DOCTYPE a [<!ENTITY x "${'y'.repeat(1000)}"><!ENTITY z "${'&x;'.repeat(1000)}">]><a>&z;</a>`

  expect(errorOf(bomb).message).toBe('a DOCTYPE is not allowed; leave it out')
})

test('refuses elements that are nested too deeply at the first one too many', () => {
  expect(errorOf('<a>'.repeat(1_000_000))).toMatchObject({
    message: 'elements are nested more than 500 deep',
    offset: 1500,
  })
  expect(errorOf('<a><b/></a>', { maxDepth: 1 }).offset).toBe(3)
  expect(parse(`${'<a>'.repeat(500)}${'</a>'.repeat(500)}`).localName).toBe('a')
})

test('reads an element with very many attributes and declarations', () => {
  const many = Array.from({ length: 50_000 }, (_, i) => `a${i}="${i}" xmlns:p${i}="u${i}"`).join(' ')
  const root = parse(`<a ${many}/>`)

  expect([root.attributes.length, root.declarations.size]).toEqual([50_000, 50_000])
})

describe('comments, sections and instructions', () => {
  test.each([
    ['<!-- a-b - c ->\r\n <d> & -->', '#comment', ' a-b - c ->\n <d> & '],
    ['<![CDATA[ ] ]] ]>\r\n <d> & <!-- - -->]]>', '#text', ' ] ]] ]>\n <d> & <!-- - -->'],
    ['<?go  now? ?? or > later\r\n <d> & ?>', 'go', 'now? ?? or > later\n <d> & '],
    ['<?go???????????????????????>', 'go', '?'.repeat(22)],
    ['<!-- a name such as ]]> or <?x?> - -->', '#comment', ' a name such as ]]> or <?x?> - '],
  ])('%j are read to the character', (part, name, value) => {
    for (const options of [{}, { positions: true }]) {
      const root = parse(`<a>x${part}<b/>y</a>`, options)
      expect(root.childNodes.map(node => [node.nodeName, node.nodeValue])).toEqual([
        ['#text', 'x'],
        [name, value],
        ['b', null],
        ['#text', 'y'],
      ])
    }
  })

  test('leave the positions of what follows right', () => {
    const text =
      '<a><!-- - a long comment - -->\r\n<?go ? a long instruction?><b>]<![CDATA[ a long ] one]]></b></a>'
    const { span } = parse(text, { positions: true }).firstElement!

    expect(text.slice(span!.start, span!.startTagEnd)).toBe('<b>')
    expect(text.slice(span!.start, span!.end)).toBe('<b>]<![CDATA[ a long ] one]]></b>')
  })

  test('may stand around the outermost element', () => {
    const part = '<!-- a long comment - --><?go ? a long instruction?>'
    const { childNodes } = parseXml(`<?xml version="1.0"?>${part}<a/>${part}`)

    expect(childNodes.map(node => node.nodeName)).toEqual(['#comment', 'go', 'a', '#comment', 'go'])
  })
})

describe('more nodes than are allowed', () => {
  test.each([
    ['<a><b/>\n<b/><b/></a>', 4, 2, 5],
    ['<a b="1" c="2" d="3" e="4"/>', 4, 1, 1],
    ['<a><!----><?b?><![CDATA[c]]>d<e/></a>', 5, 1, 30],
  ])('are refused at the first one too many: %j', (text, maxNodes, line, column) => {
    expect(errorOf(text, { maxNodes })).toMatchObject({
      message: `there are more than ${maxNodes} elements, attributes, texts and comments`,
      line,
      column,
    })
    expect(parse(text, { maxNodes: maxNodes + 1 }).localName).toBe('a')
  })

  test('are more than 500,000 where nobody says otherwise', () => {
    expect(parse(`<a>${'<b/>'.repeat(499_999)}</a>`).localName).toBe('a')
    expect(errorOf(`<a>${'<b/>'.repeat(2_500_000)}</a>`).column).toBe(3 + 499_999 * 4 + 1)
  })
})

describe('namespaces', () => {
  test('end with the element that declares them', () => {
    const root = parse(
      '<a xmlns="u" xmlns:p="v"><b xmlns="" xmlns:p="w"><p:c/><d xmlns:p="x"/></b><p:e p:x="" xml:y=""/><f/></a>',
    )
    const found = [...root.children, ...root.children[0]!.children].map(e => [e.localName, e.namespaceURI])

    expect(found).toEqual([
      ['b', ''],
      ['e', 'v'],
      ['f', 'u'],
      ['c', 'w'],
      ['d', ''],
    ])
    expect(root.children[1]!.getAttribute('x', 'v')).toBe('')
    expect(root.children[1]!.getAttribute('y', 'http://www.w3.org/XML/1998/namespace')).toBe('')
    expect(errorOf('<a><b xmlns:p="v"/><p:c/></a>').message).toContain('the prefix "p" is not declared')
  })
})

describe('10 MB', () => {
  test.each([
    ['comments before the element', `${'<!---->'.repeat(1_400_000)}<a/>`],
    ['instructions before the element', `${'<?b?>'.repeat(2_000_000)}<a/>`],
    ['a comment of hyphens', `<a><!--${'-x'.repeat(5_000_000)}`],
    ['a section of brackets', `<a><![CDATA[${']'.repeat(10_000_000)}`],
    ['an instruction of question marks', `<a><?b ${'?x'.repeat(5_000_000)}`],
  ])('of %s are refused', (_what, text) => {
    expect(errorOf(text)).toBeInstanceOf(XmlError)
  })

  test.each([
    ['a comment of hyphens', `<a><!--${'-x'.repeat(5_000_000)}--></a>`],
    ['a section of brackets', `<a><![CDATA[${']'.repeat(10_000_000)}]]></a>`],
    ['an instruction of question marks', `<a><?b ${'?x'.repeat(5_000_000)}?></a>`],
  ])('of %s are read', (_what, text) => {
    expect(parse(text).firstChild!.nodeValue).toHaveLength(10_000_000)
  })
})
