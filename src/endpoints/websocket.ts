import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import type { Session } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import { accessor } from '../expressions/scopes.ts'
import type { Message } from '../message/message.ts'
import { utf8Of } from '../message/utf8.ts'
import { closeForBackend, NO_STATUS } from '../websocket/close-codes.ts'
import { MessageStream } from '../websocket/message-stream.ts'
import { LastingLink } from './lasting-link.ts'
import { BackendLink } from './link.ts'
import type { SendingLink } from './link-options.ts'
import { type LinkMaking, linkOptionsFor } from './link-options-for.ts'
import type { SharedLinks } from './shared-links.ts'
import { DEFAULT_RECONNECT } from './survival-fields.ts'

const terminate = accessor('axis2', 'connection.terminate')
const closeCode = accessor('axis2', 'websocket.close.code')
const closeReason = accessor('axis2', 'websocket.reason.text')

/** What an endpoint makes its links with. */
export interface WebSocketOptions extends LinkMaking {
  /** The links of callers without a session. */
  readonly shared: SharedLinks
}

/**
 * A WebSocket backend. Every client session gets a link of its own, callers without a session share one; links
 * stay open. What the backend sends runs through the out-dispatch pipeline of the session or service.
 */
export class WebSocketEndpoint implements Endpoint {
  readonly name: string
  readonly keepsLinks = true
  readonly #address: string
  readonly #options: WebSocketOptions

  constructor(name: string, address: string, options: WebSocketOptions) {
    this.name = name
    this.#address = address
    this.#options = options
  }

  /**
   * Hands the message to the link, opening it where there is none.
   * @throws Fault 101503 when the backend cannot be reached, 101508 when it does not answer the handshake in time,
   * 101505 when the link is closing, 101506 when the handshake breaks the protocol, 101509 when too much waits
   */
  deliver(ctx: MessageContext): MaybePromise<Message | undefined> {
    const { content } = ctx.message
    if (!content.isArriving) return this.#deliver(ctx)
    return this.#passesPieces(ctx) ?? content.collect().then(() => this.#deliver(ctx))
  }

  /** Sends a message of a client as it comes, where nothing is to be done with it; undefined where something is. */
  #passesPieces(ctx: MessageContext): Promise<undefined> | undefined {
    const { session, message, transportIfAny } = ctx
    const { arriving } = message.content
    if (!session || !(arriving instanceof MessageStream) || !arriving.isComing) return undefined
    const isPassed = ctx.event === 'message' && ctx.sendsFrame
    const isAsIs = isPassed && !(transportIfAny && terminate.get(ctx) === true)
    return isAsIs && !this.#options.survival.takeover ? this.#pass(ctx, session, arriving) : undefined
  }

  async #pass(ctx: MessageContext, session: Session, stream: MessageStream): Promise<undefined> {
    const { content } = ctx.message
    ctx.to = this.#address
    const link = (session.link(this.#address) as SendingLink | undefined) ?? this.#open(ctx, session)
    await link.opened()
    const out = stream.isComing ? link.startMessage?.(ctx.frame === 'binary') : undefined
    if (!out) {
      await content.collect()
      await this.#deliver(ctx)
      return
    }
    content.takeBody()
    await stream.pipe({
      take(piece) {
        out.take(piece)
        if (link.isBehind) session.waitFor(link)
      },
      end: () => out.end(),
    })
    if (!link.isOpen)
      throw new Fault(101505, `the connection to ${this.#address} has ended in the middle of a message`)
  }

  #deliver(ctx: MessageContext): MaybePromise<Message | undefined> {
    ctx.to = this.#address
    const { session } = ctx
    if (!session) {
      const { shared } = this.#options
      const link = shared.get(this.#address, ctx.service, () =>
        linkOptionsFor(ctx, this.#address, this.#options),
      )
      if (link.isFull) throw new Fault(101509, `too much is unsent to ${this.#address} already`)
      const sent = write(link, ctx)
      // A message in a store need not be lost here with its backend: the next ones wait in the store.
      if (ctx.service.kind !== 'message processor') return undefinedAfter(sent)
      if (sent instanceof Promise) return sent.then(() => shared.room(link)).then(nothing)
      return link.isBehind ? shared.room(link).then(nothing) : undefined
    }
    const known = session.link(this.#address) as SendingLink | undefined
    if (ctx.event !== 'message' || ctx.transportIfAny) {
      const handled = this.#control(ctx, session, known)
      if (handled !== UNHANDLED) return handled
    }
    const link = known ?? this.#open(ctx, session)
    const sent = write(link, ctx)
    if (sent instanceof Promise) return sent.then(nothing)
    if (link.isBehind) session.waitFor(link)
    return undefined
  }

  /** What is no plain message: the handshake opens the link, the end of the client closes it. */
  #control(
    ctx: MessageContext,
    session: Session,
    known: SendingLink | undefined,
  ): MaybePromise<undefined> | typeof UNHANDLED {
    if (terminate.get(ctx) === true) {
      const { code, reason } = closeForBackend(
        Number(closeCode.get(ctx) ?? NO_STATUS),
        String(closeReason.get(ctx) ?? ''),
      )
      known?.close(code, reason)
      return undefined
    }
    if (ctx.event === 'open') {
      if (known) return undefined
      const link = this.#open(ctx, session)
      return undefinedAfter(link.opened(), () => session.linkOpened(link))
    }
    if (ctx.event === 'ping' || ctx.event === 'pong') {
      known?.[ctx.event](ctx.frameData ?? Buffer.alloc(0))
      if (known?.isBehind) session.waitFor(known)
      return undefined
    }
    return UNHANDLED
  }

  #open(ctx: MessageContext, session: Session): SendingLink {
    if (!session.isOpen)
      throw new Fault(101505, 'the client is gone; no connection to the backend is opened for it')
    const address = this.#address
    const use = { idleMs: session.linkIdleMs, session }
    const options = linkOptionsFor(ctx, address, this.#options, use)
    const { takeover, reconnect = DEFAULT_RECONNECT } = this.#options.survival
    const ended = (): void => session.removeLink(address, link)
    const link: SendingLink = takeover
      ? new LastingLink(address, session, ctx, { link: options, takeover, reconnect }, ended)
      : new BackendLink(address, session, options, ended)
    session.addLink(address, link)
    return link
  }
}

const UNHANDLED: unique symbol = Symbol('unhandled')

function nothing(): undefined {
  return undefined
}

function undefinedAfter(done: MaybePromise<void>, then?: () => void): MaybePromise<undefined> {
  if (done instanceof Promise) return done.then(() => then?.() as undefined)
  then?.()
  return undefined
}

/** Writes the frame as it came where the message still stands for it, else its content. */
function write(link: SendingLink, ctx: MessageContext): MaybePromise<void> {
  if (ctx.sendsFrame) return link.send(ctx.frameData!, ctx.frame === 'binary', ctx)
  const { content } = ctx.message
  const messageType = ctx.transportIfAny?.messageType
  return link.send(utf8Of(content, messageType ?? ''), content.isBinary, ctx)
}
