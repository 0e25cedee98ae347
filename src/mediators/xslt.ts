import type { MessageContext } from '../core/context.ts'
import type { Entry } from '../core/entry.ts'
import { Fault } from '../core/fault.ts'
import type { Step } from '../core/step.ts'
import { type Dynamic, dynamic, expression } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import { type Build, mediator } from '../language/declare.ts'
import { attribute, children } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import { reference, text } from '../language/types.ts'
import { isEnvelope, payloadOf } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import { parseXml } from '../message/xml/parse.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import { XmlElement, type XmlNode, XmlText } from '../message/xml/tree.ts'
import { type Stylesheet, XsltPool } from './xslt-pool.ts'

const NOTES =
  'XSLT 1.0 with the EXSLT extensions, run on threads of their own. What a stylesheet includes or imports has to be named by `<resource>`; nothing is read from the network or the disk. A transformation that takes longer than 10 seconds is stopped with a fault. Compatibility: a sheet that says version 2.0 and needs nothing of it runs, with a warning; one with instructions of 2.0 is an error at deployment.'

/** Transforms XML by a stylesheet. */
export const xsltMediator = mediator({
  element: 'xslt',
  summary: 'Transforms the payload, or a part of it, by an XSLT stylesheet.',
  fields: {
    key: attribute(dynamic, { doc: 'Local entry or registry resource with the stylesheet.', required: true }),
    source: attribute(expression, { doc: 'What to transform; default the first element of the body.' }),
    target: attribute(text, { doc: 'Property that gets the result, in place of the payload.' }),
    useCache: attribute(text, { doc: 'Accepted; a stylesheet is compiled once.' }),
    property: children(
      {
        name: attribute(text, { doc: 'Name of the parameter.', required: true }),
        value: attribute(text, { doc: 'Its value.' }),
        expression: attribute(expression, { doc: 'Expression that gives its value.' }),
      },
      { doc: 'A parameter of the stylesheet.' },
    ),
    resource: children(
      {
        location: attribute(text, { doc: 'What the stylesheet calls it.', required: true }),
        key: attribute(reference, { doc: 'Local entry or registry resource with it.', required: true }),
      },
      { doc: 'What the stylesheet includes or imports.' },
    ),
  },
  ignored: {
    feature: 'it configures the Java engine',
    attribute: 'it configures the Java engine',
  },
  notes: NOTES,
  example: `<xslt key="orderToBill"/>`,
  needsContent: () => true,
  compile({ key, source, target, property: parameters, resource }, build, span) {
    const resources = (): Record<string, string> =>
      Object.fromEntries(
        resource.map(({ location, key: { name } }) => [location, build.deployment.entry(name)?.text ?? '']),
      )
    for (const { key: wanted } of resource) build.entry(wanted)
    const valuesOf = (ctx: MessageContext): Record<string, string> =>
      Object.fromEntries(
        parameters.map(({ name, value, expression: from }) => [
          name,
          literal(value ?? from?.text(ctx) ?? ''),
        ]),
      )
    return transformation({ key, source, target, valuesOf, resources }, build, span)
  },
})

/** Transforms the whole payload by a stylesheet. */
export const fastXsltMediator = mediator({
  element: 'fastXSLT',
  summary: 'Transforms the payload by an XSLT stylesheet, as xslt without further options does.',
  fields: {
    key: attribute(dynamic, { doc: 'Local entry or registry resource with the stylesheet.', required: true }),
  },
  notes: NOTES,
  example: `<fastXSLT key="orderToBill"/>`,
  needsContent: () => true,
  compile: ({ key }, build, span) =>
    transformation(
      { key, source: undefined, target: undefined, valuesOf: () => ({}), resources: () => ({}) },
      build,
      span,
    ),
})

interface Options {
  readonly key: Dynamic
  readonly source: Expression | undefined
  readonly target: string | undefined
  readonly valuesOf: (ctx: MessageContext) => Record<string, string>
  readonly resources: () => Record<string, string>
}

let lastSheet = 0

