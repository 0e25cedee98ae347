import { Fault } from '../core/fault.ts'
import { payloadOf } from '../message/codecs/soap.ts'
import { writeXml } from '../message/codecs/xml.ts'
import { Content } from '../message/content.ts'
import { Message } from '../message/message.ts'
import { XmlElement, XmlText } from '../message/xml/tree.ts'
import type { Replies } from './correlated-call.ts'

/** Keeps the replies of a call until the last one has come; all of them are its answer. */
export class CollectedReplies implements Replies {
  readonly #maxBytes: number
  #replies: Collected[] = []
  #bytes = 0

  /** More than `maxBytes` are a failure of the backend. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** @throws Fault 101501 when they get too large */
  add(reply: Content, isLast: boolean): Message | undefined {
    this.#bytes += reply.bytes.length
    if (this.#bytes > this.#maxBytes)
      throw new Fault(101501, `the replies of the backend are larger than ${this.#maxBytes} bytes`)
    // What a socket read is larger than the message that stands in it, and would stay.
    const kept = new Content(Buffer.from(reply.bytes), reply.mediaType, reply.contentType)
    this.#replies.push({ reply: kept, isJson: isJsonReply(reply) })
    return isLast ? new Message(together(this.#replies)) : undefined
  }

  fail(): void {
    this.#replies = []
  }
}

interface Collected {
  readonly reply: Content
  readonly isJson: boolean
}

/** Makes one payload of several: a JSON array where all are JSON, else XML. */
function together(replies: readonly Collected[]): Content {
  if (replies.every(({ isJson }) => isJson)) {
    const parts: Buffer[] = []
    for (const { reply } of replies) parts.push(parts.length === 0 ? OPEN : COMMA, reply.bytes)
    return new Content(Buffer.concat([...parts, CLOSE]), 'application/json')
  }
  const all = replies.map(({ reply }) => writeXml(elementOf(reply))).join('')
  return new Content(Buffer.from(`<replies>${all}</replies>`), 'application/xml')
}

const OPEN = Buffer.from('[')
const COMMA = Buffer.from(',')
const CLOSE = Buffer.from(']')

/** Whether a reply is well-formed JSON. */
export function isJsonReply(reply: Content): boolean {
  try {
    return reply.isJson
  } catch {
    return false
  }
}

/** XML as it is, an envelope as what stands in its body; anything else as the text of an element. */
function elementOf(reply: Content): XmlElement {
  try {
    const payload = reply.isXml ? payloadOf(reply.envelope()) : undefined
    if (payload) return payload
  } catch {
    // It called itself XML.
  }
  const element = new XmlElement('reply')
  const text = reply.isBinary ? reply.bytes.toString('base64') : reply.text()
  if (text !== '') element.append(new XmlText(text))
  return element
}
