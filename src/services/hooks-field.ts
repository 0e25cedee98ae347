import type { Branch, Field } from '../language/field.ts'
import type { ElementReader } from '../language/reader.ts'
import type { Span } from '../language/source.ts'
import type { Attribute, Element } from '../language/xml.ts'
import { type MessageSchema, VIEWS, type View } from './binding.ts'
import { isHookName } from './hook-names.ts'
import { attachedSchema } from './schema-field.ts'

/** A hook as it is written. */
export interface HookConfig {
  /** `onOpen`, `onHeartbeat` …; that of a route is empty. */
  readonly name: string
  /** The key of the messages it takes, for a route. */
  readonly key: string | undefined
  readonly branch: Branch
  /** What it takes: a schema, or the name of a local entry with one. */
  readonly schema: MessageSchema | string | undefined
  /** What messages are taken as, where it says so. */
  readonly view: View | undefined
  /** Whether it takes messages in chunks, as they come. */
  readonly takesChunks: boolean
  readonly span: Span
}

/** What may be said of a hook besides what it runs; a map that has one of these is a hook with options. */
export const HOOK_OPTIONS: readonly string[] = ['schema', 'as', 'stream']

/** The hooks of a service: every child whose name begins with `on`, and its routes. */
export const hooksField: Field<readonly HookConfig[]> = {
  kind: 'branch',
  doc: 'What runs for an event, by its name: mediators, or the sequence that attribute `sequence` names. `schema` is what messages must fit, `as` what they are taken as (text, bytes, json, xml), and `stream="true"` has them come in chunks.',
  isRequired: false,
  name: 'onMessage',
  key: 'sequence',
  read(_name, reader) {
    const names = new Set(reader.element.children.map(({ name }) => name).filter(isHookName))
    const hooks = [...names].flatMap(name =>
      reader.takeChildren(name).map(each => hookOf(name, each, reader)),
    )
    return [...hooks, ...reader.takeChildren('route').map(element => hookOf('', element, reader))]
  },
}

function hookOf(name: string, element: Element, reader: ElementReader): HookConfig {
  const given = (attribute: string) => element.attributes.find(each => each.name === attribute)
  const [key, schema, view, chunks] = [given('key'), given('schema'), given('as'), given('stream')]
  if (name === '' && !key) reader.wrong(element.span, 'missing', '<route> needs attribute key.')
  const own = [key, schema, view, chunks]
  const rest = { ...element, attributes: element.attributes.filter(each => !own.includes(each)) }
  return {
    name,
    key: key?.value,
    branch: reader.branch(rest, 'sequence'),
    schema: attachedSchema(element) ?? (schema && schemaOf(schema.value, schema.valueSpan, reader)),
    view: view && oneOf(view, VIEWS, reader),
    takesChunks: chunks !== undefined && oneOf(chunks, ['true', 'false'], reader) === 'true',
    span: key?.valueSpan ?? element.span,
  }
}

function oneOf<T extends string>(
  { name, value, valueSpan }: Attribute,
  values: readonly T[],
  reader: ElementReader,
): T | undefined {
  const found = values.find(each => each === value.trim())
  if (found !== undefined) return found
  const message = `attribute ${name} is "${value}"; expected ${values.slice(0, -1).join(', ')} or ${values.at(-1)}.`
  reader.wrong(valueSpan, 'bad-value', message)
  return undefined
}

function schemaOf(text: string, span: Span, reader: ElementReader): MessageSchema | string | undefined {
  if (!text.trimStart().startsWith('{')) return text.trim()
  try {
    return JSON.parse(text) as MessageSchema
  } catch (error) {
    reader.wrong(span, 'bad-value', `The schema is no JSON: ${(error as Error).message}.`)
    return undefined
  }
}
