import { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Origin, Service } from '../core/ports.ts'
import type { Link, LinkLoss, LinkOwner } from '../core/session.ts'
import type { Resource } from '../language/declare.ts'
import { Content } from '../message/content.ts'
import { Message } from '../message/message.ts'
import { Lane } from '../sequences/lane.ts'
import { enterFault } from '../sequences/pipeline.ts'
import { Backoff } from '../websocket/backoff.ts'
import { ABNORMAL } from '../websocket/close-codes.ts'
import { BackendLink } from './link.ts'
import type { LinkOptions } from './link-options.ts'

/** The links of callers without a session: one per address and out-dispatch sequence, opened on first use. */
export class SharedLinks implements Resource {
  readonly #links = new Map<string, BackendLink>()
  readonly #owners = new Set<SharedLinkOwner>()
  #isStopped = false

  /** Gives the link for a service's callers to an address, opening it where there is none. */
  get(address: string, service: Service, options: () => LinkOptions): BackendLink {
    const key = `${address} ${service.outKey}`
    const known = this.#links.get(key)
    if (known) return known
    return this.#open(key, { address, service, options: options() })
  }

  /**
   * Resolves when a link that is behind takes more.
   * @throws Fault 101505 when it is lost before: what was handed over last may not have left
   */
  room(link: BackendLink): Promise<void> {
    const owner = [...this.#owners].find(each => each.link === link)
    return owner && link.isBehind ? owner.room() : Promise.resolve()
  }

  #open(key: string, wanted: Wanted, backoff?: Backoff): BackendLink {
    const { address, service, options } = wanted
    const owner = new SharedLinkOwner(service, () => this.#isLost(key, wanted, link, backoff))
    const ended = (): void => {
      if (this.#links.get(key) === link) this.#links.delete(key)
      this.#owners.delete(owner)
      owner.ended()
    }
    const link: BackendLink = new BackendLink(address, owner, options, ended, { backoff })
    owner.link = link
    this.#links.set(key, link)
    this.#owners.add(owner)
    return link
  }

  /** A link that is to be kept warm is opened again, unless a message did so meanwhile. */
  #isLost(key: string, wanted: Wanted, link: BackendLink, before?: Backoff): void {
    const { reconnect } = wanted.options
    if (!reconnect?.isKeptWarm || this.#isStopped) return
    // While the backend says goodbye the link that it leaves is still there.
    if ((this.#links.get(key) ?? link) !== link) return
    const backoff = before ?? new Backoff(reconnect)
    backoff.held(link.openMs)
    this.#open(key, wanted, backoff)
  }

  /** Lets the messages under way end within the time given, then closes all links with 1001. */
  async stop(graceMs: number): Promise<void> {
    this.#isStopped = true
    const timeIsUp = new Promise(resolve => setTimeout(resolve, graceMs).unref())
    await Promise.race([Promise.all([...this.#owners].map(owner => owner.lane.idle())), timeIsUp])
    for (const link of [...this.#links.values()]) link.close(1001, 'shutdown')
  }
}

/** A link that callers share. */
interface Wanted {
  readonly address: string
  readonly service: Service
  readonly options: LinkOptions
}

/** Nobody waits for what comes over a shared link: there is no one to answer. */
export const NOBODY: Origin = {
  kind: 'backend',
  request: undefined,
  reply(ctx) {
    ctx.ending = 'discarded'
    ctx.log.warn(
      { message: ctx.id },
      `${ctx.service.label}respond has no client to answer: the message of the backend was discarded`,
    )
  },
  ended() {},
}

/** Runs what a backend sends over a shared link through the out-dispatch sequence. */
class SharedLinkOwner implements LinkOwner {
  readonly #service: Service
  readonly lane: Lane
  readonly #lost: () => void
  link: Link | undefined
  #room: PromiseWithResolvers<void> | undefined

  constructor(service: Service, lost: () => void) {
    this.#service = service
    this.#lost = lost
    this.lane = new Lane({ pause: () => this.link?.pause(), resume: () => this.link?.resume() })
  }

  fromBackend(link: Link, data: Buffer, isBinary: boolean, contentType: string): void {
    this.#service.counters.received++
    const ctx = new MessageContext(this.#service, NOBODY, new Message(Content.received(data, contentType)), {
      direction: 'response',
      link,
      frame: isBinary ? 'binary' : 'text',
      frameData: data,
      contentIsKnown: contentType !== '',
    })
    this.lane.push(ctx, this.#service.outDispatch)
  }

  linkClosed(link: Link, code: number, reason: string, loss?: LinkLoss): void {
    this.#lost()
    const how = code === ABNORMAL ? 'lost' : `closed by the backend with ${code}`
    const text = `the connection to ${link.address} was ${how}${reason && `: ${reason}`}`
    if (code === 1000 || code === 1001) {
      this.#service.log.info({ backend: link.address, code }, text)
      return
    }
    this.#service.counters.received++
    const ctx = new MessageContext(this.#service, NOBODY, Message.empty(), { direction: 'response', link })
    enterFault(ctx, loss?.fault ?? new Fault(101505, text))
    this.lane.push(ctx, this.#service.outFault)
  }

  linkDrained(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  /** Resolves when the link takes more; rejects when it ends before. */
  room(): Promise<void> {
    this.#room ??= Promise.withResolvers()
    return this.#room.promise
  }

  /** The link is over. */
  ended(): void {
    this.#room?.reject(new Fault(101505, `the connection to ${this.link?.address} was lost under a message`))
    this.#room = undefined
  }
}
