import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Pipeline } from '../core/ports.ts'
import type { Handshake } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Content } from '../message/content.ts'
import type { WebSocketServiceOptions } from '../websocket/options.ts'
import { errorFrame, readClientFrame } from './delivery-frames.ts'
import type { NumberedClient, NumberedClients } from './numbered-clients.ts'
import type { SessionRoute } from './session-routes.ts'

/** So many bad frames one after another, and the client is closed. */
const MAX_BAD_FRAMES = 16

/** When a client may try again where the store does not say, in milliseconds. */
const RETRY_AFTER_MS = 1_000

/** The session whose client numbers its messages. */
export interface NumberedSession {
  readonly handshake: Handshake
  /** Sends a frame of the protocol. */
  tell(frame: string): void
  close(code: number, reason: string): void
}

/**
 * What becomes of the messages of a client that numbers them: each is stored, in order and once, and then the client is
 * told that it was accepted. What is missing or cannot be stored the client has to send again, and all behind it.
 */
export class AtLeastOnce implements Pipeline, NumberedClient {
  readonly #session: NumberedSession
  readonly #clients: NumberedClients
  readonly #textType: string
  /** Who it is, besides its id; '' for anybody. Undefined until it is known, or where it is nobody. */
  #user: string | undefined
  #client = ''
  /** Its id together with its user, once it has said hello. */
  #sender: string | undefined
  /** Set while it is looked up what a client has sent. */
  #greeting: Promise<void> | undefined
  /** Whether that failed, so that what follows the hello is of no use. */
  #isUnknown = false
  /** All up to this number is stored. */
  #accepted = 0
  /** The number that is to come next. */
  #next = 1
  /** Counts how often what was on its way had to be sent again. */
  #round = 0
  /** The number of the last message that was left out because of one before it. */
  #leftOut = 0
  #badFrames = 0
  #isOver = false
  #owesAnswer = false

  /** `textType` is the content type of text that comes without one. */
  constructor(session: NumberedSession, clients: NumberedClients, textType: string) {
    this.#session = session
    this.#clients = clients
    this.#textType = textType === '' ? 'text/plain' : textType
  }

  /** What a session runs whose messages are taken here: all else is as for other clients. */
  routeOf(route: SessionRoute): SessionRoute {
    const properties = [...route.properties, ['websocket.delivery', 'at-least-once'] as const]
    return { ...route, properties, on: { ...route.on, message: this } }
  }

  /** The options of such a session: many of its messages are on their way into the store at the same time. */
  optionsOf(options: WebSocketServiceOptions): WebSocketServiceOptions {
    const max = this.#clients.options.maxUnacknowledged
    return { ...options, concurrency: { max, key: undefined, ordersReplies: false } }
  }

  /** The handshake message is through: who the client is shows now. */
  opened(ctx: MessageContext): void {
    const { user } = this.#clients.options
    if (!user) this.#user = this.#session.handshake.certificate?.subject ?? ''
    else this.#user = user(ctx) || undefined
  }

  /** Takes a frame. */
  run(ctx: MessageContext): MaybePromise<void> {
    const { frame, frameData } = ctx
    if (this.#isOver) {
      ctx.ending = 'discarded'
      return
    }
    if (frame === 'binary') {
      this.#refuse(ctx, 'bad-frame', 'a frame is a JSON object, as text; bytes are in it as base64')
      return
    }
    const read = readClientFrame(frameData!.toString(), this.#textType)
    if ('problem' in read) this.#refuse(ctx, read.problem, read.reason)
    else if ('hello' in read) return this.#hello(ctx, read.hello)
    else return this.#message(ctx, read.number, read.content)
  }

  replaced(): void {
    this.#end('replaced', 4409)
  }

  /** The connection has ended. */
  end(): void {
    this.#isOver = true
    if (this.#sender !== undefined) this.#clients.leave(this.#sender, this)
  }

  #hello(ctx: MessageContext, client: string): MaybePromise<void> {
    if (this.#sender !== undefined) {
      this.#refuse(ctx, 'bad-frame', 'hello was said before')
      return
    }
    if (this.#user === undefined) {
      ctx.ending = 'refused'
      this.#end('no-user', 1008)
      return
    }
    this.#client = client
    // An id has no line break, so that no two senders look alike.
    this.#sender = this.#user === '' ? client : `${this.#user}\n${client}`
    this.#isUnknown = false
    this.#clients.arrive(this.#sender, this)
    try {
      const last = this.#clients.last(this.#sender)
      if (!(last instanceof Promise)) return this.#welcome(ctx, last)
      this.#greeting = last.then(
        known => this.#welcome(ctx, known),
        thrown => this.#notKnown(ctx, thrown),
      )
      return this.#greeting
    } catch (thrown) {
      this.#notKnown(ctx, thrown)
    }
  }

