import { Fault } from '../core/fault.ts'
import type { Pipeline, Service } from '../core/ports.ts'
import { Content } from '../message/content.ts'
import { type BackendOptions, CorrelatedBackend } from './correlated-backend.ts'
import type { CorrelatedCall } from './correlated-call.ts'
import type { BackendMessage, CorrelatedLink } from './correlated-link.ts'
import { CorrelationIds } from './correlation-ids.ts'
import type { Correlator, IdentifiedReply } from './correlator.ts'

/** A request whose reply nobody waits for, and which may still come. */
interface Forgone {
  readonly state: 'late' | 'unmatched'
  readonly link: CorrelatedLink
  /** What stands for the id where the request had none. */
  readonly messageId: string
  readonly original: string | undefined
  readonly isKept: boolean
  readonly hasMany: boolean
  readonly service: Service
  readonly unmatched: Pipeline | undefined
  /** From when on nobody expects the reply any more, by the clock of `performance.now()`. */
  readonly unlikelyFrom: number
}

/** How many of these are remembered; of the oldest a reply counts as one that nobody has asked for. */
const MAX_FORGONE = 100_000

/** How long a late reply is expected: so many times what was waited for it, and no less than this. */
export const LATE_TIMES = 4
export const LATE_AT_LEAST_MS = 30_000

/** A backend that says in each reply which request it is for. */
export class BackendById extends CorrelatedBackend {
  readonly #correlator: Correlator
  readonly #ids = new CorrelationIds()
  readonly #slots: (CorrelatedLink | undefined)[]
  /** All links, those included that get no requests any more. */
  readonly #links = new Set<CorrelatedLink>()
  readonly #waiting = new Map<string, CorrelatedCall>()
  readonly #forgone = new Map<string, Forgone>()
  #turn = 0

  constructor(options: BackendOptions, correlator: Correlator) {
    super(options)
    this.#correlator = correlator
    this.#slots = new Array<CorrelatedLink | undefined>(options.links).fill(undefined)
  }

  /** @throws Fault 601000 also for an id that is under way, or whose reply may still come */
  protected prepare(call: CorrelatedCall): void {
    this.#correlator.prepare(call, this.#ids)
    if (!call.isKept) return
    const forgone = this.#forgone.get(call.id)
    if (this.#waiting.has(call.id) || (forgone && performance.now() < forgone.unlikelyFrom)) {
      const shown = this.#correlator.shown(call.original!)
      throw new Fault(601000, `a request with the id ${shown} is under way, or its reply may still come`)
    }
    if (!forgone) return
    // Should the old reply come after all, it is none over another link.
    this.#forgone.delete(call.id)
    this.#retire(forgone.link)
  }

  protected send(call: CorrelatedCall): void {
    const link = this.#next(call)
    link.send(call)
    if (call.ctx.isOneWay) {
      if (call.id !== '') this.#forgo(call, 'unmatched')
      return
    }
    link.outstanding++
    this.#waiting.set(call.id, call)
  }

  received(link: CorrelatedLink, message: BackendMessage): void {
    const reply = this.#correlator.read(message.data, message.contentType, link.service)
    const call = reply && this.#waiting.get(reply.id)
    if (!call || call.link !== link) {
      this.#stray(link, message, reply)
      return
    }
    this.counts.replied++
    const outcome = call.take(call.isKept ? reply.asReceived() : reply.withId(call.original))
    // Whoever is given a reply may leave over it.
    if (!call.isWaiting) return
    if (outcome === 'more') this.renew(call)
    else if (outcome === 'done') this.#forget(call)
    else this.abandon(call)
  }

  lost(link: CorrelatedLink, fault: Fault): void {
    const slot = this.#slots.indexOf(link)
    this.#drop(link)
    const again = slot < 0 ? undefined : this.reopen(link)
    if (again) {
      this.#slots[slot] = again
      this.#links.add(again)
    }
    for (const call of this.#waiting.values()) {
      if (call.link !== link) continue
      this.#waiting.delete(call.id)
      this.refuse(call, fault)
    }
  }

