import type { Build } from '../language/declare.ts'
import { attribute, type Config, child } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import { boolean, oneOf, oneOfAnyCase, text } from '../language/types.ts'
import type { Shape } from './outgoing.ts'

/** What a kind of endpoint says about the form of its requests. */
export const shapeFields = {
  format: attribute(oneOfAnyCase('soap11', 'soap12', 'pox', 'get', 'rest'), {
    doc: 'Form the message leaves in; default as it is.',
  }),
  encoding: attribute(text, { doc: 'Character set of the body; default UTF-8.' }),
  enableAddressing: child(
    {
      version: attribute(oneOf('final', 'submission'), {
        doc: 'Version of WS-Addressing.',
        default: 'final',
      }),
      separateListener: attribute(boolean, { doc: 'Accepted; answers come over the same connection.' }),
    },
    { doc: 'Adds WS-Addressing headers to SOAP messages: To, MessageID, Action, ReplyTo.' },
  ),
} as const

/** What is refused of the form of requests. */
export const SHAPE_UNSUPPORTED: Readonly<Record<string, string>> = {
  enableSec: 'WS-Security is not there; use https, or authentication of an http endpoint',
  enableRM: 'WS-ReliableMessaging is not there',
}

/** What is read of the form of requests and does nothing. */
export const SHAPE_IGNORED: Readonly<Record<string, string>> = {
  optimize: 'attachments leave as they came',
}

const ENCODINGS: Readonly<Record<string, BufferEncoding>> = {
  'utf-16': 'utf16le',
  'utf-16le': 'utf16le',
  'iso-8859-1': 'latin1',
  'us-ascii': 'ascii',
}

/** Reads the form of requests; a character set nobody knows here is reported. */
export function shapeOf(config: Config<typeof shapeFields>, build: Build, span: Span): Shape {
  const { format, encoding, enableAddressing } = config
  const charset = encoding?.trim()
  const known = charset === undefined ? undefined : ENCODINGS[charset.toLowerCase()]
  if (charset && !known && !/^utf-?8$/i.test(charset))
    build.warning(span, 'no-effect', `encoding="${charset}" has no effect: the body is UTF-8.`)
  return {
    ...(format && { format }),
    ...(known && { encoding: known, charset: charset! }),
    ...(enableAddressing && { addressing: enableAddressing.version ?? 'final' }),
  }
}
