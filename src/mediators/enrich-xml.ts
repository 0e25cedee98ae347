import type { MessageContext } from '../core/context.ts'
import type { PropertyValue } from '../core/properties.ts'
import { accessor } from '../expressions/scopes.ts'
import { type Expression, nodesOf, textOf } from '../expressions/value.ts'
import type { Accessor } from '../expressions/well-known.ts'
import { parseJson } from '../message/codecs/json.ts'
import { jsonToXml } from '../message/codecs/json-xml.ts'
import { bodyOf, isEnvelope, payloadOf } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import { ContentError } from '../message/content-error.ts'
import { parseXml, XmlError } from '../message/xml/parse.ts'
import { XmlAttribute, type XmlChild, XmlElement, type XmlNode, XmlText } from '../message/xml/tree.ts'
import type { EnrichSource, EnrichTarget } from './enrich-fields.ts'
import { type InlineValue, invalidTarget } from './enrich-source.ts'

/** What is put in: nodes that belong to nobody else, or text. */
type Enrichment = readonly XmlChild[] | string

type Take = (ctx: MessageContext) => Enrichment | undefined
type Put = (ctx: MessageContext, value: Enrichment) => void

/** Compiles an enrichment of the message as XML; JSON is seen as the XML it becomes. */
export function compileXml(
  source: EnrichSource,
  target: EnrichTarget,
  inline: ((ctx: MessageContext) => InlineValue) | undefined,
): (ctx: MessageContext) => void {
  if (target.action === 'remove') return removal(source)
  const take = taking(source, inline)
  const put = putting(target)
  return ctx => {
    const value = take(ctx)
    if (value === undefined)
      ctx.log.error({ message: ctx.id }, `${ctx.service.label}enrich: the source gives nothing`)
    else put(ctx, value)
  }
}

function taking(
  { type, clone, paths, property }: EnrichSource,
  inline: ((ctx: MessageContext) => InlineValue) | undefined,
): Take {
  switch (type) {
    case 'custom':
      return custom(paths![0]!, clone)
    case 'envelope':
      return ctx => [ctx.message.content.envelope().clone()]
    case 'body':
      return clone
        ? ctx => taken(payloadOf(ctx.message.content.envelope()))
        : ctx => moved(payloadOf(editEnvelope(ctx)))
    case 'property': {
      const { get } = accessor('default', property!)
      return ctx => ofValue(get(ctx))
    }
    case 'inline':
      return ctx => {
        const value = inline!(ctx)
        return typeof value === 'string' ? (elementsIn(value) ?? value) : [value.clone()]
      }
  }
}

function taken(element: XmlElement | undefined): Enrichment | undefined {
  return element && [element.clone()]
}

function moved(element: XmlElement | undefined): Enrichment | undefined {
  element?.remove()
  return element && [element]
}

/** Elements are put in as they are; of attributes and texts only what they say. */
function custom(expression: Expression, clone: boolean): Take {
  return ctx => {
    if (!clone) editEnvelope(ctx)
    const nodes = expression.nodes?.(ctx)
    if (!nodes) {
      if (expression.language !== 'jsonpath') return ofValue(expression.value(ctx))
      return ofJson(expression.value(ctx))
    }
    if (nodes.length === 0) return undefined
    const enrichment = ofNodes(nodes)
    if (!clone) for (const node of nodes) detach(node)
    return enrichment
  }
}

function ofNodes(nodes: readonly XmlNode[]): Enrichment {
  if (!nodes.some(node => node.nodeType === 1)) return nodes.map(node => node.nodeValue ?? '').join('')
  return nodes.map(node => (node.nodeType === 1 ? node.clone() : new XmlText(node.nodeValue ?? '')))
}

function ofValue(value: PropertyValue): Enrichment | undefined {
  const nodes = nodesOf(value)
  return nodes ? ofNodes(nodes) : (textOf(value) ?? undefined)
}

