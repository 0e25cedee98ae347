import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { compileExpression } from '../expressions/expression.ts'
import type { Expression } from '../expressions/value.ts'
import { Expected, type Setting } from '../language/types.ts'
import { XmlError } from '../message/xml/parse.ts'
import type { XmlChild, XmlElement } from '../message/xml/tree.ts'
import { readFragment } from './payload-factory-markup.ts'
import { putJson, putText, putXml } from './payload-factory-output.ts'
import { type Insert, joinParts, splitTemplate } from './payload-factory-template.ts'
import {
  type Argument,
  isJsonScalar,
  jsonArgument,
  jsonInline,
  textArgument,
  textInline,
  type XmlInsert,
  xmlArgument,
  xmlInline,
} from './payload-factory-values.ts'
import { compileXmlTemplate, compileXmlText, type SplitText } from './payload-factory-xml.ts'

/** What a payload is written as. */
export type MediaType = 'xml' | 'json' | 'text'

/** A template, from the configuration or from an entry. */
export interface Format {
  /** The element it is; undefined where it is text. */
  readonly element: XmlElement | undefined
  readonly text: string
  readonly setting: Setting
}

/** Where mistakes of a template are told. */
export interface Report {
  /** `offset` is a place in the text of the template. */
  error(message: string, offset: number | undefined, hint?: string): void
  warning(message: string): void
}

/** Compiles a template of the default kind into what replaces the payload of a message. */
export function compileFormat(
  format: Format,
  {
    mediaType,
    args,
    escapesControls,
  }: { mediaType: MediaType; args: readonly Argument[]; escapesControls: boolean },
  report: Report,
): (ctx: MessageContext) => void {
  const inline = (source: string, offset: number | undefined): Expression | undefined => {
    try {
      return compileExpression(`\${${source}}`, format.setting)
    } catch (error) {
      if (!(error instanceof Expected)) throw error
      report.error(`\${${source}} in the format: expected ${error.message}.`, offset, error.hint)
      return undefined
    }
  }
  const missing = (number: number): void =>
    report.warning(
      `the format asks for $${number}, and there are ${args.length} arguments; it stays as it is from there on`,
    )
  if (mediaType === 'xml') {
    const prepared = args.map(xmlArgument)
    const split: SplitText = (text, frame) =>
      splitTemplate<XmlInsert>(text, {
        args: prepared.map(prepare => prepare(frame)),
        inline: (source, isQuoted) => {
          const expression = inline(source, undefined)
          return expression && xmlInline(expression, isQuoted)(frame)
        },
        missing,
      })
    const make = compileXml(format, split)
    return ctx => putXml(ctx, make(ctx))
  }
  const prepare = (argument: Argument): Insert<string> =>
    mediaType === 'json' ? jsonArgument(argument, escapesControls) : textArgument(argument)
  const [prepareInline, put] = mediaType === 'json' ? [jsonInline, putJson] : [textInline, putText]
  const parts = splitTemplate<string>(format.text, {
    args: args.map(prepare),
    inline: (source, isQuoted, offset) => {
      const expression = inline(source, offset)
      return expression && prepareInline(expression, isQuoted)
    },
    missing,
  })
  const written = mediaType === 'json' ? withQuotes(parts) : parts
  return ctx => put(ctx, joinParts(written, ctx))
}

/**
 * Puts quotes around what stands alone as a value and is a bare text. Compatibility: the original writes it without,
 * which only its own lenient reader takes for JSON.
 */
function withQuotes(parts: readonly (string | Insert<string>)[]): readonly (string | Insert<string>)[] {
  let isInString = false
  return parts.map((part, i) => {
    if (typeof part === 'string') {
      const quotes = part.replace(/\\[\s\S]/g, '').split('"').length - 1
      if (quotes % 2 === 1) isInString = !isInString
      return part
    }
    const [before, after] = [parts[i - 1], parts[i + 1]]
    const isAlone =
      !isInString &&
      typeof before === 'string' &&
      /[:,[]\s*$/.test(before) &&
      typeof after === 'string' &&
      /^\s*[,}\]]/.test(after)
    if (!isAlone) return part
    return ctx => {
      const text = part(ctx)
      return text === '' || /^[{["]/.test(text) || isJsonScalar(text) ? text : `"${text}"`
    }
  })
}

function compileXml({ element, text }: Format, split: SplitText): (ctx: MessageContext) => XmlElement {
  if (element) return compileXmlTemplate([element], split)
  const content = nodesOf(text)
  return content ? compileXmlTemplate(content, split) : compileXmlText(text, split)
}

/** The nodes of a text that is XML before its placeholders are replaced; most are. */
function nodesOf(text: string): readonly XmlChild[] | undefined {
  try {
    const frame = readFragment(text)
    return frame.firstElement && frame.childNodes
  } catch (error) {
    if (error instanceof XmlError) return undefined
    throw error
  }
}

/** Tells mistakes of a template that only a message has named: the message cannot go on. */
export function faultReport(key: string, warn: (message: string) => void): Report {
  return {
    error(message) {
      throw new Fault(0, `the format ${key} cannot be used: ${message}`)
    },
    warning: message => warn(`the format ${key}: ${message}`),
  }
}
