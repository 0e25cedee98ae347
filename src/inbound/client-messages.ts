import { type Event, MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Origin, Pipeline, Service } from '../core/ports.ts'
import type { Session } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import { Content } from '../message/content.ts'
import type { Headers } from '../message/headers.ts'
import { Message } from '../message/message.ts'
import { ConcurrentLane } from '../sequences/concurrent-lane.ts'
import { Lane, type LaneSource } from '../sequences/lane.ts'
import type { RelayedClose } from '../websocket/close-codes.ts'
import { MessageStream } from '../websocket/message-stream.ts'
import type { WebSocketServiceOptions } from '../websocket/options.ts'
import { type FrameTypes, frameTypes } from './frame-types.ts'
import { showHeaders } from './opening-message.ts'
import type { SessionRoute } from './session-routes.ts'

/** A session, as who its messages come from. */
export type SessionOrigin = Session & Origin & { readonly service: Service }

const NOTHING: Pipeline = { run: () => undefined }

/** What befalls a client, as messages of its lane: the handshake, what it sends, and its end. */
export class ClientMessages {
  readonly #session: SessionOrigin
  readonly #options: WebSocketServiceOptions
  readonly #hooks: Service['on']
  readonly #properties: SessionRoute['properties']
  #types: FrameTypes
  readonly #lane: Lane | ConcurrentLane
  /** The lane, where replies keep the order of its messages. */
  readonly #turns: ConcurrentLane | undefined
  /** The last message that was not complete when it began. */
  #long: { readonly ctx: MessageContext; readonly stream: MessageStream } | undefined
  /** Messages of the client that have not ended. */
  #unfinished = 0

  /** `source` is held up while messages wait. */
  constructor(
    session: SessionOrigin,
    route: SessionRoute,
    options: WebSocketServiceOptions,
    source: LaneSource,
  ) {
    this.#session = session
    this.#options = options
    this.#hooks = route.on
    this.#properties = route.properties
    this.#types = frameTypes(session.handshake.subprotocol, options.defaultContentType)
    const { concurrency } = options
    const beside = concurrency && new ConcurrentLane(source, concurrency)
    this.#lane = beside ?? new Lane(source)
    this.#turns = concurrency?.ordersReplies ? beside : undefined
  }

  get isIdle(): boolean {
    return this.#lane.isIdle
  }

  /** Whether all that the client has sent has ended. */
  get isQuiet(): boolean {
    return this.#unfinished === 0
  }

  /** What the client sends from now on is of another subprotocol. */
  agreeOn(subprotocol: string): void {
    this.#types = frameTypes(subprotocol, this.#options.defaultContentType)
  }

  /**
   * Runs the handshake message, with the headers of the upgrade as properties. `subprotocols` are those for backends,
   * where it has any.
   */
  open(headers: Headers, subprotocols?: string, event: 'open' | 'upgrade' = 'open'): void {
    const ctx = new MessageContext(
      this.#session.service,
      this.#session,
      new Message(Content.empty(), headers),
      {
        session: this.#session,
        event,
      },
    )
    showHeaders(ctx, headers, this.#options.customHeaderPrefix)
    if (subprotocols !== undefined) ctx.transport.subprotocol = subprotocols
    this.#push(ctx, this.#hooks[event])
  }

  /** Runs a message that the client has sent. */
  message(data: Buffer, isBinary: boolean): void {
    const session = this.#session
    const types = this.#types
    const content = Content.received(data, isBinary ? types.binary : types.text)
    const ctx = new MessageContext(session.service, session, new Message(content), {
      session,
      event: 'message',
      direction: 'request',
      link: undefined,
      frame: isBinary ? 'binary' : types.textFrame,
      frameData: data,
      contentIsKnown: isBinary ? types.isBinaryKnown : types.isTextKnown,
    })
    this.#unfinished++
    this.#push(ctx, this.#hooks.message)
  }

  /** Runs a message that is still coming in, and gives who takes its pieces; `holdUp` is told when there are too many. */
  longMessage(isBinary: boolean, holdUp: (isHeldUp: boolean) => void): MessageStream {
    const session = this.#session
    const types = this.#types
    const stream = new MessageStream({
      of: 'request',
      holdUp,
      collected: data => {
        ctx.frameData = data
      },
    })
    const content = Content.arriving(stream, isBinary ? types.binary : types.text)
    const ctx = new MessageContext(session.service, session, new Message(content), {
      session,
      event: 'message',
      direction: 'request',
      frame: isBinary ? 'binary' : types.textFrame,
      contentIsKnown: isBinary ? types.isBinaryKnown : types.isTextKnown,
    })
    this.#long = { ctx, stream }
    this.#unfinished++
    this.#push(ctx, this.#hooks.message)
    return stream
  }

  /** The client will not complete what it has begun to send. */
  breakOff(): void {
    this.#long?.stream.break('the client left in the middle of a message')
  }

  /** Runs a ping or pong of the client. */
  control(kind: 'ping' | 'pong', data: Buffer): void {
    const ctx = new MessageContext(this.#session.service, this.#session, Message.empty(), {
      session: this.#session,
      event: kind,
      frameData: data,
    })
    this.#push(ctx, this.#hooks[kind])
  }

  /** Runs what befell the session. */
  event(event: Event): void {
    const ctx = new MessageContext(this.#session.service, this.#session, Message.empty(), {
      session: this.#session,
      event,
    })
    this.#push(ctx, this.#hooks[event])
  }

  /** Runs the failure of the connection. */
  failed(failure: Error): void {
    const ctx = new MessageContext(this.#session.service, this.#session, Message.empty(), {
      session: this.#session,
      event: 'error',
    })
    ctx.properties.set('ERROR_MESSAGE', failure.message)
    ctx.fault = Fault.from(failure)
    ctx.isFaultHandled = true
    this.#push(ctx, this.#hooks.error)
  }

  /**
   * Runs the terminate message, with what backends are told unless it says otherwise. It has no hook where the client
   * was never let in.
   */
  close(told: RelayedClose, isLetIn = true): void {
    const ctx = new MessageContext(this.#session.service, this.#session, Message.empty(), {
      session: this.#session,
      event: 'close',
    })
    if (told.code !== undefined) {
      ctx.transport.extra.set('websocket.close.code', told.code)
      ctx.transport.extra.set('websocket.reason.text', told.reason)
    }
    this.#push(ctx, isLetIn ? this.#hooks.close : undefined)
  }

  /** Waits until all that came before a message has ended, where replies keep their order. */
  turnOf(ctx: MessageContext): MaybePromise<void> {
    return ctx.link ? undefined : this.#turns?.turnOf(ctx)
  }

  /** A message of the session is through. */
  ended(ctx: MessageContext): void {
    if (ctx.link === undefined && ctx.event === 'message') this.#unfinished--
    if (this.#long?.ctx !== ctx) return
    this.#long.stream.discard()
    this.#long = undefined
  }

  /** Discards what has not started. */
  clear(): void {
    this.breakOff()
    const cleared = this.#lane.clear()
    this.#session.service.counters.ended.discarded += cleared
    this.#unfinished -= cleared
  }

  #push(ctx: MessageContext, hook: Pipeline | undefined): void {
    ctx.service.counters.received++
    for (const [name, value] of this.#properties) ctx.properties.set(name, value)
    this.#lane.push(ctx, hook ?? NOTHING)
  }
}
