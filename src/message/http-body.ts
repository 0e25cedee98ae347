import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate } from 'node:zlib'
import { Content, mediaTypeOf } from './content.ts'
import type { Headers } from './headers.ts'

/** A body that is not what its Content-Encoding says, or larger than one may be. */
export class BodyCodingError extends Error {
  readonly isTooLarge: boolean

  constructor(message: string, isTooLarge: boolean, cause: unknown) {
    super(message, { cause })
    this.name = 'BodyCodingError'
    this.isTooLarge = isTooLarge
  }
}

const DECODERS = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
} as const

/**
 * Undoes the Content-Encoding of a body, and takes the headers away that speak of it. A body in a coding nobody knows
 * here stays as it is, headers included.
 * @throws BodyCodingError when it is larger than the bytes given, or not what its encoding says
 */
export function decodedBody(body: Buffer, headers: Headers, maxBytes: number): Buffer | Promise<Buffer> {
  const coding = headers.get('Content-Encoding')?.trim().toLowerCase()
  if (coding === undefined || !Object.hasOwn(DECODERS, coding) || body.length === 0) return body
  return decode(body, headers, coding, maxBytes)
}

async function decode(body: Buffer, headers: Headers, coding: string, maxBytes: number): Promise<Buffer> {
  try {
    const plain = await DECODERS[coding as keyof typeof DECODERS](body, { maxOutputLength: maxBytes })
    headers.delete('Content-Encoding')
    headers.delete('Content-Length')
    return plain
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    const what = isTooLarge ? `larger than ${maxBytes} bytes` : `not ${coding}, as its Content-Encoding says`
    throw new BodyCodingError(`the body is ${what}`, isTooLarge, error)
  }
}

/** Makes the content of a body: one that came without a type is bytes nobody reads. */
export function contentOfBody(body: Buffer, contentType: string | undefined): Content {
  const isUntyped = body.length > 0 && mediaTypeOf(contentType) === ''
  return Content.received(body, isUntyped ? 'application/octet-stream' : contentType)
}
