import type { MessageContext } from '../core/context.ts'
import type { PropertyValue } from '../core/properties.ts'
import { expression } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute, body, type Config, child, children } from '../language/field.ts'
import { boolean, integer, name, oneOf, reference, text } from '../language/types.ts'

const attributeFields = {
  name: attribute(name, { doc: 'Name of the attribute.', required: true }),
  type: attribute(oneOf('STRING', 'INTEGER', 'LONG', 'FLOAT', 'DOUBLE', 'BOOLEAN'), {
    doc: 'Type of its value.',
    default: 'STRING',
  }),
  value: attribute(text, { doc: 'A fixed value.' }),
  expression: attribute(expression, { doc: 'An expression that gives the value.' }),
  defaultValue: attribute(text, { doc: 'Value where the expression gives none.' }),
} as const

type EventAttribute = Config<typeof attributeFields>

const part = (doc: string) =>
  child({ attribute: children(attributeFields, { doc: 'One attribute.' }) }, { doc })

/** Writes an event with its attributes to the log. */
export const publishEventMediator = mediator({
  element: 'publishEvent',
  summary:
    'Writes an event with its attributes to the log and goes on; there is no event server, and deployment warns of it.',
  fields: {
    async: attribute(boolean, { doc: 'Accepted; nobody waits for the log.', default: true }),
    timeout: attribute(integer({ min: 0 }), { doc: 'Accepted; nobody waits for the log.' }),
    streamName: child(
      { text: body(name, { doc: 'The name.' }) },
      { doc: 'Name of the stream.', required: true },
    ),
    streamVersion: child(
      { text: body(name, { doc: 'The version.' }) },
      { doc: 'Its version.', required: true },
    ),
    eventSink: child(
      { sink: body(reference, { doc: 'The sink.' }) },
      { doc: 'Where the original sends to.', required: true },
    ),
    attributes: child(
      {
        meta: part('Attributes about the event.'),
        correlation: part('Attributes that tell which events belong together.'),
        payload: part('What the event holds.'),
        arbitrary: part('Attributes the stream does not define; they are STRING.'),
      },
      { doc: 'Attributes of the event.' },
    ),
  },
  example: `<publishEvent>
    <streamName>orders</streamName>
    <streamVersion>1.0.0</streamVersion>
    <eventSink>audit</eventSink>
    <attributes>
        <payload><attribute name="id" type="STRING" expression="json-eval($.id)"/></payload>
    </attributes>
</publishEvent>`,
  check({ attributes }, wrong) {
    for (const each of attributes?.arbitrary?.attribute ?? [])
      if (each.type !== 'STRING') wrong(`The arbitrary attribute ${each.name} must be of type STRING.`)
    for (const [where, list] of Object.entries(attributes ?? {}))
      for (const each of list?.attribute ?? [])
        if (each.value === undefined && !each.expression)
          wrong(`The ${where} attribute ${each.name} needs a value or an expression.`, { code: 'missing' })
  },
  compile({ streamName, streamVersion, eventSink, attributes }, build) {
    const sink = eventSink?.sink
    if (sink)
      build.warning(
        sink.span,
        'no-effect',
        `<publishEvent> reaches no event server: its events are written to the log.`,
      )
    const stream = `${streamName?.text ?? ''}:${streamVersion?.text ?? ''}`
    const parts = Object.entries(attributes ?? {}).flatMap(([where, list]) =>
      list ? [{ where, attributes: list.attribute }] : [],
    )
    return ctx => {
      const event: Record<string, Record<string, PropertyValue>> = {}
      for (const { where, attributes } of parts) event[where] = valuesOf(attributes, ctx)
      ctx.log.info(
        { stream, sink: sink?.name, message: ctx.id, ...event },
        `${ctx.service.label}event of stream ${stream}`,
      )
    }
  },
})

function valuesOf(attributes: readonly EventAttribute[], ctx: MessageContext): Record<string, PropertyValue> {
  const values: Record<string, PropertyValue> = {}
  for (const { name, type, value, expression, defaultValue } of attributes)
    values[name] = typed(value ?? expression?.text(ctx) ?? defaultValue, type)
  return values
}

function typed(value: string | undefined, type: EventAttribute['type']): PropertyValue {
  if (value === undefined || type === 'STRING') return value
  return type === 'BOOLEAN' ? value.toLowerCase() === 'true' : Number(value)
}
