import { isUtf8 } from 'node:buffer'
import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Pipeline } from '../core/ports.ts'
import { isTrue } from '../core/transport-state.ts'
import type { Content } from '../message/content.ts'
import { Message } from '../message/message.ts'
import { utf8Of } from '../message/utf8.ts'
import type { CorrelatedLink } from './correlated-link.ts'
import type { Deadline, DeadlineList } from './correlation-deadlines.ts'

/** Takes the replies of a call that has several. */
export interface Replies {
  /** Takes one in; gives the answer of the call where that is complete, or begins, with it. */
  add(reply: Content, isLast: boolean): Message | undefined
  /** No more will come. */
  fail(fault: Fault): void
}

/** Who looks after the calls that wait. */
export interface CallOwner {
  /** The time of a call is up. */
  expired(call: CorrelatedCall): void
  /** The caller does not wait any more. */
  left(call: CorrelatedCall): void
}

/** How the calls of an endpoint are made. */
export interface CallOptions {
  /** What gets replies that nobody waits for. */
  readonly unmatched: Pipeline | undefined
  /** Makes what takes the replies, where there may be more than one. */
  readonly replies?: (call: CorrelatedCall) => Replies
  /** Tells whether a reply is the last one. */
  readonly isLast?: (ctx: MessageContext, reply: Content) => boolean
  /** Whether the time for the next reply begins with each one. */
  readonly renewsTime?: boolean
}

/** A request that was sent, or is to be, and the one who waits for the reply. */
export class CorrelatedCall implements Deadline {
  readonly ctx: MessageContext
  readonly timeoutMs: number
  readonly options: CallOptions
  readonly #owner: CallOwner
  readonly #replies: Replies | undefined
  #resolve: ((answer: Message | undefined) => void) | undefined = undefined
  #reject: ((fault: Fault) => void) | undefined = undefined
  /** The request as it leaves; gone once it has left. */
  bytes: Buffer | undefined = undefined
  isBinary = false
  /** What the reply will be known by; '' where there is nothing to know it by. */
  id = ''
  /** The id the caller had: of JSON the bytes as Latin-1, of XML the text. Undefined where it had none. */
  original: string | undefined = undefined
  /** Whether that is the one the backend got. */
  isKept = false
  link: CorrelatedLink | undefined = undefined
  /** Whether it waits for its turn; the queue keeps this. */
  isQueued = false
  /** Whether it is among those that wait; its owner keeps this. */
  isWaiting = false
  /** Whether nothing is waited for any more. */
  isSettled = false
  dueAt = 0
  list: DeadlineList | undefined = undefined
  earlier: Deadline | undefined = undefined
  later: Deadline | undefined = undefined

  constructor(ctx: MessageContext, timeoutMs: number, owner: CallOwner, options: CallOptions) {
    this.ctx = ctx
    this.timeoutMs = timeoutMs
    this.#owner = owner
    this.options = options
    this.#replies = options.replies?.(this)
  }

  /** Whether more than one reply may come. */
  get hasMany(): boolean {
    return this.#replies !== undefined
  }

  /** Begins to wait: for the reply, or with `OUT_ONLY` for the request to leave. */
  wait(): Promise<Message | undefined> {
    const answer = new Promise<Message | undefined>((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    const { origin, isOneWay } = this.ctx
    if (!isOneWay) origin.whenGone?.(() => this.leave())
    return answer
  }

  /** The request has left. */
  sent(): void {
    const { ctx } = this
    if (ctx.isOneWay) this.#answer(undefined)
    else if (ctx.transportIfAny && isTrue(ctx.transportIfAny.forceAccepted)) ctx.origin.taken?.(ctx)
  }

  /** Takes a reply; says whether more are to come, or are to come that nobody waits for. */
  take(reply: Content): 'done' | 'more' | 'failed' {
    if (!this.#replies) {
      this.#answer(new Message(reply))
      return 'done'
    }
    try {
      const isLast = this.options.isLast!(this.ctx, reply)
      const answer = this.#replies.add(reply, isLast)
      if (isLast) this.isSettled = true
      if (answer) this.#resolve!(answer)
      return isLast ? 'done' : 'more'
    } catch (thrown) {
      this.fail(Fault.from(thrown))
      return 'failed'
    }
  }

  /** Ends it without an answer; nothing happens where it has ended. */
  fail(fault: Fault): void {
    if (this.isSettled) return
    this.isSettled = true
    this.#replies?.fail(fault)
    this.#reject!(fault)
  }

  expire(): void {
    this.#owner.expired(this)
  }

  /** The caller is not there any more, or wants nothing more. */
  leave(): void {
    if (!this.isSettled) this.#owner.left(this)
  }

  /** Ends the flow of a caller that has left: nobody is to be told. */
  discard(): void {
    const { ctx } = this
    ctx.ending = 'discarded'
    const text = `${ctx.service.label}the caller has left; its reply is not waited for any more`
    ctx.log.debug({ message: ctx.id, backend: ctx.to }, text)
    this.fail(new Fault(101507, 'the caller has left', { isSettled: true }))
  }

  #answer(message: Message | undefined): void {
    this.isSettled = true
    this.#resolve!(message)
  }
}

/**
 * Writes the payload of a message for a text frame.
 * @throws Fault 601000 for what is no UTF-8: a backend would close the link of all for it (RFC 6455, 8.1)
 */
export function textOf(ctx: MessageContext): Buffer {
  if (ctx.frame === 'text' && ctx.sendsFrame) return ctx.frameData!
  const { content } = ctx.message
  const bytes = utf8Of(content, ctx.transportIfAny?.messageType ?? '')
  if (content.form === 'bytes' && !isUtf8(bytes)) throw new Fault(601000, 'the request is no UTF-8')
  return bytes
}
