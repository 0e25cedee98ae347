import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { PropertyValue } from '../core/properties.ts'
import { dynamic } from '../expressions/expression.ts'
import { accessor } from '../expressions/scopes.ts'
import { mediator } from '../language/declare.ts'
import { attribute, type Config } from '../language/field.ts'
import { oneOf, oneOfAnyCase, text } from '../language/types.ts'
import { parseJson, writeJson } from '../message/codecs/json.ts'
import { isEnvelope, payloadOf } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import { serializeXml } from '../message/xml/serialize.ts'
import { XmlElement } from '../message/xml/tree.ts'
import { csvInput, xmlInput } from './datamapper-input.ts'
import { failed, type Mapping, mappings } from './datamapper-mapping.ts'
import { csvOutput, textElement, xmlOutput } from './datamapper-output.ts'
import type { MappingInput } from './datamapper-program.ts'
import { localName } from './datamapper-schema.ts'
import { ScriptError } from './script-error.ts'

const type = oneOfAnyCase('XML', 'JSON', 'CSV')

const fields = {
  config: attribute(dynamic, {
    doc: 'Local entry or registry resource with the mapping, which is JavaScript.',
    required: true,
  }),
  inputSchema: attribute(dynamic, {
    doc: 'Local entry or registry resource with the schema of what comes in.',
    required: true,
  }),
  outputSchema: attribute(dynamic, {
    doc: 'Local entry or registry resource with the schema of what goes out.',
    required: true,
  }),
  inputType: attribute(type, { doc: 'What the payload is.', default: 'XML' }),
  outputType: attribute(type, { doc: 'What it becomes.', default: 'XML' }),
  target: attribute(oneOf('body', 'variable'), {
    doc: 'Where the result goes; the mapping is then one function that gets the input and the variables.',
  }),
  targetVariable: attribute(text, { name: 'target-variable', doc: 'Name of that variable.' }),
} as const

type MapperConfig = Config<typeof fields>

/** Maps the payload to another structure. */
export const dataMapperMediator = mediator({
  element: 'datamapper',
  summary: 'Maps the payload to another structure, by a mapping that a data mapper editor made.',
  fields,
  ignored: { xsltStyleSheet: 'the mapping itself runs, and gives the same' },
  notes:
    "The mapping calls `map_S_INPUT_S_OUTPUT()` of its text, INPUT and OUTPUT being the titles of the schemas without prefix, else `mapFunction(input)`. It reads the payload as `inputINPUT`, and properties as `DM_PROPERTIES.SCOPE['name']`. XML and CSV are read by the schema: attributes are `attr_name`, text beside attributes or elements is `_ELEMVAL`, `ns:name` is `ns_name`, and what the schema does not know is left out. Columns of CSV come in the order of the schema, or in that of a first line with their names; CSV goes out without such a line, as text in one element of `text/xml`. A mapping runs in the sandbox of scripts, and `[myelin.script]` limits it.",
  example: `<datamapper config="gov:datamapper/order.dmc" inputSchema="gov:datamapper/order_inputSchema.json"
    outputSchema="gov:datamapper/order_outputSchema.json" inputType="JSON" outputType="XML"/>`,
  needsContent: () => true,
  check({ target, targetVariable }, wrong) {
    if (target === 'variable' && !targetVariable)
      wrong('<datamapper> with target variable needs attribute target-variable.', { code: 'missing' })
    if (target !== 'variable' && targetVariable !== undefined)
      wrong('<datamapper> has a target-variable, and target does not say variable.')
  },
  compile(config, build, span) {
    const mappingOf = mappings(config, build, span)
    const { inputType, outputType, target, targetVariable } = config
    return ctx => {
      const mapping = mappingOf(ctx)
      const payload = writeJson(inputOf(ctx.message.content, inputType, mapping, target !== undefined))
      const more = { properties: propertiesOf(ctx, mapping), ...(target && { variables: variablesOf(ctx) }) }
      const finish = (output: string): void => {
        const result = resultOf(output, outputType, mapping)
        if (target === 'variable') ctx.variables.set(targetVariable!, variableOf(result))
        else put(ctx, result, outputType)
      }
      return run(mapping, { payload, more }, finish)
    }
  },
})

function propertiesOf(ctx: MessageContext, { properties }: Mapping): Record<string, Record<string, unknown>> {
  const values: Record<string, Record<string, unknown>> = {}
  for (const { scope, name, read } of properties) {
    values[scope] ??= {}
    values[scope][name] = crossing(read(ctx)) ?? ''
  }
  return values
}

function variablesOf(ctx: MessageContext): Record<string, unknown> {
  return Object.fromEntries(ctx.variables.entries().map(([name, value]) => [name, crossing(value)]))
}

function crossing(value: PropertyValue): unknown {
  return value instanceof XmlElement ? serializeXml(value) : value
}

/** What the mapping works on: JSON as it is, and the rest as JSON. */
function inputOf(
  content: Content,
  inputType: MapperConfig['inputType'],
  { input }: Mapping,
  isFunction: boolean,
): unknown {
  if (inputType === 'CSV') {
    const isText = !content.isXml && !content.isJson
    return csvInput(isText ? content.text() : (payloadOf(content.envelope())?.text ?? ''), input)
  }
  if (inputType === 'JSON' || isFunction) return content.json() ?? {}
  const envelope = content.envelope()
  const element = localName(input.title) === 'Envelope' ? envelope : payloadOf(envelope)
  if (!element) throw failed('there is no XML to map')
  return xmlInput(element, input)
}

/** Calls the mapping, and goes on with what it gave. */
async function run(
  { call }: Mapping,
  { payload, more }: MappingInput,
  finish: (output: string) => void,
): Promise<void> {
  try {
    finish(await call(`{"more":${JSON.stringify(more)},"payload":${payload}}`))
  } catch (thrown) {
    throw faultOf(thrown)
  }
}

function faultOf(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown
  const place = thrown instanceof ScriptError && thrown.line !== undefined ? ` at line ${thrown.line}` : ''
  return failed(`${(thrown as Error).message}${place}`, thrown)
}

/** What came out: the text of JSON, or the element that stands for the rest. */
function resultOf(
  output: string,
  outputType: MapperConfig['outputType'],
  { output: schema }: Mapping,
): string | XmlElement {
  if (outputType === 'JSON') return output
  const value = parseJson(output)
  return outputType === 'XML' ? xmlOutput(value, schema) : textElement(csvOutput(value))
}

function variableOf(result: string | XmlElement): PropertyValue {
  return typeof result === 'string' ? parseJson(result) : result
}

const MEDIA_TYPES = { JSON: 'application/json', XML: 'application/xml', CSV: 'text/xml' } as const
const messageType = accessor('axis2', 'messageType')

function put(ctx: MessageContext, result: string | XmlElement, outputType: MapperConfig['outputType']): void {
  const mediaType = MEDIA_TYPES[outputType]
  ctx.message.content =
    typeof result === 'string'
      ? Content.ofText(result, mediaType)
      : isEnvelope(result)
        ? Content.ofEnvelope(result, mediaType)
        : Content.ofPayload(result, mediaType)
  messageType.set(ctx, mediaType)
}
