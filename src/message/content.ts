import { randomBytes } from 'node:crypto'
import type { ArrivingBody } from './arriving-body.ts'
import { decodeText } from './charset.ts'
import { codecOf } from './codecs/index.ts'
import { cloneJson, jsonToEnvelope } from './codecs/json.ts'
import { parseLenientJson } from './codecs/lenient-json.ts'
import { cloneEnvelope, wrap } from './codecs/soap.ts'
import { payloadToJson } from './codecs/xml.ts'
import { mediaTypeOf, parameterOf } from './content-type.ts'
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
  /** The Content-Type header it came with, parameters included; '' when it came without one or was made here. */
  readonly contentType: string
  #true: 'bytes' | 'text' | 'json' | 'envelope' = 'bytes'
  #bytes: Buffer | undefined
  #text: string | undefined
  #json: { readonly value: unknown } | undefined
  #envelope: XmlElement | undefined
  #isShared = false
  #boundary: string | undefined
  #received: Content | undefined
  #query = ''
  #arriving: ArrivingBody | undefined
  #collecting: Promise<void> | undefined
  #isPassedOn = false

  constructor(bytes: Buffer | undefined, mediaType: string, contentType = '') {
    this.#bytes = bytes
    this.mediaType = mediaType
    this.contentType = contentType
  }

  /** A payload that came with a Content-Type header: its charset and boundary count. */
  static received(bytes: Buffer, contentType: string | undefined): Content {
    return new Content(bytes, mediaTypeOf(contentType), contentType)
  }

  /** A payload that has not come in yet. Nobody looks into it before `collect`; `takeBody` passes it on unread. */
  static arriving(body: ArrivingBody, contentType: string | undefined): Content {
    const content = new Content(undefined, mediaTypeOf(contentType), contentType)
    content.#arriving = body
    return content
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

  /** No payload, where XPath sees the query of the request as a form. */
  static ofQuery(query: string): Content {
    const content = new Content(NO_BYTES, 'application/x-www-form-urlencoded')
    content.#query = query
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

  /** Which of its forms is the true one. */
  get form(): 'bytes' | 'text' | 'json' | 'envelope' {
    return this.#true
  }

  /** Whether the payload has not come in yet. */
  get isArriving(): boolean {
    return this.#arriving !== undefined
  }

  /** What is known of a payload that has not come in yet. */
  get arriving(): Pick<ArrivingBody, 'length' | 'received' | 'isFrame'> | undefined {
    return this.#arriving
  }

  /** Whether the payload left as it came in, unread: there is nothing of it to send again. */
  get isPassedOn(): boolean {
    return this.#isPassedOn
  }

  /**
   * Reads a payload that is arriving to its end.
   * @throws BodyError when it is too large, breaks off, or is not what its encoding says
   */
  collect(): Promise<void> {
    this.#collecting ??= this.#collect()
    return this.#collecting
  }

  async #collect(): Promise<void> {
    try {
      this.#bytes = (await this.#arriving?.collect()) ?? this.#bytes
    } catch (error) {
      // To a fault sequence, which may look at it once more, it is empty.
      this.#bytes = NO_BYTES
      throw error
    } finally {
      this.#arriving = undefined
    }
  }

  /** Takes the payload that is arriving away, to pass it on. To whoever looks later it is empty. */
  takeBody(): ArrivingBody {
    const body = this.#arriving!
    this.#arriving = undefined
    this.#isPassedOn = true
    this.#bytes = NO_BYTES
    return body
  }

  /** The payload as bytes: those received, or what was put in their place, written in the media type. */
  get bytes(): Buffer {
    if (this.#arriving) throw new Error('the payload is looked into before it was read')
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
    return this.#true === 'envelope' || (this.#true !== 'json' && codecOf(this).isXml(this))
  }

  /**
   * The payload as text: in the charset it came in, UTF-8 where nobody named one.
   * @throws ContentError for a charset nobody knows
   */
  text(): string {
    this.#text ??=
      this.#true === 'bytes'
        ? decodeText(this.bytes, this.parameter('charset'), this.mediaType.endsWith('xml'))
        : this.bytes.toString('utf8')
    return this.#text
  }

  /** Reads a parameter of the Content-Type header it came with, such as `charset`. */
  parameter(name: string): string | undefined {
    return this.contentType === '' ? undefined : parameterOf(this.contentType, name)
  }

  /** What stands between the parts when it is written as multipart: drawn at random, once. */
  get boundary(): string {
    this.#boundary ??= `----part${randomBytes(16).toString('hex')}`
    return this.#boundary
  }

  /** The payload as it came, of a format that travels with more than the payload and was changed since. */
  get received(): Content | undefined {
    return this.#received
  }

  /** The query of a request without a payload: its fields are read in the place of one. */
  get query(): string {
    return this.#query
  }

  /** A payload that stands in this one. */
  part(bytes: Buffer, contentType: string | undefined): Content {
    return Content.received(bytes, contentType ?? 'text/plain')
  }

  /**
   * The payload as a JSON value: parsed where it is JSON, translated where it is XML, undefined where it is
   * neither. Whoever gets it must not change it.
   * @throws ContentError when the payload is not what its type says
   */
  json(): unknown {
    if (!this.#json) {
      reads.count++
      this.#json = {
        value:
          this.#true === 'envelope'
            ? payloadToJson(this)
            : this.#true === 'text'
              ? madeJson(this)
              : codecOf(this).toJson(this),
      }
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
    const envelope = this.#isShared ? cloneEnvelope(this.envelope()) : this.envelope()
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
    const value = this.#isShared ? cloneJson(this.json()) : this.json()
    this.#become('json')
    this.#json = { value }
    return value
  }

  /** The same payload for somebody else: what either changes the other does not see. */
  share(): Content {
    if (this.#arriving) throw new Error('the payload is shared before it was read')
    return this.#copy(this.mediaType)
  }

  #copy(mediaType: string): Content {
    const other = new Content(this.#bytes, mediaType, this.contentType)
    other.#arriving = this.#arriving
    this.#isShared = true
    other.#isShared = true
    other.#boundary = this.#boundary
    other.#received = this.#received
    other.#query = this.#query
    other.#true = this.#true
    other.#text = this.#text
    other.#json = this.#json
    other.#envelope = this.#envelope
    return other
  }

  /** The same payload under another type: it is written and read as that from now on. */
  withType(mediaType: string): Content {
    if (mediaType === this.mediaType) return this
    const typed = this.#copy(mediaType)
    // What was made of the true form by the old type may be made otherwise by the new one.
    if (typed.#true !== 'bytes') typed.#bytes = undefined
    if (typed.#true === 'json' || typed.#true === 'envelope') typed.#text = undefined
    if (typed.#true !== 'json') typed.#json = undefined
    if (typed.#true !== 'envelope') typed.#envelope = undefined
    return typed
  }

  /**
   * The payload in another media type; the very bytes where it is of that kind already.
   * @throws ContentError when it has no form in that type
   */
  as(mediaType: string): Buffer {
    if (mediaType === '' || mediaType === this.mediaType) return this.bytes
    if (this.mediaType === '' && (this.#true === 'bytes' || this.#true === 'text')) return this.bytes
    const [from, to] = [codecOf(this), codecOf({ mediaType })]
    return from === to ? this.bytes : to.write(this)
  }

  /**
   * The Content-Type that goes with what `as` gives: with the boundary of a multipart, and with the parameters it
   * came with where the very bytes leave.
   */
  contentTypeAs(mediaType: string): string {
    const type = mediaType === '' ? this.mediaType : mediaType
    const [from, to] = [codecOf(this), codecOf({ mediaType: type })]
    if (to.contentType) return to.contentType(this, type)
    const semicolon = this.contentType.indexOf(';')
    const isAsReceived = from === to && this.#true === 'bytes' && semicolon >= 0
    return isAsReceived && !type.includes(';') ? type + this.contentType.slice(semicolon) : type
  }

  /** What `log level="full"` prints. */
  describe(): { readonly label: 'Payload' | 'Envelope'; readonly text: string } {
    return codecOf(this).describe(this)
  }

  #become(form: 'json' | 'envelope'): void {
    if (this.#true === 'bytes' && codecOf(this).keepsReceived)
      this.#received = new Content(this.#bytes, this.mediaType, this.contentType)
    this.#boundary = undefined
    this.#true = form
    this.#isShared = false
    this.#bytes = undefined
    this.#text = undefined
    this.#json = undefined
    this.#envelope = undefined
  }
}

/** A text that a configuration made is read more kindly than what comes from outside. */
function madeJson(content: Content): unknown {
  const codec = codecOf(content)
  try {
    return codec.toJson(content)
  } catch (error) {
    if (!codec.isJson(content)) throw error
    try {
      return parseLenientJson(content.text())
    } catch {
      throw error
    }
  }
}

/** How many payloads were read, in this process: what looks into no message leaves it as it is. */
export const reads: { count: number } = { count: 0 }

const NO_BYTES = Buffer.alloc(0)

export { mediaTypeOf } from './content-type.ts'
