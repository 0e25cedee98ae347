import { MessageContext } from '../core/context.ts'
import type { Origin, Pipeline, Service } from '../core/ports.ts'
import type { Content } from '../message/content.ts'
import { Message } from '../message/message.ts'
import { Lane } from '../sequences/lane.ts'
import type { BackendMessage } from './correlated-link.ts'
import { NOBODY } from './shared-links.ts'

/** A message of a backend that nobody waits for. */
export interface Stray {
  /** Whether somebody did wait for it once. */
  readonly state: 'late' | 'unmatched'
  /** What says which it is, for people: its id, or the message it is too late for; '' where there is none. */
  readonly id: string
  readonly message: BackendMessage
  readonly content: Content
  readonly service: Service
  /** The sequence that gets it; the service may name another one. */
  readonly pipeline: Pipeline | undefined
}

/** How much may wait for its sequence; what comes then is let go. */
const MAX_WAITING = 1_000
const MAX_WAITING_BYTES = 16 * 1024 * 1024

/** At most one line of the log in this many milliseconds says that something was let go. */
const LOG_EVERY_MS = 1_000

/** Longer ids are cut for the log. */
const MAX_ID = 100

/**
 * Gives what nobody waits for to the sequence that is for it, one after the other, and else lets it go. The link is
 * never held up by it: others wait for what comes next.
 */
export class Strays {
  readonly #lane = new Lane({ pause() {}, resume() {} })
  #waiting = 0
  #waitingBytes = 0
  #silentUntil = 0
  #untold = 0

  /** Takes one in; its service counts it as received, and as ended when it has been through its sequence. */
  take(stray: Stray): void {
    const { service, message, state, id } = stray
    service.counters.received++
    const pipeline = stray.pipeline ?? (service.namesOutDispatch ? service.outDispatch : undefined)
    const size = message.data.length
    if (!pipeline || this.#waiting >= MAX_WAITING || this.#waitingBytes + size > MAX_WAITING_BYTES) {
      service.counters.ended.discarded++
      this.#tell(stray, pipeline ? 'too many wait for their sequence' : 'no sequence is named for it')
      return
    }
    this.#waiting++
    this.#waitingBytes += size
    const ended = (): void => {
      this.#waiting--
      this.#waitingBytes -= size
    }
    const origin: Origin = { ...NOBODY, ended }
    const ctx = new MessageContext(service, origin, new Message(stray.content), {
      direction: 'response',
      frame: message.isBinary ? 'binary' : 'text',
      frameData: message.data,
      contentIsKnown: true,
    })
    ctx.properties.set('correlation.state', state)
    ctx.properties.set('correlation.id', id)
    this.#lane.push(ctx, pipeline)
  }

  /** Resolves when all have been through their sequences. */
  idle(): Promise<void> {
    return this.#lane.idle()
  }

  #tell({ service, state, id, message }: Stray, why: string): void {
    const now = performance.now()
    if (now < this.#silentUntil) {
      this.#untold++
      return
    }
    this.#silentUntil = now + LOG_EVERY_MS
    const which = id === '' ? '' : ` ${id.slice(0, MAX_ID)}`
    const what = state === 'late' ? `a late reply${which}` : `a message${which} that nobody has asked for`
    const before = this.#untold > 0 ? ` (and ${this.#untold} before it)` : ''
    this.#untold = 0
    service.log.warn(
      { state, id: id.slice(0, MAX_ID), bytes: message.data.length },
      `${service.label}${what} was let go: ${why}${before}`,
    )
  }
}
