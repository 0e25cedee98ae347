import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { setAt } from '../expressions/jsonpath-edit.ts'
import type { Expression } from '../expressions/value.ts'
import { cloneJson } from '../message/codecs/json.ts'
import { bodyOf } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import type { XmlChild, XmlElement, XmlNode } from '../message/xml/tree.ts'

/** The elements an expression selects, or the items of the array it gives. */
export type Parts =
  | { readonly kind: 'xml'; readonly nodes: readonly XmlNode[] }
  | { readonly kind: 'json'; readonly items: readonly unknown[] }

/**
 * Finds the parts of a message.
 * @throws Fault 0 when the expression gives neither nodes nor an array
 */
export function selectParts(items: Expression, ctx: MessageContext): Parts {
  const value = items.path ? items.path.find(ctx.message.content.json()).value : items.nodes?.(ctx)
  const found = value ?? (items.path ? undefined : items.value(ctx))
  if (Array.isArray(found)) {
    if (found.every(isNode)) return { kind: items.path ? 'json' : 'xml', nodes: found, items: found } as Parts
    return { kind: 'json', items: found }
  }
  if (isNode(found)) return { kind: 'xml', nodes: [found] }
  throw new Fault(0, `${items.source} gives no ${items.path ? 'array' : 'nodes'} to take apart`)
}

function isNode(value: unknown): value is XmlNode {
  return typeof value === 'object' && value !== null && 'nodeType' in value
}

/**
 * Compiles what makes a message of each part. Without `preserve` the part takes the place of the payload; with it
 * every message keeps the whole payload, less the parts in XML, and gets its part at the path.
 */
export function partsOf(
  items: Expression,
  preserve: { readonly attachPath: Expression | undefined } | undefined,
): (ctx: MessageContext) => MessageContext[] {
  return ctx => {
    // A copy of its own: parts are taken out of it.
    const work = ctx.fork()
    if (items.path) return jsonParts(items, preserve, ctx)
    work.message.content.editEnvelope()
    const parts = selectParts(items, work)
    // Shared: what a branch changes must not change the message it came from.
    if (parts.kind === 'json') return parts.items.map(item => withContent(ctx, Content.ofJson(item).share()))
    const { nodes } = parts
    for (const node of nodes) detach(node, items)
    return nodes.map(node => xmlPart(work, node as XmlChild, preserve?.attachPath, preserve !== undefined))
  }
}

function jsonParts(
  items: Expression,
  preserve: { readonly attachPath: Expression | undefined } | undefined,
  ctx: MessageContext,
): MessageContext[] {
  const parts = selectParts(items, ctx)
  if (parts.kind !== 'json') return []
  const path = preserve?.attachPath?.path
  return parts.items.map(item => {
    if (!path) return withContent(ctx, Content.ofJson(item).share())
    const { root, places } = setAt(path, cloneJson(ctx.message.content.json()), cloneJson(item))
    if (places === 0) throw unattached(preserve!.attachPath!)
    return withContent(ctx, Content.ofJson(root))
  })
}

function withContent(ctx: MessageContext, content: Content): MessageContext {
  const part = ctx.fork()
  part.message.content = content
  return part
}

function detach(node: XmlNode, items: Expression): void {
  if (node.nodeType === 9 || node.nodeType === 2)
    throw new Fault(0, `${items.source} selects what is no element or text; it cannot be taken out`)
  node.remove()
}

function xmlPart(
  work: MessageContext,
  node: XmlChild,
  attachPath: Expression | undefined,
  isPreserved: boolean,
): MessageContext {
  const part = work.fork()
  const envelope = part.message.content.editEnvelope()
  const place = isPreserved && attachPath ? placeIn(part, attachPath) : bodyOf(envelope)
  if (!isPreserved) place?.firstElement?.remove()
  place?.append(node)
  return part
}

function placeIn(part: MessageContext, attachPath: Expression): XmlElement {
  const [first] = attachPath.nodes?.(part) ?? nodesOf(attachPath.value(part))
  if (first?.nodeType !== 1) throw unattached(attachPath)
  return first
}

/** Takes a value that is a node, or several, as nodes; a parameter of a template may be such a value. */
export function nodesOf(value: unknown): XmlNode[] {
  if (Array.isArray(value)) return value.filter(isNode)
  return isNode(value) ? [value] : []
}

function unattached(attachPath: Expression): Fault {
  return new Fault(0, `there is nothing at attachPath ${attachPath.source} to put the part into`)
}
