import { type ContextOptions, MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { GroupMember, PushedMessage } from '../core/groups.ts'
import type { Pipeline, Service } from '../core/ports.ts'
import type { Handshake, Link, LinkLoss, Session } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import { Content } from '../message/content.ts'
import type { Headers } from '../message/headers.ts'
import { Message } from '../message/message.ts'
import { ConcurrentLane } from '../sequences/concurrent-lane.ts'
import { Lane } from '../sequences/lane.ts'
import { enterFault } from '../sequences/pipeline.ts'
import { backlog } from '../websocket/backlog.ts'
import { ABNORMAL, closeForBackend, closeForClient, type RelayedClose } from '../websocket/close-codes.ts'
import { type Connection, type ConnectionEvents, MAX_UNSENT_BYTES } from '../websocket/connection.ts'
import { Heartbeat, ownPong } from '../websocket/heartbeat.ts'
import type { Outgoing } from '../websocket/waiting.ts'
import { ClientOutbox, type OutboxOwner } from './client-outbox.ts'
import { type FrameTypes, frameTypes } from './frame-types.ts'
import { type ClientConnection, HeldConnection } from './held-connection.ts'
import type { HttpRequest } from './http-request.ts'
import { closeAfter } from './left-without-backend.ts'
import { type MessageLimits, messageLimits } from './message-limits.ts'
import { chosenOf, showHeaders } from './opening-message.ts'
import { ReadAhead } from './read-ahead.ts'
import { SessionLinks } from './session-links.ts'
import type { SessionRoute } from './session-routes.ts'
import type { ClientSessions } from './sessions.ts'
import { replyOverWebSocket } from './websocket-reply.ts'

const NOTHING: Pipeline = { run: () => undefined }

/**
 * A client's WebSocket: the connection, a lane for each direction, and the links to its backends.
 *
 * Everything that befalls it is a message: the handshake, what the client sends, and its end. Session and links
 * end together: the end of one side reaches the other with a code and a reason.
 */
export class ClientSession implements Session, GroupMember, OutboxOwner, ConnectionEvents {
  readonly kind = 'websocket'
  readonly id: string
  handshake: Handshake
  readonly service: Service
  /** Counts what came from either side; does not change while both are quiet. */
  activity = 0
  /** Set where control frames are relayed: the connection then leaves pings to us. */
  readonly onPing?: (data: Buffer) => void
  readonly onPong?: (data: Buffer) => void
  readonly controlFromBackend?: Session['controlFromBackend']
  readonly #sessions: ClientSessions
  readonly #hooks: Service['on']
  readonly #properties: SessionRoute['properties']
  #types: FrameTypes
  readonly #links: SessionLinks
  readonly #limits: MessageLimits | undefined
  readonly #inLane: Lane | ConcurrentLane
  /** The lane of the client, where replies keep the order of its messages. */
  readonly #turns: ConcurrentLane | undefined
  readonly #outLane: Lane
  #connection!: ClientConnection
  /** Its connection while the client waits for the answer to its handshake. */
  #held: HeldConnection | undefined
  forwardedHeaders: Session['forwardedHeaders'] = []
  readonly #ahead = new ReadAhead()
  /** Messages of the client that have not ended. */
  #unfinished = 0
  /** Links that take no more for now; made for the first. */
  #behindLinks: Set<Link> | undefined
  #isAnswerBehind = false
  /** Whether the client reads so slowly that who sends to it is to be held up. */
  #isBehind = false
  /** What waits for it, where that is not left to the connection. */
  #outbox: ClientOutbox | undefined
  /** Whether it is to be closed when nothing waits for it any more. */
  #isClosing = false
  #hasLostLink = false
  #isOver = false
  /** The close this side began. */
  #closed: RelayedClose | undefined
  /** What backends are told once the client has begun to leave. */
  #end: RelayedClose | undefined
  #deadline: NodeJS.Timeout | undefined
  #heartbeat: Heartbeat | undefined

  constructor(sessions: ClientSessions, id: string, handshake: Handshake, route: SessionRoute) {
    this.#sessions = sessions
    this.service = route.service
    this.#properties = route.properties
    this.id = id
    this.handshake = handshake
    this.#hooks = route.on
    this.#types = frameTypes(handshake.subprotocol, sessions.options.defaultContentType)
    this.#links = new SessionLinks()
    this.#limits = messageLimits(sessions.options.limits)
    const { concurrency } = sessions.options
    const beside = concurrency && new ConcurrentLane(this, concurrency)
    this.#inLane = beside ?? new Lane(this)
    this.#turns = concurrency?.ordersReplies ? beside : undefined
    this.#outLane = new Lane(this.#links)
    if (sessions.options.passControlFrames) {
      this.onPing = data => this.#onControl('ping', data)
      this.onPong = data => {
        if (ownPong(data) === undefined) this.#onControl('pong', data)
      }
      this.controlFromBackend = (link, kind, data) =>
        this.#pushOut(link, Content.empty(), { event: kind, frameData: data })
    }
  }

  /** Takes the connection and runs the handshake message, with the headers of the upgrade as properties. */
  start(connection: Connection, headers: Headers): void {
    this.#take(connection)
    this.#push(this.#opening(headers), this.#hooks.open)
  }

  /**
   * Runs the handshake message before the client is answered: whether it is let in shows when that has ended.
   * `offered` are the client's subprotocols, for backends.
   */
  hold(request: HttpRequest, headers: Headers, offered: readonly string[]): HeldConnection {
    const { handshake } = this.#sessions.options
    const held = new HeldConnection(request, handshake, () => this.holdUp(true))
    this.#held = held
    this.#connection = held
    const ctx = this.#opening(headers)
    if (handshake.passesSubprotocols && offered.length > 0) ctx.transport.subprotocol = offered.join(', ')
    this.#push(ctx, this.#hooks.open)
    return held
  }

  /** Takes the connection of a client that was held and let in, and sends what waited for it. */
  upgraded(connection: Connection, subprotocol: string): void {
    const held = this.#held!
    this.#held = undefined
    if (subprotocol !== this.handshake.subprotocol) {
      this.handshake = { ...this.handshake, subprotocol }
      this.#types = frameTypes(subprotocol, this.#sessions.options.defaultContentType)
    }
    this.#take(connection)
    this.holdUp(false)
    held.handTo(connection)
  }

  /** A client that was held is not let in, or has left: its backends are let go of. */
  heldBack(): void {
    this.#links.closeAll(1001, 'client connection lost')
  }

  #take(connection: Connection): void {
    this.#connection = connection
    const { clientIdleMs, heartbeat, slow } = this.#sessions.options
    if (slow.policy === 'pause') connection.maxUnsentBytes = slow.maxBytes
    else if (slow.policy !== 'close') connection.maxUnsentBytes = 0
    if (clientIdleMs > 0) connection.onIdle(clientIdleMs, () => this.close(1001, 'idle'))
    if (heartbeat) this.#heartbeat = new Heartbeat(connection, heartbeat)
  }

  #opening(headers: Headers): MessageContext {
    const ctx = new MessageContext(this.service, this, new Message(Content.empty(), headers), {
      session: this,
      event: 'open',
    })
    const { customHeaderPrefix, preservedHeaders } = this.#sessions.options
    this.forwardedHeaders = chosenOf(headers, preservedHeaders)
    showHeaders(ctx, headers, customHeaderPrefix)
    return ctx
  }

  // — what the connection reports —

  onMessage(data: Buffer, isBinary: boolean): void {
    this.activity++
    if (!this.isOpen) {
      // Our close frame is on its way, and a client may send until it has it (RFC 6455, 5.5.1).
      this.service.counters.received++
      this.service.counters.ended.discarded++
      return
    }
    const broken = this.#limits?.take(data.length)
    if (broken && !this.#sessions.letsPass(this, broken)) return
    const types = this.#types
    const content = Content.received(data, isBinary ? types.binary : types.text)
    const ctx = new MessageContext(this.service, this, new Message(content), {
      session: this,
      event: 'message',
      direction: 'request',
      link: undefined,
      frame: isBinary ? 'binary' : types.textFrame,
      frameData: data,
      contentIsKnown: isBinary ? types.isBinaryKnown : types.isTextKnown,
    })
    this.#unfinished++
    this.#push(ctx, this.#hooks.message)
    if (this.#ahead.take(data.length)) this.#connection.pause()
  }

  onBehind(): void {
    if (this.#sessions.options.slow.policy === 'pause') this.holdUp(true)
  }

  onDrain(): void {
    if (this.#outbox) this.#outbox.feed()
    else if (this.#isBehind) this.holdUp(false)
  }

  onClose(code: number, reason: string, failure?: Error): void {
    this.#heartbeat?.stop()
    this.#sessions.remove(this, code, failure)
    this.#outbox?.clear()
    this.#outbox = undefined
    this.#leaves(code, reason)
  }

  onClosing(code: number, reason: string): void {
    this.#leaves(code, reason)
  }

  /**
   * The client is leaving, or has left. What it sent before goes through, and then its backends are closed: by the
   * terminate message, or when the time for that is up.
   */
  #leaves(code: number, reason: string): void {
    if (this.#end) return
    // A client that does not answer our close frame was closed all the same.
    const end = code === ABNORMAL && this.#closed ? this.#closed : closeForBackend(code, reason)
    this.#end = end
    if (code === ABNORMAL || this.#unfinished === 0) this.#links.giveUpDialing()
    this.#setDeadline(() => this.#links.closeAll(end.code, end.reason))
    const ctx = new MessageContext(this.service, this, Message.empty(), { session: this, event: 'close' })
    if (end.code !== undefined) {
      ctx.transport.extra.set('websocket.close.code', end.code)
      ctx.transport.extra.set('websocket.reason.text', end.reason)
    }
    this.#push(ctx, this.#hooks.close)
  }

  #onControl(kind: 'ping' | 'pong', data: Buffer): void {
    const broken = this.#limits?.take(data.length)
    if (broken && !this.#sessions.letsPass(this, broken)) return
    const ctx = new MessageContext(this.service, this, Message.empty(), {
      session: this,
      event: kind,
      frameData: data,
    })
    this.#push(ctx, this.#hooks[kind])
  }

  #push(ctx: MessageContext, hook: Pipeline | undefined): void {
    this.service.counters.received++
    for (const [name, value] of this.#properties) ctx.properties.set(name, value)
    this.#inLane.push(ctx, hook ?? NOTHING)
  }

  // — what the engine asks of an origin —

  get request(): Handshake {
    return this.handshake
  }

  reply(ctx: MessageContext): MaybePromise<void> {
    const { content } = ctx.message
    // The answer of a backend may still be coming in, and a message leaves as a whole.
    if (content.isArriving) return content.collect().then(() => this.reply(ctx))
    if (this.#held && ctx.event === 'open' && this.#held.replied(ctx)) return
    return this.#turns ? this.#replyInTurn(ctx) : this.#write(ctx)
  }

  #replyInTurn(ctx: MessageContext): MaybePromise<void> {
    const turn = ctx.link ? undefined : this.#turns?.turnOf(ctx)
    return turn instanceof Promise ? turn.then(() => this.#write(ctx)) : this.#write(ctx)
  }

  #write(ctx: MessageContext): void {
    replyOverWebSocket(ctx, this, this.#sessions)
    // A client that does not read its answers gets to ask no more; what backends send is held up at its source.
    if (ctx.link || !this.#isBehind) return
    this.#isAnswerBehind = true
    this.#connection.pause()
  }

  /** A link that cannot be opened ends the session; the end of the client ends its links. */
  ended(ctx: MessageContext): void {
    if (ctx.event === 'close') {
      clearTimeout(this.#deadline)
      const extra = ctx.transportIfAny?.extra
      const code = extra?.get('websocket.close.code')
      this.#links.closeAll(
        code === undefined ? undefined : Number(code),
        String(extra?.get('websocket.reason.text') ?? ''),
      )
      return
    }
    if (ctx.link === undefined && ctx.event === 'message') this.#unfinished--
    const { fault } = ctx
    if (this.#held && ctx.event === 'open')
      this.#held.decide(fault, this.#links.opened, this.handshake.subprotocol)
    // A fault sequence may have found another backend for it.
    else if (fault && ctx.ending !== 'delivered') this.#endFor(fault)
  }

  /** Ends a session that a fault has left without its backend. */
  #endFor(fault: Fault): void {
    const close = closeAfter(fault, { hasLost: this.#hasLostLink, hasAny: !this.#links.isEmpty })
    if (close) this.close(close.code, close.reason)
  }

  // — what endpoints and replies ask of a session —

  get isOpen(): boolean {
    return !this.#isClosing && this.#connection.isOpen
  }

  get linkIdleMs(): number {
    return this.#sessions.options.backendIdleMs
  }

  link(key: string): Link | undefined {
    return this.#links.get(key)
  }

  addLink(key: string, link: Link): void {
    this.#links.add(key, link)
  }

  removeLink(key: string, link: Link): void {
    this.#hasLostLink = true
    this.#links.remove(key, link)
    this.linkDrained(link)
  }

  get isHeld(): boolean {
    return this.#held !== undefined
  }

  linkOpened(link: Link): void {
    this.#links.opened ??= link
    this.#pushOut(link, Content.empty(), { event: 'linked' })
  }

  waitFor(link: Link): void {
    this.#behindLinks ??= new Set()
    this.#behindLinks.add(link)
    this.#connection.pause()
  }

  linkDrained(link: Link): void {
    if (this.#behindLinks?.delete(link)) this.#readOn()
  }

  fromBackend(link: Link, data: Buffer, isBinary: boolean, contentType: string): void {
    this.activity++
    this.#links.opened ??= link
    const ctx = new MessageContext(this.service, this, new Message(Content.received(data, contentType)), {
      session: this,
      event: 'message',
      direction: 'response',
      link,
      frame: isBinary ? 'binary' : contentType === '' ? 'text' : undefined,
      frameData: data,
      contentIsKnown: false,
    })
    this.service.counters.received++
    this.#outLane.push(ctx, this.service.outDispatch)
    this.#links.took(data.length)
    if (this.#isBehind) this.#holdUpLinks()
  }

  /** The backend is gone: its close reaches the client; where it was lost, the fault sequence runs first. */
  linkClosed(link: Link, code: number, reason: string, loss?: LinkLoss): void {
    this.#links.opened ??= link
    if (code === ABNORMAL) {
      const ctx = this.#outContext(link, Content.empty(), {})
      for (const [name, value] of Object.entries(loss?.properties ?? {})) ctx.properties.set(name, value)
      const text = `the connection to ${link.address} was lost${reason && `: ${reason}`}`
      enterFault(ctx, loss?.fault ?? new Fault(101505, text))
      const { log, label } = this.service
      if (reason !== '') log.warn({ session: this.id, backend: link.address }, `${label}${text}`)
      this.service.counters.received++
      this.#outLane.push(ctx, this.service.outFault)
    }
    const end = loss ?? closeForClient(code, reason)
    const close = (): void => this.close(end.code, end.reason)
    if (this.#outLane.isIdle) {
      close()
      return
    }
    if (!this.#end) this.#setDeadline(close)
    void this.#outLane.idle().then(close)
  }

  /** Gives the other side some time to get what came before the end of one. */
  #setDeadline(timeIsUp: () => void): void {
    clearTimeout(this.#deadline)
    this.#deadline = setTimeout(timeIsUp, this.#sessions.options.closeDeadlineMs).unref()
  }

  close(code: number | undefined, reason: string): void {
    if (!this.isOpen) return
    if (this.#held && !this.#links.opened) {
      this.#held.closedBefore(code, reason)
      return
    }
    const cleared = this.#inLane.clear()
    this.service.counters.ended.discarded += cleared
    this.#unfinished -= cleared
    this.#closed = { code, reason }
    if (this.#outbox) {
      this.#isClosing = true
      this.#outbox.finish(() => this.#connection.close(code, reason))
    } else this.#connection.close(code, reason)
    // The client's answer to the close frame must be read, even where a message was waiting.
    this.#connection.resume()
  }

  push(message: PushedMessage): boolean {
    if (!this.isOpen || this.#sessions.closeIfSlow(this)) return false
    if (this.#isKept) this.#keep(message)
    else this.#connection.sendPrepared(message)
    return true
  }

  /** Sends the client a message of its own; false where it does not get it. */
  deliver(data: Buffer, isBinary: boolean, compress = true): boolean {
    if (!this.isOpen) return false
    const { policy } = this.#sessions.options.slow
    if (policy !== 'pause') {
      if (policy === 'close' && this.#sessions.closeIfSlow(this)) return false
      if (this.#isKept) {
        this.#keep({ data, isBinary })
        return true
      }
    }
    this.#connection.send(data, isBinary, compress)
    return true
  }

  /** Whether so much waits that nothing more may be pushed to it. */
  get isFarBehind(): boolean {
    if (this.#outbox) return this.#outbox.isFull
    const room = Math.max(backlog.free, MAX_UNSENT_BYTES)
    return this.#connection.bufferedBytes > Math.min(this.#sessions.options.slow.maxPushedBytes, room)
  }

  /** Whether a message has to wait behind others, outside the connection. */
  get #isKept(): boolean {
    if (this.#outbox) return true
    const { policy } = this.#sessions.options.slow
    return policy !== 'pause' && policy !== 'close' && this.#connection.isBehind
  }

  #keep(message: Outgoing): void {
    this.#outbox ??= new ClientOutbox(this, this.#sessions.options.slow)
    this.#outbox.add(message)
  }

  outboxEmptied(): void {
    this.#outbox = undefined
  }

  giveUp(): void {
    this.#outbox?.clear()
    this.#outbox = undefined
    if (this.#isClosing) this.#connection.close(1013, 'too slow')
    else this.close(1013, 'too slow')
  }

  /** Has who sends to the client wait for it, or go on. */
  holdUp(isHeldUp: boolean): void {
    this.#isBehind = isHeldUp
    if (isHeldUp) {
      this.#holdUpLinks()
      return
    }
    this.#isAnswerBehind = false
    this.#links.clientDrained()
    this.#readOn()
  }

  /** What goes to many is not held up for one. */
  #holdUpLinks(): void {
    if (this.#sessions.options.broadcastLevel === 0) this.#links.clientBehind()
  }

  /** The connection, for replies. */
  get connection(): ClientConnection {
    return this.#connection
  }

  #pushOut(link: Link, content: Content, options: ContextOptions): void {
    this.service.counters.received++
    this.#outLane.push(this.#outContext(link, content, options), this.service.outDispatch)
    if (this.#isBehind) this.#holdUpLinks()
  }

  #outContext(link: Link, content: Content, options: ContextOptions): MessageContext {
    return new MessageContext(this.service, this, new Message(content), {
      ...options,
      session: this,
      direction: 'response',
      link,
    })
  }

  // — what the lane of the client and the shutdown ask —

  pause(): void {
    this.#ahead.begin()
  }

  resume(): void {
    this.#ahead.end()
    this.#readOn()
  }

  #readOn(): void {
    const isHeldUp =
      this.#ahead.isFull || (this.#behindLinks?.size ?? 0) > 0 || this.#isAnswerBehind || this.#isOver
    if (!isHeldUp) this.#connection.resume()
  }

  /** Reads nothing more from the client; what was read goes through. */
  stopReading(): void {
    this.#isOver = true
    this.#connection.pause()
  }

  /** Finds out whether a side that is not read was cut. */
  probe(): void {
    this.#connection.probe()
    this.#links.probe()
  }

  /** Whether no message of either direction is under way. */
  get isIdle(): boolean {
    return this.#inLane.isIdle && this.#outLane.isIdle && !this.#outbox
  }
}