function ofJson(value: unknown): Enrichment | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'object' || value === null) return String(value)
  return jsonToXml(value).childNodes
}

/** Text that is one element is put in as that. */
function elementsIn(text: string): Enrichment | undefined {
  if (!/^\s*</.test(text)) return undefined
  try {
    const { documentElement } = parseXml(text.trim())
    documentElement?.remove()
    return documentElement ? [documentElement] : undefined
  } catch (error) {
    if (error instanceof XmlError) return undefined
    throw error
  }
}

function detach(node: XmlNode): void {
  if (node.nodeType === 2) node.ownerElement?.removeAttribute(node.localName, node.namespaceURI)
  else if (node.nodeType !== 9) node.remove()
}

function putting({ type, action, xpath, property }: EnrichTarget): Put {
  switch (type) {
    case 'envelope':
      return replaceEnvelope
    case 'body':
      return action === 'replace'
        ? replaceBody
        : (ctx, value) => besidePayload(ctx, value, action === 'child')
    case 'property':
      return intoProperty(accessor('default', property!), action === 'child')
    case 'key':
      return () => {
        throw invalidTarget('only a JSON payload has members to rename')
      }
    case 'custom': {
      const held = propertyIn(xpath!.source)
      if (held) return intoProperty(held, action === 'child')
      return intoNodes(xpath!, action)
    }
  }
}

function replaceEnvelope(ctx: MessageContext, value: Enrichment): void {
  const envelope = typeof value === 'string' ? undefined : value[0]
  if (envelope?.nodeType !== 1 || !isEnvelope(envelope))
    throw invalidTarget('only an envelope can replace the envelope')
  ctx.message.content = Content.ofEnvelope(envelope, ctx.message.content.mediaType)
}

/** Text that is a JSON object or array becomes the payload itself, any other the text of the payload. */
function replaceBody(ctx: MessageContext, value: Enrichment): void {
  if (typeof value === 'string') {
    const json = jsonIn(value)
    if (json !== undefined) {
      ctx.message.content = Content.ofJson(json, jsonTypeOf(ctx.message.content.mediaType))
      return
    }
  }
  const body = bodyToEdit(ctx)
  const payload = body.firstElement
  if (typeof value !== 'string') {
    if (payload) payload.replaceWith(...value)
    else body.append(...value)
  } else if (payload) payload.setText(value)
  else throw invalidTarget('there is no payload that could take the text')
}

/** JSON leaves in the type the message has, if that can be; nothing else is changed by enriching. */
function jsonTypeOf(mediaType: string): string {
  return /(?:[/+]json|[/+]xml)$/.test(mediaType) ? mediaType : 'application/json'
}

function jsonIn(text: string): unknown {
  if (!/^\s*[{[]/.test(text)) return undefined
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof ContentError) return undefined
    throw error
  }
}

function besidePayload(ctx: MessageContext, value: Enrichment, isInside: boolean): void {
  const body = bodyToEdit(ctx)
  const payload = body.firstElement
  if (!payload) body.append(...asNodes(value))
  else if (isInside) payload.append(...asNodes(value))
  else insertAfter(payload, asNodes(value))
}

/** A message without a type becomes XML. */
function editEnvelope(ctx: MessageContext): XmlElement {
  const { content } = ctx.message
  const envelope = content.editEnvelope()
  if (content.mediaType === '') ctx.message.content = Content.ofEnvelope(envelope, 'application/xml')
  return envelope
}

function bodyToEdit(ctx: MessageContext): XmlElement {
  const body = bodyOf(editEnvelope(ctx))
  if (!body) throw invalidTarget('the envelope has no body')
  return body
}

function asNodes(value: Enrichment): readonly XmlChild[] {
  return typeof value === 'string' ? [new XmlText(value)] : value
}

function insertAfter(node: XmlChild, added: readonly XmlChild[]): void {
  const parent = node.parentNode
  if (parent?.nodeType !== 1) throw invalidTarget('nothing can stand beside the target')
  const next = node.nextSibling
  for (const each of added) parent.insertBefore(each, next)
}

