import type { EndpointNode, MediatorNode } from './declare.ts'
import type { ElementReader } from './reader.ts'
import type { Reference, ValueType } from './types.ts'
import type { Element } from './xml.ts'

/** What a component may contain at one place: how it is read, and what people are told about it. */
export interface Field<T> {
  readonly kind:
    | 'attribute'
    | 'child'
    | 'children'
    | 'branch'
    | 'mediators'
    | 'body'
    | 'parameters'
    | 'endpoint'
    | 'literal'
  readonly doc: string
  readonly isRequired: boolean
  /** Name in the file where it differs from the field's. */
  readonly name?: string
  /** Name of the value type, for people. */
  readonly type?: string
  readonly default?: unknown
  /** Fields of the element or the parameters below. */
  readonly fields?: Fields
  /** The attribute by which a branch may name a sequence. */
  readonly key?: string
  read(name: string, reader: ElementReader): T
}

/** Fields by name. */
export type Fields = Readonly<Record<string, Field<unknown>>>

/** What reading the fields gives. */
export type Config<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

interface Described {
  readonly doc: string
  /** Name in the file, where the field's own name cannot be it. */
  readonly name?: string
}
type Mandatory = Described & { readonly required: true }
type Defaulted<T> = Described & { readonly default: T }

/** One attribute. */
export function attribute<T>(type: ValueType<T>, options: Mandatory): Field<T>
export function attribute<T>(type: ValueType<T>, options: Defaulted<NoInfer<T>>): Field<T>
export function attribute<T>(type: ValueType<T>, options: Described): Field<T | undefined>
export function attribute<T>(
  type: ValueType<T>,
  options: Mandatory | Defaulted<T> | Described,
): Field<T | undefined> {
  const isRequired = 'required' in options
  const fallback = 'default' in options ? options.default : undefined
  return {
    kind: 'attribute',
    doc: options.doc,
    isRequired,
    name: options.name,
    type: type.name,
    default: fallback,
    read(name, reader) {
      const found = reader.takeAttribute(name)
      if (found) return reader.parse(type, found.value, found.valueSpan, `attribute ${name}`)
      if (isRequired) reader.missing(`attribute ${name}`)
      return fallback
    },
  }
}

/** One element with fields of its own; `isOwn` says that it stands in our own namespace. */
export function child<F extends Fields>(
  fields: F,
  options: Described & { required?: boolean; isOwn?: boolean },
): Field<Config<F> | undefined> {
  return {
    kind: 'child',
    doc: options.doc,
    isRequired: options.required === true,
    name: options.name,
    fields,
    read(name, reader) {
      const [element, ...more] = options.isOwn ? reader.takeOwnChildren(name) : reader.takeChildren(name)
      // Compatibility: of several, the first counts.
      for (const { span } of more)
        reader.warning(
          span,
          'repeated-element',
          `<${reader.element.name}> takes one <${name}>; the first counts.`,
        )
      if (element) return reader.nested(element, fields)
      if (options.required) reader.missing(`element <${name}>`)
      return undefined
    },
  }
}

/** An element with fields of its own that may be repeated. */
export function children<F extends Fields>(fields: F, options: Described): Field<readonly Config<F>[]> {
  return {
    kind: 'children',
    doc: options.doc,
    isRequired: false,
    name: options.name,
    fields,
    read: (name, reader) => reader.takeChildren(name).map(element => reader.nested(element, fields)),
  }
}

/** An element that holds mediators, or refers to a sequence by an attribute such as `sequence`. */
export interface Branch {
  readonly steps: readonly MediatorNode[]
  readonly key: Reference | undefined
  readonly element: Element
}

/** An element holding mediators. With `key`, that attribute may name a sequence in place of them. */
export function branch(options: Described & { key?: string }): Field<Branch | undefined> {
  return {
    kind: 'branch',
    doc: options.doc,
    isRequired: false,
    name: options.name,
    key: options.key,
    read(name, reader) {
      // Compatibility: of several, the first counts.
      const [element] = reader.takeChildren(name)
      return element && reader.branch(element, options.key)
    },
  }
}

/** The mediators an element holds directly: all children no other field has taken. Declare it last. */
export function mediators(options: Described): Field<readonly MediatorNode[]> {
  return {
    kind: 'mediators',
    doc: options.doc,
    isRequired: false,
    read: (_name, reader) => reader.takeMediators(),
  }
}

/** The text of the element. */
export function body<T>(type: ValueType<T>, options: Described): Field<T | undefined> {
  return {
    kind: 'body',
    doc: options.doc,
    isRequired: false,
    type: type.name,
    read(_name, reader) {
      const { text, textSpan } = reader.element
      return text === '' ? undefined : reader.parse(type, text, textSpan, `text of <${reader.element.name}>`)
    },
  }
}

/** One element taken as it is written, to be put into messages. */
export function literal(options: Described): Field<Element | undefined> {
  return {
    kind: 'literal',
    doc: options.doc,
    isRequired: false,
    read: (_name, reader) => reader.takeAny(),
  }
}

/** All child elements taken as they are written, to be put into messages. Declare it alone. */
export function literals(options: Described): Field<readonly Element[]> {
  return {
    kind: 'literal',
    doc: options.doc,
    isRequired: false,
    read(_name, reader) {
      reader.takeAny()
      return reader.element.children
    },
  }
}

/** An `<endpoint>`, inline or by key. */
export function endpoint(options: Described & { required?: boolean }): Field<EndpointNode | undefined> {
  return {
    kind: 'endpoint',
    doc: options.doc,
    isRequired: options.required === true,
    read(_name, reader) {
      const [element] = reader.takeChildren('endpoint')
      if (element) return reader.endpoint(element)
      if (options.required) reader.missing('element <endpoint>')
      return undefined
    },
  }
}

/** One named value of the `<parameter name="…">` idiom. */
export interface Parameter<T> {
  readonly type: ValueType<T>
  readonly doc: string
  readonly default?: T
  readonly required?: boolean
  /** Whether it may hold an element in place of text: its value is that, written out. */
  readonly takesXml?: boolean
  /** Whether it may be written as `<parameter name="…" expression="…"/>`: its value is the text of that. */
  readonly takesExpression?: boolean
}
type ParameterTypes = Readonly<Record<string, Parameter<unknown>>>
type ParameterValues<P extends ParameterTypes> = {
  readonly [K in keyof P]: P[K] extends { type: ValueType<infer T> }
    ? P[K] extends { default: T } | { required: true }
      ? T
      : T | undefined
    : never
}

/** Values written as `<parameter name="…">value</parameter>`, inside `<parameters>` or directly. */
export function parameters<const P extends ParameterTypes>(
  types: P,
  options: Described,
): Field<ParameterValues<P>> {
  const described = Object.entries(types).map(([name, { type, doc, default: fallback, required }]) => [
    name,
    {
      kind: 'attribute',
      doc,
      isRequired: required === true,
      type: type.name,
      default: fallback,
      read: () => undefined,
    },
  ])
  return {
    kind: 'parameters',
    doc: options.doc,
    isRequired: false,
    fields: Object.fromEntries(described) as Fields,
    read: (_name, reader) => reader.parameters(types) as ParameterValues<P>,
  }
}
