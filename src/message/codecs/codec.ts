import type { Content } from '../content.ts'
import type { XmlElement } from '../xml/tree.ts'

/**
 * How one payload format is read and written. Whether bytes are JSON or XML, and what they hold, is asked only where
 * the true form of a payload is bytes or text of this format; written is whatever it is.
 */
export interface Codec {
  readonly name: string
  /** Keeps the bytes that came beside a payload that was changed: what was not changed of them leaves with it. */
  readonly keepsReceived?: boolean
  /** Whether bytes of this format are JSON. */
  isJson(content: Content): boolean
  /** Whether bytes of this format are XML. */
  isXml(content: Content): boolean
  /** The value a JSONPath sees; undefined where there is none. */
  toJson(content: Content): unknown
  /** The envelope an XPath sees. */
  toEnvelope(content: Content): XmlElement
  /** Writes a payload, whatever its true form, in this format. */
  write(content: Content): Buffer
  /** The Content-Type that goes with what `write` wrote, where it is more than the media type. */
  contentType?(content: Content, mediaType: string): string
  /** The payload for a log line. */
  describe(content: Content): { readonly label: 'Payload' | 'Envelope'; readonly text: string }
}
