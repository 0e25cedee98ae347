import type { MessageContext } from '../core/context.ts'
import { expression } from '../expressions/expression.ts'
import { setToAddress } from '../expressions/to-address.ts'
import type { Expression } from '../expressions/value.ts'
import { mediator } from '../language/declare.ts'
import { attribute, body, type Config, child, literals } from '../language/field.ts'
import { boolean, oneOf, text } from '../language/types.ts'
import { headerOf, SOAP11, SOAP12, type SoapVersion, wrap } from '../message/codecs/soap.ts'
import {
  buildFault,
  FAULT_CODES_12,
  type FaultName,
  type SoapFault,
  soapCode,
} from '../message/codecs/soap-fault.ts'
import { headerBlockIn } from '../message/codecs/soap-version.ts'
import { Content } from '../message/content.ts'
import { ContentError } from '../message/content-error.ts'
import { type XmlChild, XmlElement, type XmlNode, XmlText } from '../message/xml/tree.ts'
import { faultCode, faultNameOf, isOfSoap } from './fault-code.ts'

const fields = {
  version: attribute(oneOf('soap11', 'soap12', 'pox'), {
    doc: 'SOAP 1.1, SOAP 1.2, or plain XML. Without it the namespace of the code decides, else it is SOAP 1.1.',
  }),
  response: attribute(boolean, { doc: 'Whether the message becomes a response.', default: true }),
  code: child(
    {
      value: attribute(faultCode, { doc: 'The code, as `prefix:Name`.' }),
      expression: attribute(expression, { doc: 'An expression that gives the code.' }),
    },
    { doc: 'What kind of fault it is. Needed unless the version is pox.' },
  ),
  reason: child(
    {
      value: attribute(text, { doc: 'A fixed reason.' }),
      expression: attribute(expression, { doc: 'An expression that gives the reason.' }),
    },
    { doc: 'What went wrong, for people. Needed unless the version is pox.' },
  ),
  node: child({ text: body(text, { doc: 'A URI.' }) }, { doc: 'What failed; SOAP 1.2 only.' }),
  role: child(
    { text: body(text, { doc: 'A URI.' }) },
    { doc: 'The role it acted in: faultactor in SOAP 1.1.' },
  ),
  detail: child(
    {
      expression: attribute(expression, { doc: 'An expression that gives text, or nodes to copy.' }),
      text: body(text, { doc: 'A fixed text.' }),
      elements: literals({ doc: 'Elements to put in as they are; they win over a text.' }),
    },
    { doc: 'More about it, for programs.' },
  ),
} as const

type FaultConfig = Config<typeof fields>

/** Replaces the payload by a fault. */
export const makeFaultMediator = mediator({
  element: 'makefault',
  summary: 'Replaces the payload by a fault, which the next respond or send carries.',
  fields,
  example: `<makefault version="soap11">
    <code xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/" value="soap:Server"/>
    <reason expression="get-property('ERROR_MESSAGE')"/>
</makefault>`,
  notes:
    'The header blocks of a SOAP message stay. A SOAP fault leaves an HTTP service with status 500. A messageType that was set before says in which type the fault leaves.\n\nCompatibility: the version pox gives `<Exception>` with the detail, or the reason where there is none. A code that SOAP 1.2 does not know is a subcode of Receiver.',

  check({ version, code, reason }, wrong, element) {
    if (version === 'pox') return
    if (!code) wrong('<makefault> needs element <code>.', { code: 'missing' })
    else if (!code.value && !code.expression)
      wrong('<code> needs a value or an expression.', { code: 'missing' })
    if (!reason) wrong('<makefault> needs element <reason>.', { code: 'missing' })
    else if (reason.value === undefined && !reason.expression)
      wrong('<reason> needs a value or an expression.', { code: 'missing' })
    const { name, namespaceURI } = code?.value ?? {}
    if (name === undefined) return
    const span = element.children.find(each => each.name === 'code')?.span ?? element.span
    const expected =
      version === 'soap12' || (version === undefined && namespaceURI === SOAP12) ? SOAP12 : SOAP11
    if (namespaceURI !== expected && (namespaceURI === SOAP11 || namespaceURI === SOAP12)) {
      wrong(`The fault is ${version}, and its code is of the other version of SOAP.`, {
        span,
        hint: `Declare its prefix as ${expected}.`,
      })
    } else if (expected === SOAP12 && !FAULT_CODES_12.includes(name)) {
      wrong(`${name} is no fault code of SOAP 1.2.`, {
        code: 'bad-value',
        span,
        hint: `These are: ${FAULT_CODES_12.join(', ')}.`,
      })
    }
  },

  needsContent: ({ version }) => version !== 'pox',

  compile(config) {
    const { version, response, code } = config
    const isPox = version === 'pox'
    const is12 = version === 'soap12' || (version === undefined && code?.value?.namespaceURI === SOAP12)
    const soap = is12 ? SOAP12 : SOAP11
    const mediaType = isPox ? 'application/xml' : is12 ? 'application/soap+xml' : 'text/xml'
    return ctx => {
      const envelope = isPox ? wrap([exception(ctx, config)]) : soapFault(ctx, config, soap)
      ctx.message.content = Content.ofEnvelope(envelope, mediaType)
      if (ctx.transportIfAny?.messageType === undefined)
        ctx.message.headers.set('Content-Type', `${mediaType}; charset=UTF-8`)
      address(ctx, response)
    }
  },
})

