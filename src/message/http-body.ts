import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import type { ArrivingBody } from './arriving-body.ts'
import { BodyError } from './body-error.ts'
import { Content, mediaTypeOf } from './content.ts'
import type { Headers } from './headers.ts'

/** A body of this many bytes is not worth a stream: it is read in before anything is done with it. */
export const SMALL_BODY_BYTES = 64 * 1024

const DECODERS = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const

type Coding = keyof typeof DECODERS

/** What a body is read with. */
export interface HttpBodyOptions {
  /** Whose body it is. */
  readonly of: 'request' | 'answer'
  /** The header fields it came with: those that speak of its encoding go when that is undone. */
  readonly headers: Headers
  /** The largest it may be when it is read in, encoded or not. */
  readonly maxBytes: number
  /** Its length as its Content-Length says. */
  readonly length?: number | undefined
}

/** The body of an HTTP message that is arriving, or waits to be decoded. */
export class HttpBody implements ArrivingBody {
  readonly length: number | undefined
  readonly received: Buffer | undefined
  readonly #source: Readable | undefined
  readonly #options: HttpBodyOptions

  constructor(source: Readable | Buffer, options: HttpBodyOptions) {
    const isArriving = source instanceof Readable
    this.received = isArriving ? undefined : source
    this.#source = isArriving ? source : undefined
    this.length = isArriving ? options.length : source.length
    this.#options = options
  }

  stream(): Readable {
    return this.#source ?? Readable.from([this.received!])
  }

  async collect(): Promise<Buffer> {
    const encoded = this.received ?? (await this.#read(this.#source!))
    const { headers, maxBytes, of } = this.#options
    if (encoded.length > maxBytes) throw tooLarge(of, maxBytes)
    const coding = codingOf(headers)
    if (coding === undefined || encoded.length === 0) return encoded
    try {
      const plain = await DECODERS[coding](encoded, { maxOutputLength: maxBytes })
      headers.delete('Content-Encoding')
      headers.delete('Content-Length')
      return plain
    } catch (error) {
      const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      if (isTooLarge) throw tooLarge(of, maxBytes)
      const text = `the body is not ${coding}, as its Content-Encoding says`
      throw new BodyError(of, 'encoding', text, error)
    }
  }

  async #read(source: Readable): Promise<Buffer> {
    const { maxBytes, of } = this.#options
    if ((this.length ?? 0) > maxBytes) throw tooLarge(of, maxBytes)
    const chunks: Buffer[] = []
    let size = 0
    try {
      // Whoever is still to be answered must not lose its connection with its body.
      for await (const chunk of source.iterator({ destroyOnReturn: of === 'answer' })) {
        size += (chunk as Buffer).length
        if (size > maxBytes) throw tooLarge(of, maxBytes)
        chunks.push(chunk as Buffer)
      }
    } catch (error) {
      if (error instanceof BodyError) throw error
      const text = `the body broke off after ${size} bytes: ${(error as Error).message}`
      throw new BodyError(of, 'broken-off', text, error)
    }
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)
  }
}

function tooLarge(of: 'request' | 'answer', maxBytes: number): BodyError {
  return new BodyError(of, 'too-large', `the body is larger than ${maxBytes} bytes`)
}

/** The encoding of a body that can be undone; one that nobody knows here stays as it is. */
function codingOf(headers: Headers): Coding | undefined {
  const coding = headers.get('Content-Encoding')?.trim().toLowerCase()
  return coding !== undefined && Object.hasOwn(DECODERS, coding) ? (coding as Coding) : undefined
}

/** Makes the content of a body whose bytes are there; they are checked and decoded when somebody looks into it. */
export function contentOfBody(
  bytes: Buffer,
  contentType: string | undefined,
  options: HttpBodyOptions,
): Content {
  if (bytes.length > options.maxBytes || (bytes.length > 0 && codingOf(options.headers) !== undefined))
    return Content.arriving(new HttpBody(bytes, options), typeOf(contentType))
  return Content.received(bytes, bytes.length > 0 ? typeOf(contentType) : contentType)
}

/** Makes the content of a body that is arriving. */
export function contentOfStream(
  source: Readable,
  contentType: string | undefined,
  options: HttpBodyOptions,
): Content {
  return Content.arriving(new HttpBody(source, options), typeOf(contentType))
}

/** A body that came without a type is bytes nobody reads. */
function typeOf(contentType: string | undefined): string | undefined {
  return mediaTypeOf(contentType) === '' ? 'application/octet-stream' : contentType
}
