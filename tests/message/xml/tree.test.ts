import { expect, test } from 'vitest'
import { inDocumentOrder, rootOf } from '../../../src/message/xml/order.ts'
import { parseXml } from '../../../src/message/xml/parse.ts'
import { serializeXml } from '../../../src/message/xml/serialize.ts'
import { XmlDocument, XmlElement, XmlText } from '../../../src/message/xml/tree.ts'

function parse(text: string): XmlElement {
  return parseXml(text).documentElement!
}

test('links nodes in both directions', () => {
  const root = parse('<a>x<b/><c/></a>')
  const [text, b, c] = root.childNodes

  expect([root.firstChild, root.lastChild]).toEqual([text, c])
  expect([b!.previousSibling, b!.nextSibling, b!.parentNode]).toEqual([text, c, root])
  expect(root.ownerDocument?.documentElement).toBe(root)
  expect(root.children).toEqual([b, c])
})

test('appends, inserts, replaces and removes', () => {
  const root = parse('<a><b/><c/></a>')
  const [b, c] = root.children
  root.append(b!)
  expect(serializeXml(root)).toBe('<a><c/><b/></a>')
  root.insertBefore(new XmlText('x'), c!)
  expect(serializeXml(root)).toBe('<a>x<c/><b/></a>')
  c!.replaceWith(new XmlElement('d'), new XmlElement('e'))
  expect(serializeXml(root)).toBe('<a>x<d/><e/><b/></a>')
  b!.remove()
  expect(serializeXml(root)).toBe('<a>x<d/><e/></a>')
  root.setText('y')
  expect(serializeXml(root)).toBe('<a>y</a>')
  expect([b!.parentNode, b!.previousSibling, c!.parentNode]).toEqual([null, null, null])
})

test('replaces a node by itself among others', () => {
  const root = parse('<a><b/><c/></a>')
  const b = root.firstElement!
  b.replaceWith(new XmlElement('x'), b, new XmlElement('y'))

  expect(serializeXml(root)).toBe('<a><x/><b/><y/><c/></a>')
})

test('refuses to put an element inside itself, and a second element into a document', () => {
  const document = parseXml('<a><b><c/></b></a>')
  const b = document.documentElement!.firstElement!

  expect(() => b.firstElement!.append(b)).toThrow('<b> cannot be put inside itself')
  expect(() => document.append(new XmlElement('x'))).toThrow('this one has <a>')
  expect(() => document.append(new XmlText('x'))).toThrow('text cannot stand outside')
})

test('tells the text directly inside from all the text', () => {
  const root = parse('<a>1<b>2<c>3</c></b>4</a>')

  expect([root.ownText, root.text]).toEqual(['14', '1234'])
})

test('changes attributes', () => {
  const root = parse('<a x="1" xmlns:p="u" p:x="2"/>')
  root.setAttribute('x', '3')
  root.setAttribute('y', '4')
  expect(serializeXml(root)).toBe('<a xmlns:p="u" x="3" p:x="2" y="4"/>')
  root.removeAttribute('x', 'u')
  expect([root.getAttribute('x'), root.getAttribute('x', 'u')]).toEqual(['3', undefined])
})

test('knows what prefixes stand for', () => {
  const root = parse('<p:a xmlns:p="u" xmlns="d"><b xmlns="" xmlns:p="v"/></p:a>')
  const b = root.firstElement!

  expect([root.lookupNamespace('p'), root.lookupNamespace(''), b.lookupNamespace('p')]).toEqual([
    'u',
    'd',
    'v',
  ])
  expect([b.lookupNamespace('q'), b.lookupNamespace('xml')]).toEqual([
    undefined,
    'http://www.w3.org/XML/1998/namespace',
  ])
  expect(Object.fromEntries(b.namespacesInScope())).toEqual({ '': '', p: 'v' })
})

test('copies deeply and leaves the original alone', () => {
  const text = '<a xmlns="u" x="1">t<!--c--><![CDATA[d]]><?p i?><b><c/></b><e/></a>'
  const root = parse(text)
  const copy = root.clone()
  copy.firstElement!.setText('changed')
  copy.setAttribute('x', '2')

  expect(serializeXml(root)).toBe(text)
  expect(serializeXml(copy)).toBe(text.replace('<c/>', 'changed').replace('x="1"', 'x="2"'))
  expect([copy.parentNode, rootOf(copy)]).toEqual([null, copy])
})

test('copies a tree deeper than the stack', () => {
  const document = new XmlDocument()
  let innermost = new XmlElement('a')
  document.append(innermost)
  for (let i = 0; i < 50_000; i++) {
    const next = new XmlElement('a')
    innermost.append(next)
    innermost = next
  }
  innermost.append(new XmlText('deep'))

  expect(document.clone().text).toBe('deep')
})

test('sorts nodes into document order, attributes before children, after every change', () => {
  const root = parse('<a x="1" y="2"><b/>t<c><d/></c></a>')
  const [b, c] = root.children
  const d = c!.firstElement!
  const [x, y] = root.attributes

  expect(inDocumentOrder([d, c!, y!, b!, root, x!, b!])).toEqual([root, x, y, b, c, d])
  root.insertBefore(c!, b!)
  expect(inDocumentOrder([b!, d, c!])).toEqual([c, d, b])
  const e = new XmlElement('e')
  d.append(e)
  expect(inDocumentOrder([b!, e, d])).toEqual([d, e, b])
  d.setAttribute('late', '')
  expect(inDocumentOrder([e, d.attribute('late')!])).toEqual([d.attribute('late'), e])
})

test('keeps nodes of different trees apart', () => {
  const one = parse('<a><b/><c/></a>')
  const other = parse('<x><y/></x>')
  const [b, c] = one.children

  expect(inDocumentOrder([c!, other.firstElement!, b!])).toEqual([b, c, other.firstElement])
})

test('a document knows its outermost element through every change', () => {
  const document = parseXml('<!--c--><a/><!--d-->')
  const root = document.documentElement!
  const other = new XmlElement('b')

  expect(() => document.append(other)).toThrow('a document has one outermost element, and this one has <a>')
  document.insertBefore(root, document.firstChild)
  expect([document.firstChild, document.firstElement, document.documentElement]).toEqual([root, root, root])
  root.replaceWith(other)
  expect([document.documentElement, root.parentNode]).toEqual([other, null])
  root.append(other)
  expect([document.documentElement, document.firstElement]).toEqual([null, undefined])
  document.append(root)
  expect(document.clone().documentElement?.firstElement?.localName).toBe('b')
})
