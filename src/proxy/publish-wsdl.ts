import { attribute, type Config, child, children, literal } from '../language/field.ts'
import { name, reference, text } from '../language/types.ts'

const publishFields = {
  key: attribute(reference, { doc: 'Local entry or registry resource that holds it.' }),
  uri: attribute(text, {
    doc: 'Where it is: `file:`, read at deployment, or `http:`, fetched when first asked for.',
  }),
  endpoint: attribute(reference, {
    doc: 'Endpoint whose description it is: the WSDL of a wsdl endpoint, `?wsdl` of an address endpoint.',
  }),
  preservePolicy: attribute(text, { doc: 'Accepted; policies stay in it as they are.' }),
  resource: children(
    {
      location: attribute(name, { doc: 'How it is imported.', required: true }),
      key: attribute(reference, { doc: 'Local entry or registry resource that holds it.', required: true }),
    },
    { doc: 'Something it imports; served at `?xsd=LOCATION`, a WSDL at `?wsdl=LOCATION`.' },
  ),
  inline: literal({ doc: 'The description itself, WSDL 1.1 or 2.0.' }),
} as const

/** `<publishWSDL>`: a description of the service for those who ask with `?wsdl`. */
export const publishWsdl = child(publishFields, {
  name: 'publishWSDL',
  doc: 'A WSDL for those who ask with `?wsdl`. One that cannot be read is a warning, and the service is there.',
})

/** What `<publishWSDL>` holds. */
export type PublishConfig = Config<typeof publishFields>
