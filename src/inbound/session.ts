import { type ContextOptions, MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Origin, Pipeline, Service } from '../core/ports.ts'
import type { Handshake, Link, Session } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import { wellKnown } from '../expressions/well-known.ts'
import { Content } from '../message/content.ts'
import type { Headers } from '../message/headers.ts'
import { Message } from '../message/message.ts'
import { ConcurrentLane } from '../sequences/concurrent-lane.ts'
import { Lane } from '../sequences/lane.ts'
import { enterFault } from '../sequences/pipeline.ts'
import { ABNORMAL, closeForBackend, closeForClient } from '../websocket/close-codes.ts'
import type { Connection, ConnectionEvents } from '../websocket/connection.ts'
import { DialError } from '../websocket/dial.ts'
import { type FrameTypes, frameTypes } from './frame-types.ts'
import { SessionLinks } from './session-links.ts'
import type { SessionRoute } from './session-routes.ts'
import type { ClientSessions } from './sessions.ts'
import { replyOverWebSocket } from './websocket-reply.ts'

/** From this many unsent bytes on the client counts as behind, and its backends are not read. */
const BEHIND_BYTES = 1024 * 1024

const NOTHING: Pipeline = { run: () => undefined }

/** Faults that leave a session without its backend, with what its client is told. No address leaks to it. */
const UNREACHABLE: Readonly<Record<number, string>> = {
  101503: 'backend unavailable',
  101506: 'backend unavailable',
  101508: 'backend did not answer in time',
}

/**
 * A client's WebSocket: the connection, a lane for each direction, and the links to its backends.
 *
 * Everything that befalls it is a message: the handshake, what the client sends, and its end. Session and links
 * end together: the end of one side reaches the other with a code and a reason.
 */
export class ClientSession implements Session, Origin, ConnectionEvents {
  readonly kind = 'websocket'
  readonly id: string
  readonly handshake: Handshake
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
  readonly #types: FrameTypes
  readonly #links: SessionLinks
  readonly #inLane: Lane | ConcurrentLane
  /** The lane of the client, where replies keep the order of its messages. */
  readonly #turns: ConcurrentLane | undefined
  readonly #outLane: Lane
  #connection!: Connection
  #isLaneWaiting = false
  #isLinkBehind = false
  #isAnswerBehind = false
  #hasLostLink = false
  #isOver = false

  constructor(sessions: ClientSessions, id: string, handshake: Handshake, route: SessionRoute) {
    this.#sessions = sessions
    this.service = route.service
    this.#properties = route.properties
    this.id = id
    this.handshake = handshake
    this.#hooks = route.on
    this.#types = frameTypes(handshake.subprotocol, sessions.options.defaultContentType)
    this.#links = new SessionLinks()
    const { concurrency } = sessions.options
    const beside = concurrency && new ConcurrentLane(this, concurrency)
    this.#inLane = beside ?? new Lane(this)
    this.#turns = concurrency?.ordersReplies ? beside : undefined
    this.#outLane = new Lane(this.#links)
    if (sessions.options.passControlFrames) {
      this.onPing = data => this.#onControl('ping', data)
      this.onPong = data => this.#onControl('pong', data)
      this.controlFromBackend = (link, kind, data) =>
        this.#pushOut(link, Content.empty(), { event: kind, frameData: data })
    }
  }

  /** Takes the connection and runs the handshake message, with the headers of the upgrade as properties. */
  start(connection: Connection, headers: Headers): void {
    this.#connection = connection
    const { clientIdleMs } = this.#sessions.options
    if (clientIdleMs > 0) connection.onIdle(clientIdleMs, () => connection.close(1001, 'idle'))
    const ctx = new MessageContext(this.service, this, new Message(Content.empty(), headers), {
      session: this,
      event: 'open',
    })
    const { customHeaderPrefix } = this.#sessions.options
    for (const { name, value } of headers.entries()) {
      // What a configuration sets under these prefixes goes to the backend: a client must not get in there.
      if (/^websocket\./i.test(name) || name.toLowerCase().startsWith(customHeaderPrefix)) continue
      // Nor may it say over what the engine knows of it, such as its address.
      if (!wellKnown.has(`default ${name}`)) ctx.properties.set(name, value)
      if (!wellKnown.has(`axis2 ${name}`)) ctx.transport.extra.set(name, value)
    }
    this.#push(ctx, this.#hooks.open)
  }

  // — what the connection reports —

  onMessage(data: Buffer, isBinary: boolean): void {
    this.activity++
    if (!this.#connection.isOpen) {
      // Our close frame is on its way, and a client may send until it has it (RFC 6455, 5.5.1).
      this.service.counters.received++
      this.service.counters.ended.discarded++
      return
    }
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
    this.#push(ctx, this.#hooks.message)
  }

