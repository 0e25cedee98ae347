import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { compileFreeMarker as compileTemplate, FreeMarkerError } from '../expressions/free-marker.ts'
import { Lookup, Nodes, type Value } from '../expressions/free-marker-values.ts'
import { accessor } from '../expressions/scopes.ts'
import { textOf } from '../expressions/value.ts'
import { payloadOf } from '../message/codecs/soap.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import type { XmlElement } from '../message/xml/tree.ts'
import type { Format, MediaType, Report } from './payload-factory-format.ts'
import { putJson, putText, putXml } from './payload-factory-output.ts'
import type { Argument } from './payload-factory-values.ts'
import { readElement } from './payload-factory-xml.ts'

/** Compiles a FreeMarker template into what replaces the payload of a message. */
export function compileFreeMarker(
  { element, text }: Format,
  { mediaType, args }: { mediaType: MediaType; args: readonly Argument[] },
  report: Report,
): (ctx: MessageContext) => void {
  const source = element ? serializeXml(element) : text
  const template = attempt(source, report, element !== undefined)
  if (!template) return () => {}
  const put = PUT[mediaType]
  return ctx => {
    put(ctx, render(template, ctx, args))
  }
}

const PUT: Readonly<Record<MediaType, (ctx: MessageContext, text: string) => void>> = {
  json: putJson,
  text: putText,
  xml: (ctx, text) => putXml(ctx, readElement(text.trim())),
}

function attempt(
  source: string,
  report: Report,
  isElement: boolean,
): ReturnType<typeof compileTemplate> | undefined {
  try {
    return compileTemplate(source)
  } catch (error) {
    if (!(error instanceof FreeMarkerError)) throw error
    const message = `the FreeMarker template is wrong at line ${error.line}, column ${error.column}: ${error.message}.`
    report.error(message, isElement ? undefined : error.offset)
    return undefined
  }
}

function render(
  template: ReturnType<typeof compileTemplate>,
  ctx: MessageContext,
  args: readonly Argument[],
): string {
  try {
    return template.render(name => modelOf(ctx, args, name))
  } catch (error) {
    if (!(error instanceof FreeMarkerError)) throw error
    const message = `the FreeMarker template failed at line ${error.line}, column ${error.column}: ${error.message}`
    throw new Fault(0, message, { cause: error })
  }
}

/** What a template sees. Everything but the payload is text. */
function modelOf(ctx: MessageContext, args: readonly Argument[], name: string): Value {
  switch (name) {
    case 'payload':
      return payloadModel(ctx)
    case 'args':
      return new Lookup(argument => argumentText(ctx, args, argument))
    case 'ctx':
      return new Lookup(property => textOf(accessor('default', property).get(ctx)))
    case 'axis2':
      return new Lookup(property => textOf(accessor('axis2', property).get(ctx)))
    case 'trp':
      return new Lookup(header => ctx.message.headers.get(header))
    case 'vars':
      return new Lookup(variable => textOf(ctx.variables.get(variable)))
    default:
      return undefined
  }
}

/** `arg1` is the first. */
function argumentText(
  ctx: MessageContext,
  args: readonly Argument[],
  name: string,
): string | null | undefined {
  const argument = name.startsWith('arg') ? args[Number(name.slice(3)) - 1] : undefined
  return argument?.expression ? argument.expression.text(ctx) : argument?.value
}

/**
 * A JSON value, or the XML document. Compatibility: that is the node above the first element of the body; its
 * children are found without naming it too.
 */
function payloadModel({ message: { content } }: MessageContext): Value {
  if (content.isJson) return content.json()
  const element = payloadOf(content.envelope())
  if (!element) return content.text()
  if (element.localName === 'text' && content.mediaType === 'text/plain') return content.text()
  return new DocumentNodes(element)
}

class DocumentNodes extends Nodes {
  readonly #element: XmlElement

  constructor(element: XmlElement) {
    super([element])
    this.#element = element
  }

  override member(name: string): Value {
    const isRoot = name.slice(name.lastIndexOf(':') + 1) === this.#element.localName
    return isRoot ? new Nodes([this.#element]) : super.member(name)
  }
}
