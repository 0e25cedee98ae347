import { serializeXml } from '../message/xml/serialize.ts'
import type { EndpointKind, EndpointNode, Mediator, MediatorNode } from './declare.ts'
import { type Diagnostics, didYouMean } from './diagnostic.ts'
import type { Branch, Config, Fields, Parameter } from './field.ts'
import { resolvedValue } from './resolved.ts'
import type { Span } from './source.ts'
import { Expected, reference, type ValueType } from './types.ts'
import { type Attribute, type Element, isSynapse, OWN_NAMESPACE } from './xml.ts'

/** The components that files may use. */
export interface Vocabulary {
  readonly mediators: ReadonlyMap<string, Mediator>
  /** Kinds of endpoint, by the element inside `<endpoint>`. */
  readonly endpoints: ReadonlyMap<string, EndpointKind>
  /** The `<endpoint>` element itself. */
  readonly endpoint: EndpointKind
  /** Mediators and kinds of endpoint that are known and not run, each with what to say. */
  readonly unsupported: ReadonlyMap<string, string>
}

/** What reading shares across elements. */
export interface Reading {
  readonly vocabulary: Vocabulary
  readonly diagnostics: Diagnostics
  /** Gives the text of a local entry or resource; undefined where there is none. Missing where there are no entries. */
  readonly entryText?: ((key: string) => string | undefined) | undefined
  /** Set when a value read since it was last cleared makes its mediator read the payload. */
  readsContent: boolean
}

/** What may stand on any element and never means anything to the engine. */
const ALWAYS_ALLOWED: ReadonlySet<string> = new Set(['description'])

/** Reads one element by its declared fields, and keeps account of what no field has asked for. */
export class ElementReader {
  readonly element: Element
  readonly #reading: Reading
  readonly #attributes: Set<Attribute>
  readonly #children: Set<Element>
  #attributeNames: string[] = []
  #childNames: string[] = []
  #ownNames: string[] = []

  constructor(element: Element, reading: Reading) {
    this.element = element
    this.#reading = reading
    this.#attributes = new Set(element.attributes.filter(({ name }) => !name.includes(':')))
    this.#children = new Set(element.children)
  }

  /** Reads all fields, then reports what is left over. Undefined when anything was wrong. */
  read<F extends Fields>(fields: F, known: KnownToo = {}): Config<F> | undefined {
    const before = this.#reading.diagnostics.errors
    const config: Record<string, unknown> = {}
    for (const [key, field] of Object.entries(fields)) config[key] = field.read(field.name ?? key, this)
    this.#reportLeftovers(known)
    return this.#reading.diagnostics.errors === before ? (config as Config<F>) : undefined
  }

  takeAttribute(name: string): Attribute | undefined {
    this.#attributeNames.push(name)
    for (const attribute of this.#attributes) {
      if (attribute.name === name) {
        this.#attributes.delete(attribute)
        return attribute
      }
    }
    return undefined
  }

