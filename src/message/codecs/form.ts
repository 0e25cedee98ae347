import type { Content } from '../content.ts'
import { XmlElement, XmlText } from '../xml/tree.ts'
import type { Codec } from './codec.ts'
import { writeJson } from './json.ts'
import { payloadOf, wrap } from './soap.ts'
import { payloadToJson } from './xml.ts'
import { escapedNameOfKey, keyOfName } from './xml-names.ts'

type FormField = readonly [name: string, value: string]

/**
 * Form fields: XPath sees `<xformValues>` with one child per field, repeated fields repeated. Characters that an
 * element's name cannot have are written out in it, and put back on the way out.
 */
export const formCodec: Codec = {
  name: 'form',
  isJson: () => false,
  isXml: () => false,
  toJson: payloadToJson,
  toEnvelope(content) {
    const root = new XmlElement('xformValues')
    for (const [name, value] of new URLSearchParams(content.query || content.text())) {
      const field = new XmlElement(escapedNameOfKey(name))
      if (value !== '') field.append(new XmlText(value))
      root.append(field)
    }
    return wrap([root])
  },
  write: content => Buffer.from(fieldsOf(content).map(pair).join('&')),
  describe: content => ({ label: 'Payload', text: content.text() }),
}

/** The members of a JSON object are taken as they are: their names need not be names in XML. */
function fieldsOf(content: Content): FormField[] {
  const value = content.isJson ? content.json() : undefined
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return Object.entries(value).flatMap(([name, member]: [string, unknown]) =>
      (Array.isArray(member) ? member : [member]).map((item): FormField => [name, fieldText(item)]),
    )
  }
  const fields = payloadOf(content.envelope())?.children ?? []
  return fields.map(({ localName, text }): FormField => [keyOfName(localName), text])
}

function fieldText(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : writeJson(value)
}

/** Compatibility: a space is `%20`, as the original writes it. */
function pair([name, value]: FormField): string {
  return `${encodeURIComponent(name.toWellFormed())}=${encodeURIComponent(value.toWellFormed())}`
}
