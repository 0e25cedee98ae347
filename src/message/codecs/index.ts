import type { Content } from '../content.ts'
import { mediaTypeOf } from '../content-type.ts'
import type { Codec } from './codec.ts'
import { formCodec } from './form.ts'
import { jsonCodec } from './json.ts'
import { multipartFormCodec, multipartRelatedCodec } from './multipart.ts'
import { binaryCodec, textCodec, untypedCodec } from './text.ts'
import { soap11Codec, soap12Codec, xmlCodec } from './xml.ts'

const BY_MEDIA_TYPE: ReadonlyMap<string, Codec> = new Map([
  ['', untypedCodec],
  ['text/xml', soap11Codec],
  ['application/soap+xml', soap12Codec],
  ['application/xml', xmlCodec],
  ['application/json', jsonCodec],
  ['text/json', jsonCodec],
  ['text/plain', textCodec],
  ['application/x-www-form-urlencoded', formCodec],
  ['application/octet-stream', binaryCodec],
  ['multipart/form-data', multipartFormCodec],
  ['multipart/related', multipartRelatedCodec],
])

/**
 * Chooses how a payload is read and written by its media type; what nobody knows stays bytes. Parameters, as a
 * configuration may write them in `messageType`, and upper case do not matter.
 */
export function codecOf({ mediaType }: Pick<Content, 'mediaType'>): Codec {
  return BY_MEDIA_TYPE.get(mediaType) ?? otherCodec(mediaTypeOf(mediaType))
}

function otherCodec(mediaType: string): Codec {
  const known = BY_MEDIA_TYPE.get(mediaType)
  if (known) return known
  if (mediaType.endsWith('+json')) return jsonCodec
  if (mediaType.endsWith('+xml') || mediaType.endsWith('/xml')) return xmlCodec
  if (mediaType.startsWith('text/')) return textCodec
  return binaryCodec
}
