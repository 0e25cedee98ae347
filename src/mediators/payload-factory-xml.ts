import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { XmlError } from '../message/xml/parse.ts'
import { serializeXml, xmlText } from '../message/xml/serialize.ts'
import {
  XmlAttribute,
  type XmlChild,
  XmlComment,
  XmlElement,
  XmlProcessingInstruction,
  XmlText,
} from '../message/xml/tree.ts'
import { BARE_FRAME, frameOf, readFragment } from './payload-factory-markup.ts'
import type { Insert } from './payload-factory-template.ts'
import type { XmlInsert } from './payload-factory-values.ts'

/** Compiles the placeholders in one text of a template; `frame` is what fragments put there are read in. */
export type SplitText = (text: string, frame: string) => readonly (string | Insert<XmlInsert>)[]

/** A piece of a template: a node that is always the same, or how to make one. */
type Piece = XmlChild | ((ctx: MessageContext, into: XmlElement) => void)

/**
 * Compiles a template that is a tree: gives the first element of what the placeholders make of it. Text of
 * the template that is white space alone is left out.
 * @throws Fault at run time when there is no element
 */
export function compileXmlTemplate(
  content: readonly XmlChild[],
  split: SplitText,
): (ctx: MessageContext) => XmlElement {
  const outside = new XmlElement('frame')
  const pieces = content.flatMap(node => compileNode(node, outside, split))
  return ctx => {
    const frame = new XmlElement('frame')
    build(pieces, ctx, frame)
    const element = frame.firstElement
    if (!element) throw new Fault(0, 'Generated content is not a valid XML payload')
    element.remove()
    return element
  }
}

function build(pieces: readonly Piece[], ctx: MessageContext, into: XmlElement): void {
  for (const piece of pieces) {
    if (typeof piece === 'function') piece(ctx, into)
    else into.append(copyOf(piece))
  }
}

function copyOf(node: XmlChild): XmlChild {
  switch (node.nodeType) {
    case 1:
      return node.clone()
    case 3:
      return new XmlText(node.data)
    case 7:
      return new XmlProcessingInstruction(node.target, node.data)
    case 8:
      return new XmlComment(node.data)
  }
}

function compileNode(node: XmlChild, parent: XmlElement, split: SplitText): Piece[] {
  switch (node.nodeType) {
    case 1:
      return [compileElement(node, split)]
    case 3:
      return node.data.trim() === '' ? [] : compileText(node.data, parent, split)
    default:
      return [copyOf(node)]
  }
}

function compileText(text: string, parent: XmlElement, split: SplitText): Piece[] {
  return split(text, frameOf(parent.namespacesInScope())).map(part => {
    if (typeof part === 'string') return new XmlText(part)
    return (ctx, into) => insert(part(ctx), into)
  })
}

function insert(value: XmlInsert, into: XmlElement): void {
  if (typeof value === 'string') {
    if (value !== '') into.append(new XmlText(value))
  } else while (value.firstChild) into.append(value.firstChild)
}

/** An element without placeholders is copied as a whole. */
function compileElement(element: XmlElement, split: SplitText): Piece {
  const frame = frameOf(element.namespacesInScope())
  const attributes = element.attributes.map(attribute => ({
    attribute,
    parts: split(attribute.value, frame),
  }))
  const pieces = element.childNodes.flatMap(child => compileNode(child, element, split))
  const isFixed =
    attributes.every(({ parts }) => parts.every(part => typeof part === 'string')) &&
    pieces.every(piece => typeof piece !== 'function')
  const { localName, namespaceURI, prefix, declarations } = element
  const start = (): XmlElement => {
    const made = new XmlElement(localName, namespaceURI, prefix)
    made.declarations = declarations
    return made
  }
  if (isFixed) {
    const made = start()
    for (const { attribute } of attributes) made.addAttribute(attributeOf(attribute, attribute.value))
    for (const piece of pieces) made.append(copyOf(piece as XmlChild))
    return made
  }
  return (ctx, into) => {
    const made = start()
    for (const { attribute, parts } of attributes)
      made.addAttribute(attributeOf(attribute, joined(parts, ctx)))
    build(pieces, ctx, made)
    into.append(made)
  }
}

function attributeOf({ localName, namespaceURI, prefix }: XmlAttribute, value: string): XmlAttribute {
  return new XmlAttribute(localName, value, namespaceURI, prefix)
}

function joined(parts: readonly (string | Insert<XmlInsert>)[], ctx: MessageContext): string {
  let text = ''
  for (const part of parts) {
    const value = typeof part === 'string' ? part : part(ctx)
    text += typeof value === 'string' ? value : value.text
  }
  return text
}

/**
 * Compiles a template that is text: what it becomes is read per message.
 * @throws Fault at run time when that is not XML
 */
export function compileXmlText(text: string, split: SplitText): (ctx: MessageContext) => XmlElement {
  const parts = split(text, BARE_FRAME)
  return ctx => {
    let whole = ''
    for (const part of parts) whole += typeof part === 'string' ? part : written(part(ctx))
    return readElement(whole)
  }
}

/**
 * Reads the first element of a text.
 * @throws Fault when the text is not XML, or has no element
 */
export function readElement(text: string): XmlElement {
  try {
    const element = readFragment(text).firstElement
    if (element) {
      element.remove()
      return element
    }
  } catch (error) {
    if (!(error instanceof XmlError)) throw error
    throw new Fault(601000, `Generated content is not a valid XML payload: ${error.message}`, {
      cause: error,
    })
  }
  throw new Fault(0, 'Generated content is not a valid XML payload')
}

function written(value: XmlInsert): string {
  return typeof value === 'string'
    ? xmlText(value)
    : value.childNodes.map(node => serializeXml(node)).join('')
}
