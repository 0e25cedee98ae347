import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Dynamic } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import { cloneJson } from '../message/codecs/json.ts'
import { bodyOf } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import { type XmlChild, XmlElement, type XmlNode, XmlText } from '../message/xml/tree.ts'
import { nodesOf } from './parts.ts'

/** What of the messages is taken, and what becomes of it. */
export interface MergeOptions {
  readonly expression: Expression
  readonly enclosingElementProperty: string | undefined
  readonly aggregateElementType: Dynamic | undefined
}

/** Puts what is taken of several messages into one payload; the first message is the base, and is changed. */
export type Merge = (base: MessageContext, messages: readonly MessageContext[]) => void

/** Compiles how messages are put together. */
export function merger(options: MergeOptions): Merge {
  const { expression, enclosingElementProperty: property, aggregateElementType } = options
  if (expression.path) {
    return (base, messages) => {
      const values = messages.map(message => cloneJson(expression.value(message)))
      const isChild = aggregateElementType?.text(base)?.trim() === 'child'
      const taken = values.filter(value => value !== undefined)
      if (taken.length === 0) throw nothingFound(expression)
      base.message.content = Content.ofJson(isChild ? asOneObject(taken) : taken)
    }
  }
  if (property !== undefined && property !== '') {
    return (base, messages) => {
      const held = base.properties.get(property)
      const [enclosing] = nodesOf(held)
      if (enclosing?.nodeType !== 1)
        throw new Fault(0, `property ${property} of the aggregate holds no XML element`)
      const whole = enclosing.clone()
      for (const message of messages) whole.append(...copies(select(expression, message)))
      const content = base.message.content.share()
      const body = bodyOf(content.editEnvelope())
      for (const old of body?.children ?? []) old.remove()
      body?.append(whole)
      base.message.content = content
    }
  }
  return (base, messages) => {
    const content = base.message.content.share()
    content.editEnvelope()
    base.message.content = content
    const first = select(expression, base)
    const parent = first.at(0)?.parentNode
    if (!(parent instanceof XmlElement)) throw nothingFound(expression)
    for (const message of messages.slice(1)) parent.append(...copies(select(expression, message)))
  }
}

function select(expression: Expression, message: MessageContext): readonly XmlNode[] {
  return expression.nodes?.(message) ?? nodesOf(expression.value(message))
}

function copies(nodes: readonly XmlNode[]): XmlChild[] {
  return nodes.flatMap((node): XmlChild[] => {
    if (node.nodeType === 1) return [node.clone()]
    return node.nodeType === 3 ? [new XmlText(node.data)] : []
  })
}

/** Compatibility: members of one name become an array. */
function asOneObject(values: readonly unknown[]): unknown {
  const whole: Record<string, unknown> = {}
  for (const value of values) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue
    for (const [key, member] of Object.entries(value)) {
      const present = Object.hasOwn(whole, key) ? whole[key] : undefined
      const next =
        present === undefined ? member : [...(Array.isArray(present) ? present : [present]), member]
      Object.defineProperty(whole, key, { value: next, enumerable: true, writable: true, configurable: true })
    }
  }
  return whole
}

function nothingFound({ source }: Expression): Fault {
  return new Fault(0, `Could not find matching elements to aggregate: ${source} selects nothing`)
}
