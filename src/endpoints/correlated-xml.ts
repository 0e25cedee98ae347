import { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Service } from '../core/ports.ts'
import type { Expression } from '../expressions/value.ts'
import { originOf, SOAP12 } from '../message/codecs/soap.ts'
import { Content } from '../message/content.ts'
import { mediaTypeOf } from '../message/content-type.ts'
import { Message } from '../message/message.ts'
import type { XmlAttribute, XmlElement } from '../message/xml/tree.ts'
import type { CorrelatedCall } from './correlated-call.ts'
import type { CorrelationIds } from './correlation-ids.ts'
import type { Correlator, IdentifiedReply } from './correlator.ts'
import { NOBODY } from './shared-links.ts'

/** A place in XML that holds an id. */
export type IdPlace = XmlElement | XmlAttribute

/** Where ids stand in envelopes. */
export interface EnvelopeIds {
  /** Finds the id of a request. @throws Fault 601000 when the envelope is none that may be asked with */
  ofRequest(ctx: MessageContext, envelope: XmlElement): IdPlace | undefined
  /** Finds the id of a reply; undefined where it has none, or more than one. */
  ofReply(ctx: MessageContext, envelope: XmlElement): IdPlace | undefined
  /** Makes the place where there is none. @throws Fault 601000 where that cannot be done */
  make(envelope: XmlElement): IdPlace
  /** Makes an id. */
  newId(ids: CorrelationIds): string
}

/** Ids in XML, with and without an envelope around it. */
export class XmlCorrelator implements Correlator {
  readonly #places: EnvelopeIds
  readonly #keepsIds: boolean

  constructor(places: EnvelopeIds, keepsIds: boolean) {
    this.#places = places
    this.#keepsIds = keepsIds
  }

  prepare(call: CorrelatedCall, ids: CorrelationIds): void {
    const { ctx } = call
    const type = xmlTypeOf(ctx)
    const envelope = ctx.message.content.share().editEnvelope()
    const found = this.#places.ofRequest(ctx, envelope)
    call.original = found && idIn(found)
    if (found && this.#keepsIds && call.original !== '') {
      call.id = call.original!
      call.isKept = true
    } else if (found || !ctx.isOneWay) {
      call.id = this.#places.newId(ids)
      setValue(found ?? this.#places.make(envelope), call.id)
    }
    call.bytes = Content.ofEnvelope(envelope, type).bytes
  }

  read(data: Buffer, contentType: string, service: Service): IdentifiedReply | undefined {
    try {
      const content = Content.received(data, contentType === '' ? 'text/xml' : contentType)
      const envelope = content.envelope()
      const place = this.#places.ofReply(new MessageContext(service, NOBODY, new Message(content)), envelope)
      return place && new XmlReply(data, contentType, { content, envelope, place })
    } catch {
      // Whatever it is, it answers nothing.
      return undefined
    }
  }

  shown(original: string): string {
    return original
  }
}

interface ReadReply {
  readonly content: Content
  readonly envelope: XmlElement
  readonly place: IdPlace
}

/** A reply in XML. */
class XmlReply implements IdentifiedReply {
  readonly id: string
  readonly #data: Buffer
  readonly #read: ReadReply
  readonly #contentType: string

  constructor(data: Buffer, contentType: string, read: ReadReply) {
    this.id = idIn(read.place)
    this.#data = data
    this.#read = read
    this.#contentType = contentType === '' ? typeOfEnvelope(read.envelope) : contentType
  }

  withId(original: string | undefined): Content {
    const { content, place } = this.#read
    const envelope = content.editEnvelope()
    if (original !== undefined) setValue(place, original)
    else if (place.nodeType === 1) place.remove()
    else place.parentNode?.removeAttribute(place.localName, place.namespaceURI)
    return Content.ofEnvelope(envelope, mediaTypeOf(this.#contentType))
  }

  asReceived(): Content {
    return Content.received(this.#data, this.#contentType)
  }
}

/** The type of what was read as XML: that of its version of SOAP, or that of XML by itself. */
export function typeOfEnvelope(envelope: XmlElement): string {
  if (originOf(envelope) !== 'enveloped') return 'application/xml'
  return envelope.namespaceURI === SOAP12 ? 'application/soap+xml' : 'text/xml'
}

/** The type of XML a message leaves in. @throws Fault 601000 where it is none */
function xmlTypeOf(ctx: MessageContext): string {
  const { content } = ctx.message
  const wanted = mediaTypeOf(ctx.transportIfAny?.messageType)
  // A WebSocket message brings no type along.
  const type = wanted || (content.mediaType === '' && content.isXml ? 'text/xml' : content.mediaType)
  if (!/[/+]xml$/.test(type)) throw new Fault(601000, 'the request is no XML: it cannot be given an id')
  return type
}

function idIn(place: IdPlace): string {
  return place.nodeType === 1 ? place.text.trim() : place.value.trim()
}

function setValue(place: IdPlace, value: string): void {
  if (place.nodeType === 1) place.setText(value)
  else place.value = value
}

/** Ids where XPath expressions lead. */
export function idsByXPath(request: Expression, reply: Expression): EnvelopeIds {
  return {
    ofRequest: (ctx, envelope) => only(request, ctx, envelope),
    ofReply: (ctx, envelope) => only(reply, ctx, envelope),
    make() {
      throw new Fault(601000, `the request has not just one ${request.source}, which is to hold the id`)
    },
    newId: ids => ids.plain(),
  }
}

/** The one element or attribute an expression leads to. */
function only(expression: Expression, ctx: MessageContext, envelope: XmlElement): IdPlace | undefined {
  const nodes = expression.nodes?.(ctx, envelope) ?? []
  const [node] = nodes
  return nodes.length === 1 && (node?.nodeType === 1 || node?.nodeType === 2) ? node : undefined
}
