import type { Admitted } from '../core/access/gate.ts'
import type { MessageContext } from '../core/context.ts'
import type { GroupMember, PushedMessage } from '../core/groups.ts'
import type { Service } from '../core/ports.ts'
import type { Handshake, Link, LinkLoss, Session } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import { Headers } from '../message/headers.ts'
import { ABNORMAL, closeForClient, NO_STATUS } from '../websocket/close-codes.ts'
import type { Connection, ConnectionEvents } from '../websocket/connection.ts'
import type { MessageSink } from '../websocket/frame-reader.ts'
import { ownPong } from '../websocket/heartbeat.ts'
import { MessageStream } from '../websocket/message-stream.ts'
import { addedHeaders } from './added-headers.ts'
import { AtLeastOnce } from './at-least-once.ts'
import { BackPressure } from './back-pressure.ts'
import { BackendMessages } from './backend-messages.ts'
import { ClientMessages } from './client-messages.ts'
import { type ClientOwner, ClientSide } from './client-side.ts'
import { type ClientConnection, HeldConnection } from './held-connection.ts'
import type { HttpRequest } from './http-request.ts'
import { closeAfter } from './left-without-backend.ts'
import { LinkedEnd } from './linked-end.ts'
import { type MessageLimits, messageLimits } from './message-limits.ts'
import { chosenOf } from './opening-message.ts'
import type { AccessedSession, SessionAccess } from './session-access.ts'
import { SessionLinks } from './session-links.ts'
import type { SessionRoute } from './session-routes.ts'
import type { ClientSessions } from './sessions.ts'
import { asksForClose, replyOverWebSocket } from './websocket-reply.ts'

/**
 * A client's WebSocket: its side and its backends', with a lane for each direction. All that the engine, endpoints and
 * the connection ask of a session meets here, and goes to the part that does it; that makes the file long.
 *
 * Everything that befalls it is a message: the handshake, what the client sends, and its end. Session and links
 * end together: the end of one side reaches the other with a code and a reason.
 */
export class ClientSession implements Session, GroupMember, ClientOwner, ConnectionEvents, AccessedSession {
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
  forwardedHeaders: Session['forwardedHeaders'] = []
  readonly #sessions: ClientSessions
  readonly #links = new SessionLinks()
  readonly #limits: MessageLimits | undefined
  /** Whether long messages may go on as they come. */
  readonly #takesPieces: boolean
  readonly #pressure: BackPressure
  readonly #fromClient: ClientMessages
  readonly #client: ClientSide
  /** Watches over the credentials of the client, where it needs some. */
  readonly #access: SessionAccess | undefined
  /** What takes its messages, where it numbers them. */
  readonly #numbered: AtLeastOnce | undefined
  #backendMessages: BackendMessages | undefined
  #linkedEnd: LinkedEnd | undefined
  #hasLostLink = false
  closed: Session['closed']
  /** Those of the handshake, where a hook is to decide about it. */
  #headers: Headers | undefined
  #addedHeaders: readonly string[] = []
  #attributes: Map<string, unknown> | undefined

