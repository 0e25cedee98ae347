import { type Event, MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Link, LinkLoss } from '../core/session.ts'
import { Content } from '../message/content.ts'
import { Message } from '../message/message.ts'
import { Lane } from '../sequences/lane.ts'
import { enterFault } from '../sequences/pipeline.ts'
import { MessageStream } from '../websocket/message-stream.ts'
import type { BackPressure } from './back-pressure.ts'
import type { SessionOrigin } from './client-messages.ts'
import type { Underway } from './linked-end.ts'
import type { SessionLinks } from './session-links.ts'

/** What comes over the links of a session, as messages of one lane. */
export class BackendMessages implements Underway {
  readonly #session: SessionOrigin
  readonly #links: SessionLinks
  readonly #pressure: BackPressure
  readonly #lane: Lane
  /** The last message of each link that was not complete when it began. */
  #long: Map<Link, MessageStream> | undefined

  constructor(session: SessionOrigin, links: SessionLinks, pressure: BackPressure) {
    this.#session = session
    this.#links = links
    this.#pressure = pressure
    this.#lane = new Lane(links)
  }

  get isIdle(): boolean {
    return this.#lane.isIdle
  }

  idle(): Promise<void> {
    return this.#lane.idle()
  }

  /** Runs a message of a backend; the content type is '' where the handshake did not settle one. */
  message(link: Link, data: Buffer, isBinary: boolean, contentType: string): void {
    const session = this.#session
    const { service } = session
    const ctx = new MessageContext(service, session, new Message(Content.received(data, contentType)), {
      session,
      event: 'message',
      direction: 'response',
      link,
      frame: isBinary ? 'binary' : contentType === '' ? 'text' : undefined,
      frameData: data,
      contentIsKnown: false,
    })
    service.counters.received++
    this.#lane.push(ctx, service.outDispatch)
    this.#links.took(data.length)
    this.#pressure.linkTook()
  }

  /** Runs a message of a backend that is still coming in, and gives who takes its pieces. */
  longMessage(link: Link, isBinary: boolean, contentType: string): MessageStream {
    const session = this.#session
    const { service } = session
    const stream = new MessageStream({
      of: 'answer',
      holdUp: isHeldUp => this.#links.hold(link, isHeldUp),
      collected: data => {
        ctx.frameData = data
      },
    })
    const ctx = new MessageContext(service, session, new Message(Content.arriving(stream, contentType)), {
      session,
      event: 'message',
      direction: 'response',
      link,
      ...(isBinary ? { frame: 'binary' } : contentType === '' ? { frame: 'text' } : {}),
      contentIsKnown: false,
    })
    service.counters.received++
    this.#long ??= new Map()
    this.#long.set(link, stream)
    ctx.atEnd(() => {
      stream.discard()
      if (this.#long?.get(link) === stream) this.#long.delete(link)
    })
    this.#lane.push(ctx, service.outDispatch)
    this.#pressure.linkTook()
    return stream
  }

  /** The backend will not complete what it has begun to send. */
  breakOff(link: Link): void {
    this.#long?.get(link)?.break('the backend left in the middle of a message')
  }

  /** Runs what is no message: that a link is open, or a ping or pong that came over it. */
  event(link: Link, event: 'linked' | 'ping' | 'pong', data?: Buffer): void {
    const { service } = this.#session
    service.counters.received++
    this.#lane.push(this.#contextOf(link, event, data), service.outDispatch)
    this.#links.took(data?.length ?? 0)
    this.#pressure.linkTook()
  }

  /** Runs the fault sequence for a link that was lost; the reason is what broke it, '' where that is not known. */
  lost(link: Link, reason: string, loss: LinkLoss | undefined): void {
    const { service, id } = this.#session
    const ctx = this.#contextOf(link, 'message', undefined)
    for (const [name, value] of Object.entries(loss?.properties ?? {})) ctx.properties.set(name, value)
    const text = `the connection to ${link.address} was lost${reason && `: ${reason}`}`
    enterFault(ctx, loss?.fault ?? new Fault(101505, text))
    if (reason !== '') service.log.warn({ session: id, backend: link.address }, `${service.label}${text}`)
    service.counters.received++
    this.#lane.push(ctx, service.outFault)
  }

  #contextOf(link: Link, event: Event, frameData: Buffer | undefined): MessageContext {
    const session = this.#session
    return new MessageContext(session.service, session, new Message(Content.empty()), {
      session,
      event,
      direction: 'response',
      link,
      frameData,
    })
  }
}
