import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Link, LinkOwner, Session } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import { mayCompress } from '../expressions/may-compress.ts'
import { ABNORMAL } from '../websocket/close-codes.ts'
import { type Alarm, wheel } from '../websocket/timer-wheel.ts'
import { Backoff, type ReconnectPolicy } from './backoff.ts'
import { KeptMessages } from './kept-messages.ts'
import { BackendLink } from './link.ts'
import { type LossLimit, lossOf } from './link-loss.ts'
import type { LinkOptions, SendingLink } from './link-options.ts'
import { OpeningMessages, type Outgoing, type TakeoverPolicy, UnprovedMessages } from './takeover.ts'
import { type Dropped, TakeoverLog } from './takeover-log.ts'

/** What a lasting link is made of. */
export interface LastingOptions {
  readonly link: LinkOptions
  readonly takeover: TakeoverPolicy
  readonly reconnect: ReconnectPolicy
}

const NONE: readonly Outgoing[] = []

/**
 * The link of one client that outlives its backend. When the connection is lost the client is told nothing: what it
 * sends waits, a new connection is opened, the stored opening messages are replayed, and what has waited follows, in
 * order. When a limit passes first, the link ends, and with it the session.
 *
 * What was written and not proved to have arrived may have been handled: it is sent again only where the policy says so,
 * and counted either way.
 */
export class LastingLink implements SendingLink, LinkOwner {
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
  readonly #proof: Alarm = { onTime: () => this.#askForProof() }
  #link: BackendLink
  #state: 'opening' | 'open' | 'away' | 'over' = 'opening'
  readonly #queue: KeptMessages
  /** What is sent again before it. */
  #again: readonly Outgoing[] = NONE
  #awaySince = 0
  /** Why the last attempt to connect failed for good. */
  #failure: Fault | undefined
  #pings = 0
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
    this.#options = options
    this.#ended = ended
    this.#backoff = new Backoff(options.reconnect)
    this.#queue = new KeptMessages(options.takeover)
    this.#openings = new OpeningMessages(options.takeover)
    this.#unproved = new UnprovedMessages(options.takeover)
    const control = owner.controlFromBackend
    if (control) this.controlFromBackend = (_link, kind, data) => control(this, kind, data)
    this.#link = new BackendLink(address, this, options.link, () => {}, { proved: this.#proved })
  }

  get isOpen(): boolean {
    return this.#state === 'away' || (this.#state !== 'over' && this.#link.isOpen)
  }

  get subprotocol(): string {
    return this.#link.subprotocol
  }

  get isBehind(): boolean {
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
    if (this.#state !== 'opening') return this.#give(message)
    const opened = this.opened(data.length)
    return opened instanceof Promise ? opened.then(() => this.#give(message)) : this.#give(message)
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
    this.#log.ended(this.#dropped, 'the client is gone')
    this.#end()
    this.#link.close(code, reason)
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

  #give(message: Outgoing): void {
    if (this.#state === 'over') throw new Fault(101505, `the connection to ${this.address} is closing`)
    // Its loss is about to be told.
    if (this.#state === 'away' || !this.#link.isOpen) this.#keep(message)
    else this.#write(message)
  }

  #write(message: Outgoing): void {
    // Opening messages are replayed, arrived or not.
    if (message.key !== undefined) this.#store(message)
    else this.#unproved.add(message)
    this.#link.write(message.data, message.isBinary, message.compress)
    if (this.#unproved.isMany) this.#askForProof()
    else if (message.key === undefined && this.#unproved.count === 1)
      wheel.set(this.#proof, this.#options.takeover.proofIntervalMs)
  }

  #store(message: Outgoing): void {
    if (this.#openings.isIncomplete) return
    this.#openings.store(message)
    if (this.#openings.isIncomplete) this.#log.incomplete(this.#options.takeover.openingMaxBytes)
  }

  #keep(message: Outgoing): void {
    this.#queue.add(message)
    const limit = this.#queue.passedLimit
    if (limit && this.#state === 'away') this.#giveUp(limit)
  }

  #askForProof(): void {
    if (this.#state !== 'open' || this.#unproved.count === 0) return
    this.#unproved.asks(++this.#pings)
    this.#link.prove(this.#pings)
    wheel.set(this.#proof, this.#options.takeover.proofIntervalMs)
  }

  readonly #proved = (ping: number): void => {
    this.#unproved.proved(ping)
    if (this.#unproved.count === 0) wheel.clear(this.#proof)
  }

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
    wheel.clear(this.#proof)
    wheel.set(this.#patience, takeover.maxAgeMs)
    const { messages, others } = this.#unproved.take()
    this.#again = [...messages, ...this.#again]
    // A client that was held up goes on: what it sends is kept here.
    this.#owner.linkDrained(this)
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
    const [replayed, again, queue] = [this.#openings.size, this.#again, this.#takeQueue()]
    for (const { data, isBinary, compress } of this.#openings.all()) link.write(data, isBinary, compress)
    for (const message of again) this.#write(message)
    for (const message of queue) this.#write(message)
    this.#log.takenOver({
      ms: Math.round(performance.now() - this.#awaySince),
      replayed,
      queued: queue.length,
      possibleDuplicates: again.length,
    })
    if (link.isBehind) this.#owner.waitFor(this)
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
    return { dropped: this.#queue.size, unproved: this.#again.length }
  }

  #takeQueue(): readonly Outgoing[] {
    this.#again = NONE
    return this.#queue.take()
  }

  #end(): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    wheel.clear(this.#patience)
    wheel.clear(this.#proof)
    this.#takeQueue()
    this.#openings.clear()
    this.#ended()
  }

  // — what a connection reports —

  fromBackend(_link: Link, data: Buffer, isBinary: boolean, contentType: string): void {
    this.#owner.fromBackend(this, data, isBinary, contentType)
  }

  linkClosed(link: Link, code: number, reason: string): void {
    if (link !== this.#link || this.#state === 'over') return
    const isExpectedBack = this.#options.takeover.codes.includes(code) && !this.#link.isOfOurs
    if (isExpectedBack && !this.#openings.isIncomplete) {
      this.#goAway()
      return
    }
    this.#log.ended(this.#dropped, 'the backend has closed')
    this.#end()
    this.#owner.linkClosed(this, code, reason)
  }

  linkDrained(link: Link): void {
    if (link === this.#link) this.#owner.linkDrained(this)
  }
}