  #welcome(ctx: MessageContext, last: number | undefined): void {
    this.#greeting = undefined
    this.#badFrames = 0
    this.#accepted = last ?? 0
    this.#next = this.#accepted + 1
    this.#leftOut = 0
    ctx.ending = 'answered'
    const isNew = last === undefined
    this.#session.tell(
      JSON.stringify({ welcome: this.#client, accepted: this.#accepted, ...(isNew && { new: true }) }),
    )
  }

  #notKnown(ctx: MessageContext, thrown: unknown): void {
    this.#greeting = undefined
    this.#clients.leave(this.#sender!, this)
    this.#sender = undefined
    this.#isUnknown = true
    this.#unavailable(ctx, thrown)
  }

  #message(ctx: MessageContext, number: number, content: Content): MaybePromise<void> {
    const greeting = this.#greeting
    if (greeting !== undefined) return greeting.then(() => this.#message(ctx, number, content))
    if (this.#sender === undefined) {
      if (this.#isUnknown) ctx.ending = 'refused'
      else this.#refuse(ctx, 'hello-first', 'a client says hello before it sends messages')
      return
    }
    this.#badFrames = 0
    if (number < this.#next) {
      ctx.ending = 'discarded'
      if (number <= this.#accepted) this.#answer()
      return
    }
    if (number > this.#next) {
      this.#leaveOut(ctx, number)
      return
    }
    this.#next = number + 1
    return this.#store(ctx, number, content)
  }

  #store(ctx: MessageContext, number: number, content: Content): MaybePromise<void> {
    ctx.message.content = content
    ctx.properties.set('websocket.delivery.client', this.#client)
    if (this.#user !== '') ctx.properties.set('websocket.delivery.user', this.#user)
    ctx.properties.set('websocket.delivery.seq', number)
    const round = this.#round
    try {
      const last = this.#clients.put(ctx, this.#sender!, number)
      if (!(last instanceof Promise)) return this.#stored(ctx, number, last, round)
      return last.then(
        known => this.#stored(ctx, number, known, round),
        thrown => this.#notStored(ctx, number, thrown, round),
      )
    } catch (thrown) {
      this.#notStored(ctx, number, thrown, round)
    }
  }

  /** The store has said up to which number it has the messages. */
  #stored(ctx: MessageContext, number: number, last: number, round: number): void {
    if (last >= number) {
      ctx.ending = 'delivered'
      if (last > this.#accepted) this.#accepted = last
      if (last >= this.#next) this.#next = last + 1
      this.#answer()
      return
    }
    ctx.ending = 'refused'
    if (round !== this.#round) return
    // What was accepted is not known any more, and cannot be asked for again.
    if (last < this.#accepted) this.#end('forgotten', 1012)
    else {
      this.#sendAgainFrom(last + 1)
      this.#tell('gap', { expected: this.#next })
    }
  }

  #notStored(ctx: MessageContext, number: number, thrown: unknown, round: number): void {
    ctx.ending = 'faulted'
    if (round !== this.#round) return
    this.#sendAgainFrom(number)
    this.#unavailable(ctx, thrown, number)
  }

  /** What is on its way behind a number comes to nothing. */
  #sendAgainFrom(number: number): void {
    this.#round++
    this.#leftOut = this.#next - 1
    this.#next = number
  }

  /** The client is told where it has to go on, once for all that it had sent before it heard of it. */
  #leaveOut(ctx: MessageContext, number: number): void {
    ctx.ending = 'refused'
    const isKnown = number === this.#leftOut + 1
    this.#leftOut = number
    if (!isKnown) this.#tell('gap', { expected: this.#next })
  }

  #unavailable(ctx: MessageContext, thrown: unknown, number?: number): void {
    const fault = Fault.from(thrown)
    ctx.ending = 'faulted'
    this.#clients.unavailable(fault)
    const retryAfterMs = fault.retryAfterMs ?? RETRY_AFTER_MS
    this.#tell('unavailable', { ...(number !== undefined && { seq: number }), retryAfterMs })
  }

  #refuse(ctx: MessageContext, code: string, reason: string): void {
    ctx.ending = 'refused'
    this.#tell(code, { reason })
    this.#badFrames++
    if (this.#badFrames < MAX_BAD_FRAMES) return
    this.#isOver = true
    this.#session.close(1008, 'too many bad frames')
  }

  #end(code: string, closeCode: number): void {
    if (this.#isOver) return
    this.#tell(code)
    this.end()
    this.#session.close(closeCode, code)
  }

  #tell(code: string, more?: Readonly<Record<string, string | number>>): void {
    this.#flush()
    this.#session.tell(errorFrame(code, more))
  }

  /** Tells the client what was accepted, once for all that was at the same time. */
  #answer(): void {
    if (this.#owesAnswer) return
    this.#owesAnswer = true
    process.nextTick(this.#flush)
  }

  readonly #flush = (): void => {
    if (!this.#owesAnswer) return
    this.#owesAnswer = false
    this.#session.tell(`{"accepted":${this.#accepted}}`)
  }
}
