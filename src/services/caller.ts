import type { MessageContext } from '../core/context.ts'
import type { Groups } from '../core/groups.ts'
import type { Session } from '../core/session.ts'
import { Headers } from '../message/headers.ts'
import { ABNORMAL, cutReason } from '../websocket/close-codes.ts'
import { checkedCode } from './close-frame.ts'
import {
  type CallerGroups,
  type CallerSessions,
  callerGroups,
  sessionsAccess,
  textOnly,
} from './session-access.ts'
import { bytesOf, controlBytes, isText } from './value-bytes.ts'
import { ConnectionClosureError } from './web-socket-error.ts'

/** What a service gives to the callers of its hooks. */
export interface CallerContext {
  readonly groups: Groups
  /** Gives the parameters of the path, the query and the headers, by name and typed, from a message. */
  parameters(ctx: MessageContext): Readonly<Record<string, string | number | boolean>>
}

/** The client that a hook runs for. Writes wait while it reads too slowly. */
export class Caller {
  readonly #session: Session
  readonly #context: CallerContext
  readonly headers: Headers
  readonly params: Readonly<Record<string, string | number | boolean>>

  constructor(ctx: MessageContext, context: CallerContext) {
    this.#session = ctx.session!
    this.#context = context
    // What a hook sets on the message is an answer, not the request.
    this.headers = new Headers(ctx.message.headers)
    this.params = context.parameters(ctx)
  }

  get id(): string {
    return this.#session.id
  }

  /** The subprotocol agreed on; '' for none. */
  get subprotocol(): string {
    return this.#session.handshake.subprotocol
  }

  get path(): string {
    return this.#session.handshake.path
  }

  get url(): string {
    return this.#session.handshake.url
  }

  get remoteAddress(): string {
    return this.#session.handshake.remoteAddress
  }

  /** Who the client is, where the service has `auth`; undefined for nobody who is known. */
  get user(): string | undefined {
    return this.#session.handshake.identity?.user
  }

  get scopes(): readonly string[] {
    return this.#session.handshake.identity?.scopes ?? []
  }

  /** What the credentials of the client say. */
  get claims(): Readonly<Record<string, unknown>> {
    return this.#session.handshake.identity?.claims ?? {}
  }

  get isOpen(): boolean {
    return this.#session.isOpen
  }

  get isSecure(): boolean {
    return this.url.startsWith('wss:')
  }

  /** What hooks keep with the session. */
  get attributes(): Map<string, unknown> {
    return this.#session.attributes!
  }

  setAttribute(name: string, value: unknown): void {
    this.attributes.set(name, value)
  }

  getAttribute(name: string): unknown {
    return this.attributes.get(name)
  }

  removeAttribute(name: string): unknown {
    const value = this.attributes.get(name)
    this.attributes.delete(name)
    return value
  }

  getConnectionId(): string {
    return this.id
  }

  getNegotiatedSubProtocol(): string | undefined {
    return this.subprotocol === '' ? undefined : this.subprotocol
  }

  /** Sends text as text, bytes as bytes, and any other value as JSON. @throws ConnectionClosureError when the client is gone */
  writeMessage(data: unknown): Promise<void> {
    return this.#write(bytesOf(data), !isText(data))
  }

  async writeTextMessage(data: string): Promise<void> {
    return this.#write(Buffer.from(textOnly(data)), false)
  }

  writeBinaryMessage(data: Uint8Array): Promise<void> {
    return this.#write(bytesOf(data), true)
  }

  /** @throws RangeError for more than 125 bytes, ConnectionClosureError when the client is gone */
  async ping(data: Uint8Array | string = NO_BYTES): Promise<void> {
    this.#open().ping!(controlBytes(data))
  }

  /** @throws RangeError for more than 125 bytes, ConnectionClosureError when the client is gone */
  async pong(data: Uint8Array | string = NO_BYTES): Promise<void> {
    this.#open().pong!(controlBytes(data))
  }

  /** Begins to close; what was written before is sent first. @throws RangeError for a code that may not be sent */
  async close(code = 1000, reason = ''): Promise<void> {
    this.#session.close(checkedCode(code), cutReason(reason))
  }

  get groups(): CallerGroups {
    return callerGroups(this.#context.groups, this.#session.id)
  }

  get sessions(): CallerSessions {
    return sessionsAccess(this.#context.groups)
  }

  async #write(data: Buffer, isBinary: boolean): Promise<void> {
    const session = this.#open()
    if (!session.deliver!(data, isBinary)) throw closureOf(session)
    return session.drained
  }

  #open(): Session {
    if (!this.#session.isOpen) throw closureOf(this.#session)
    return this.#session
  }
}

const callers = new WeakMap<Session, Caller>()

/** Gives the caller that stands for the client of a context; the first context tells its headers and parameters. */
export function callerOf(ctx: MessageContext, context: CallerContext): Caller {
  const session = ctx.session
  if (!session?.deliver)
    throw new ConnectionClosureError('there is no session: the message did not come over a WebSocket')
  const known = callers.get(session)
  if (known) return known
  const made = new Caller(ctx, context)
  callers.set(session, made)
  return made
}

/** A write to a client that is gone, or is leaving. */
function closureOf({ id, closed }: Session): ConnectionClosureError {
  const { code, reason } = closed ?? {}
  const options = { closeCode: code, reason, wasClean: code !== undefined && code !== ABNORMAL }
  return new ConnectionClosureError(`session ${id} is closed`, options)
}

const NO_BYTES = Buffer.alloc(0)
