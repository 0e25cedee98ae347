import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseXml } from '../../../src/message/xml/parse.ts'
import { serializeXml, xmlAttributeText, xmlText } from '../../../src/message/xml/serialize.ts'
import { XmlAttribute, XmlComment, XmlDocument, XmlElement, XmlText } from '../../../src/message/xml/tree.ts'

function parse(text: string): XmlElement {
  return parseXml(text).documentElement!
}

test.each([
  '<a/>',
  '<s:Envelope xmlns:s="urn:s" xmlns="urn:d"><s:Body><x xmlns="" p="1"/></s:Body></s:Envelope>',
  '<a b="&lt;&amp;&quot;\'&#x9;&#xA;&#xD;">&lt;&amp;&gt;"\'&#xD;\n\té😀</a>',
  '<a><![CDATA[<b>&amp;]]>tail<!-- note --><?go now?><?stop?></a>',
  '<a xmlns:p="u" xml:lang="en"><p:b p:c="1"/></a>',
])('writes %s as it was', text => {
  expect(serializeXml(parseXml(text))).toBe(text)
})

test('puts an XML declaration in front when asked', () => {
  expect(serializeXml(parseXml('<a/>'), { declaration: true })).toBe(
    '<?xml version="1.0" encoding="UTF-8"?><a/>',
  )
})

test('declares what an element needs when it is written without its ancestors', () => {
  const root = parse('<s:e xmlns:s="urn:s" xmlns="urn:d" xmlns:unused="u"><b s:c="1"><d/></b></s:e>')

  expect(serializeXml(root.firstElement!)).toBe('<b xmlns="urn:d" xmlns:s="urn:s" s:c="1"><d/></b>')
})

test('declares what an element needs where it was moved to', () => {
  const target = parse('<t xmlns="urn:t"><place/></t>')
  const moved = parse('<m:x xmlns:m="urn:m"><y/></m:x>').clone()
  target.firstElement!.append(moved, new XmlElement('plain'))

  expect(serializeXml(target)).toBe(
    '<t xmlns="urn:t"><place><m:x xmlns:m="urn:m"><y xmlns=""/></m:x><plain xmlns=""/></place></t>',
  )
})

test('finds another prefix when the one wanted means something else in the same tag', () => {
  const element = new XmlElement('a', 'urn:1', 'p')
  element.addAttribute(new XmlAttribute('b', '1', 'urn:2', 'p'))
  element.addAttribute(new XmlAttribute('c', '2', 'urn:3'))

  const text = serializeXml(element)
  const read = parse(text)
  expect(read.namespaceURI).toBe('urn:1')
  expect([read.getAttribute('b', 'urn:2'), read.getAttribute('c', 'urn:3')]).toEqual(['1', '2'])
})

test('keeps the prefix of an element when an attribute wants it for another namespace further in', () => {
  const root = parse('<p:r xmlns:p="urn:1"><p:a/></p:r>')
  root.firstElement!.addAttribute(new XmlAttribute('b', '1', 'urn:2', 'p'))

  const inner = parse(serializeXml(root)).firstElement!
  expect([inner.namespaceURI, inner.getAttribute('b', 'urn:2')]).toEqual(['urn:1', '1'])
})

test('divides a CDATA section that holds its own end', () => {
  const root = new XmlElement('a')
  root.append(new XmlText('x]]>y', true))

  expect(parse(serializeXml(root)).text).toBe('x]]>y')
})

test('refuses what XML cannot hold', () => {
  expect(() => xmlText('\u0001')).toThrow('XML cannot hold the character U+0001; remove it first')
  expect(() => xmlAttributeText('\udc00')).toThrow('half of a surrogate pair')
  expect(() => serializeXml(new XmlComment('a--b'))).toThrow('a comment cannot contain "--"')
})

test('writes any text so that the same text is read back', () => {
  const text = fc.string({ unit: 'binary' }).filter(s => !/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/.test(s))
  fc.assert(
    fc.property(text, fc.boolean(), (data, cdata) => {
      const root = new XmlElement('a')
      root.addAttribute(new XmlAttribute('b', data))
      root.append(new XmlText(data, cdata))
      const read = parse(serializeXml(root))
      expect(read.getAttribute('b')).toBe(data)
      // A line end is a line feed to every reader of XML; only outside CDATA can a carriage return be written.
      expect(read.text).toBe(cdata ? data.replace(/\r\n?/g, '\n') : data)
    }),
  )
})

test('writes a tree deeper than the stack', () => {
  const document = new XmlDocument()
  let innermost = new XmlElement('a')
  document.append(innermost)
  for (let i = 0; i < 50_000; i++) {
    const next = new XmlElement('a')
    innermost.append(next)
    innermost = next
  }

  expect(serializeXml(document)).toHaveLength(50_000 * 7 + 4)
})

test('stays quick with many declarations and many elements', () => {
  const many = Array.from({ length: 20_000 }, (_, i) => `xmlns:p${i}="u${i}"`).join(' ')
  const text = `<a ${many}>${'<p1:b/>'.repeat(20_000)}</a>`

  expect(serializeXml(parseXml(text)) === text).toBe(true)
})
