import { mediator } from '../language/declare.ts'
import { attribute, children } from '../language/field.ts'
import { type Reference, reference, text } from '../language/types.ts'

/** The builders and formatters that come with the original; payloads are read and written here as they do. */
const OWN = /^org\.apache\.(?:axis2|synapse)\./

/** Reads the payload. */
export const builderMediator = mediator({
  element: 'builder',
  summary: 'Reads the payload, which here happens whenever a mediator asks for it.',
  fields: {
    messageBuilder: children(
      {
        contentType: attribute(text, { doc: 'Content type of the messages.', required: true }),
        class: attribute(reference, { doc: 'A Java class; payloads are read by their content type.' }),
        formatterClass: attribute(reference, {
          doc: 'A Java class; payloads are written by their content type.',
        }),
      },
      { doc: 'How the original reads and writes one content type.' },
    ),
  },
  example: `<builder/>`,
  needsContent: () => true,
  compile({ messageBuilder }, build) {
    const named = messageBuilder.flatMap(each => [each.class, each.formatterClass])
    const foreign = named.filter((each): each is Reference => each !== undefined && !OWN.test(each.name))
    for (const { name, span } of foreign)
      build.warning(
        span,
        'no-effect',
        `Class ${name} of <builder> has no effect: payloads are read and written by their content type.`,
      )
    return () => undefined
  },
})