  onDrain(): void {
    this.#links.clientDrained()
    this.#isAnswerBehind = false
    this.#readOn()
  }

  onClose(code: number, reason: string, failure?: Error): void {
    this.#sessions.remove(this, code, failure)
    const ctx = new MessageContext(this.service, this, Message.empty(), { session: this, event: 'close' })
    const end = closeForBackend(code, reason)
    if (end.code !== undefined) {
      ctx.transport.extra.set('websocket.close.code', end.code)
      ctx.transport.extra.set('websocket.reason.text', end.reason)
    }
    this.#push(ctx, this.#hooks.close)
  }

  #onControl(kind: 'ping' | 'pong', data: Buffer): void {
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
    if (content.isArriving) return content.collect().then(() => this.#replyInTurn(ctx))
    return this.#turns ? this.#replyInTurn(ctx) : this.#write(ctx)
  }

  #replyInTurn(ctx: MessageContext): MaybePromise<void> {
    const turn = ctx.link ? undefined : this.#turns?.turnOf(ctx)
    return turn instanceof Promise ? turn.then(() => this.#write(ctx)) : this.#write(ctx)
  }

  #write(ctx: MessageContext): void {
    replyOverWebSocket(ctx, this, this.#sessions)
    // A client that does not read its answers gets to ask no more; what backends send is held up at its source.
    if (ctx.link || this.#connection.bufferedBytes <= BEHIND_BYTES) return
    this.#isAnswerBehind = true
    this.#connection.pause()
  }

  /** A link that cannot be opened ends the session; the end of the client ends its links. */
  ended(ctx: MessageContext): void {
    if (ctx.event === 'close') {
      const extra = ctx.transportIfAny?.extra
      const code = extra?.get('websocket.close.code')
      this.#links.closeAll(
        code === undefined ? undefined : Number(code),
        String(extra?.get('websocket.reason.text') ?? ''),
      )
      return
    }
    // A call of a backend that has no link of this session concerns its message alone.
    if (!this.#hasLostLink || !(ctx.fault?.cause instanceof DialError)) return
    const reason = UNREACHABLE[ctx.fault.code as number]
    if (reason !== undefined) this.close(1014, reason)
  }

  // — what endpoints and replies ask of a session —

  get isOpen(): boolean {
    return this.#connection.isOpen
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
  }

  linkOpened(link: Link): void {
    this.#pushOut(link, Content.empty(), { event: 'linked' })
  }

  waitFor(_link: Link): void {
    this.#isLinkBehind = true
    this.#connection.pause()
  }

  linkDrained(_link: Link): void {
    this.#isLinkBehind = false
    this.#readOn()
  }

  fromBackend(link: Link, data: Buffer, isBinary: boolean, contentType: string): void {
    this.activity++
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
    if (this.#connection.bufferedBytes > BEHIND_BYTES) this.#links.clientBehind()
  }

  /** The backend is gone: its close reaches the client; where it was lost, the fault sequence runs first. */
  linkClosed(link: Link, code: number, reason: string): void {
    if (code === ABNORMAL) {
      const ctx = this.#outContext(link, Content.empty(), {})
      enterFault(
        ctx,
        new Fault(101505, `the connection to ${link.address} was lost${reason && `: ${reason}`}`),
      )
      this.service.counters.received++
      this.#outLane.push(ctx, this.service.outFault)
    }
    const end = closeForClient(code, reason)
    if (this.#outLane.isIdle) this.close(end.code, end.reason)
    else void this.#outLane.idle().then(() => this.close(end.code, end.reason))
  }

  close(code: number | undefined, reason: string): void {
    if (!this.#connection.isOpen) return
    this.service.counters.ended.discarded += this.#inLane.clear()
    this.#connection.close(code, reason)
    // The client's answer to the close frame must be read, even where a message was waiting.
    this.#connection.resume()
  }

  /** The connection, for replies. */
  get connection(): Connection {
    return this.#connection
  }

  #pushOut(link: Link, content: Content, options: ContextOptions): void {
    this.service.counters.received++
    this.#outLane.push(this.#outContext(link, content, options), this.service.outDispatch)
    if (this.#connection.bufferedBytes > BEHIND_BYTES) this.#links.clientBehind()
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
    this.#isLaneWaiting = true
    this.#connection.pause()
  }

  resume(): void {
    this.#isLaneWaiting = false
    this.#readOn()
  }

  #readOn(): void {
    const isHeldUp = this.#isLaneWaiting || this.#isLinkBehind || this.#isAnswerBehind || this.#isOver
    if (!isHeldUp) this.#connection.resume()
  }

  /** Reads nothing more from the client; what was read goes through. */
  stopReading(): void {
    this.#isOver = true
    this.#connection.pause()
  }

  /** Whether no message of either direction is under way. */
  get isIdle(): boolean {
    return this.#inLane.isIdle && this.#outLane.isIdle
  }
}
