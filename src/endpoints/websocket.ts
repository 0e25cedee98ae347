import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import type { Session } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import { accessor } from '../expressions/scopes.ts'
import type { WebSocketSettings } from '../language/declare.ts'
import type { Message } from '../message/message.ts'
import { utf8Of } from '../message/utf8.ts'
import { closeForBackend, NO_STATUS } from '../websocket/close-codes.ts'
import type { ConnectGates } from './connect-gate.ts'
import { LastingLink } from './lasting-link.ts'
import { BackendLink } from './link.ts'
import type { LinkOptions, SendingLink } from './link-options.ts'
import type { SharedLinks } from './shared-links.ts'
import { DEFAULT_RECONNECT, type Survival } from './survival-fields.ts'

const terminate = accessor('axis2', 'connection.terminate')
const closeCode = accessor('axis2', 'websocket.close.code')
const closeReason = accessor('axis2', 'websocket.reason.text')

/** What an endpoint makes its links with. */
export interface WebSocketOptions {
  readonly settings: WebSocketSettings
  readonly survival: Survival
  readonly gates: ConnectGates
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
    return content.isArriving ? content.collect().then(() => this.#deliver(ctx)) : this.#deliver(ctx)
  }

  #deliver(ctx: MessageContext): MaybePromise<Message | undefined> {
    ctx.to = this.#address
    const { session } = ctx
    if (!session) {
      const { shared } = this.#options
      const link = shared.get(this.#address, ctx.service, () =>
        linkOptions(ctx, this.#address, this.#options),
      )
      if (link.isFull) throw new Fault(101509, `too much is unsent to ${this.#address} already`)
      return undefinedAfter(write(link, ctx))
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
    const options = linkOptions(ctx, address, this.#options, use)
    const { takeover, reconnect = DEFAULT_RECONNECT } = this.#options.survival
    const ended = (): void => session.removeLink(address, link)
    const link: SendingLink = takeover
      ? new LastingLink(address, session, ctx, { link: options, takeover, reconnect }, ended)
      : new BackendLink(address, session, options, ended)
    session.addLink(address, link)
    return link
  }
}

/** Up to how many bytes of what a backend says that refuses a client are passed on to that client. */
const MAX_REFUSAL_BYTES = 64 * 1024

/** How a link differs from one that stays, and speaks for the client that opened it. */
interface LinkUse {
  readonly idleMs?: number
  /** Whether many clients use it: no header of a client goes with it then. */
  readonly isOfAll?: boolean
  /** The client it is for, where it is for one. */
  readonly session?: Session
}

/** Gives how a link is opened for a message. */
export function linkOptions(
  ctx: MessageContext,
  address: string,
  { settings, survival, gates }: Omit<WebSocketOptions, 'shared'>,
  { idleMs = 0, isOfAll = false, session }: LinkUse = {},
): LinkOptions {
  const { connection, compression, handshakeTimeoutMs, queue, tls, preservedHeaders } = settings
  const transport = ctx.transportIfAny
  const type = transport?.acceptContentType
  const subprotocols =
    type === undefined ? listOf(transport?.subprotocol) : [`synapse(contentType='${type}')`]
  const headers = headersOf(ctx, settings.customHeaderPrefix, isOfAll ? [] : preservedHeaders, session)
  const maxRefusalBytes = session?.isHeld ? MAX_REFUSAL_BYTES : 0
  return {
    dial: { ...connection, handshakeTimeoutMs, tls, subprotocols, headers, maxRefusalBytes, compression },
    gate: gates.get(address, survival.connect),
    reconnect: survival.reconnect,
    heartbeat: survival.heartbeat,
    queue,
    contentType: type ?? '',
    idleMs,
  }
}

/** Headers of the handshake: what the configuration set with the prefix, and the client's own where listed. */
function headersOf(
  ctx: MessageContext,
  prefix: string,
  preserved: readonly string[],
  session: Session | undefined,
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of session?.forwardedHeaders ?? []) if (isForwardable(name)) headers[name] = value
  for (const name of preserved) {
    const value = ctx.message.headers.get(name)
    if (value !== undefined && isForwardable(name)) headers[name] = value
  }
  for (const [name, value] of ctx.transportIfAny?.extra.entries() ?? []) {
    if (!name.startsWith(prefix) || value === undefined) continue
    const header = name.slice(prefix.length)
    if (isForwardable(header)) headers[header] = String(value)
  }
  return headers
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

function listOf(subprotocols: string | undefined): string[] {
  return (subprotocols ?? '')
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
}

/** Headers that belong to one connection are never copied to another (RFC 9110, 7.6.1; RFC 6455, 4.1). */
function isForwardable(name: string): boolean {
  return !/^(?:host|connection|upgrade|keep-alive|transfer-encoding|content-length|te|trailer|proxy-.*|sec-websocket-.*)$/i.test(
    name,
  )
}