function transformation(
  { key, source, target, valuesOf, resources }: Options,
  build: Build,
  span: Span,
): Step {
  const pool = build.resource('threads that transform XML', () => new XsltPool())
  const entry = key.fixed === undefined ? undefined : build.entry({ name: key.fixed, span })
  const newer = entry && newerInstruction(entry)
  if (newer)
    build.error(
      span,
      'not-supported',
      `The stylesheet ${key.fixed} uses <${newer}> of XSLT 2.0, which is not there.`,
      'Write it in XSLT 1.0, or use a script.',
    )
  else if (entry && !/\bversion\s*=\s*["']1\.0["']/.test(entry.text.slice(0, 4000)))
    build.warning(
      span,
      'xslt-version',
      `The stylesheet ${key.fixed} does not say version 1.0; it is run as XSLT 1.0.`,
    )
  const sheets = new Map<string, Stylesheet>()
  const sheetOf = (ctx: MessageContext): Stylesheet => {
    const name = key.text(ctx) ?? ''
    const found: Entry | undefined = ctx.deployment.entry(name)
    if (!found) throw failed(name, 'there is no such stylesheet')
    let sheet = sheets.get(found.text)
    if (!sheet) {
      sheet = { id: ++lastSheet, text: found.text, resources: resources() }
      if (sheets.size < 100) sheets.set(found.text, sheet)
    }
    return sheet
  }
  return async ctx => {
    const node = sourceNode(source, ctx)
    if (!node) {
      ctx.log.warn({ message: ctx.id }, `${ctx.service.label}xslt: there is nothing to transform`)
      return
    }
    const xml = serializeXml(node)
    let output: string
    try {
      output = await pool.transform(sheetOf(ctx), xml, valuesOf(ctx))
    } catch (error) {
      throw error instanceof Fault ? error : failed(key.text(ctx) ?? '', (error as Error).message)
    }
    if (target !== undefined) ctx.properties.set(target, parsed(output) ?? output)
    else replace(ctx, source, output)
  }
}

const XSLT = 'http://www.w3.org/1999/XSL/Transform'

/** Instructions of XSLT 2.0 and later. The engine would pass over them, and give something else in silence. */
const NEWER: ReadonlySet<string> = new Set([
  'analyze-string',
  'character-map',
  'for-each-group',
  'function',
  'import-schema',
  'iterate',
  'map',
  'mode',
  'namespace',
  'next-match',
  'perform-sort',
  'result-document',
  'sequence',
  'try',
])

function newerInstruction(entry: Entry): string | undefined {
  const pending = [entry.xml()]
  for (let element = pending.pop(); element; element = pending.pop()) {
    if (element.namespaceURI === XSLT && NEWER.has(element.localName)) return element.nodeName
    pending.push(...element.children)
  }
  return undefined
}

function failed(name: string, reason: string): Fault {
  return new Fault(0, `Unable to perform XSLT transformation using ${name}: ${reason}`)
}

/** The element to transform: what the source selects, the whole envelope for `/`, else the payload. */
function sourceNode(source: Expression | undefined, ctx: MessageContext): XmlElement | undefined {
  const envelope = ctx.message.content.envelope()
  if (!source) return payloadOf(envelope)
  const selected = source.nodes?.(ctx) ?? source.value(ctx)
  const first: XmlNode | undefined = Array.isArray(selected) ? selected[0] : (selected as XmlNode | undefined)
  if (first instanceof XmlElement) return first
  return first && 'documentElement' in first ? (first.documentElement ?? undefined) : undefined
}

function replace(ctx: MessageContext, source: Expression | undefined, output: string): void {
  const result = parsed(output)
  const { content } = ctx.message
  const mediaType = content.isJson || content.mediaType === '' ? 'application/xml' : content.mediaType
  if (result && isEnvelope(result)) {
    ctx.message.content = Content.ofEnvelope(result, mediaType)
    return
  }
  const whole = Content.ofEnvelope(content.envelope().clone(), mediaType)
  ctx.message.content = whole
  whole.editEnvelope()
  const node = sourceNode(source, ctx)
  if (!node) return
  if (result) node.replaceWith(result)
  else if (output.trim() === '') node.remove()
  else node.replaceWith(textElement(output))
}

const PAYLOAD = 'http://ws.apache.org/commons/ns/payload'

function textElement(data: string): XmlElement {
  const element = new XmlElement('text', PAYLOAD)
  element.declare('', PAYLOAD)
  element.append(new XmlText(data))
  return element
}

function parsed(output: string): XmlElement | undefined {
  if (!/^\s*</.test(output)) return undefined
  try {
    return (
      parseXml(output.replace(/^\s*<\?xml[^>]*\?>\s*(?:<!DOCTYPE[^>[]*>)?/, '')).documentElement ?? undefined
    )
  } catch {
    return undefined
  }
}

/** Parameters are XPath to the engine: a text becomes a literal of it, whatever quotes it holds. */
function literal(value: string): string {
  if (!value.includes("'")) return `'${value}'`
  if (!value.includes('"')) return `"${value}"`
  return `concat(${value
    .split("'")
    .map(part => `'${part}'`)
    .join(`,"'",`)})`
}
