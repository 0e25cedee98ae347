import { Fault } from '../core/fault.ts'
import type { Pipeline, Service } from '../core/ports.ts'
import type { Link, LinkOwner } from '../core/session.ts'
import { Backoff, type ReconnectPolicy } from '../websocket/backoff.ts'
import { ABNORMAL } from '../websocket/close-codes.ts'
import type { CorrelatedCall } from './correlated-call.ts'
import { BackendLink } from './link.ts'
import type { LinkOptions } from './link-options.ts'

/** A message as it came from a backend. */
export interface BackendMessage {
  readonly data: Buffer
  readonly isBinary: boolean
  /** '' where the handshake settled none. */
  readonly contentType: string
}

/** Who sends over a link, and gets what comes back. */
export interface LinkUser {
  received(link: CorrelatedLink, message: BackendMessage): void
  /** The link is over, by the backend or by its loss; what waits for a reply over it has that fault. */
  lost(link: CorrelatedLink, fault: Fault): void
}

/** How a link is opened, and who gets what nobody has asked for until somebody sends over it. */
export interface CorrelatedLinkOptions {
  readonly address: string
  readonly use: LinkOptions
  readonly service: Service
  readonly unmatched: Pipeline | undefined
  /** The waits between attempts, for a link in place of a lost one. */
  readonly backoff?: Backoff
}

/** A link of an endpoint whose replies are waited for. What is sent before its handshake is done waits, in order. */
export class CorrelatedLink implements LinkOwner {
  readonly #user: LinkUser
  readonly #link: BackendLink
  readonly #options: CorrelatedLinkOptions
  readonly #limits: LinkOptions['queue']
  /** Until the handshake is done. */
  #unsent: CorrelatedCall[] | undefined = []
  #unsentBytes = 0
  #pauses = 0
  #isOver = false
  /** Calls that wait for a reply over it. */
  outstanding = 0
  /** Who sent over it last: what nobody has asked for goes to them. */
  service: Service
  unmatched: Pipeline | undefined

  /** Whether its handshake was done once. */
  wasOpen = false

  /** Starts connecting. */
  constructor(options: CorrelatedLinkOptions, user: LinkUser) {
    const { address, use, service, unmatched, backoff } = options
    this.#options = options
    this.#user = user
    this.#limits = use.queue
    this.service = service
    this.unmatched = unmatched
    this.#link = new BackendLink(address, this, use, () => {}, { backoff })
    void this.#opened(this.#link.opened())
  }

  /** Whether it takes calls: its handshake is under way, or nobody has begun to close it. */
  get isUsable(): boolean {
    return !this.#isOver && (this.#unsent !== undefined || this.#link.isOpen)
  }

  /** Says how one in its place is opened. */
  again(policy: ReconnectPolicy): CorrelatedLinkOptions {
    const backoff = this.#options.backoff ?? new Backoff(policy)
    backoff.held(this.#link.openMs)
    return { ...this.#options, service: this.service, unmatched: this.unmatched, backoff }
  }

  /** Whether its handshake is done. */
  get isOpen(): boolean {
    return !this.#isOver && this.#link.isOpen
  }

  /**
   * Sends a request, once the handshake is done.
   * @throws Fault 101509 when too much waits already, 101505 when the link is closing
   */
  send(call: CorrelatedCall): void {
    const size = call.bytes!.length
    if (this.#unsent) {
      const { maxMessages, maxBytes } = this.#limits
      if (this.#unsent.length >= maxMessages || this.#unsentBytes + size > maxBytes)
        throw new Fault(101509, `${this.#unsent.length} messages already wait for ${this.#link.address}`)
      this.#unsent.push(call)
      this.#unsentBytes += size
    } else {
      if (this.#link.isFull) throw new Fault(101509, `too much is unsent to ${this.#link.address} already`)
      this.#write(call)
    }
    call.link = this
    this.service = call.ctx.service
    this.unmatched = call.options.unmatched
  }

  /** Takes back a request; says whether it had not been sent. */
  takeBack(call: CorrelatedCall): boolean {
    const at = this.#unsent?.indexOf(call) ?? -1
    if (at < 0) return false
    this.#unsent!.splice(at, 1)
    this.#unsentBytes -= call.bytes!.length
    return true
  }

  /** Reads nothing until as many calls of `resume` have followed. */
  pause(): void {
    if (this.#pauses++ === 0) this.#link.pause()
  }

  resume(): void {
    if (--this.#pauses === 0) this.#link.resume()
  }

  /** Ends it; `lost` is not called. */
  close(code: number, reason: string): void {
    this.#isOver = true
    this.#link.close(code, reason)
  }

  async #opened(opening: void | Promise<void>): Promise<void> {
    try {
      await opening
    } catch (thrown) {
      this.#end(Fault.from(thrown))
      return
    }
    const calls = this.#unsent ?? []
    this.wasOpen = true
    this.#unsent = undefined
    for (const call of calls) {
      // One that was lost meanwhile has told them.
      if (this.isOpen && !call.isSettled) this.#write(call)
    }
  }

  #write(call: CorrelatedCall): void {
    const { bytes, isBinary } = call
    call.bytes = undefined
    // Without a promise: the handshake is done.
    void this.#link.send(bytes!, isBinary)
    call.sent()
  }

  #end(fault: Fault): void {
    if (this.#isOver) return
    this.#isOver = true
    const unsent = this.#unsent ?? []
    this.#unsent = undefined
    this.#user.lost(this, fault)
    for (const call of unsent) call.fail(fault)
  }

  // — what the link reports —

  fromBackend(_link: Link, data: Buffer, isBinary: boolean, contentType: string): void {
    this.#user.received(this, { data, isBinary, contentType })
  }

  linkClosed(link: Link, code: number, reason: string): void {
    const how = code === ABNORMAL ? 'lost' : `closed by the backend with ${code}`
    const text = `the connection to ${link.address} was ${how}${reason && `: ${reason}`}`
    const { log } = this.service
    if (code === 1000 || code === 1001) log.info({ backend: link.address, code }, text)
    else log.warn({ backend: link.address, code, waiting: this.outstanding }, text)
    this.#end(new Fault(101505, text))
  }

  linkDrained(): void {}
}