function intoNodes(xpath: Expression, action: EnrichTarget['action']): Put {
  return (ctx, value) => {
    editEnvelope(ctx)
    const targets = xpath.nodes?.(ctx) ?? []
    if (targets.length === 0) throw invalidTarget(`${xpath.source} selects nothing`)
    targets.forEach((target, i) => {
      // What goes to several places has to be several.
      const given = i === 0 || typeof value === 'string' ? value : value.map(copyOf)
      if (action === 'replace') replaceNode(target, given)
      else if (action === 'sibling') insertAfter(childOf(target), asNodes(given))
      else if (target.nodeType === 1) target.append(...asNodes(given))
      else throw invalidTarget(`${xpath.source} selects no element`)
    })
  }
}

function copyOf(node: XmlChild): XmlChild {
  return node.nodeType === 1 ? node.clone() : new XmlText(node.nodeValue ?? '')
}

function childOf(node: XmlNode): XmlChild {
  if (node.nodeType === 2 || node.nodeType === 9) throw invalidTarget('nothing can stand beside an attribute')
  return node
}

function replaceNode(target: XmlNode, value: Enrichment): void {
  const text = (): string =>
    typeof value === 'string' ? value : value.map(node => textOfNode(node)).join('')
  if (target instanceof XmlAttribute) target.value = text()
  else if (target.nodeType === 3) target.data = text()
  else if (target.nodeType !== 1) throw invalidTarget('the target is no element, attribute or text')
  else if (typeof value === 'string') target.setText(value)
  else if (target.parentNode?.nodeType !== 1)
    throw invalidTarget('the envelope is replaced by a target of type envelope')
  else target.replaceWith(...value)
}

function textOfNode(node: XmlChild): string {
  return node.nodeType === 1 ? node.text : (node.nodeValue ?? '')
}

const GET_PROPERTY =
  /^\s*(?:[\w-]+:)?get-property\(\s*(?:(?:'([^']*)'|"([^"]*)")\s*,\s*)?(?:'([^']+)'|"([^"]+)")\s*\)\s*$/
const SCOPES: readonly string[] = ['default', 'axis2', 'operation'] satisfies Parameters<typeof accessor>[0][]

/** The property that `get-property(…)` as a target stands for. */
function propertyIn(source: string): Accessor | undefined {
  const call = GET_PROPERTY.exec(source)
  const scope = call?.[1] ?? call?.[2] ?? 'default'
  if (!call || !SCOPES.includes(scope)) return undefined
  return accessor(scope as Parameters<typeof accessor>[0], (call[3] ?? call[4])!)
}

function intoProperty({ get, set }: Accessor, isInside: boolean): Put {
  return (ctx, value) => {
    const held = isInside ? elementHeld(get(ctx)) : undefined
    if (held) {
      held.append(...asNodes(value))
      set(ctx, held)
    } else set(ctx, asProperty(value))
  }
}

/** A copy of the XML a property holds. */
function elementHeld(value: PropertyValue): XmlElement | undefined {
  const [element] = nodesOf(value) ?? []
  if (element?.nodeType === 1) return element.clone()
  const parsed = typeof value === 'string' ? elementsIn(value) : undefined
  return parsed?.[0] instanceof XmlElement ? parsed[0] : undefined
}

function asProperty(value: Enrichment): PropertyValue {
  if (typeof value === 'string') return value
  return value.length === 1 ? value[0] : [...value]
}

function removal({ paths }: EnrichSource): (ctx: MessageContext) => void {
  const expression = paths![0]!
  return ctx => {
    editEnvelope(ctx)
    const nodes = expression.nodes?.(ctx) ?? []
    if (nodes.length === 0)
      ctx.log.error(
        { message: ctx.id },
        `${ctx.service.label}enrich: ${expression.source} selects nothing to remove`,
      )
    for (const node of nodes) detach(node)
  }
}
