import type { MessageContext } from '../core/context.ts'
import type { Entry } from '../core/entry.ts'
import { Fault } from '../core/fault.ts'
import { accessor } from '../expressions/scopes.ts'
import { type Build, mediator } from '../language/declare.ts'
import { didYouMean } from '../language/diagnostic.ts'
import { attribute, children } from '../language/field.ts'
import { Expected, text, type ValueType } from '../language/types.ts'
import { JsonXmlError } from '../message/codecs/json-xml.ts'
import {
  JSON_XML_PROPERTIES,
  type JsonXmlOptions,
  jsonXmlOptions,
  readJsonXmlOptions,
} from '../message/codecs/json-xml-options.ts'
import { payloadOf } from '../message/codecs/soap.ts'
import { xmlToJson } from '../message/codecs/xml-to-json.ts'
import { Content } from '../message/content.ts'
import { type DynamicKey, dynamicKey } from './dynamic-key.ts'
import { compileCoercion, type JsonCoercion } from './json-coercion.ts'

/** The key of an entry, or the expression that gives it. */
const entryKey = dynamicKey('key of an entry')

const propertyName: ValueType<string> = {
  name: 'name of a property of the mapping',
  parse(value) {
    if (JSON_XML_PROPERTIES.includes(value.trim())) return value.trim()
    throw new Expected(
      'a property of the mapping between JSON and XML',
      didYouMean(value.trim(), JSON_XML_PROPERTIES),
    )
  },
}

const messageType = accessor('axis2', 'messageType')

/** Makes the payload JSON, by settings and a schema of its own. */
export const jsonTransformMediator = mediator({
  element: 'jsontransform',
  summary: 'Makes the payload JSON, and gives its values the types a JSON Schema asks for.',
  fields: {
    schema: attribute(entryKey, {
      doc: 'Key of the entry that holds a JSON Schema; `{expression}` computes it for each message.',
    }),
    property: children(
      {
        name: attribute(propertyName, { doc: 'Name of the setting.', required: true }),
        value: attribute(text, { doc: 'Its value.', required: true }),
      },
      { doc: 'A setting of the mapping from XML to JSON, for this message; see the notes.' },
    ),
  },
  example: `<jsontransform>
    <property name="synapse.commons.json.output.autoPrimitive" value="false"/>
</jsontransform>`,
  notes: `Settings count where the payload is XML; one that is JSON already is only given its types. The message leaves as \`application/json\`.

A text, number or boolean becomes another of these where it says the same, and a single value becomes an array. What the schema asks for beside types holds too: a value that does not fit is a fault. Formats are not checked.

These are the settings:

${JSON_XML_PROPERTIES.map(each => `- \`${each}\``).join('\n')}

\`jsonoutAutoArray\` and \`xmloutAutoArray\` change nothing: elements of one name would overwrite each other outside an array.`,

  check({ schema, property }, wrong) {
    if (!schema && property.length === 0)
      wrong('<jsontransform> needs a schema or properties.', { code: 'missing' })
    try {
      optionsOf(property)
    } catch (error) {
      wrong(`A pattern cannot be used: ${(error as Error).message}.`, { code: 'bad-value' })
    }
  },

  needsContent: () => true,

  compile({ schema, property }, build) {
    const own = property.length > 0 ? optionsOf(property) : undefined
    const coerce = schema && coercionOf(schema, build)
    return ctx => {
      const { content } = ctx.message
      const value = jsonOf(content, own ?? jsonXmlOptions())
      if (value === undefined) return
      ctx.message.content = Content.ofJson(coerce ? coerce(ctx, value) : value)
      messageType.set(ctx, 'application/json')
    }
  },
})

function optionsOf(properties: readonly { readonly name: string; readonly value: string }[]): JsonXmlOptions {
  const pairs = properties.map(({ name, value }) => [name, value] as const)
  return readJsonXmlOptions(pairs, jsonXmlOptions())
}

/** JSON stays as it is: no way through XML would leave it so. */
function jsonOf(content: Content, options: JsonXmlOptions): unknown {
  if (content.isJson) return content.share().editJson()
  const payload = payloadOf(content.envelope())
  try {
    return payload && xmlToJson(payload, options)
  } catch (error) {
    if (!(error instanceof JsonXmlError)) throw error
    throw new Fault(601000, `the payload has no JSON form: ${error.message}`, { cause: error })
  }
}

type Coerce = (ctx: MessageContext, value: unknown) => unknown

function coercionOf({ dynamic, reference }: DynamicKey, build: Build): Coerce {
  const compiled = new WeakMap<Entry, JsonCoercion>()
  const coercionIn = (entry: Entry): JsonCoercion => {
    const known = compiled.get(entry) ?? compileCoercion(entry.text)
    compiled.set(entry, known)
    return known
  }
  if (dynamic.fixed !== undefined) {
    const entry = build.entry(reference)
    try {
      if (entry) coercionIn(entry)
    } catch (error) {
      build.warning(
        reference.span,
        'bad-schema',
        `${reference.name} is no JSON Schema: ${(error as Error).message}.`,
      )
    }
  }
  return (ctx, value) => {
    const key = dynamic.text(ctx) ?? ''
    const entry = ctx.deployment.entry(key)
    if (!entry) throw new Fault(0, `jsontransform: there is no schema ${key}`)
    return applied(schemaOf(entry, coercionIn), value, key)
  }
}

function schemaOf(entry: Entry, compile: (entry: Entry) => JsonCoercion): JsonCoercion {
  try {
    return compile(entry)
  } catch (error) {
    throw new Fault(0, `jsontransform: ${entry.key} is no JSON Schema: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

function applied(coercion: JsonCoercion, value: unknown, key: string): unknown {
  try {
    return coercion.apply(value)
  } catch (error) {
    throw new Fault(0, `jsontransform: the payload does not fit ${key}, ${(error as Error).message}`, {
      cause: error,
    })
  }
}
