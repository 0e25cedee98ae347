import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Link, LinkLoss, LinkOwner, Session } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import { mayCompress } from '../expressions/may-compress.ts'
import { Backoff, type ReconnectPolicy } from '../websocket/backoff.ts'
import { ABNORMAL } from '../websocket/close-codes.ts'
import { keepsMessages } from '../websocket/slow-readers.ts'
import { type Alarm, wheel } from '../websocket/timer-wheel.ts'
import { KeptMessages } from './kept-messages.ts'
import { LastingOutlet, type OutletOwner } from './lasting-outlet.ts'
import { BackendLink } from './link.ts'
import { LinkDelivery, lossBySlowness, type SlowLinkOwner } from './link-delivery.ts'
import { type LossLimit, lossOf } from './link-loss.ts'
import type { LinkOptions, SendingLink } from './link-options.ts'
import { OpeningMessages } from './opening-messages.ts'
import type { Outgoing, TakeoverPolicy } from './takeover.ts'
import { type Dropped, TakeoverLog } from './takeover-log.ts'
import { type ProofOwner, UnprovedMessages } from './unproved-messages.ts'

/** What a lasting link is made of. */
export interface LastingOptions {
  readonly link: LinkOptions
  readonly takeover: TakeoverPolicy
  readonly reconnect: ReconnectPolicy
}

/**
 * The link of one client that outlives its backend. When the connection is lost the client is told nothing: what it
 * sends waits, a new connection is opened, the stored opening messages are replayed, and what has waited follows, in
 * order. When a limit passes first, the link ends, and with it the session.
 *
 * What was written and not proved to have arrived may have been handled: it is sent again only where the policy says so,
 * and counted either way.
 */
export class LastingLink implements SendingLink, LinkOwner, SlowLinkOwner, OutletOwner, ProofOwner {
  readonly address: string
  /** Set where the owner wants control frames. */
  readonly controlFromBackend?: NonNullable<LinkOwner['controlFromBackend']>
  readonly #owner: Session
  readonly #log: TakeoverLog
  readonly #options: LastingOptions
  readonly #ended: () => void
  readonly #backoff: Backoff
  readonly #openings: OpeningMessages
  readonly #unproved: UnprovedMessages
  readonly #patience: Alarm = { onTime: () => this.#giveUp('age') }
  #link: BackendLink
  #state: 'opening' | 'open' | 'away' | 'over' = 'opening'
  readonly #queue: KeptMessages
  /** What waits for a backend that is away, or slow, by the policy for slow ones; set where that is not to wait for it. */
  readonly #slow: LinkDelivery | undefined
  #awaySince = 0
  /** Why the last attempt to connect failed for good. */
  #failure: Fault | undefined
  #isPaused = false

  /** Starts connecting. `ended` is called once, when the link can no longer be used. */
  constructor(
    address: string,
    owner: Session,
    { service }: MessageContext,
    options: LastingOptions,
    ended: () => void,
  ) {
    this.address = address
    this.#owner = owner
    this.#log = new TakeoverLog(address, owner, service)
    const { slow } = options.link
    const keeps = slow !== undefined && keepsMessages(slow.readers)
    this.#options = keeps
      ? { ...options, link: { ...options.link, slow: { ...slow, isKeptByOwner: true } } }
      : options
    this.#slow = keeps ? new LinkDelivery(this, new LastingOutlet(this), slow) : undefined
    this.#ended = ended
    this.#backoff = new Backoff(options.reconnect)
    this.#queue = new KeptMessages(options.takeover)
    this.#openings = new OpeningMessages(options.takeover, this.#log)
    this.#unproved = new UnprovedMessages(options.takeover, this)
    const control = owner.controlFromBackend
    if (control) this.controlFromBackend = (_link, kind, data) => control(this, kind, data)
    this.#link = new BackendLink(address, this, this.#options.link, () => {}, { proved: this.#proved })
  }

  get isOpen(): boolean {
    return this.#state === 'away' || (this.#state !== 'over' && this.#link.isOpen)
  }

  get subprotocol(): string {
    return this.#link.subprotocol
  }

