import { artifact, type EndpointNode } from '../language/declare.ts'
import { attribute, type Field } from '../language/field.ts'
import { statistics, trace } from '../language/observation.ts'
import { ENDPOINT_UNSUPPORTED } from '../language/reader.ts'
import { name } from '../language/types.ts'

/** The kind inside the element that is being read, as an inline `<endpoint>` has it. */
const self: Field<EndpointNode | undefined> = {
  kind: 'endpoint',
  doc: 'Which kind of endpoint it is.',
  isRequired: true,
  read: (_name, reader) => reader.takeEndpoint(),
}

/** A named endpoint. */
export const endpointArtifact = artifact({
  element: 'endpoint',
  folder: 'endpoints',
  space: 'entry',
  summary: 'A named endpoint that others refer to by key.',
  fields: {
    name: attribute(name, { doc: 'Name it is referred to by.', required: true }),
    statistics,
    trace,
    node: self,
  },
  unsupported: ENDPOINT_UNSUPPORTED,
  example: `<endpoint name="Prices" xmlns="http://ws.apache.org/ns/synapse">
    <address uri="wss://prices.example.com/feed"/>
</endpoint>`,
  nameOf: config => config.name ?? '',
  compile: ({ node }, build) => ({ endpoint: build.endpoint(node!) }),
})
