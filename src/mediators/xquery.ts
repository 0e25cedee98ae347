import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { type Dynamic, dynamic, expression } from '../expressions/expression.ts'
import { fontoxpath } from '../expressions/fontoxpath.ts'
import type { Expression } from '../expressions/value.ts'
import { mediator } from '../language/declare.ts'
import { attribute, children } from '../language/field.ts'
import { oneOf, reference, text } from '../language/types.ts'
import { payloadOf } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import {
  XmlAttribute,
  type XmlChild,
  XmlComment,
  XmlDocument,
  XmlElement,
  type XmlNode,
  XmlProcessingInstruction,
  XmlText,
} from '../message/xml/tree.ts'

const TYPES = [
  'INT',
  'INTEGER',
  'BOOLEAN',
  'BYTE',
  'DOUBLE',
  'SHORT',
  'LONG',
  'FLOAT',
  'STRING',
  'DOCUMENT',
  'ELEMENT',
  'DOCUMENT_ELEMENT',
] as const

/** Runs an XQuery. */
export const xqueryMediator = mediator({
  element: 'xquery',
  summary: 'Runs an XQuery and puts its result in place of the payload, or of a part of it.',
  fields: {
    key: attribute(dynamic, { doc: 'Local entry or registry resource with the query.', required: true }),
    target: attribute(expression, {
      doc: 'What the result replaces; default the first element of the body.',
    }),
    variable: children(
      {
        name: attribute(text, { doc: 'Name of the external variable.', required: true }),
        type: attribute(oneOf(...TYPES), { doc: 'Type of its value.', required: true }),
        value: attribute(text, { doc: 'Its value.' }),
        key: attribute(reference, { doc: 'Local entry or registry resource with its value.' }),
        expression: attribute(expression, { doc: 'Expression that gives its value.' }),
      },
      { doc: 'An external variable of the query.' },
    ),
  },
  ignored: { dataSource: 'it configures the Java engine' },
  notes:
    'XQuery 3.1 without updates and modules; nothing is read from the network or the disk. Of several items in the result the first counts: an element takes the place of the target, anything else becomes its text.',
  example: `<xquery key="summary">
    <variable name="payload" type="ELEMENT"/>
</xquery>`,
  needsContent: () => true,
  compile({ key, target, variable: variables }, build, span) {
    if (key.fixed !== undefined) build.entry({ name: key.fixed, span })
    for (const { key: wanted } of variables) if (wanted) build.entry(wanted)
    const valuesOf = (ctx: MessageContext): Record<string, unknown> =>
      Object.fromEntries(variables.map(variable => [variable.name, bound(variable, ctx)]))
    return ctx => {
      const result = run(queryOf(key, ctx), documentOf(ctx), valuesOf(ctx), key.text(ctx) ?? '')
      if (result !== undefined) put(ctx, target, result)
    }
  },
})

function queryOf(key: Dynamic, ctx: MessageContext): string {
  const name = key.text(ctx) ?? ''
  const entry = ctx.deployment.entry(name)
  if (!entry) throw new Fault(0, `there is no XQuery ${name}`)
  return entry.text
}

function run(
  query: string,
  root: XmlNode,
  variables: Record<string, unknown>,
  name: string,
): XmlElement | string | undefined {
  const { evaluateXPath } = fontoxpath()
  try {
    const items = evaluateXPath(query, root, null, variables, evaluateXPath.ALL_RESULTS_TYPE, {
      language: evaluateXPath.XQUERY_3_1_LANGUAGE,
      nodesFactory: newNodes as never,
      documentWriter: treeWriter as never,
    }) as unknown[]
    const [first] = items
    if (first === undefined || first === null) return undefined
    return isNode(first) ? imported(first) : String(first)
  } catch (error) {
    throw new Fault(0, `Error evaluating the XQuery ${name}: ${(error as Error).message}`, { cause: error })
  }
}

function isNode(item: unknown): item is { readonly nodeType: number } {
  return typeof item === 'object' && item !== null && 'nodeType' in item
}

function imported(node: { readonly nodeType: number }): XmlElement | string {
  if (node instanceof XmlElement) return node.clone()
  if (node instanceof XmlDocument) return node.documentElement?.clone() ?? ''
  return 'data' in node ? String(node.data) : 'value' in node ? String(node.value) : ''
}

