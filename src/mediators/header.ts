import type { MessageContext } from '../core/context.ts'
import type { Step } from '../core/step.ts'
import { expression } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import { mediator } from '../language/declare.ts'
import { didYouMean } from '../language/diagnostic.ts'
import { attribute, literals } from '../language/field.ts'
import { oneOf, oneOfAnyCase, text } from '../language/types.ts'
import { ensureHeader, headerOf } from '../message/codecs/soap.ts'
import { type XmlChild, XmlElement, XmlText } from '../message/xml/tree.ts'
import { ADDRESSES, type HeaderName, headerName } from './header-name.ts'

/** Sets or removes a header. */
export const headerMediator = mediator({
  element: 'header',
  summary: 'Sets or removes an address of the message, a SOAP header block or a transport header.',
  fields: {
    name: attribute(headerName, {
      doc: 'To, From, Action, FaultTo, ReplyTo or RelatesTo for an address, `prefix:Name` for a SOAP header block; in scope transport any header. Not needed beside elements.',
    }),
    value: attribute(text, { doc: 'A fixed value.' }),
    expression: attribute(expression, {
      doc: 'An expression that gives the value; the empty text where there is none.',
    }),
    action: attribute(oneOf('set', 'remove'), { doc: 'Whether to set or remove it.', default: 'set' }),
    scope: attribute(oneOf('default', 'transport'), {
      doc: 'Addresses and SOAP header blocks (default), or the headers of the transport.',
      default: 'default',
    }),
    type: attribute(oneOfAnyCase('STRING', 'OM'), {
      doc: 'Whether a SOAP header block gets the text of the expression, or copies of the nodes it selects (OM).',
      default: 'STRING',
    }),
    blocks: literals({ doc: 'SOAP header blocks to add as they are.' }),
  },
  example: `<header name="Action" value="urn:getQuote"/>`,
  notes:
    'A SOAP header block is added to those that are there; remove the name first to replace it. It makes XML of a JSON payload.',

  check({ name, value, expression, action, scope, blocks }, wrong, element) {
    if (!name && (action === 'remove' || blocks.length === 0))
      return wrong('<header> needs attribute name.', { code: 'missing' })
    const given = [value, expression, blocks[0]].filter(each => each !== undefined)
    if (action === 'set' && given.length === 0)
      wrong('<header> needs a value, an expression or elements.', { code: 'missing' })
    if (action === 'set' && given.length > 1)
      wrong('<header> takes one of value, expression and elements.', { hint: 'Leave the others out.' })
    if (scope === 'transport') {
      if (blocks.length > 0)
        wrong('Elements in <header> are SOAP header blocks; scope transport has none.', {
          span: blocks[0]!.span,
        })
      return
    }
    if (!name || blocks.length > 0) return
    const span = element.attributes.find(each => each.name === 'name')?.valueSpan ?? element.span
    if (name.prefix !== '' && name.namespaceURI === undefined) {
      wrong(`The prefix "${name.prefix}" is not declared.`, {
        code: 'bad-value',
        span,
        hint: `Add xmlns:${name.prefix}="…".`,
      })
    } else if (name.prefix === '' && !ADDRESSES.has(name.localName)) {
      const hint =
        didYouMean(name.localName, ADDRESSES.keys()) ??
        `Write prefix:${name.localName} for a SOAP header block, or scope="transport" for a header of the transport.`
      wrong(`${name.localName} is no address of a message.`, { code: 'bad-value', span, hint })
    }
  },

  needsContent: ({ name, scope, blocks }) =>
    scope === 'default' && (blocks.length > 0 || name?.prefix !== ''),

  compile({ name, value, expression, action, scope, type, blocks }) {
    if (action === 'remove') return removeStep(name!, scope)
    if (blocks.length > 0)
      return ctx => {
        addBlocks(
          ctx,
          blocks.map(block => block.xml.clone()),
        )
      }
    const read = value === undefined ? reader(name!, expression!) : () => value
    if (scope === 'transport') return ctx => ctx.message.headers.set(name!.localName, read(ctx))
    if (name!.prefix === '') {
      const set = ADDRESSES.get(name!.localName)!
      return ctx => set(ctx, read(ctx))
    }
    const nodes = type === 'OM' ? expression?.nodes : undefined
    return ctx => {
      const block = new XmlElement(name!.localName, name!.namespaceURI, name!.prefix)
      const selected = nodes?.(ctx)
      if (selected) block.append(...selected.map(copyOf))
      else block.setText(read(ctx))
      addBlocks(ctx, [block])
    }
  },
})

function reader({ localName }: HeaderName, expression: Expression): (ctx: MessageContext) => string {
  return ctx => {
    const text = expression.text(ctx)
    if (text !== null) return text
    ctx.log.warn(
      { message: ctx.id },
      `${ctx.service.label}header ${localName}: ${expression.source} gives nothing; the header is empty`,
    )
    return ''
  }
}

function removeStep({ prefix, localName, namespaceURI }: HeaderName, scope: 'default' | 'transport'): Step {
  if (scope === 'transport') return ctx => ctx.message.headers.delete(localName)
  if (prefix === '') {
    const set = ADDRESSES.get(localName)!
    return ctx => set(ctx, undefined)
  }
  const isMeant = (block: XmlElement): boolean =>
    block.localName === localName && block.namespaceURI === namespaceURI
  return ctx => {
    const { content } = ctx.message
    // A payload that holds no such block is left as it came.
    if (!content.isXml || !headerOf(content.envelope())?.children.some(isMeant)) return
    for (const block of headerOf(content.editEnvelope())?.children ?? []) if (isMeant(block)) block.remove()
  }
}

function addBlocks(ctx: MessageContext, blocks: readonly XmlElement[]): void {
  ensureHeader(ctx.message.content.editEnvelope()).append(...blocks)
}

function copyOf(node: { readonly nodeType: number; readonly nodeValue: string | null }): XmlChild {
  return node instanceof XmlElement ? node.clone() : new XmlText(node.nodeValue ?? '')
}