  get isBehind(): boolean {
    if (this.#slow) return this.#slow.isFull
    return this.#state === 'open' && this.#link.isBehind
  }

  /**
   * Hands a message to the socket, or keeps it until there is one again.
   * @throws Fault as `BackendLink.send` does while the first connection is opened
   */
  send(data: Buffer, isBinary: boolean, ctx?: MessageContext): MaybePromise<void> {
    const message: Outgoing = {
      data,
      isBinary,
      key: this.#openings.keyOf(ctx),
      compress: !ctx || mayCompress(ctx),
    }
    if (this.#state !== 'opening') return this.#give(message, ctx)
    const opened = this.opened(data.length)
    return opened instanceof Promise ? opened.then(() => this.#give(message, ctx)) : this.#give(message, ctx)
  }

  /** Resolves when there was a connection, for so many bytes that are to be sent then. @throws Fault as `send` does */
  opened(bytes = 0): MaybePromise<void> {
    if (this.#state !== 'opening') return undefined
    const opened = this.#link.opened(bytes)
    if (opened instanceof Promise) return opened.then(this.#isOpened, this.#isNotOpened)
    this.#isOpened()
    return undefined
  }

  close(code: number | undefined, reason: string): void {
    if (this.#state === 'over') return
    // What waits for a backend that is slow goes first; for one that is away it is lost.
    const isWaiting = this.#slow?.isWaiting === true && this.#link.isOpen
    this.#log.ended(
      isWaiting ? { dropped: 0, unproved: this.#queue.againSize } : this.#dropped,
      'the client is gone',
    )
    this.#end(isWaiting)
    if (!isWaiting) {
      this.#link.close(code, reason)
      return
    }
    this.#slow!.end(code, reason)
    // The backend may be waiting for us to read.
    this.#link.resume()
  }

  /** It can be sent more, after a time when as much waited as may. */
  hasRoom(): void {
    this.#owner.linkDrained(this)
  }

  /** Ends it: what waits can be kept no more. */
  giveUp(): void {
    if (this.#state === 'over') return
    this.#end()
    this.#link.close(1013, 'too slow')
    const loss = lossBySlowness(this.address)
    this.#owner.linkClosed(this, ABNORMAL, loss.fault.message, loss)
  }

  ping(data: Buffer): void {
    if (this.#state === 'open') this.#link.ping(data)
    // Else the client would take us for lost.
    else if (this.#state === 'away') this.#owner.controlFromBackend?.(this, 'pong', data)
  }

  pong(data: Buffer): void {
    if (this.#state === 'open') this.#link.pong(data)
  }

  pause(): void {
    this.#isPaused = true
    this.#link.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#link.resume()
  }

  probe(): void {
    this.#link.probe()
  }

  #give(message: Outgoing, ctx: MessageContext | undefined): void {
    if (this.#state === 'over') throw new Fault(101505, `the connection to ${this.address} is closing`)
    if (this.#slow) {
      const { data, isBinary, compress } = message
      this.#slow.send(data, isBinary, compress, ctx, this.#openings.waits(message))
      return
    }
    this.#link.closeIfSlow()
    // Its loss is about to be told.
    if (this.#state === 'away' || !this.#link.isOpen) this.#keep(message)
    else this.#write(message)
  }

  handOn(data: Buffer, isBinary: boolean, compress: boolean, tag: string | undefined): void {
    if (tag !== undefined) this.#openings.waited(data.length)
    if (this.#state === 'over') this.#link.write(data, isBinary, compress)
    else this.#write({ data, isBinary, compress, key: tag })
  }

  #write(message: Outgoing): void {
    // Opening messages are replayed, arrived or not.
    if (message.key !== undefined) this.#openings.store(message)
    else this.#unproved.add(message)
    this.#link.write(message.data, message.isBinary, message.compress)
    this.#unproved.written(message)
  }

  #keep(message: Outgoing): void {
    this.#queue.add(message)
    const limit = this.#queue.passedLimit
    if (limit && this.#state === 'away') this.#giveUp(limit)
  }

  get current(): BackendLink {
    return this.#link
  }

  get isAway(): boolean {
    return this.#state === 'away'
  }

  prove(ping: number): void {
    this.#link.prove(ping)
  }

  readonly #proved = (ping: number): void => this.#unproved.proved(ping)

  readonly #isOpened = (): void => {
    if (this.#state === 'opening') this.#state = 'open'
  }

  readonly #isNotOpened = (thrown: unknown): void => {
    this.#end()
    throw thrown
  }

  // — losing a connection and getting another —

  #goAway(): void {
    const { takeover } = this.#options
    this.#state = 'away'
    this.#awaySince = performance.now()
    this.#failure = undefined
    this.#backoff.held(this.#link.openMs)
    wheel.set(this.#patience, takeover.maxAgeMs)
    const { messages, others } = this.#unproved.take()
    this.#queue.sendAgain(messages)
    // A client that was held up goes on: what it sends is kept here.
    if (!this.isBehind) this.#owner.linkDrained(this)
    this.#log.away(messages.length, others)
    const history = { backoff: this.#backoff, proved: this.#proved }
    const link = new BackendLink(this.address, this, this.#options.link, () => {}, history)
    this.#link = link
    void (link.opened() as Promise<void>).then(
      () => this.#takeOver(link),
      thrown => {
        this.#failure = Fault.from(thrown)
        if (this.#link === link) this.#giveUp('attempts')
      },
    )
  }

  /** The new connection is there: all goes over it that has to come first. */
  #takeOver(link: BackendLink): void {
    // One that was lost at once has told so, or is about to.
    if (this.#state !== 'away' || this.#link !== link || !link.isOpen) return
    this.#state = 'open'
    wheel.clear(this.#patience)
    if (this.#isPaused) link.pause()
    const replayed = this.#openings.size
    const { again, queue } = this.#queue.take()
    const queued = this.#slow ? this.#slow.size : queue.length
    for (const { data, isBinary, compress } of this.#openings.all()) link.write(data, isBinary, compress)
    for (const message of again) this.#write(message)
    for (const message of queue) this.#write(message)
    this.#log.takenOver({
      ms: Math.round(performance.now() - this.#awaySince),
      replayed,
      queued,
      possibleDuplicates: again.length,
    })
    this.#slow?.drained()
    if (this.isBehind) this.#owner.waitFor(this)
  }

  #giveUp(limit: LossLimit): void {
    if (this.#state !== 'away') return
    const link = this.#link
    const ms = Math.round(performance.now() - this.#awaySince)
    const dropped = this.#dropped
    this.#log.givenUp(dropped)
    this.#end()
    link.close(1001, 'given up')
    const told = lossOf({ address: this.address, limit, ms, ...dropped, failure: this.#failure })
    this.#owner.linkClosed(this, ABNORMAL, told.fault.message, told)
  }

  /** What is lost when the link ends now. */
  get #dropped(): Dropped {
    return { dropped: this.#queue.size + (this.#slow?.size ?? 0), unproved: this.#queue.againSize }
  }

  #end(goesOn = false): void {
    if (this.#state === 'over') return
    if (!goesOn) this.#slow?.forget()
    this.#state = 'over'
    wheel.clear(this.#patience)
    this.#unproved.stop()
    this.#queue.take()
    this.#openings.clear()
    this.#ended()
  }

  // — what a connection reports —

  fromBackend(_link: Link, data: Buffer, isBinary: boolean, contentType: string): void {
    if (this.#state !== 'over') this.#owner.fromBackend(this, data, isBinary, contentType)
  }

  linkClosed(link: Link, code: number, reason: string, loss?: LinkLoss): void {
    if (this.#state === 'over') this.#slow?.clear()
    if (link !== this.#link || this.#state === 'over') return
    const isExpectedBack = this.#options.takeover.codes.includes(code) && !this.#link.isOfOurs
    if (isExpectedBack && !this.#openings.isIncomplete) {
      this.#goAway()
      return
    }
    this.#log.ended(this.#dropped, 'the backend has closed')
    this.#end()
    this.#owner.linkClosed(this, code, reason, loss)
  }

  linkDrained(link: Link): void {
    if (link !== this.#link) return
    if (this.#slow) this.#slow.drained()
    else this.#owner.linkDrained(this)
  }
}
