import type { MessageContext } from '../core/context.ts'
import { expression } from '../expressions/expression.ts'
import { accessor } from '../expressions/scopes.ts'
import { toAddress } from '../expressions/to-address.ts'
import { textOf } from '../expressions/value.ts'
import { attribute, type Config, type Field, type Fields } from '../language/field.ts'
import type { ElementReader } from '../language/reader.ts'
import { oneOf, pattern, text } from '../language/types.ts'
import type { Element } from '../language/xml.ts'
import { splitUri, URI_PARTS, type UriPart } from './uri-parts.ts'

/**
 * A compiled condition on a message. It looks into `address` where it asks for the URL or a query parameter; the
 * address the message is for, unless one is given.
 */
export type Condition = (ctx: MessageContext, address?: string) => boolean

/** Reads the text a condition looks at; null where there is none, which no condition holds for. */
type Read = (ctx: MessageContext, address?: string) => string | null | undefined

const SOURCES = ['header', 'param', 'url', 'property', 'soap'] as const

const sourceFields = {
  type: attribute(oneOf(...SOURCES), {
    doc: 'What to look at: a header of the transport, a query parameter or the whole of the address the message is for, a property of the default scope, or what an XPath gives.',
    default: 'header',
  }),
  source: attribute(text, {
    doc: `Name of the header, parameter or property, or the XPath. With url one of ${URI_PARTS.join(', ')}, or nothing for all of it.`,
  }),
} as const

const matchFields = {
  ...sourceFields,
  regex: attribute(pattern, { doc: 'Pattern the whole text must match.', required: true }),
} as const

const equalFields = {
  ...sourceFields,
  value: attribute(text, { doc: 'Text to compare with, in any case.', required: true }),
} as const

const group = (doc: string): Field<unknown> => ({
  kind: 'children',
  doc,
  isRequired: false,
  read: () => undefined,
})

/** The elements a condition is made of, as they are described; they are read by `conditionIn`. */
const described: Fields = {
  and: group('Holds when all of the conditions in it do; two or more.'),
  or: group('Holds when one of the conditions in it does; two or more.'),
  not: group('Holds when the condition in it does not.'),
  match: {
    kind: 'children',
    doc: 'Compares a text with a pattern.',
    isRequired: false,
    fields: matchFields,
    read: () => undefined,
  },
  equal: {
    kind: 'children',
    doc: 'Compares a text with another.',
    isRequired: false,
    fields: equalFields,
    read: () => undefined,
  },
}

/** A `<condition>` element, compiled: `<and>`, `<or>`, `<not>`, `<match>` or `<equal>` inside it. */
export function condition(options: { doc: string; required?: boolean }): Field<Condition | undefined> {
  return {
    kind: 'child',
    name: 'condition',
    doc: options.doc,
    isRequired: options.required === true,
    fields: described,
    read(name, reader) {
      const [element] = reader.takeChildren(name)
      if (element) return reader.nested(element, { held: conditions(1, 1) }).held?.[0]
      if (options.required) reader.missing('element <condition>')
      return undefined
    },
  }
}

/** The conditions an element holds directly, in order. */
function conditions(least: number, most: number): Field<readonly Condition[]> {
  return {
    kind: 'children',
    doc: '',
    isRequired: true,
    read(_name, reader) {
      const taken = new Set(Object.keys(described).flatMap(name => reader.takeChildren(name)))
      const elements = reader.element.children.filter(child => taken.has(child))
      if (elements.length < least) reader.missing(`${least === 1 ? 'a condition' : 'two conditions'} in it`)
      for (const extra of elements.slice(most))
        reader.wrong(extra.span, 'repeated-element', `<${reader.element.name}> takes one condition.`)
      return elements.map(element => conditionIn(element, reader))
    },
  }
}

function conditionIn(element: Element, reader: ElementReader): Condition {
  switch (element.name) {
    case 'and': {
      const all = reader.nested(element, { held: conditions(2, Infinity) }).held ?? []
      return (ctx, address) => {
        for (const holds of all) if (!holds(ctx, address)) return false
        return true
      }
    }
    case 'or': {
      const any = reader.nested(element, { held: conditions(2, Infinity) }).held ?? []
      return (ctx, address) => {
        for (const holds of any) if (holds(ctx, address)) return true
        return false
      }
    }
    case 'not': {
      const inner = reader.nested(element, { held: conditions(1, 1) }).held?.[0]
      return (ctx, address) => inner !== undefined && !inner(ctx, address)
    }
    case 'match': {
      const { read, regex } = withSource(element, reader, matchFields)
      return (ctx, address) => {
        const found = read(ctx, address)
        return found !== null && found !== undefined && regex.test(found)
      }
    }
    default: {
      const { read, value } = withSource(element, reader, equalFields)
      const wanted = value?.toLowerCase()
      return (ctx, address) => read(ctx, address)?.toLowerCase() === wanted
    }
  }
}

/** Reads match or equal; the source of `soap` is an XPath, that of `url` the name of a part. */
function withSource<F extends typeof sourceFields & Fields>(
  element: Element,
  reader: ElementReader,
  fields: F,
): Config<F> & { readonly read: Read } {
  const config: Config<F> = reader.nested(element, fields)
  const { type, source } = config as Config<typeof sourceFields>
  const nothing: Read = () => null
  if (type === undefined) return { ...config, read: nothing }
  if (source === undefined && type !== 'url') {
    reader.wrong(element.span, 'missing', `<${element.name}> needs attribute source.`)
    return { ...config, read: nothing }
  }
  const span = element.attributes.find(({ name }) => name === 'source')?.valueSpan ?? element.span
  if (type === 'soap') {
    const compiled = reader.parse(expression, source!, span, 'attribute source')
    return { ...config, read: compiled ? ctx => compiled.text(ctx) : nothing }
  }
  if (type === 'url' && source !== undefined) {
    const part = reader.parse(oneOf(...URI_PARTS), source, span, 'attribute source')
    return { ...config, read: part ? partOfAddress(part) : nothing }
  }
  return { ...config, read: reading(type, source ?? '') }
}

function reading(type: Exclude<(typeof SOURCES)[number], 'soap'>, name: string): Read {
  switch (type) {
    case 'header':
      return ctx => ctx.message.headers.get(name)
    case 'property': {
      const { get } = accessor('default', name)
      return ctx => textOf(get(ctx))
    }
    case 'param':
      return (ctx, address = toAddress(ctx)) => new URLSearchParams(splitUri(address ?? '').query).get(name)
    case 'url':
      return (ctx, address = toAddress(ctx)) => address
  }
}

function partOfAddress(part: UriPart): Read {
  return (ctx, address = toAddress(ctx)) => (address === undefined ? null : splitUri(address)[part])
}
