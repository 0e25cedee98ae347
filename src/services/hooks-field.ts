import type { Branch, Field } from '../language/field.ts'
import type { ElementReader } from '../language/reader.ts'
import type { Span } from '../language/source.ts'
import type { Element } from '../language/xml.ts'
import type { MessageSchema } from './binding.ts'
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
  readonly span: Span
}

/** The hooks of a service: every child whose name begins with `on`, and its routes. */
export const hooksField: Field<readonly HookConfig[]> = {
  kind: 'branch',
  doc: 'What runs for an event, by its name: mediators, or the sequence that attribute `sequence` names.',
  isRequired: false,
  name: 'onMessage',
  key: 'sequence',
  read(_name, reader) {
    const names = new Set(reader.element.children.map(({ name }) => name).filter(isHookName))
    const hooks = [...names].flatMap(name => {
      const [first, ...more] = reader.takeChildren(name)
      for (const { span } of more)
        reader.wrong(span, 'repeated-element', `A service has one ${name}; this is another one.`)
      return first ? [hookOf(name, first, reader)] : []
    })
    return [...hooks, ...reader.takeChildren('route').map(element => hookOf('', element, reader))]
  },
}

function hookOf(name: string, element: Element, reader: ElementReader): HookConfig {
  const given = (attribute: string) => element.attributes.find(each => each.name === attribute)
  const key = given('key')
  const schema = given('schema')
  if (name === '' && !key) reader.wrong(element.span, 'missing', '<route> needs attribute key.')
  const own = [key, schema]
  const rest = { ...element, attributes: element.attributes.filter(each => !own.includes(each)) }
  return {
    name,
    key: key?.value,
    branch: reader.branch(rest, 'sequence'),
    schema: attachedSchema(element) ?? (schema && schemaOf(schema.value, schema.valueSpan, reader)),
    span: key?.valueSpan ?? element.span,
  }
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
