import type { MessageContext } from '../core/context.ts'
import { isTrue } from '../core/transport-state.ts'
import { type Expression, textOf } from '../expressions/value.ts'
import type { XmlElement } from '../message/xml/tree.ts'
import {
  elementsOf,
  jsonOfMarkup,
  looksLikeJson,
  markupOfJson,
  parseMarkup,
  xmlTextOf,
} from './payload-factory-markup.ts'
import type { Insert } from './payload-factory-template.ts'

/** One `<arg>`. */
export interface Argument {
  readonly value: string | undefined
  readonly expression: Expression | undefined
  readonly evaluator: 'xml' | 'json'
  readonly literal: boolean
}

/** What stands in an XML template: characters, or an element whose children are put there. */
export type XmlInsert = string | XmlElement

/** Prepares an argument for a JSON payload. Quotes around a text are the template's. */
export function jsonArgument(argument: Argument, escapesControls: boolean): Insert<string> {
  const { value, expression, evaluator, literal } = argument
  if (!expression) return fixed(escapedUnlessXml(value ?? ''))
  const readsXml = evaluator === 'xml' && !literal
  return ctx => {
    const text = expression.text(ctx)
    if (text === null) return ''
    if (readsXml) {
      const json = jsonOfXml(text)
      if (json !== undefined) return json
    }
    if (!literal && looksLikeJson(text)) return escapesControls ? withoutControls(text) : text
    return quotesStrings(ctx) && !isJsonScalar(text) ? JSON.stringify(text) : jsonEscaped(text)
  }
}

/** Prepares an argument for an XML payload; fragments are read with the namespaces of their place. */
export function xmlArgument({
  value,
  expression,
  evaluator,
}: Argument): (frame: string) => Insert<XmlInsert> {
  if (!expression) {
    const given = value ?? ''
    return frame => {
      const markup = parseMarkup(given, frame)
      return () => markup?.clone() ?? given
    }
  }
  return frame => ctx => {
    const text = expression.text(ctx)
    if (text === null) return ''
    if (evaluator === 'json' && looksLikeJson(text)) return markupOfJson(text) ?? text
    return parseMarkup(text, frame) ?? text
  }
}

/** Prepares an argument for a text. */
export function textArgument({ value, expression }: Argument): Insert<string> {
  if (!expression) return fixed(escapedUnlessXml(value ?? ''))
  return ctx => expression.text(ctx) ?? ''
}

/** Prepares `${…}` for a JSON payload; between quotes of its own, whatever it gives becomes one JSON string. */
export function jsonInline(expression: Expression, isQuoted: boolean): Insert<string> {
  if (isQuoted) return ctx => `"${jsonEscaped(inlineText(expression.value(ctx)))}"`
  return ctx => {
    const value = expression.value(ctx)
    const text = inlineText(value)
    const json = jsonOfXml(text)
    if (json !== undefined) return json
    return typeof value === 'object' && value !== null && xmlTextOf(value) === undefined
      ? text
      : jsonEscaped(text)
  }
}

/** Prepares `${…}` for an XML payload. */
export function xmlInline(expression: Expression, isQuoted: boolean): (frame: string) => Insert<XmlInsert> {
  if (isQuoted) return () => ctx => `"${inlineText(expression.value(ctx))}"`
  return frame => ctx => {
    const value = expression.value(ctx)
    const xml = xmlTextOf(value)
    if (xml !== undefined) return parseMarkup(xml, frame) ?? xml
    if (isStructure(value)) return elementsOf(value)
    const text = inlineText(value)
    return parseMarkup(text, frame) ?? text
  }
}

/** Prepares `${…}` for a text. */
export function textInline(expression: Expression, isQuoted: boolean): Insert<string> {
  return isQuoted ? ctx => `"${inlineText(expression.value(ctx))}"` : ctx => inlineText(expression.value(ctx))
}

function jsonOfXml(text: string): string | undefined {
  const markup = parseMarkup(text)
  return markup && jsonOfMarkup(markup)
}

function inlineText(value: unknown): string {
  return xmlTextOf(value) ?? textOf(value) ?? ''
}

function isStructure(value: unknown): boolean {
  if (Array.isArray(value)) return true
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}

function fixed<T>(value: T): Insert<T> {
  return () => value
}

/** Compatibility: a fixed value is escaped for XML, whatever the payload is. */
function escapedUnlessXml(value: string): string {
  return parseMarkup(value) ? value : value.replace(/[&<>"']/g, character => ENTITIES.get(character)!)
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
])

/** A text as it stands in a JSON string, without the quotes around it. */
function jsonEscaped(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/** Whether a text is a JSON number, boolean or null. */
export function isJsonScalar(text: string): boolean {
  return /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(text)
}

function quotesStrings(ctx: MessageContext): boolean {
  return isTrue(ctx.propertiesIfAny?.get('QUOTE_STRING_IN_PAYLOAD_FACTORY_JSON'))
}

/** JSON that has bare line breaks and their like in its strings is made JSON; what is JSON stays as it is. */
function withoutControls(text: string): string {
  try {
    JSON.parse(text)
    return text
  } catch {
    return text.replace(/[\b\f\n\r\t]/g, character => jsonEscaped(character))
  }
}