function soapFault(ctx: MessageContext, config: FaultConfig, version: SoapVersion): XmlElement {
  const { node, role } = config
  const nodes = detailOf(ctx, config)
  const fault: SoapFault = {
    code: codeOf(ctx, config),
    reason: reasonOf(ctx, config),
    ...(node?.text && { node: node.text }),
    ...(role?.text && { role: role.text }),
    ...(nodes && { detail: { attributes: [], nodes } }),
  }
  const envelope = wrap([buildFault(fault, version)], version)
  const blocks = headerBlocks(ctx.message.content)
  if (blocks.length > 0) {
    const header = new XmlElement('Header', version, 'soapenv')
    header.append(...blocks.map(block => headerBlockIn(block, version)))
    envelope.insertBefore(header, envelope.firstChild)
  }
  return envelope
}

function codeOf(ctx: MessageContext, { code }: FaultConfig): FaultName {
  const fixed = code?.value
  if (fixed) return isOfSoap(fixed) ? soapCode(fixed.name) : fixed
  return faultNameOf(code?.expression?.text(ctx) ?? '')
}

/** A payload that cannot be read has no header blocks: it may be why there is a fault. */
function headerBlocks(content: Content): readonly XmlElement[] {
  if (!content.isXml) return []
  try {
    return headerOf(content.envelope())?.children ?? []
  } catch (error) {
    if (error instanceof ContentError) return []
    throw error
  }
}

function exception(ctx: MessageContext, config: FaultConfig): XmlElement {
  const element = new XmlElement('Exception')
  const nodes = detailOf(ctx, config)
  if (nodes) element.append(...nodes.map(copyOf))
  else element.setText(reasonOf(ctx, config))
  return element
}

function reasonOf(ctx: MessageContext, { reason }: FaultConfig): string {
  return reason?.value ?? reason?.expression?.text(ctx) ?? ''
}

function detailOf(ctx: MessageContext, { detail }: FaultConfig): readonly XmlChild[] | undefined {
  if (!detail) return undefined
  const { elements, text, expression } = detail
  if (elements && elements.length > 0) return elements.map(({ xml }) => xml)
  if (text !== undefined) return [new XmlText(text)]
  return expression && selected(ctx, expression)
}

function selected(ctx: MessageContext, expression: Expression): readonly XmlChild[] {
  const nodes = expression.nodes?.(ctx)
  if (nodes && nodes.length > 0) return nodes.map(childOf)
  const value = expression.value(ctx)
  if (value instanceof XmlElement) return [value]
  const text = expression.text(ctx) ?? ''
  return text === '' ? [] : [new XmlText(text)]
}

function childOf(node: XmlNode): XmlChild {
  return node.nodeType === 1 ? node : new XmlText(node.nodeValue ?? '')
}

function copyOf(node: XmlChild): XmlChild {
  return node.nodeType === 1 ? node.clone() : new XmlText(node.nodeValue ?? '')
}

/** The fault goes to whom faults, or replies, were asked for. */
function address(ctx: MessageContext, isResponse: boolean): void {
  const { addressing } = ctx
  const to = isResponse ? addressing.replyTo : (addressing.faultTo ?? addressing.replyTo)
  addressing.relatesTo = ctx.id
  setToAddress(ctx, to)
  if (isResponse) ctx.direction = 'response'
}
