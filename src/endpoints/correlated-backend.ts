import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Resource } from '../language/declare.ts'
import type { Message } from '../message/message.ts'
import { type CallOptions, type CallOwner, CorrelatedCall } from './correlated-call.ts'
import { type BackendMessage, CorrelatedLink, type LinkUser } from './correlated-link.ts'
import { Strays } from './correlated-strays.ts'
import { Deadlines } from './correlation-deadlines.ts'
import { linkOptionsFor } from './link-options-for.ts'
import type { WebSocketOptions } from './websocket.ts'

/** Where a backend is, and how much it is asked at once. */
export interface BackendOptions extends Omit<WebSocketOptions, 'shared'> {
  readonly address: string
  /** How many links there are. */
  readonly links: number
  /** How many callers may wait. */
  readonly maxPending: number
}

/** How often what has happened, since the process began. */
export interface ReplyCounts {
  /** Requests handed over, those included that nobody waits for. */
  sent: number
  /** Replies given to who waited for them. */
  replied: number
  timedOut: number
  /** Callers that left before their reply. */
  left: number
  /** Replies that came when nobody waited any more. */
  late: number
  /** Messages nobody ever waited for. */
  unmatched: number
}

/** A backend whose replies are waited for, with its links and all who wait. It outlives deployments. */
export abstract class CorrelatedBackend implements Resource, CallOwner, LinkUser {
  readonly counts: ReplyCounts = { sent: 0, replied: 0, timedOut: 0, left: 0, late: 0, unmatched: 0 }
  protected readonly options: BackendOptions
  protected readonly strays = new Strays()
  readonly #deadlines = new Deadlines()
  #waiting = 0
  #isStopped = false
  #whenIdle: (() => void) | undefined

  constructor(options: BackendOptions) {
    this.options = options
  }

  /**
   * Sends a message and waits for its reply.
   * @throws Fault 101503, 101506 or 101508 when there is no link, 101504 when no reply comes in time, 101505 when the
   * link is lost, 101509 when too many wait or too much is unsent, 601000 for a payload that has no place for an id
   */
  deliver(ctx: MessageContext, timeoutMs: number, options: CallOptions): Promise<Message | undefined> {
    const { address, maxPending } = this.options
    if (this.#isStopped) throw new Fault(101509, 'the gateway stops')
    if (this.#waiting >= maxPending)
      throw new Fault(101509, `${this.#waiting} callers already wait for replies of ${address}`)
    const call = new CorrelatedCall(ctx, timeoutMs, this, options)
    this.prepare(call)
    const answer = call.wait()
    // One who has left by now asks nothing.
    if (call.isSettled) return answer
    try {
      this.send(call)
    } catch (thrown) {
      call.isSettled = true
      throw thrown
    }
    this.counts.sent++
    if (!ctx.isOneWay) {
      call.isWaiting = true
      this.#waiting++
      this.#deadlines.add(call, timeoutMs)
    }
    return answer
  }

  /** Lets those who wait have their replies within the time given; for the others it is a fault then. */
  async stop(graceMs: number): Promise<void> {
    const timeIsUp = new Promise(resolve => setTimeout(resolve, graceMs).unref())
    await Promise.race([Promise.all([this.#idle(), this.strays.idle()]), timeIsUp])
    this.#isStopped = true
    this.close(new Fault(101509, 'the gateway stops'))
    this.#deadlines.clear()
  }

  expired(call: CorrelatedCall): void {
    this.counts.timedOut++
    this.abandon(call)
    call.fail(bareFault(101504, `no reply from ${this.options.address} within ${call.timeoutMs} ms`))
  }

  left(call: CorrelatedCall): void {
    this.counts.left++
    this.abandon(call)
    call.discard()
  }

  /** Writes a request as it leaves. */
  protected abstract prepare(call: CorrelatedCall): void
  /** Sends it, now or when there is a way. Nothing is kept of it when this throws. */
  protected abstract send(call: CorrelatedCall): void
  /** Waits no more for a reply, which may come all the same. */
  protected abstract abandon(call: CorrelatedCall): void
  /** Ends all links; whoever waits has that fault. */
  protected abstract close(fault: Fault): void
  abstract received(link: CorrelatedLink, message: BackendMessage): void
  abstract lost(link: CorrelatedLink, fault: Fault): void

  protected open({ ctx, options }: CorrelatedCall): CorrelatedLink {
    const { address } = this.options
    const use = linkOptionsFor(ctx, address, this.options, { isOfAll: true })
    return new CorrelatedLink({ address, use, service: ctx.service, unmatched: options.unmatched }, this)
  }

  /** Opens a link in place of one that was lost, where links are kept warm. */
  protected reopen(lost: CorrelatedLink): CorrelatedLink | undefined {
    const { reconnect } = this.options.survival
    if (!reconnect?.isKeptWarm || this.#isStopped || !lost.wasOpen) return undefined
    return new CorrelatedLink(lost.again(reconnect), this)
  }

  /** A call waits no more. */
  protected release(call: CorrelatedCall): void {
    if (!call.isWaiting) return
    call.isWaiting = false
    this.#deadlines.remove(call)
    if (--this.#waiting === 0) this.#whenIdle?.()
  }

  /** A call waits no more, and fails; the fault is its own to be changed. */
  protected refuse(call: CorrelatedCall, { code, message, cause }: Fault): void {
    this.release(call)
    call.fail(bareFault(code, message, cause))
  }

  /** The time for the next reply begins. */
  protected renew(call: CorrelatedCall): void {
    if (!call.options.renewsTime) return
    this.#deadlines.remove(call)
    this.#deadlines.add(call, call.timeoutMs)
  }

  #idle(): Promise<void> {
    if (this.#waiting === 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#whenIdle = resolve
    })
  }
}

/** Makes a fault without a stack: that of a timer or a socket tells nothing, and thousands may fail at once. */
function bareFault(code: Fault['code'], message: string, cause?: unknown): Fault {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  const fault = new Fault(code, message, { cause })
  Error.stackTraceLimit = stackTraceLimit
  return fault
}
