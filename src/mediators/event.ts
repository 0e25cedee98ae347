import { dynamic, expression } from '../expressions/expression.ts'
import { mediator } from '../language/declare.ts'
import { attribute, child, children } from '../language/field.ts'
import { Expected, type Reference, reference, text, type ValueType } from '../language/types.ts'

const EVENTS =
  'events are written to the log; an inbound WebSocket with a broadcast level publishes to clients'

/** An event topic with its place. */
const topic: ValueType<{ readonly name: ReturnType<typeof dynamic.parse>; readonly at: Reference }> = {
  name: dynamic.name,
  parse(value, setting) {
    if (value.trim() === '') throw new Expected('a topic')
    return { name: dynamic.parse(value, setting), at: { name: value, span: setting.span } }
  },
  readsContent: value => value.name.readsContent,
}

/** Writes an event to the log. */
export const eventMediator = mediator({
  element: 'event',
  summary: 'Writes an event to the log and goes on; there is no event broker, and deployment warns of it.',
  fields: {
    topic: attribute(topic, { doc: 'Topic of the event; `{expression}` computes it.', required: true }),
    expression: attribute(expression, { doc: 'What the event holds; default nothing.' }),
  },
  example: `<event topic="orders/new" expression="//order"/>`,
  compile({ topic, expression: payload }, build) {
    build.warning(topic.at.span, 'no-effect', `<event> reaches nobody: ${EVENTS}.`)
    return ctx =>
      ctx.log.info(
        { event: topic.name.text(ctx), payload: payload?.text(ctx) },
        `${ctx.service.label}event ${topic.name.text(ctx)}`,
      )
  },
})

/** Writes to the log that a message is published. */
export const eventPublisherMediator = mediator({
  element: 'eventPublisher',
  summary: 'Writes an event to the log and goes on; there are no event sources, and deployment warns of it.',
  fields: { eventSourceName: attribute(reference, { doc: 'The event source.', required: true }) },
  example: `<eventPublisher eventSourceName="orders"/>`,
  compile({ eventSourceName: { name, span } }, build) {
    build.warning(span, 'no-effect', `<eventPublisher> reaches nobody: ${EVENTS}.`)
    return ctx =>
      ctx.log.info({ eventSource: name, message: ctx.id }, `${ctx.service.label}event for ${name}`)
  },
})

/** Writes to the log that a message is reported to a BAM server. */
export const bamMediator = mediator({
  element: 'bam',
  summary: 'Writes an event to the log and goes on; there is no BAM server, and deployment warns of it.',
  fields: {
    serverProfile: child(
      {
        name: attribute(reference, { doc: 'Name of the server profile.', required: true }),
        streamConfig: children(
          {
            name: attribute(text, { doc: 'Name of the stream.' }),
            version: attribute(text, { doc: 'Version of the stream.' }),
          },
          { doc: 'The stream.' },
        ),
      },
      { doc: 'Where the original sends to.', required: true },
    ),
  },
  example: `<bam><serverProfile name="audit"><streamConfig name="orders" version="1.0.0"/></serverProfile></bam>`,
  compile({ serverProfile }, build) {
    const { name, span } = serverProfile!.name
    build.warning(span, 'no-effect', `<bam> reaches nobody: ${EVENTS}.`)
    const stream = serverProfile!.streamConfig[0]?.name ?? name
    return ctx => ctx.log.info({ stream, message: ctx.id }, `${ctx.service.label}event of stream ${stream}`)
  },
})
