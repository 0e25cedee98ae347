import { isUtf8 } from 'node:buffer'
import type { Fault } from '../core/fault.ts'
import { Content } from '../message/content.ts'
import { CorrelatedBackend } from './correlated-backend.ts'
import { LATE_AT_LEAST_MS, LATE_TIMES } from './correlated-by-id.ts'
import { type CorrelatedCall, textOf } from './correlated-call.ts'
import type { BackendMessage, CorrelatedLink } from './correlated-link.ts'
import { CallQueue } from './correlated-queue.ts'

/** A link that carries one request at a time: what comes next over it is the reply. */
interface ReplyLane {
  readonly link: CorrelatedLink
  /** Who waits for a reply; of a lane that was put aside, who did. */
  call: CorrelatedCall | undefined
  /** Ends a lane that was put aside. */
  timer: NodeJS.Timeout | undefined
}

/** So many lanes may be put aside for each that is in use. */
const ASIDE_TIMES = 4

/** A backend that says nothing of which request a reply is for: each link has one request under way at most. */
export class BackendByLanes extends CorrelatedBackend {
  /** All lanes, by their link. */
  readonly #lanes = new Map<CorrelatedLink, ReplyLane>()
  readonly #active = new Set<ReplyLane>()
  #free: ReplyLane[] = []
  /** Lanes that may still bring a late reply, the oldest first. */
  #aside: ReplyLane[] = []
  readonly #queue = new CallQueue()
  /** For requests nobody waits for: their replies must not be taken for others. */
  #oneWay: CorrelatedLink | undefined

  protected prepare(call: CorrelatedCall): void {
    const { ctx } = call
    call.isBinary = ctx.sendsFrame ? ctx.frame === 'binary' : ctx.message.content.isBinary
    call.bytes = call.isBinary ? binaryOf(call) : textOf(ctx)
  }

  protected send(call: CorrelatedCall): void {
    if (call.ctx.isOneWay) {
      if (!this.#oneWay?.isUsable) this.#oneWay = this.open(call)
      this.#oneWay.send(call)
      return
    }
    const lane =
      this.#freeLane() ?? (this.#active.size < this.options.links ? this.#openFor(call) : undefined)
    if (lane) this.#give(lane, call)
    else this.#queue.push(call)
  }

  received(link: CorrelatedLink, message: BackendMessage): void {
    const lane = this.#lanes.get(link)
    const call = lane?.call
    const content = contentOf(message)
    // What comes before the request has left, a greeting perhaps, is no reply to it.
    if (!lane || !call || call.bytes) {
      this.counts.unmatched++
      const { service, unmatched: pipeline } = link
      this.strays.take({ state: 'unmatched', id: '', message, content, service, pipeline })
    } else if (call.isSettled) {
      this.#late(lane, call, message, content)
    } else {
      this.counts.replied++
      const outcome = call.take(content)
      // Whoever is given a reply may leave over it.
      if (!call.isWaiting) return
      if (outcome === 'more') this.renew(call)
      else if (outcome === 'done') this.#done(lane, call)
      else this.abandon(call)
    }
  }

  lost(link: CorrelatedLink, fault: Fault): void {
    if (link === this.#oneWay) this.#oneWay = undefined
    const lane = this.#lanes.get(link)
    if (!lane) return
    this.#remove(lane)
    if (lane.call?.isWaiting) this.refuse(lane.call, fault)
    const again = this.#active.size < this.options.links ? this.reopen(link) : undefined
    if (again) this.#free.push(this.#laneOver(again))
    // Where no link can be had, those in the queue would only learn it one after the other.
    const isUnreachable = fault.code !== 101505 && ![...this.#active].some(({ link }) => link.isOpen)
    if (isUnreachable) this.#refuseQueue(fault)
    this.#serve()
  }

  protected abandon(call: CorrelatedCall): void {
    if (!call.isWaiting) return
    this.release(call)
    if (this.#queue.remove(call)) return
    const lane = this.#lanes.get(call.link!)!
    if (call.link!.takeBack(call)) this.#done(lane, call)
    else this.#putAside(lane, call)
  }

  protected close(fault: Fault): void {
    this.#refuseQueue(fault)
    for (const lane of [...this.#lanes.values()]) {
      if (lane.call?.isWaiting) this.refuse(lane.call, fault)
      this.#end(lane, 1001, 'shutdown')
    }
    this.#oneWay?.close(1001, 'shutdown')
  }

  #openFor(call: CorrelatedCall): ReplyLane {
    return this.#laneOver(this.open(call))
  }

  #laneOver(link: CorrelatedLink): ReplyLane {
    const lane: ReplyLane = { link, call: undefined, timer: undefined }
    this.#lanes.set(lane.link, lane)
    this.#active.add(lane)
    return lane
  }

  /** Gives a lane that has nothing to do; one that is closing is left to its end. */
  #freeLane(): ReplyLane | undefined {
    for (let lane = this.#free.pop(); lane; lane = this.#free.pop()) {
      if (lane.link.isUsable) return lane
      this.#active.delete(lane)
    }
    return undefined
  }

  #give(lane: ReplyLane, call: CorrelatedCall): void {
    try {
      lane.link.send(call)
      lane.call = call
    } catch (thrown) {
      this.#free.push(lane)
      throw thrown
    }
  }

  /** A lane has brought what it was to bring, and takes the next call. */
  #done(lane: ReplyLane, call: CorrelatedCall): void {
    this.release(call)
    lane.call = undefined
    this.#free.push(lane)
    this.#serve()
  }