  constructor(sessions: ClientSessions, id: string, handshake: Handshake, route: SessionRoute) {
    const { options } = sessions
    this.#sessions = sessions
    this.service = route.service
    this.id = id
    this.handshake = handshake
    this.#limits = messageLimits(options.limits)
    this.#pressure = new BackPressure(this, this.#links, options.broadcastLevel)
    const { numbered } = sessions
    if (numbered && handshake.subprotocol === numbered.options.subprotocol) {
      const taking = new AtLeastOnce(this, numbered, options.defaultContentType)
      this.#numbered = taking
      this.#fromClient = new ClientMessages(
        this,
        taking.routeOf(route),
        taking.optionsOf(options),
        this.#pressure,
      )
    } else this.#fromClient = new ClientMessages(this, route, options, this.#pressure)
    this.#client = new ClientSide(this, options, this.#numbered !== undefined)
    this.#access = sessions.accessOf(this)
    if (handshake.identity) this.#show(handshake.identity)
    const looksIn = this.#limits ?? this.#numbered ?? options.concurrency ?? options.access?.readsMessages
    this.#takesPieces = options.passesFragments && !looksIn
    if (options.passControlFrames) {
      this.onPing = data => this.#onControl('ping', data)
      this.onPong = data => {
        if (ownPong(data) === undefined) this.#onControl('pong', data)
      }
      this.controlFromBackend = (link, kind, data) => this.#fromBackends().event(link, kind, data)
    }
  }

  /** Takes the connection and runs the handshake message, with the headers of the upgrade as properties. */
  start(connection: Connection, headers: Headers): void {
    this.#client.take(connection)
    this.#access?.start()
    if (this.#isUnknown) this.#headers = new Headers(headers)
    else this.#open(headers)
  }

  /**
   * Runs the handshake message before the client is answered: whether it is let in shows when that has ended.
   * `offered` are the client's subprotocols, for backends.
   */
  hold(request: HttpRequest, headers: Headers, offered: readonly string[]): HeldConnection {
    const options = this.#sessions.options.handshake
    const handshake = this.#numbered ? { ...options, passesSubprotocols: false } : options
    const held = new HeldConnection(request, handshake, () => this.holdUp(true))
    this.#client.hold(held)
    const isPassedOn = handshake.passesSubprotocols && offered.length > 0
    this.#open(headers, isPassedOn ? offered.join(', ') : undefined)
    return held
  }

  /** Takes the connection of a client that was held and let in, and sends what waited for it. */
  upgraded(connection: Connection, subprotocol: string): void {
    const held = this.#client.letIn()
    if (subprotocol !== this.handshake.subprotocol) {
      this.handshake = { ...this.handshake, subprotocol }
      this.#fromClient.agreeOn(subprotocol)
    }
    this.#client.take(connection)
    this.#access?.start()
    this.holdUp(false)
    held.handTo(connection)
    if (this.#isUnknown) return
    if (this.service.on.upgrade) this.#fromClient.open(this.#headers!)
    this.#headers = undefined
  }

  /** It is known who the client is, at last or anew. One that was waited for begins. */
  admitted(identity: Admitted, isFirst: boolean): void {
    this.handshake = { ...this.handshake, identity }
    this.#show(identity)
    if (!isFirst) return
    this.#open(this.#headers!)
    this.#headers = undefined
  }

  #show({ user, scopes, claims }: Admitted): void {
    this.attributes.set('user', user).set('scopes', scopes).set('claims', claims)
  }

  /** Whether the client has yet to say who it is: nothing runs for it, and it is sent nothing. */
  get #isUnknown(): boolean {
    return this.#access?.isPending === true
  }

  /** A client that was held is not let in, or has left: its backends are let go of. */
  heldBack(): void {
    this.#links.closeAll(1001, 'client connection lost')
  }

  #open(headers: Headers, subprotocols?: string): void {
    this.forwardedHeaders = chosenOf(headers, this.#sessions.options.preservedHeaders)
    if (this.isHeld && this.service.on.upgrade) {
      this.#headers = new Headers(headers)
      this.#fromClient.open(headers, subprotocols, 'upgrade')
    } else this.#fromClient.open(headers, subprotocols)
  }

  quiet(): void {
    if (!this.service.on.idle || this.#isUnknown) this.close(1001, 'idle')
    else if (this.isOpen) this.#fromClient.event('idle')
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
    if (this.#letsPass(data.length) && !this.#access?.takes(data, isBinary)) this.take(data, isBinary)
  }

  /** Takes a message of a client that may send it. */
  take(data: Buffer, isBinary: boolean): void {
    this.#fromClient.message(data, isBinary)
    this.#pressure.took(data.length)
  }

  holdReading(isHeld: boolean): void {
    this.#pressure.holdStream(isHeld)
  }

  get streamFromBytes(): number | undefined {
    return this.#sessions.options.streamFromBytes
  }

  onLongMessage(isBinary: boolean): MessageSink | undefined {
    if (this.#isUnknown) this.#access!.refuseLong()
    if (!this.#takesPieces || !this.isOpen) return undefined
    return this.#fromClient.longMessage(isBinary, isHeldUp => this.#pressure.holdStream(isHeldUp))
  }

  onBehind(): void {
    if (this.#sessions.options.slow.policy === 'pause') this.holdUp(true)
  }

  onDrain(): void {
    if (this.#numbered) this.#pressure.untold(false)
    if (this.#client.feed() && this.#pressure.isClientBehind) this.holdUp(false)
  }

  onClose(code: number, reason: string, failure?: Error): void {
    this.#numbered?.end()
    this.#access?.stop()
    this.#sessions.remove(this, code, failure)
    this.#client.end()
    if (failure && this.service.on.error && !this.#isUnknown) this.#fromClient.failed(failure)
    this.onClosing(code, reason)
  }

  /** The client is leaving, or has left. What it sent before goes through, and then its backends are closed. */
  onClosing(code: number, reason: string): void {
    this.#fromClient.breakOff()
    this.closed ??= { code, reason }
    if (this.#linkedEnd?.isClientLeaving) return
    const told = this.#end().clientLeaves(code, reason, this.#fromClient.isQuiet)
    this.#fromClient.close(told, !this.#isUnknown)
  }

  #onControl(kind: 'ping' | 'pong', data: Buffer): void {
    if (!this.#letsPass(data.length)) return
    if (this.#isUnknown) {
      if (kind === 'ping') this.pong(data)
      return
    }
    this.#fromClient.control(kind, data)
    // They wait in the same lane as messages.
    this.#pressure.took(data.length)
  }

  #letsPass(bytes: number): boolean {
    const broken = this.#limits?.take(bytes)
    return !broken || this.#sessions.letsPass(this, broken)
  }

  // — what the engine asks of an origin —

  get request(): Handshake {
    return this.handshake
  }

  reply(ctx: MessageContext): MaybePromise<void> {
    const { content } = ctx.message
    // The answer of a backend may still be coming in, and a message leaves as a whole.
    if (content.isArriving) return this.#passesPieces(ctx) ?? content.collect().then(() => this.reply(ctx))
    if (isAsking(ctx.event) && this.#client.held?.replied(ctx)) return
    const turn = this.#fromClient.turnOf(ctx)
    return turn instanceof Promise ? turn.then(() => this.#write(ctx)) : this.#write(ctx)
  }

  /** Sends what comes over a link as it comes, where nothing is to be done with it; undefined where something is. */
  #passesPieces(ctx: MessageContext): Promise<void> | undefined {
    const { content } = ctx.message
    const { slow, broadcastLevel } = this.#sessions.options
    const { arriving } = content
    const isPassed = ctx.link !== undefined && ctx.respondsFrame && broadcastLevel === 0
    if (!(arriving instanceof MessageStream) || !arriving.isComing || !isPassed || slow.policy !== 'pause')
      return undefined
    if (asksForClose(ctx)) return undefined
    const out = this.#client.startMessage(ctx.frame === 'binary')
    if (!out) return undefined
    content.takeBody()
    return arriving.pipe(out).then(() => {
      if (!this.isOpen) ctx.ending = 'discarded'
    })
  }

  #answer(ctx: MessageContext, data: Buffer, isBinary: boolean): boolean {
    const isDelivered = this.deliver(data, isBinary)
    if (!ctx.link) this.#pressure.answered()
    return isDelivered
  }

  #write(ctx: MessageContext): void {
    replyOverWebSocket(ctx, this, this.#sessions)
    // What backends send is held up at its source.
    if (!ctx.link) this.#pressure.answered()
  }

  /** A link that cannot be opened ends the session; the end of the client ends its links. */
  ended(ctx: MessageContext): void {
    if (ctx.event === 'close') {
      this.#end().terminated(ctx)
      return
    }
    this.#fromClient.ended(ctx)
    if (ctx.event === 'open') this.#numbered?.opened(ctx)
    const { fault } = ctx
    const { held } = this.#client
    if (held && isAsking(ctx.event)) {
      if (ctx.event === 'upgrade') this.#addedHeaders = addedHeaders(ctx, this.#headers)
      held.decide(fault, this.#links.opened, this.handshake.subprotocol)
    }
    // A fault sequence may have found another backend for it.
    else if (fault && ctx.ending !== 'delivered') {
      const close = closeAfter(fault, { hasLost: this.#hasLostLink, hasAny: !this.#links.isEmpty })
      if (close) this.close(close.code, close.reason)
    }
  }

  // — what endpoints and replies ask of a session —

  get isOpen(): boolean {
    return this.#client.isOpen
  }

  get isHeld(): boolean {
    return this.#client.held !== undefined
  }

  get frameLogging(): Session['frameLogging'] {
    return this.#sessions.options.frameLogging
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

  linkOpened(link: Link): void {
    this.#links.opened ??= link
    this.#fromBackends().event(link, 'linked')
  }

  waitFor(link: Link): void {
    this.#pressure.waitFor(link)
  }

  linkDrained(link: Link): void {
    this.#pressure.linkDrained(link)
  }

  fromBackend(link: Link, data: Buffer, isBinary: boolean, contentType: string): void {
    this.activity++
    this.#links.opened ??= link
    this.#fromBackends().message(link, data, isBinary, contentType)
  }

  longFromBackend(link: Link, isBinary: boolean, contentType: string): MessageSink | undefined {
    if (!this.#takesPieces) return undefined
    this.#links.opened ??= link
    return this.#fromBackends().longMessage(link, isBinary, contentType)
  }

  /** The backend is gone: its close reaches the client; where it was lost, the fault sequence runs first. */
  linkClosed(link: Link, code: number, reason: string, loss?: LinkLoss): void {
    this.#links.opened ??= link
    this.#backendMessages?.breakOff(link)
    if (code === ABNORMAL) this.#fromBackends().lost(link, reason, loss)
    const end = loss ?? closeForClient(code, reason)
    this.#end().backendLeaves(this.#fromBackends(), () => this.close(end.code, end.reason))
  }

  close(code: number | undefined, reason: string): void {
    if (!this.isOpen) return
    const { held } = this.#client
    if (held && !this.#links.opened) {
      held.closedBefore(code, reason)
      return
    }
    this.closed ??= { code: code ?? NO_STATUS, reason }
    this.#fromClient.clear()
    this.#end().begin({ code, reason })
    this.#client.closeConnection(code, reason)
  }

  push(message: PushedMessage): boolean {
    if (!this.isOpen || this.#isUnknown || this.#sessions.closeIfSlow(this)) return false
    this.#client.push(message)
    return true
  }

  /** Sends the client a message of its own; false where it does not get it. */
  deliver(data: Buffer, isBinary: boolean, compress = true): boolean {
    if (!this.isOpen) return false
    if (this.#sessions.options.slow.policy === 'close' && this.#sessions.closeIfSlow(this)) return false
    this.#client.send(data, isBinary, compress)
    return true
  }

  /** Sends the client a frame of the protocol by which it numbers its messages. */
  tell(frame: string): void {
    if (this.isOpen && this.#client.tell(frame)) this.#pressure.untold(true)
  }

  answer(ctx: MessageContext, data: Buffer, isBinary: boolean): MaybePromise<boolean> {
    const turn = this.#fromClient.turnOf(ctx)
    return turn instanceof Promise
      ? turn.then(() => this.#answer(ctx, data, isBinary))
      : this.#answer(ctx, data, isBinary)
  }

  ping(data: Buffer): void {
    if (this.isOpen) this.connection.ping(data)
  }

  pong(data: Buffer): void {
    if (this.isOpen) this.connection.pong(data)
  }

  get drained(): Promise<void> | undefined {
    return this.#client.drained
  }

  get attributes(): Map<string, unknown> {
    this.#attributes ??= new Map()
    return this.#attributes
  }

  /** Headers for the answer to its handshake, which its hook has added. */
  get addedHeaders(): readonly string[] {
    return this.#addedHeaders
  }

  /** Whether so much waits that nothing more may be pushed to it. */
  get isFarBehind(): boolean {
    return this.#client.isFarBehind
  }

  giveUp(): void {
    this.#client.giveUp()
  }

  holdUp(isHeldUp: boolean): void {
    this.#pressure.holdUp(isHeldUp)
  }

  /** The connection, for replies. */
  get connection(): ClientConnection {
    return this.#client.connection
  }

  // — what is made when it is first needed —

  #fromBackends(): BackendMessages {
    this.#backendMessages ??= new BackendMessages(this, this.#links, this.#pressure)
    return this.#backendMessages
  }

  #end(): LinkedEnd {
    this.#linkedEnd ??= new LinkedEnd(this.#links, this.#sessions.options.closeDeadlineMs)
    return this.#linkedEnd
  }

  // — what the shutdown asks —

  /** Reads nothing more from the client; what was read goes through. */
  stopReading(): void {
    this.#pressure.stop()
  }

  /** Finds out whether a side that is not read was cut. */
  probe(): void {
    this.connection.probe()
    this.#links.probe()
  }

  /** Whether no message of either direction is under way. */
  get isIdle(): boolean {
    const areBackendsIdle = this.#backendMessages?.isIdle ?? true
    return this.#fromClient.isIdle && areBackendsIdle && !this.#client.isWaiting
  }
}

function isAsking(event: MessageContext['event']): boolean {
  return event === 'open' || event === 'upgrade'
}
