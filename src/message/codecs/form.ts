import { XmlElement, XmlText } from '../xml/tree.ts'
import type { Codec } from './codec.ts'
import { payloadOf, wrap } from './soap.ts'
import { payloadToJson } from './xml.ts'

/** Names of elements that could not be names: a leading digit is written out, and taken off again. */
const DIGIT = '_JsonReader_PD_'

/** Form fields: XPath sees `<xformValues>` with one child per field, repeated fields repeated. */
export const formCodec: Codec = {
  name: 'form',
  toJson: payloadToJson,
  toEnvelope(content) {
    const root = new XmlElement('xformValues')
    for (const [name, value] of new URLSearchParams(content.text())) {
      const field = new XmlElement(
        /^\d/.test(name) ? DIGIT + name : name.replace(/[^\w.\-\u00b7-\uffff]/g, '_') || '_',
      )
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
