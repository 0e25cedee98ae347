import { codecOf } from '../message/codecs/index.ts'
import { parseJson, writeJson } from '../message/codecs/json.ts'
import { headerOf, originOf, receive, SOAP11 } from '../message/codecs/soap.ts'
import { writeXml } from '../message/codecs/xml.ts'
import { Content } from '../message/content.ts'
import { inUtf8 } from '../message/content-type.ts'
import type { Message } from '../message/message.ts'
import { parseXml } from '../message/xml/parse.ts'

/** What a record says of its payload. */
export interface WrittenContent {
  /** What the bytes are: the payload in its media type, or a form it had that its media type cannot carry. */
  readonly form: Content['form']
  readonly type: string
  /** The Content-Type with its parameters. */
  readonly contentType?: string
  /** The query that stands for a payload. */
  readonly query?: string
  /** Whether the envelope came as one. */
  readonly isEnveloped?: boolean
}

/** Writes a payload so that it can be made again as it was; mostly that is the payload as it would leave. */
export function writeContent(message: Message): {
  readonly written: WrittenContent
  readonly payload: Buffer
} {
  const { content } = message
  const { form, mediaType: type, query } = content
  if (form === 'bytes') {
    const written = { form, type, contentType: content.contentType, ...(query !== '' && { query }) }
    return { written, payload: content.bytes }
  }
  if (form === 'text') return { written: { form, type }, payload: Buffer.from(content.text()) }
  if (mayBeBytes(message))
    return {
      written: { form: 'bytes', type, contentType: content.contentTypeAs(type) },
      payload: content.bytes,
    }
  const { contentType } = content
  if (form === 'json')
    return { written: { form, type, contentType }, payload: Buffer.from(writeJson(content.json())) }
  const envelope = content.envelope()
  const isEnveloped = originOf(envelope) === 'enveloped'
  return { written: { form, type, contentType, isEnveloped }, payload: Buffer.from(writeXml(envelope)) }
}

/** Makes the payload of a record again. @throws Error where it is not what the record says */
export function readContent(written: WrittenContent, payload: Buffer): Content {
  const { form, type, contentType = '', query } = written
  if (query !== undefined) return Content.ofQuery(query)
  switch (form) {
    case 'bytes':
      return new Content(payload, type, contentType)
    case 'text':
      return Content.ofText(payload.toString(), type)
    case 'json':
      return Content.ofJson(payload.length === 0 ? undefined : parseJson(payload.toString()), type)
    case 'envelope': {
      const root = parseXml(payload.toString()).documentElement!
      return Content.ofEnvelope(written.isEnveloped ? receive(root, SOAP11) : root, type)
    }
    default:
      throw new Error(`a payload of an unknown form: ${String(form)}`)
  }
}

/** Whether a payload that was made or changed here is the same when it is read from what would leave. */
function mayBeBytes({ content, headers }: Message): boolean {
  const codec = codecOf(content)
  if (codec.keepsReceived) return true
  // A header that names another charset would then be taken for that of the bytes.
  const given = headers.get('Content-Type')
  if (given !== undefined && inUtf8(given) !== given) return false
  switch (codec.name) {
    case 'json':
      return content.form === 'json'
    case 'soap11':
    case 'soap12':
      return content.form === 'envelope'
    case 'xml': {
      if (content.form !== 'envelope') return false
      const envelope = content.envelope()
      return headerOf(envelope) === undefined && envelope.children.length === 1
    }
    default:
      return false
  }
}
