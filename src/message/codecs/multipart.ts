import { decodeText } from '../charset.ts'
import type { Content } from '../content.ts'
import { ContentError } from '../content-error.ts'
import { mediaTypeOf, withParameter } from '../content-type.ts'
import { XmlElement, XmlText } from '../xml/tree.ts'
import type { Codec } from './codec.ts'
import { decodedBody, joinMime, type MimePart, partParameter, splitMime } from './mime.ts'
import { originOf, payloadOf, SOAP12, wrap } from './soap.ts'
import { payloadToJson, writePayload, writeXml } from './xml.ts'
import { escapedNameOfKey, keyOfName } from './xml-names.ts'

/** @throws ContentError when nobody said what separates the parts */
function partsOf(content: Content): MimePart[] {
  const boundary = boundaryOf(content)
  if (boundary !== undefined) return splitMime(content.bytes, boundary)
  throw new ContentError('the payload is no multipart: its Content-Type names no boundary')
}

/** Without a Content-Type, as from a store, the first line tells. */
function boundaryOf(content: Content): string | undefined {
  const named = content.parameter('boundary')
  return named ?? /^--([^\r\n]{1,70}?)[ \t]*\r\n/.exec(content.bytes.toString('latin1', 0, 100))?.[1]
}

/** What came and was not changed leaves as what it came as. */
function receivedType(content: Content, mediaType: string): string | undefined {
  if (content.form !== 'bytes' || content.mediaType !== mediaType) return undefined
  if (content.contentType !== '') return content.contentType
  const boundary = boundaryOf(content)
  return boundary === undefined ? mediaType : `${mediaType}; boundary="${boundary}"`
}

/**
 * The fields and files of an HTML form: XPath sees `<mediate>` with one child per part. A file is its bytes in
 * base64, with its name and type as attributes `filename` and `content-type`.
 */
export const multipartFormCodec: Codec = {
  name: 'multipart-form',
  isJson: () => false,
  isXml: () => false,
  toJson: payloadToJson,
  toEnvelope(content) {
    const root = new XmlElement('mediate')
    if (!content.isEmpty) for (const part of partsOf(content)) root.append(fieldOf(part))
    return wrap([root])
  },
  write(content) {
    const fields = payloadOf(content.envelope())?.children ?? []
    return joinMime(fields.map(partOf), content.boundary)
  },
  contentType: (content, mediaType) =>
    receivedType(content, mediaType) ?? `${mediaType}; boundary=${content.boundary}`,
  describe: content => ({ label: 'Envelope', text: writeXml(content.envelope()) }),
}

function fieldOf(part: MimePart): XmlElement {
  const name = partParameter(part, 'content-disposition', 'name')
  if (name === undefined) throw new ContentError('the payload is no form: a part has no name')
  const field = new XmlElement(escapedNameOfKey(unescaped(name)))
  const filename = fileNameOf(part)
  const type = part.headers.get('content-type')
  const body = decodedBody(part)
  if (filename !== undefined) field.setAttribute('filename', unescaped(filename))
  if (type !== undefined)
    field.setAttribute('content-type', filename === undefined ? mediaTypeOf(type) : type)
  const text =
    filename === undefined
      ? decodeText(body, partParameter(part, 'content-type', 'charset'), false)
      : body.toString('base64')
  if (text !== '') field.append(new XmlText(text))
  return field
}

/** The form with a charset (RFC 5987) wins where both are there. */
function fileNameOf(part: MimePart): string | undefined {
  const extended = partParameter(part, 'content-disposition', 'filename*')
  const coded = extended === undefined ? null : /^utf-8'[^']*'(.*)$/i.exec(extended)
  if (!coded) return partParameter(part, 'content-disposition', 'filename')
  try {
    return decodeURIComponent(coded[1]!)
  } catch {
    return partParameter(part, 'content-disposition', 'filename')
  }
}

function partOf(field: XmlElement): MimePart {
  const headers = new Map<string, string>()
  const filename = field.getAttribute('filename')
  const type = field.getAttribute('content-type')
  const named = `form-data; name="${escaped(keyOfName(field.localName))}"`
  headers.set(
    'Content-Disposition',
    filename === undefined ? named : `${named}; filename="${escaped(filename)}"`,
  )
  if (filename !== undefined) {
    headers.set('Content-Type', isHeader(type) ? type : 'application/octet-stream')
    return { headers, body: Buffer.from(field.text, 'base64') }
  }
  if (isHeader(type)) headers.set('Content-Type', `${mediaTypeOf(type)}; charset=UTF-8`)
  return { headers, body: Buffer.from(field.text) }
}

function isHeader(value: string | undefined): value is string {
  return value !== undefined && /^[\x20-\x7e]+$/.test(value)
}

/** As browsers write the names of fields and files: UTF-8, and these three in percent form. */
function escaped(text: string): string {
  const plain = text.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22')
  return Buffer.from(plain).toString('latin1')
}

function unescaped(text: string): string {
  return text.replace(/%(0A|0D|22)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/**
 * SOAP with attachments and its like: the root part is the payload, the other parts travel with it unread. When the
 * payload is changed they are joined to it again, with a new boundary.
 */
export const multipartRelatedCodec: Codec = {
  name: 'multipart-related',
  keepsReceived: true,
  isJson: () => false,
  isXml: () => true,
  toJson: payloadToJson,
  toEnvelope(content) {
    if (content.isEmpty) return wrap([])
    const root = rootOf(partsOf(content), content.parameter('start'))
    return content.part(decodedBody(root), root.headers.get('content-type')).envelope()
  },
  write(content) {
    const envelope = content.envelope()
    const body = Buffer.from(originOf(envelope) === 'bare' ? writePayload(envelope) : writeXml(envelope))
    const { received } = content
    if (!received) return joinMime([{ headers: rootHeaders(envelope), body }], content.boundary)
    const parts = partsOf(received)
    const root = rootOf(parts, received.parameter('start'))
    const headers = new Map(root.headers)
    headers.set('content-transfer-encoding', '8bit')
    return joinMime(
      parts.map(part => (part === root ? { headers, body } : part)),
      content.boundary,
    )
  },
  contentType(content, mediaType) {
    const unchanged = receivedType(content, mediaType)
    if (unchanged !== undefined) return unchanged
    const { received } = content
    if (received?.mediaType === mediaType)
      return withParameter(received.contentType, mediaType, 'boundary', content.boundary)
    const type = content.envelope().namespaceURI === SOAP12 ? 'application/soap+xml' : 'text/xml'
    return `${mediaType}; boundary=${content.boundary}; type="${type}"; start="${ROOT_ID}"`
  },
  describe: content => ({ label: 'Envelope', text: writeXml(content.envelope()) }),
}

const ROOT_ID = '<root@myelin>'

function rootHeaders(envelope: XmlElement): ReadonlyMap<string, string> {
  const type = envelope.namespaceURI === SOAP12 ? 'application/soap+xml' : 'text/xml'
  return new Map([
    ['Content-Type', `${type}; charset=UTF-8`],
    ['Content-ID', ROOT_ID],
  ])
}

function rootOf(parts: readonly MimePart[], start: string | undefined): MimePart {
  const id = start?.replace(/^<|>$/g, '')
  const named = id && parts.find(({ headers }) => headers.get('content-id')?.replace(/^<|>$/g, '') === id)
  const root = named || parts[0]
  if (!root) throw new ContentError('the payload is no multipart: it has no parts')
  return root
}