  /** Gives the calls that wait to what lanes there are, and may be opened. */
  #serve(): void {
    while (this.#queue.size > 0) {
      const free = this.#freeLane()
      if (!free && this.#active.size >= this.options.links) return
      const call = this.#queue.shift()!
      const lane = free ?? this.#openFor(call)
      try {
        this.#give(lane, call)
      } catch (thrown) {
        this.refuse(call, thrown as Fault)
      }
    }
  }

  #late(lane: ReplyLane, call: CorrelatedCall, message: BackendMessage, content: Content): void {
    this.counts.late++
    const { ctx, options } = call
    this.strays.take({
      state: 'late',
      id: ctx.id,
      message,
      content,
      service: ctx.service,
      pipeline: options.unmatched,
    })
    if (!isLast(call, content)) return
    if (this.#active.size >= this.options.links || !lane.link.isUsable) {
      this.#end(lane, 1000, '')
      return
    }
    clearTimeout(lane.timer)
    this.#aside = this.#aside.filter(each => each !== lane)
    this.#active.add(lane)
    this.#done(lane, call)
  }

  /** Another lane takes the place of one whose reply is not there in time. */
  #putAside(lane: ReplyLane, { timeoutMs }: CorrelatedCall): void {
    this.#active.delete(lane)
    this.#aside.push(lane)
    const ms = Math.max(LATE_TIMES * timeoutMs, LATE_AT_LEAST_MS)
    lane.timer = setTimeout(() => this.#end(lane, 1000, ''), Math.min(ms, 2 ** 31 - 1)).unref()
    if (this.#aside.length > ASIDE_TIMES * this.options.links) this.#end(this.#aside[0]!, 1000, '')
    this.#serve()
  }

  #refuseQueue(fault: Fault): void {
    for (let call = this.#queue.shift(); call; call = this.#queue.shift()) this.refuse(call, fault)
  }

  #end(lane: ReplyLane, code: number, reason: string): void {
    this.#remove(lane)
    lane.link.close(code, reason)
  }

  #remove(lane: ReplyLane): void {
    clearTimeout(lane.timer)
    this.#lanes.delete(lane.link)
    this.#active.delete(lane)
    this.#free = this.#free.filter(each => each !== lane)
    this.#aside = this.#aside.filter(each => each !== lane)
  }
}

function binaryOf({ ctx }: CorrelatedCall): Buffer {
  return ctx.sendsFrame ? ctx.frameData! : ctx.message.content.as(ctx.transportIfAny?.messageType ?? '')
}

/** Whether what was waited for is complete with a reply that came too late. */
function isLast({ ctx, options }: CorrelatedCall, reply: Content): boolean {
  try {
    return options.isLast?.(ctx, reply) ?? true
  } catch {
    return true
  }
}

const SOAP_BEGINNING_BYTES = 1024

/** A reply in the type the handshake settled, or else in that of what it looks like. */
function contentOf({ data, isBinary, contentType }: BackendMessage): Content {
  return Content.received(data, contentType === '' ? typeOf(data, isBinary) : contentType)
}

function typeOf(data: Buffer, isBinary: boolean): string {
  if (isBinary && !isUtf8(data)) return 'application/octet-stream'
  const beginning = data.toString('latin1', 0, SOAP_BEGINNING_BYTES).trimStart()
  if (beginning.startsWith('{') || beginning.startsWith('[')) return 'application/json'
  if (!beginning.startsWith('<')) return isBinary ? 'application/octet-stream' : 'text/plain'
  if (beginning.includes('"http://www.w3.org/2003/05/soap-envelope"')) return 'application/soap+xml'
  return beginning.includes('"http://schemas.xmlsoap.org/soap/envelope/"') ? 'text/xml' : 'application/xml'
}