/** Makes what a query constructs, as nodes of our own tree. */
const newNodes = {
  createElementNS(namespaceURI: string | null, name: string): XmlElement {
    const [prefix, local] = splitName(name)
    // The engine wants neighbouring texts joined; our tree reads them as one anyway.
    return Object.assign(new XmlElement(local, namespaceURI ?? '', prefix), { normalize(): void {} })
  },
  createAttributeNS(namespaceURI: string | null, name: string): XmlAttribute {
    const [prefix, local] = splitName(name)
    return new XmlAttribute(local, '', namespaceURI ?? '', prefix)
  },
  createTextNode: (data: string): XmlText => new XmlText(data),
  createCDATASection: (data: string): XmlText => new XmlText(data, true),
  createComment: (data: string): XmlComment => new XmlComment(data),
  createProcessingInstruction: (target: string, data: string): XmlProcessingInstruction =>
    new XmlProcessingInstruction(target, data),
  createDocument: (): XmlDocument => new XmlDocument(),
}

const treeWriter = {
  insertBefore(parent: XmlElement | XmlDocument, node: XmlChild, reference: XmlChild | null): void {
    parent.insertBefore(node, reference)
  },
  removeChild(_parent: XmlElement | XmlDocument, node: XmlChild): void {
    node.remove()
  },
  setAttributeNS(element: XmlElement, namespaceURI: string | null, name: string, value: string): void {
    const [prefix, local] = splitName(name)
    if (name === 'xmlns' || prefix === 'xmlns') element.declare(prefix === '' ? '' : local, value)
    else element.setAttribute(local, value, namespaceURI ?? '', prefix)
  },
  removeAttributeNS(element: XmlElement, namespaceURI: string | null, name: string): void {
    element.removeAttribute(name, namespaceURI ?? '')
  },
  setData(node: { data: string }, data: string): void {
    node.data = data
  },
}

function splitName(name: string): [prefix: string, local: string] {
  const colon = name.indexOf(':')
  return colon < 0 ? ['', name] : [name.slice(0, colon), name.slice(colon + 1)]
}

function documentOf(ctx: MessageContext): XmlNode {
  const payload = payloadOf(ctx.message.content.envelope())
  const document = new XmlDocument()
  if (payload) document.append(payload.clone())
  return document
}

interface Variable {
  readonly type: (typeof TYPES)[number]
  readonly value?: string | undefined
  readonly key?: { readonly name: string } | undefined
  readonly expression?: Expression | undefined
}

function bound({ type, value, key, expression: from }: Variable, ctx: MessageContext): unknown {
  const isXml = type === 'DOCUMENT' || type === 'ELEMENT' || type === 'DOCUMENT_ELEMENT'
  if (isXml) return nodeOf(key && ctx.deployment.entry(key.name)?.xml(), from, ctx, type)
  const text = value ?? (key ? ctx.deployment.entry(key.name)?.text : from?.text(ctx)) ?? ''
  if (type === 'STRING') return text
  if (type === 'BOOLEAN') return text.trim().toLowerCase() === 'true'
  const number = Number(text)
  if (Number.isNaN(number)) throw new Fault(0, `the XQuery variable of type ${type} is no number: ${text}`)
  return number
}

function nodeOf(
  held: XmlElement | undefined,
  from: Expression | undefined,
  ctx: MessageContext,
  type: string,
): XmlNode | null {
  const selected = from && (from.nodes?.(ctx) ?? from.value(ctx))
  const first: unknown = Array.isArray(selected) ? selected[0] : selected
  const node = held ?? (isNode(first) ? (first as XmlNode) : payloadOf(ctx.message.content.envelope()))
  if (!node) return null
  if (type === 'ELEMENT' || !(node instanceof XmlElement)) return node
  const document = new XmlDocument()
  document.append(node.clone())
  return document
}

function put(ctx: MessageContext, target: Expression | undefined, result: XmlElement | string): void {
  const { content } = ctx.message
  const mediaType = content.isJson || content.mediaType === '' ? 'application/xml' : content.mediaType
  const whole = Content.ofEnvelope(content.envelope().clone(), mediaType)
  ctx.message.content = whole
  const envelope = whole.editEnvelope()
  const node = target ? target.nodes?.(ctx)?.[0] : payloadOf(envelope)
  if (!(node instanceof XmlElement)) throw new Fault(0, 'the target of the XQuery selects no element')
  if (typeof result === 'string') node.setText(result)
  else node.replaceWith(result)
}
