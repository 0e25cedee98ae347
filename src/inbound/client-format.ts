import { payloadOf } from '../message/codecs/soap.ts'
import { isFault } from '../message/codecs/soap-fault.ts'
import { Content } from '../message/content.ts'
import { isSoapType, mediaTypeOf } from '../message/content-type.ts'

/** What a client speaks; it is answered in the same. */
export type ClientFormat = 'soap11' | 'soap12' | 'json' | 'rest'

/** How much of a body is looked at for the envelope of a client that sends no SOAPAction. */
const LOOKED_AT_BYTES = 1024

/** Tells what a client speaks from its request. */
export function formatOfClient(mediaType: string, hasSoapAction: boolean, body: Buffer): ClientFormat {
  if (mediaType === 'application/soap+xml') return 'soap12'
  if (mediaType === 'text/xml') {
    if (hasSoapAction) return 'soap11'
    const beginning = body.toString('latin1', 0, LOOKED_AT_BYTES)
    return /<(?:[\w.-]+:)?Envelope[\s>]/.test(beginning) ? 'soap11' : 'rest'
  }
  return mediaType === 'application/json' || mediaType.endsWith('+json') ? 'json' : 'rest'
}

/** A payload as it goes to the client. */
export interface Written {
  readonly body: Buffer
  /** The media type it was written in. */
  readonly mediaType: string
  /** What was written: the payload, or what of it goes to this client. */
  readonly content: Content
  readonly isFault: boolean
}

const SOAP_TYPE: Readonly<Record<ClientFormat, string | undefined>> = {
  soap11: 'text/xml',
  soap12: 'application/soap+xml',
  json: undefined,
  rest: undefined,
}

/**
 * Whether a payload goes to a client as it comes: it does not where its type changes, or it is SOAP and the client
 * speaks none, or another version.
 */
export function mayStream(client: ClientFormat, mediaType: string, wanted: string | undefined): boolean {
  if (wanted !== undefined) return mediaTypeOf(wanted) === mediaType
  return !isSoapType(mediaType) || SOAP_TYPE[client] === mediaType
}

/**
 * Writes a payload for a client: in the type wanted, else in its own; SOAP in the version the client speaks, and a
 * SOAP fault without its envelope for a client that speaks none.
 * @throws ContentError when it has no form in that type
 */
export function writeFor(client: ClientFormat, content: Content, wanted: string | undefined): Written {
  const isSoap = isSoapType(content.mediaType)
  const own = SOAP_TYPE[client]
  const fails = isFault(content)
  if (wanted === undefined && isSoap && own === undefined && fails) {
    const fault = Content.ofPayload(payloadOf(content.envelope())!.clone())
    const mediaType = client === 'json' ? 'application/json' : 'application/xml'
    return { body: fault.as(mediaType), mediaType, content: fault, isFault: true }
  }
  const mediaType = wanted === undefined ? (isSoap && own ? own : content.mediaType) : mediaTypeOf(wanted)
  return { body: content.as(mediaType), mediaType, content, isFault: fails }
}