  protected abandon(call: CorrelatedCall): void {
    if (!call.isWaiting) return
    if (!call.link!.takeBack(call)) this.#forgo(call, 'late')
    this.#forget(call)
  }

  protected close(fault: Fault): void {
    for (const call of [...this.#waiting.values()]) {
      this.#forget(call)
      this.refuse(call, fault)
    }
    for (const link of [...this.#links]) this.#end(link, 1001, 'shutdown')
  }

  #next(call: CorrelatedCall): CorrelatedLink {
    const slot = this.#turn
    this.#turn = (slot + 1) % this.#slots.length
    const known = this.#slots[slot]
    if (known?.isUsable) return known
    const link = this.open(call)
    this.#slots[slot] = link
    this.#links.add(link)
    return link
  }

  #forget(call: CorrelatedCall): void {
    this.#waiting.delete(call.id)
    this.release(call)
    const link = call.link!
    link.outstanding--
    if (link.outstanding === 0 && !this.#slots.includes(link)) this.#end(link, 1000, '')
  }

  #forgo(call: CorrelatedCall, state: Forgone['state']): void {
    if (this.#forgone.size >= MAX_FORGONE) this.#forgetOldest()
    const { original, ctx, isKept, hasMany, options, timeoutMs } = call
    this.#forgone.set(call.id, {
      state,
      link: call.link!,
      messageId: original === undefined ? ctx.id : '',
      original,
      isKept,
      hasMany,
      service: ctx.service,
      unmatched: options.unmatched,
      unlikelyFrom: performance.now() + Math.max(LATE_TIMES * timeoutMs, LATE_AT_LEAST_MS),
    })
  }

  /** A tenth at once: finding the oldest of a map costs as much as going through what was taken out of it. */
  #forgetOldest(): void {
    let left = MAX_FORGONE / 10
    for (const [id, { isKept, link }] of this.#forgone) {
      this.#forgone.delete(id)
      // The next request with the same id must not get its reply.
      if (isKept) this.#retire(link)
      if (--left === 0) return
    }
  }

  #stray(link: CorrelatedLink, message: BackendMessage, reply: IdentifiedReply | undefined): void {
    const forgone = reply && this.#forgone.get(reply.id)
    if (forgone?.link !== link) {
      this.counts.unmatched++
      this.strays.take({
        state: 'unmatched',
        id: reply?.id.replace(/^"|"$/g, '') ?? '',
        message,
        content: Content.received(message.data, message.contentType),
        service: link.service,
        pipeline: link.unmatched,
      })
      return
    }
    const { state, messageId, original, isKept, hasMany, service, unmatched } = forgone
    this.counts[state]++
    if (!hasMany) this.#forgone.delete(reply!.id)
    const content = isKept ? reply!.asReceived() : reply!.withId(original)
    const id = original === undefined ? messageId : this.#correlator.shown(original)
    this.strays.take({ state, id, message, content, service, pipeline: unmatched })
  }

  /** Gives a link no more requests, and ends it when the last reply is in. */
  #retire(link: CorrelatedLink): void {
    const slot = this.#slots.indexOf(link)
    if (slot >= 0) this.#slots[slot] = undefined
    if (link.outstanding === 0) this.#end(link, 1000, '')
  }

  #end(link: CorrelatedLink, code: number, reason: string): void {
    this.#drop(link)
    link.close(code, reason)
  }

  /** Nothing comes over a link any more. */
  #drop(link: CorrelatedLink): void {
    this.#links.delete(link)
    const slot = this.#slots.indexOf(link)
    if (slot >= 0) this.#slots[slot] = undefined
    for (const [id, forgone] of this.#forgone) if (forgone.link === link) this.#forgone.delete(id)
  }
}