  takeChildren(name: string): Element[] {
    this.#childNames.push(name)
    const taken = [...this.#children].filter(child => child.name === name && isSynapse(child))
    for (const child of taken) this.#children.delete(child)
    return taken
  }

  /** Takes the children of that name in our own namespace. */
  takeOwnChildren(name: string): Element[] {
    this.#ownNames.push(name)
    const taken = [...this.#children].filter(
      child => child.name === name && child.namespace === OWN_NAMESPACE,
    )
    for (const child of taken) this.#children.delete(child)
    return taken
  }

  /** Takes the one child element, whatever it is called. */
  takeAny(): Element | undefined {
    const [first] = this.#children
    this.#children.clear()
    return first
  }

  takeMediators(): MediatorNode[] {
    const elements = [...this.#children]
    this.#children.clear()
    return this.mediators(elements)
  }

  /** Reads a value; reports what is wrong with it, as `shown` in the file, and gives undefined then. */
  parse<T>(type: ValueType<T>, text: string, span: Span, what: string, shown = text): T | undefined {
    try {
      const value = type.parse(text, { namespaces: this.element.namespaces, span })
      if (type.readsContent?.(value)) this.#reading.readsContent = true
      for (const warning of type.warnings?.(value) ?? [])
        this.#reading.diagnostics.warning(span, 'doubtful-expression', warning)
      return value
    } catch (error) {
      if (!(error instanceof Expected)) throw error
      this.wrong(span, 'bad-value', `${what} is "${shown}"; expected ${error.message}.`, error.hint)
      return undefined
    }
  }

  missing(what: string): void {
    this.wrong(this.element.span, 'missing', `<${this.element.name}> needs ${what}.`)
  }

  warning(span: Span, code: string, message: string, hint?: string): void {
    this.#reading.diagnostics.warning(span, code, message, hint)
  }

  wrong(span: Span, code: string, message: string, hint?: string): void {
    this.#reading.diagnostics.error(span, code, message, hint)
  }

  /** Reads an element that belongs to this one. Its mistakes are reported; what could be read is given. */
  nested<F extends Fields>(element: Element, fields: F): Config<F> {
    const config = new ElementReader(element, this.#reading).read(fields)
    return config ?? ({} as Config<F>)
  }

  branch(element: Element, key: string | undefined): Branch {
    const inner = new ElementReader(element, this.#reading)
    const named = key === undefined ? undefined : inner.takeAttribute(key)
    const steps = inner.takeMediators()
    inner.read({})
    const target = named && this.parse(reference, named.value, named.valueSpan, `attribute ${named.name}`)
    return { steps, key: target, element }
  }

  /** Reads mediators in order; what is none is reported. */
  mediators(elements: readonly Element[]): MediatorNode[] {
    const nodes: MediatorNode[] = []
    for (const element of elements) {
      if (isSynapse(element) && element.name === 'description') continue
      const node = this.#mediator(element)
      if (node) nodes.push(node)
    }
    return nodes
  }

  #mediator(element: Element): MediatorNode | undefined {
    const { vocabulary, diagnostics } = this.#reading
    const declaration = isSynapse(element) ? vocabulary.mediators.get(element.name) : undefined
    if (!declaration) {
      const reason = isSynapse(element)
        ? vocabulary.unsupported.get(element.name)
        : FOREIGN.get(`${element.namespace} ${element.name}`)
      const dot = element.name.indexOf('.')
      if (reason !== undefined) {
        diagnostics.error(element.span, 'not-supported', `<${element.name}> is not supported: ${reason}`)
      } else if (dot > 0 && isSynapse(element)) {
        const [library, operation] = [element.name.slice(0, dot), element.name.slice(dot + 1)]
        const message = `<${element.name}> is not supported: it is operation ${operation} of connector ${library}.`
        diagnostics.error(element.span, 'not-supported', message, CONNECTOR_HINT)
      } else {
        const known = [...vocabulary.mediators.keys(), ...vocabulary.unsupported.keys()]
        diagnostics.error(
          element.span,
          'unknown-mediator',
          `<${element.name}> is no mediator.`,
          mediatorHint(element, known),
        )
      }
      return undefined
    }
    const outer = this.#reading.readsContent
    this.#reading.readsContent = false
    const config = readDeclared(declaration, element, this.#reading)
    const readsContent =
      this.#reading.readsContent || (config !== undefined && declaration.needsContent?.(config) === true)
    // What stands inside sees to itself.
    this.#reading.readsContent = outer
    return config && { declaration, config, span: element.span, readsContent }
  }

  /** Reads an `<endpoint>`: a reference by `key`, or what the declaration of the element says. */
  endpoint(element: Element): EndpointNode | undefined {
    const inner = new ElementReader(element, this.#reading)
    const key = inner.takeAttribute('key')
    if (!key) {
      const kind = this.#reading.vocabulary.endpoint
      const config = readDeclared(kind, element, this.#reading)
      return config && { name: undefined, key: undefined, kind, config, span: element.span }
    }
    const name = inner.takeAttribute('name')?.value
    inner.read({})
    const target = this.parse(reference, key.value, key.valueSpan, 'attribute key')
    return target && { name, key: target, kind: undefined, config: undefined, span: element.span }
  }

  /** Takes the kind of endpoint inside this `<endpoint>`, once its other children are taken, and reads it. */
  takeEndpoint(): EndpointNode | undefined {
    const { vocabulary } = this.#reading
    this.takeChildren('description')
    const element = [...this.#children].find(isSynapse)
    if (!element) {
      this.wrong(this.element.span, 'missing', '<endpoint> needs an address, or the key of another endpoint.')
      return undefined
    }
    this.#children.delete(element)
    const kind = vocabulary.endpoints.get(element.name)
    if (kind) {
      const outer = this.#reading.readsContent
      this.#reading.readsContent = false
      const config = readDeclared(kind, element, this.#reading)
      const { readsContent } = this.#reading
      this.#reading.readsContent = outer || readsContent
      return config && { name: undefined, key: undefined, kind, config, span: element.span, readsContent }
    }
    const reason = vocabulary.unsupported.get(`endpoint/${element.name}`)
    if (reason !== undefined) {
      this.wrong(element.span, 'not-supported', `<${element.name}> endpoints are not supported: ${reason}`)
    } else {
      const hint = didYouMean(element.name, vocabulary.endpoints.keys())
      this.wrong(element.span, 'unknown-endpoint', `<${element.name}> is no kind of endpoint.`, hint)
    }
    return undefined
  }

  /** Gives what reads an `<endpoint>` element made later, with findings of its own. */
  endpointReader(): (element: Element, diagnostics: Diagnostics) => EndpointNode | undefined {
    const { vocabulary } = this.#reading
    return (element, diagnostics) =>
      new ElementReader(element, { vocabulary, diagnostics, readsContent: false }).endpoint(element)
  }

  /** Reads `<parameter name="…">value</parameter>` elements, in a `<parameters>` element or directly. */
  parameters(types: Readonly<Record<string, Parameter<unknown>>>): Record<string, unknown> {
    const groups = this.takeChildren('parameters')
    const elements =
      groups.length > 0 ? groups.flatMap(group => group.children) : this.takeChildren('parameter')
    const values: Record<string, unknown> = {}
    for (const [name, { default: fallback }] of Object.entries(types)) values[name] = fallback
    const given = new Set<string>()
    for (const element of elements) {
      const inner = new ElementReader(element, this.#reading)
      const named = inner.takeAttribute('name')
      const isXml = named !== undefined && types[named.value]?.takesXml === true
      const xml = isXml ? inner.takeAny()?.xml : undefined
      const isExpression = named !== undefined && types[named.value]?.takesExpression === true
      const expression = isExpression ? inner.takeAttribute('expression') : undefined
      const key = inner.takeAttribute('key')
      inner.read({})
      if (!named) {
        this.wrong(element.span, 'missing', '<parameter> needs attribute name.')
        continue
      }
      const type = Object.hasOwn(types, named.value) ? types[named.value] : undefined
      if (!type) {
        const hint = didYouMean(named.value, Object.keys(types))
        const message = `<${this.element.name}> has no parameter ${named.value}`
        if (hint !== undefined) this.wrong(named.valueSpan, 'unknown-parameter', `${message}.`, hint)
        else
          this.#reading.diagnostics.warning(
            named.valueSpan,
            'unknown-parameter',
            `${message}; it has no effect.`,
          )
        continue
      }
      const what = `parameter ${named.value}`
      if (key) {
        const found = this.#reading.entryText?.(key.value.trim())?.trim()
        if (found === undefined)
          this.warning(
            key.valueSpan,
            'missing-entry',
            `There is no entry named ${key.value.trim()}; ${what} counts as not given.`,
          )
        else {
          given.add(named.value)
          values[named.value] = inner.parse(type.type, found, key.valueSpan, what)
        }
        continue
      }
      given.add(named.value)
      if (expression) {
        values[named.value] = inner.parse(type.type, expression.value, expression.valueSpan, what)
        continue
      }
      const text = xml
        ? serializeXml(xml)
        : resolvedValue(element.text, missing => this.#unresolved(element, what, missing, type.required))
      if (text === undefined) continue
      values[named.value] = this.parse(type.type, text, element.textSpan, what, xml ? text : element.text)
    }
    for (const [name, { required }] of Object.entries(types)) {
      if (required && !given.has(name)) this.missing(`parameter ${name}`)
    }
    return values
  }

  /** A parameter whose value the environment lacks counts as not given. */
  #unresolved({ textSpan }: Element, what: string, missing: string, isRequired = false): void {
    const message = `${what} needs ${missing}, which the environment does not have`
    const hint = `Set the environment variable ${missing}.`
    if (isRequired) this.wrong(textSpan, 'unresolved-value', `${message}.`, hint)
    else this.warning(textSpan, 'unresolved-value', `${message}; it counts as not given.`, hint)
  }

  #reportLeftovers(known: KnownToo): void {
    for (const { name, nameSpan } of this.#attributes) {
      if (ALWAYS_ALLOWED.has(name)) continue
      const hint = didYouMean(name, this.#attributeNames)
      const what = `attribute ${name}`
      const message = `<${this.element.name}> has no attribute ${name}.`
      this.#leftover(name, nameSpan, known, what, { code: 'unknown-attribute', message, hint })
    }
    for (const child of this.#children) {
      if (this.#refusesAsOwn(child) || child.name === 'description' || !isSynapse(child)) continue
      const hint = didYouMean(child.name, this.#childNames)
      const message = `<${this.element.name}> takes no <${child.name}>.`
      this.#leftover(child.name, child.span, known, `<${child.name}>`, {
        code: 'unknown-element',
        message,
        hint,
      })
    }
  }

  /** Refuses what is ours, or is called so: the original reads past it, so nobody else will say that it is wrong. */
  #refusesAsOwn(child: Element): boolean {
    const { name, span, namespace } = child
    const isOwn = namespace === OWN_NAMESPACE
    if (!isOwn && !(isSynapse(child) && this.#ownNames.includes(name))) return false
    const what = isOwn ? `<${name}> of the namespace ${OWN_NAMESPACE}` : `<${name}>`
    const hint = isOwn ? didYouMean(name, this.#ownNames) : `It stands in the namespace ${OWN_NAMESPACE}.`
    this.wrong(span, 'unknown-element', `<${this.element.name}> takes no ${what}.`, hint)
    return true
  }

  #leftover(
    name: string,
    span: Span,
    { unsupported = {}, ignored = {} }: KnownToo,
    what: string,
    otherwise: { code: string; message: string; hint: string | undefined },
  ): void {
    const { diagnostics } = this.#reading
    const where = `${what} of <${this.element.name}>`
    if (Object.hasOwn(unsupported, name)) {
      this.wrong(span, 'not-supported', `${where} is not supported: ${unsupported[name]}.`)
    } else if (Object.hasOwn(ignored, name)) {
      diagnostics.warning(span, 'no-effect', `${where} has no effect: ${ignored[name]}.`)
    } else if (otherwise.hint !== undefined && otherwise.code === 'unknown-attribute') {
      this.wrong(span, otherwise.code, otherwise.message, otherwise.hint)
    } else {
      // Compatibility: the original reads past what it does not know; a near miss of an attribute is a mistake.
      const message = `${otherwise.message.slice(0, -1)}; it has no effect.`
      diagnostics.warning(span, otherwise.code, message, otherwise.hint)
    }
  }
}

const CONNECTOR_HINT = 'Connectors run Java; call the service over HTTP, by a call to an endpoint.'

/** Mediators that have a namespace of their own and do not run, by that and their name: what to say. */
const FOREIGN: ReadonlyMap<string, string> = new Map([
  [
    'http://wso2.org/carbon/rules rule',
    'it runs rules of Drools, a Java engine. Use filter, switch or a script instead.',
  ],
])

function mediatorHint(element: Element, known: readonly string[]): string | undefined {
  if (!isSynapse(element))
    return `It is in the namespace ${element.namespace}, which is not that of the configuration language.`
  return didYouMean(element.name, known)
}

/** What else may be met on an element: refused, or without effect. */
interface KnownToo {
  readonly unsupported?: Readonly<Record<string, string>>
  readonly ignored?: Readonly<Record<string, string>>
}

interface Readable extends KnownToo {
  readonly element: string
  readonly fields: Fields
  check?(
    config: Config<Fields>,
    wrong: (message: string, options?: { hint?: string; span?: Span; code?: string }) => void,
    element: Element,
  ): void
}

/** Reads an element by its declaration and applies the rules that span fields. */
export function readDeclared(
  declaration: Readable,
  element: Element,
  reading: Reading,
): Config<Fields> | undefined {
  const reader = new ElementReader(element, reading)
  const config = reader.read(declaration.fields, declaration)
  if (!config || !declaration.check) return config
  const before = reading.diagnostics.errors
  declaration.check(
    config,
    (message, { hint, span = element.span, code = 'bad-combination' } = {}) =>
      reading.diagnostics.error(span, code, message, hint),
    element,
  )
  return reading.diagnostics.errors === before ? config : undefined
}
