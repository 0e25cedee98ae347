import { codecOf } from './codecs/index.ts'
import type { XmlElement } from './xml/tree.ts'

/**
 * A payload as it arrived, and the other forms that were asked for. Nothing is parsed before somebody asks, and
 * a payload that nobody changed leaves with the very bytes it came with.
 */
export class Content {
  /** Media type without parameters, in lower case; '' when nobody said. */
  readonly mediaType: string
  readonly #bytes: Buffer
  #text: string | undefined
  #json: { readonly value: unknown } | undefined
  #envelope: XmlElement | undefined

  constructor(bytes: Buffer, mediaType: string) {
    this.#bytes = bytes
    this.mediaType = mediaType
  }

  /** A payload of no bytes and no type. */
  static empty(): Content {
    return EMPTY
  }

  /** The bytes as received. */
  get bytes(): Buffer {
    return this.#bytes
  }

  get isEmpty(): boolean {
    return this.#bytes.length === 0
  }

  /** Whether the payload is bytes of a format nobody here reads. */
  get isBinary(): boolean {
    return this.mediaType !== '' && codecOf(this).name === 'binary'
  }

  /** The payload as text, UTF-8. */
  text(): string {
    this.#text ??= this.#bytes.toString('utf8')
    return this.#text
  }

  /**
   * The payload as a JSON value: parsed where it is JSON, translated where it is XML, undefined where it is
   * neither. Whoever gets it must not change it.
   * @throws ContentError when the payload is not what its type says
   */
  json(): unknown {
    this.#json ??= { value: codecOf(this).toJson(this) }
    return this.#json.value
  }

  /**
   * The payload as a SOAP envelope, the form XPath sees: XML and JSON stand in its body. Whoever gets it must not
   * change it.
   * @throws ContentError when the payload is not what its type says
   */
  envelope(): XmlElement {
    this.#envelope ??= codecOf(this).toEnvelope(this)
    return this.#envelope
  }

  /** The payload in another media type; the very bytes where it is of that kind already. */
  as(mediaType: string): Buffer {
    if (mediaType === '' || mediaType === this.mediaType || this.mediaType === '') return this.#bytes
    const [from, to] = [codecOf(this), codecOf({ mediaType })]
    return from === to ? this.#bytes : to.write(this)
  }

  /** What `log level="full"` prints. */
  describe(): { readonly label: 'Payload' | 'Envelope'; readonly text: string } {
    return codecOf(this).describe(this)
  }
}

const EMPTY = new Content(Buffer.alloc(0), '')

/** Takes the parameters off a Content-Type header. */
export function mediaTypeOf(contentType: string | undefined): string {
  if (contentType === undefined) return ''
  const semicolon = contentType.indexOf(';')
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase()
}
