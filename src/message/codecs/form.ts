import { XmlElement, XmlText } from '../xml/tree.ts'
import type { Codec } from './codec.ts'
import { payloadOf, wrap } from './soap.ts'
import { payloadToJson } from './xml.ts'

/** Names of elements that could not be names: a leading digit is written out, and taken off again. */
const DIGIT = '_JsonReader_PD_'

// Namespaces in XML 1.0, NCName: what a name may begin with, and what may follow.
const FIRST =
  'A-Z_a-z\\u00c0-\\u00d6\\u00d8-\\u00f6\\u00f8-\\u02ff\\u0370-\\u037d\\u037f-\\u1fff\\u200c\\u200d\\u2070-\\u218f\\u2c00-\\u2fef\\u3001-\\ud7ff\\uf900-\\ufdcf\\ufdf0-\\ufffd\\u{10000}-\\u{effff}'
const NOT_IN_NAME = new RegExp(`[^${FIRST}.\\-0-9\\u00b7\\u0300-\\u036f\\u203f\\u2040]`, 'gu')
const STARTS_NAME = new RegExp(`^[${FIRST}]`, 'u')

function elementName(field: string): string {
  const name = field.replace(NOT_IN_NAME, '_')
  if (/^\d/.test(name)) return DIGIT + name
  return STARTS_NAME.test(name) ? name : `_${name}`
}

/** Form fields: XPath sees `<xformValues>` with one child per field, repeated fields repeated. */
export const formCodec: Codec = {
  name: 'form',
  isJson: () => false,
  isXml: () => false,
  toJson: payloadToJson,
  toEnvelope(content) {
    const root = new XmlElement('xformValues')
    for (const [name, value] of new URLSearchParams(content.text())) {
      const field = new XmlElement(elementName(name))
      if (value !== '') field.append(new XmlText(value))
      root.append(field)
    }
    return wrap([root])
  },
  write(content) {
    const fields = payloadOf(content.envelope())?.children ?? []
    const encode = (text: string): string => encodeURIComponent(text)
    return Buffer.from(
      fields.map(f => `${encode(f.localName.replace(DIGIT, ''))}=${encode(f.text)}`).join('&'),
    )
  },
  describe: content => ({ label: 'Payload', text: content.text() }),
}
