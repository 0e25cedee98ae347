import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { PropertyValue } from '../core/properties.ts'
import { expression } from '../expressions/expression.ts'
import { accessor } from '../expressions/scopes.ts'
import { attribute, body, type Field } from '../language/field.ts'
import type { ElementReader } from '../language/reader.ts'
import { oneOf, text } from '../language/types.ts'
import type { Element } from '../language/xml.ts'
import { mediaTypeOf } from '../message/content.ts'
import { contentOf } from './value-content.ts'

/** Says what a call sends in place of the payload. */
export interface CallSource {
  readonly contentType: string | undefined
  /** What becomes the payload; undefined where that of the message is sent. */
  readonly value: ((ctx: MessageContext) => PropertyValue) | undefined
}

const described = {
  type: attribute(oneOf('body', 'property', 'inline', 'custom'), {
    doc: 'Where the payload comes from: the message, a property, the element itself, or an expression.',
    default: 'body',
  }),
  contentType: attribute(text, { doc: 'Content type of the request.' }),
  content: body(text, {
    doc: 'Name of the property, the payload, or the XPath or json-eval(…) that gives it. An inline payload may be an XML element.',
  }),
} as const

/** The `<source>` of a call. */
export const callSource: Field<CallSource | undefined> = {
  kind: 'child',
  name: 'source',
  doc: 'What to send in place of the payload.',
  isRequired: false,
  fields: described,
  read(elementName, reader) {
    const [element, second] = reader.takeChildren(elementName)
    if (second) reader.wrong(second.span, 'repeated-element', `<${reader.element.name}> takes one <source>.`)
    return element && readSource(element, reader)
  },
}

const anyElement: Field<Element | undefined> = {
  kind: 'literal',
  doc: 'An XML payload.',
  isRequired: false,
  read: (_name, reader) => reader.takeAny(),
}

function readSource(element: Element, reader: ElementReader): CallSource | undefined {
  const fields = { ...described, element: anyElement }
  const { type, contentType, content, element: inline } = reader.nested(element, fields)
  if (type === undefined) return undefined
  if (type === 'body') return { contentType, value: undefined }
  if (type === 'inline') {
    const fixed = inline?.xml ?? content ?? ''
    return { contentType, value: () => fixed }
  }
  if (content === undefined) {
    const what = type === 'property' ? 'the name of a property' : 'an expression'
    reader.wrong(element.span, 'missing', `<source> of type ${type} needs ${what} as its text.`)
    return undefined
  }
  if (type === 'property') return { contentType, value: accessor('default', content).get }
  const parsed = reader.parse(expression, content, element.textSpan, 'text of <source>')
  return (
    parsed && {
      contentType,
      value(ctx) {
        const nodes = parsed.nodes?.(ctx)
        return nodes && nodes.length > 0 ? nodes : parsed.value(ctx)
      },
    }
  )
}

const messageType = accessor('axis2', 'messageType')
const contentTypeOf = accessor('axis2', 'ContentType')

/**
 * Puts what a call sends into the message, which must be a copy.
 * @throws Fault 0 when the source gives nothing
 */
export function applySource({ value, contentType }: CallSource, ctx: MessageContext): void {
  const { message } = ctx
  const before = message.content.mediaType
  if (value) {
    const given = value(ctx)
    if (given === null || given === undefined)
      throw new Fault(0, 'the source of the call gives nothing to send')
    message.content = contentOf(given, message.content)
  }
  const { mediaType } = message.content
  const wanted = contentType ?? (mediaType === before ? undefined : mediaType)
  if (wanted === undefined) return
  messageType.set(ctx, mediaTypeOf(wanted))
  contentTypeOf.set(ctx, wanted)
  message.headers.set('Content-Type', wanted)
  ctx.relaysOnSend = false
}
