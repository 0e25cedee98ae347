import { codecOf } from './codecs/index.ts'
import { jsonToEnvelope } from './codecs/json.ts'
import { wrap } from './codecs/soap.ts'
import { payloadToJson } from './codecs/xml.ts'
import type { XmlElement } from './xml/tree.ts'

/**
 * A payload as it arrived, and the other forms that were asked for. Nothing is parsed before somebody asks, and
 * a payload that nobody changed leaves with the very bytes it came with.
 *
 * One of its forms is the true one: the bytes that came, or what was put in their place. The others are made of it.
 * Whoever puts in a new payload replaces the whole content (`ofJson`, `ofEnvelope` …); whoever changes a part asks
 * for a form to change (`editEnvelope`, `editJson`), and that one becomes the true one.
 */
export class Content {
  /** Media type without parameters, in lower case; '' when nobody said. The payload leaves in it. */
  readonly mediaType: string
  #true: 'bytes' | 'text' | 'json' | 'envelope' = 'bytes'
  #bytes: Buffer | undefined
  #text: string | undefined
  #json: { readonly value: unknown } | undefined
  #envelope: XmlElement | undefined
  #isShared = false

  constructor(bytes: Buffer | undefined, mediaType: string) {
    this.#bytes = bytes
    this.mediaType = mediaType
  }

  /** A payload of no bytes and no type. */
  static empty(): Content {
    return new Content(NO_BYTES, '')
  }

  /** A payload that is a JSON value, however it is written in the end. */
  static ofJson(value: unknown, mediaType = 'application/json'): Content {
    const content = new Content(undefined, mediaType)
    content.#true = 'json'
    content.#json = { value }
    return content
  }

  /** A payload that is a text; one of a JSON type is parsed when somebody asks. */
  static ofText(text: string, mediaType = 'text/plain'): Content {
    const content = new Content(undefined, mediaType)
    content.#true = 'text'
    content.#text = text
    return content
  }

  /** A payload that is an envelope; its type says whether the envelope or what stands in it is written. */
  static ofEnvelope(envelope: XmlElement, mediaType: string): Content {
    const content = new Content(undefined, mediaType)
    content.#true = 'envelope'
    content.#envelope = envelope
    return content
  }

  /** A payload that is one element. */
  static ofPayload(payload: XmlElement, mediaType = 'application/xml'): Content {
    return Content.ofEnvelope(wrap([payload]), mediaType)
  }

  /** The payload as bytes: those received, or what was put in their place, written in the media type. */
  get bytes(): Buffer {
    this.#bytes ??= this.#true === 'text' ? Buffer.from(this.#text!) : codecOf(this).write(this)
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.bytes.length === 0
  }

  /** Whether the payload is bytes of a format nobody here reads. */
  get isBinary(): boolean {
    return this.mediaType !== '' && codecOf(this).name === 'binary'
  }

  /** Whether the payload is JSON, rather than something that has a JSON form. An empty one is not. */
  get isJson(): boolean {
    if (this.#true === 'envelope') return false
    if (this.#true === 'json') return true
    return codecOf(this).isJson(this) && this.json() !== undefined
  }

  /** Whether the payload, when it came, was an envelope or became one since; nothing is parsed to find out. */
  get isXml(): boolean {
    return this.#true === 'envelope' || codecOf(this).isXml(this)
  }

  /** The payload as text, UTF-8. */
  text(): string {
    this.#text ??= this.bytes.toString('utf8')
    return this.#text
  }

  /**
   * The payload as a JSON value: parsed where it is JSON, translated where it is XML, undefined where it is
   * neither. Whoever gets it must not change it.
   * @throws ContentError when the payload is not what its type says
   */
  json(): unknown {
    if (!this.#json) {
      reads.count++
      this.#json = { value: this.#true === 'envelope' ? payloadToJson(this) : codecOf(this).toJson(this) }
    }
    return this.#json.value
  }

  /**
   * The payload as a SOAP envelope, the form XPath sees: XML and JSON stand in its body. Whoever gets it must not
   * change it.
   * @throws ContentError when the payload is not what its type says
   */
  envelope(): XmlElement {
    if (!this.#envelope) {
      reads.count++
      this.#envelope = this.#true === 'json' ? jsonToEnvelope(this) : codecOf(this).toEnvelope(this)
    }
    return this.#envelope
  }

  /**
   * The envelope, to be changed: what becomes of it is the payload from now on, and the other forms are forgotten.
   * A copy, if somebody else may hold this content.
   * @throws ContentError as `envelope` does
   */
  editEnvelope(): XmlElement {
    const envelope = this.#isShared ? this.envelope().clone() : this.envelope()
    this.#become('envelope')
    this.#envelope = envelope
    return envelope
  }

  /**
   * The JSON value, to be changed: what becomes of it is the payload from now on, and the other forms are forgotten.
   * A copy, if somebody else may hold this content. A value that is replaced as a whole goes into `ofJson`.
   * @throws ContentError as `json` does
   */
  editJson(): unknown {
    const value = this.#isShared ? structuredClone(this.json()) : this.json()
    this.#become('json')
    this.#json = { value }
    return value
  }

  /** The same payload for somebody else: what either changes the other does not see. */
  share(): Content {
    const other = new Content(this.#bytes, this.mediaType)
    this.#isShared = true
    other.#isShared = true
    other.#true = this.#true
    other.#text = this.#text
    other.#json = this.#json
    other.#envelope = this.#envelope
    return other
  }

  /** The same payload under another type: it is written and read as that from now on. */
  withType(mediaType: string): Content {
    if (mediaType === this.mediaType) return this
    const other = this.share()
    const typed = new Content(other.#bytes, mediaType)
    typed.#isShared = true
    typed.#true = other.#true
    typed.#text = other.#text
    if (other.#true !== 'bytes') {
      typed.#bytes = undefined
      typed.#json = other.#json
      typed.#envelope = other.#envelope
    }
    return typed
  }

  /**
   * The payload in another media type; the very bytes where it is of that kind already.
   * @throws ContentError when it has no form in that type
   */
  as(mediaType: string): Buffer {
    if (mediaType === '' || mediaType === this.mediaType || this.mediaType === '') return this.bytes
    const [from, to] = [codecOf(this), codecOf({ mediaType })]
    return from === to ? this.bytes : to.write(this)
  }

  /** What `log level="full"` prints. */
  describe(): { readonly label: 'Payload' | 'Envelope'; readonly text: string } {
    return codecOf(this).describe(this)
  }

  #become(form: 'json' | 'envelope'): void {
    this.#true = form
    this.#isShared = false
    this.#bytes = undefined
    this.#text = undefined
    this.#json = undefined
    this.#envelope = undefined
  }
}

/** How many payloads were read, in this process: what looks into no message leaves it as it is. */
export const reads: { count: number } = { count: 0 }

const NO_BYTES = Buffer.alloc(0)

/** Takes the parameters off a Content-Type header. */
export function mediaTypeOf(contentType: string | undefined): string {
  if (contentType === undefined) return ''
  const semicolon = contentType.indexOf(';')
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase()
}
