import type { TemplateParameter } from '../core/ports.ts'
import { artifact } from '../language/declare.ts'
import { attribute, branch, children } from '../language/field.ts'
import { boolean, name, reference, text } from '../language/types.ts'
import { guarded } from './pipeline.ts'

/** A sequence with parameters. */
export const templateArtifact = artifact({
  element: 'template',
  holds: 'sequence',
  folder: 'templates',
  space: 'template',
  summary: 'A sequence with parameters; `<call-template>` runs it.',
  fields: {
    name: attribute(name, { doc: 'Name it is called by.', required: true }),
    onError: attribute(reference, { doc: 'Sequence to run when a mediator in the template fails.' }),
    parameter: children(
      {
        name: attribute(name, { doc: 'Name it is read by: `$func:name`.', required: true }),
        isMandatory: attribute(boolean, {
          doc: 'Whether a call without a value, where there is no default, is fault 500101.',
          default: false,
        }),
        defaultValue: attribute(text, { doc: 'Value where the call has none.' }),
      },
      { doc: 'A value the caller gives.' },
    ),
    sequence: branch({ doc: 'What a call runs.' }),
  },
  notes:
    "Inside, `$func:name` and `get-property('func', 'name')` read a parameter. Payload and properties are those of the caller.",
  example: `<template name="audit" xmlns="http://ws.apache.org/ns/synapse">
    <parameter name="what" isMandatory="true"/>
    <parameter name="who" defaultValue="nobody"/>
    <sequence>
        <log level="custom">
            <property name="what" expression="$func:what"/>
            <property name="who" expression="$func:who"/>
        </log>
    </sequence>
</template>`,
  nameOf: config => config.name ?? '',

  check({ parameter }, wrong, element) {
    const seen = new Set<string>()
    const elements = element.children.filter(child => child.name === 'parameter')
    parameter.forEach((each, i) => {
      if (seen.has(each.name))
        wrong(`<template> has two parameters named ${each.name}.`, {
          span: elements[i]?.span ?? element.span,
        })
      seen.add(each.name)
    })
  },

  compile({ name: templateName, onError, parameter, sequence }, build) {
    const inner = build.branch(sequence)
    const handler = onError && build.errorSequence(onError)
    const parameters = parameter.map(
      ({ name, isMandatory, defaultValue }): TemplateParameter => ({ name, isMandatory, defaultValue }),
    )
    return { template: { name: templateName, parameters, body: handler ? guarded(inner, handler) : inner } }
  },
})
