import type { Content } from '../content.ts'
import type { XmlElement } from '../xml/tree.ts'

/** How one payload format is read and written. */
export interface Codec {
  readonly name: string
  /** Whether bytes of this format are JSON. */
  isJson(content: Content): boolean
  /** Whether bytes of this format are XML. */
  isXml(content: Content): boolean
  /** The value a JSONPath sees; undefined where there is none. */
  toJson(content: Content): unknown
  /** The envelope an XPath sees. */
  toEnvelope(content: Content): XmlElement
  /** Writes a payload of another format in this one. */
  write(content: Content): Buffer
  /** The payload for a log line. */
  describe(content: Content): { readonly label: 'Payload' | 'Envelope'; readonly text: string }
}
