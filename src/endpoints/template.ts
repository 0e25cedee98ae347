import type { Endpoint } from '../core/ports.ts'
import { artifact, type Build, type EndpointNode } from '../language/declare.ts'
import { Diagnostics } from '../language/diagnostic.ts'
import { attribute, children, type Field } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import { name, type Reference } from '../language/types.ts'
import type { Element } from '../language/xml.ts'
import { failingEndpoint } from './failing.ts'

interface Body {
  readonly element: Element
  read(element: Element, diagnostics: Diagnostics): EndpointNode | undefined
}

/** The endpoint as it is written, parameters and all; it is read once their values are known. */
const body: Field<Body | undefined> = {
  kind: 'endpoint',
  name: 'endpoint',
  doc: 'The endpoint; `$name` in its attributes and texts stands for a parameter.',
  isRequired: true,
  read(_name, reader) {
    const [element] = reader.takeChildren('endpoint')
    if (element) return { element, read: reader.endpointReader() }
    reader.missing('element <endpoint>')
    return undefined
  },
}

/** An endpoint with parameters. */
export const endpointTemplateArtifact = artifact({
  element: 'template',
  holds: 'endpoint',
  folder: 'templates',
  space: 'template',
  summary: 'An endpoint with parameters, from which others are made.',
  fields: {
    name: attribute(name, { doc: 'Name it is referred to by.', required: true }),
    statistics,
    trace,
    parameter: children(
      { name: attribute(name, { doc: 'Name of the parameter.', required: true }) },
      { doc: 'A parameter. `name` and `uri` are always there.' },
    ),
    body,
  },
  example: `<template name="Quotes" xmlns="http://ws.apache.org/ns/synapse">
    <parameter name="timeout"/>
    <endpoint name="$name">
        <address uri="$uri">
            <timeout><duration>$timeout</duration><responseAction>fault</responseAction></timeout>
        </address>
    </endpoint>
</template>`,
  nameOf: config => config.name ?? '',
  compile({ name, body }) {
    const { element, read } = body!
    return {
      endpointTemplate: {
        name: name!,
        instantiate(values, build, span) {
          const found = new Diagnostics()
          const node = read(filled(element, values), found)
          for (const { severity, code, message, hint } of found.all())
            build[severity](span, code, `In what template ${name} makes: ${message}`, hint)
          return node
            ? build.endpoint({ ...node, span })
            : failingEndpoint(
                values.get('name') ?? name!,
                `template ${name} makes no endpoint of these values`,
              )
        },
      },
    }
  },
})

/** What a caller of a template gives. */
export interface TemplateCall {
  readonly name: string
  readonly uri: string | undefined
  readonly parameters: readonly { readonly name?: string; readonly value?: string }[]
}

/** Makes an endpoint from a template; a missing one is reported and faults when it is used. */
export function fromTemplate(
  reference: Reference,
  { name, uri, parameters }: TemplateCall,
  build: Build,
): Endpoint {
  const template = build.endpointTemplate(reference)
  if (!template) return failingEndpoint(name, `endpoint template ${reference.name} cannot be found`)
  const values = new Map<string, string>([['name', name]])
  if (uri !== undefined) values.set('uri', uri)
  for (const { name, value } of parameters) if (name !== undefined) values.set(name, value ?? '')
  return template.instantiate(values, build, reference.span)
}

function filled(element: Element, values: ReadonlyMap<string, string>): Element {
  const fill = (text: string): string =>
    text.replace(/\$([A-Za-z_][\w-]*)/g, (all, name: string) => values.get(name) ?? all)
  return {
    ...element,
    attributes: element.attributes.map(each => ({ ...each, value: fill(each.value) })),
    text: fill(element.text),
    children: element.children.map(child => filled(child, values)),
  }
}
