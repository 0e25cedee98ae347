import { MIMEType } from 'node:util'

/** Takes the parameters off a Content-Type header. */
export function mediaTypeOf(contentType: string | undefined): string {
  if (!contentType) return ''
  const semicolon = contentType.indexOf(';')
  return (semicolon < 0 ? contentType : contentType.slice(0, semicolon)).trim().toLowerCase()
}

/**
 * Reads a parameter of a Content-Type header, or of another one built alike, such as Content-Disposition.
 * Undefined where there is none, or the header cannot be read.
 */
export function parameterOf(header: string, name: string): string | undefined {
  const semicolon = header.indexOf(';')
  if (semicolon < 0) return undefined
  // What stands in front of the parameters has no slash in some headers, and does not matter here.
  return new MIMEType(`x/x${header.slice(semicolon)}`).params.get(name) ?? undefined
}

/** Gives a Content-Type header another value of a parameter. */
export function withParameter(header: string, mediaType: string, name: string, value: string): string {
  const semicolon = header.indexOf(';')
  const type = new MIMEType(`x/x${semicolon < 0 ? '' : header.slice(semicolon)}`)
  type.params.set(name, value)
  return `${mediaType};${type.params.toString()}`
}

/** Gives a Content-Type header for text that was written anew: in UTF-8, whatever charset it named. */
export function inUtf8(header: string): string {
  const charset = parameterOf(header, 'charset')
  return charset === undefined || isUtf8(charset)
    ? header
    : withParameter(header, mediaTypeOf(header), 'charset', 'UTF-8')
}

/** Takes the charset off a Content-Type header, for text that is in UTF-8 whatever the header says. */
export function withoutCharset(header: string): string {
  const semicolon = header.indexOf(';')
  if (semicolon < 0) return header
  const { params } = new MIMEType(`x/x${header.slice(semicolon)}`)
  params.delete('charset')
  const rest = params.toString()
  return rest === '' ? mediaTypeOf(header) : `${mediaTypeOf(header)};${rest}`
}

/** Whether a charset is UTF-8, or one that is written alike. */
export function isUtf8(charset: string): boolean {
  return /^(?:utf-?8|us-ascii)$/i.test(charset)
}

/** Whether a media type is that of SOAP. */
export function isSoapType(mediaType: string): boolean {
  return mediaType === 'text/xml' || mediaType === 'application/soap+xml'
}

/** Whether a media type is text, and has a charset. */
export function hasCharset(mediaType: string): boolean {
  return HAS_TEXT.test(mediaType)
}

const HAS_TEXT = /^text\/|[/+](?:xml|json)$|^application\/x-www-form-urlencoded$/
