import { type Dynamic, dynamic, expression } from '../expressions/expression.ts'
import { compileFragments, type FragmentText } from '../expressions/fragments.ts'
import type { Expression } from '../expressions/value.ts'
import type { Wrong } from '../language/declare.ts'
import { attribute, body, type Config, type Field, literal } from '../language/field.ts'
import { boolean, name, oneOf, type ValueType } from '../language/types.ts'
import type { Element } from '../language/xml.ts'

/** Text with placeholders in braces. */
const fragments: ValueType<FragmentText> = {
  name: 'text with {expression}',
  parse: compileFragments,
  readsContent: value => value.readsContent,
}

/** One expression, or several JSONPaths as `json-eval($.a, $.b)`. */
const paths: ValueType<readonly Expression[]> = {
  name: expression.name,
  parse(source, setting) {
    const inner = /^\s*json-eval\((.*)\)\s*$/s.exec(source)?.[1]
    const parts = inner === undefined ? [] : splitPaths(inner)
    if (parts.length < 2) return [expression.parse(source, setting)]
    return parts.map(part => expression.parse(`json-eval(${part})`, setting))
  },
  readsContent: value => value.some(each => each.readsContent),
}

/** Splits at commas that stand in no brackets and no quotes. */
function splitPaths(text: string): string[] {
  const parts: string[] = []
  let part = ''
  let depth = 0
  for (const [piece] of text.matchAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\s\S]/g)) {
    if ('[('.includes(piece)) depth++
    if ('])'.includes(piece)) depth--
    if (piece === ',' && depth === 0) {
      parts.push(part.trim())
      part = ''
    } else part += piece
  }
  return [...parts, part.trim()].filter(each => each !== '')
}

const sourceFields = {
  type: attribute(oneOf('custom', 'envelope', 'body', 'property', 'inline'), {
    doc: 'Where it is taken from: what an expression selects, the envelope, the payload, a property, or what stands here.',
    default: 'custom',
  }),
  clone: attribute(boolean, {
    doc: 'Whether it is copied; else it is moved out of the message.',
    default: true,
  }),
  paths: attribute(paths, {
    name: 'xpath',
    doc: 'The expression of the type custom. For remove it may be several JSONPaths: `json-eval($.a, $.b)`.',
  }),
  property: attribute(name, { doc: 'The property, in the default scope.' }),
  key: attribute(dynamic, { doc: 'A local entry or registry resource in place of what would stand here.' }),
  literal: literal({ doc: 'The element of the type inline.' }),
  text: body(fragments, {
    doc: 'The text of the type inline, JSON for one; `{expression}` in it is computed.',
  }),
} as const

const targetFields = {
  type: attribute(oneOf('custom', 'envelope', 'body', 'property', 'key'), {
    doc: 'Where it goes: what an expression selects, the envelope, the payload, a property, or the name of a JSON member.',
    default: 'custom',
  }),
  action: attribute(oneOf('replace', 'child', 'sibling', 'remove'), {
    doc: 'Whether it takes the place of the target, goes into it, goes behind it, or is removed itself.',
    default: 'replace',
  }),
  xpath: attribute(expression, { doc: 'The expression of the types custom and key.' }),
  property: attribute(name, { doc: 'The property, in the default scope.' }),
} as const

/** Fields of a part, and the element it was read from. */
function part<F extends typeof sourceFields | typeof targetFields>(
  fields: F,
  doc: string,
): Field<(Config<F> & { readonly element: Element }) | undefined> {
  return {
    kind: 'child',
    doc,
    isRequired: true,
    fields,
    read(named, reader) {
      const [element] = reader.takeChildren(named)
      if (element) return { ...reader.nested(element, fields), element }
      reader.missing(`element <${named}>`)
      return undefined
    },
  }
}

/** The fields of `<enrich>`. */
export const enrichFields = {
  source: part(sourceFields, 'What is taken.'),
  target: part(targetFields, 'Where it goes.'),
} as const

/** `<source>` as it was read. */
export type EnrichSource = Config<typeof sourceFields> & {
  readonly element: Element
  readonly key: Dynamic | undefined
}

/** `<target>` as it was read. */
export type EnrichTarget = Config<typeof targetFields> & { readonly element: Element }

/** Rules across source and target. */
export function checkEnrich({ source, target }: Config<typeof enrichFields>, wrong: Wrong): void {
  if (!source || !target) return
  const missing = (message: string, { span }: Element): void => wrong(message, { code: 'missing', span })
  if (source.type === 'custom' && !source.paths)
    missing('<source> of type custom needs attribute xpath.', source.element)
  if (source.type === 'property' && source.property === undefined)
    missing('<source> of type property needs attribute property.', source.element)
  if (source.type === 'inline' && !source.literal && !source.text && !source.key)
    missing('<source> of type inline needs an element, a text or a key.', source.element)
  if ((target.type === 'custom' || target.type === 'key') && !target.xpath && target.action !== 'remove')
    missing(`<target> of type ${target.type} needs attribute xpath.`, target.element)
  if (target.type === 'property' && target.property === undefined)
    missing('<target> of type property needs attribute property.', target.element)
  const message = conflict(source, target)
  if (message !== undefined) wrong(message, { span: target.element.span })
}

const CANNOT: Readonly<Record<string, readonly string[]>> = {
  envelope: ['custom', 'envelope', 'body'],
  body: ['envelope', 'body'],
  custom: ['envelope'],
}

function conflict(source: EnrichSource, target: EnrichTarget): string | undefined {
  const { type, action, xpath } = target
  if (action === 'remove') {
    if (source.type !== 'custom') return 'Action remove needs a source of type custom.'
    if (type !== 'body' && type !== 'property')
      return 'Action remove needs a target of type body or property.'
    return undefined
  }
  if (source.paths && source.paths.length > 1) return 'Several paths go with action remove only.'
  if (CANNOT[source.type]?.includes(type))
    return `A source of type ${source.type} cannot go to a target of type ${type}.`
  if (type === 'envelope' && action !== 'replace')
    return `The envelope can be replaced; ${action} is not for it.`
  if (type === 'key' && source.type === 'body') return 'A source of type body cannot be the name of a member.'
  if (type === 'key' && action !== 'replace') return 'A target of type key takes action replace only.'
  if (type === 'key' && xpath?.language !== 'jsonpath') return 'A target of type key needs json-eval(…).'
  if (type === 'custom' && xpath?.language === 'jsonpath') {
    if (action === 'sibling') return 'JSON has no siblings; use child.'
    const isRoot = /^\s*json-eval\(\s*\$\.?\s*\)\s*$/.test(xpath.source)
    if (isRoot && action === 'replace')
      return 'The root of JSON cannot be replaced; use a target of type body.'
  }
  return undefined
}
