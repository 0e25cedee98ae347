import { expect, test } from 'vitest'
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
