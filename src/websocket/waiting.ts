import { backlog } from './backlog.ts'

/** A message that is to be sent. */
export interface Outgoing {
  readonly data: Buffer
  readonly isBinary: boolean
  /** Whether it may leave compressed. Default true. */
  readonly compress?: boolean | undefined
  /** Set for a message that is never let go of; its owner gets it back with it. */
  readonly tag?: string | undefined
}

/** Messages that wait until their connection takes them. */
export interface Waiting {
  /** How many there are. */
  readonly size: number
  /** Whether what brings more is to be held up. */
  readonly isFull: boolean
  /** Takes a message in, and gives how many were let go of for it. */
  add(message: Outgoing, key: string): number
  /** Takes the next one out; undefined where there is none, or it is not there yet. */
  next(): Outgoing | undefined
  /** Lets go of all, and gives how many that were. */
  clear(): number
}

/** What may wait. */
export interface WaitingLimits {
  readonly maxMessages: number
  readonly maxBytes: number
}

/** Keeps what is to be sent in memory of its own, where it would keep much more than itself from being freed. */
function ownOf({ data, isBinary, compress, tag }: Outgoing): Outgoing {
  const own = data.length * 4 < data.buffer.byteLength ? Buffer.from(data) : data
  return { data: own, isBinary, compress, tag }
}

/** Keeps the newest messages, in order: what is oldest is let go of where there is no room for a new one. */
export class Newest implements Waiting {
  readonly isFull = false
  readonly #limits: WaitingLimits
  #messages: Outgoing[] = []
  /** Where the first one that is there still stands. */
  #first = 0
  #bytes = 0

  constructor(limits: WaitingLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#messages.length - this.#first
  }

  add(message: Outgoing): number {
    this.#messages.push(ownOf(message))
    this.#count(message.data.length)
    const { maxMessages, maxBytes } = this.#limits
    let dropped = 0
    while (this.size > 1 && (this.size > maxMessages || this.#bytes > Math.min(maxBytes, backlog.free))) {
      if (!this.#dropOldest()) break
      dropped++
    }
    return dropped
  }

  /** Lets go of the oldest one that may go; false where only the newest may. */
  #dropOldest(): boolean {
    let at = this.#first
    const newest = this.#messages.length - 1
    while (at < newest && this.#messages[at]!.tag !== undefined) at++
    if (at === newest) return false
    if (at === this.#first) this.next()
    else this.#count(-this.#messages.splice(at, 1)[0]!.data.length)
    return true
  }

  next(): Outgoing | undefined {
    const message = this.#messages[this.#first]
    if (!message) return undefined
    this.#count(-message.data.length)
    this.#first++
    // What is gone is cut off now and then, not each time.
    if (this.#first >= 1024 || this.#first === this.#messages.length) {
      this.#messages = this.#messages.slice(this.#first)
      this.#first = 0
    } else (this.#messages as (Outgoing | undefined)[])[this.#first - 1] = undefined
    return message
  }

  clear(): number {
    const { size } = this
    this.#messages = []
    this.#first = 0
    this.#count(-this.#bytes)
    return size
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    backlog.change(bytes)
  }
}

/** Keeps the last message of each key, in the order in which the keys first came. */
export class LastOfEach implements Waiting {
  readonly isFull = false
  readonly #limits: WaitingLimits
  readonly #messages = new Map<string | number, Outgoing>()
  #bytes = 0
  /** How many came that replace nothing and are not replaced. */
  #tagged = 0

  constructor(limits: WaitingLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#messages.size
  }

  add(message: Outgoing, common: string): number {
    const key = message.tag === undefined ? common : this.#tagged++
    const before = this.#messages.get(key)
    this.#messages.set(key, ownOf(message))
    this.#count(message.data.length - (before?.data.length ?? 0))
    const { maxMessages, maxBytes } = this.#limits
    let dropped = before ? 1 : 0
    while (this.size > 1 && (this.size > maxMessages || this.#bytes > Math.min(maxBytes, backlog.free))) {
      if (!this.#dropFirst(key)) break
      dropped++
    }
    return dropped
  }

  next(): Outgoing | undefined {
    const [first] = this.#messages
    return first && this.#take(...first)
  }

  /** Lets go of the first one that may go; false where only the newest may. */
  #dropFirst(newest: string | number): boolean {
    for (const [key, message] of this.#messages) {
      if (message.tag !== undefined || key === newest) continue
      this.#take(key, message)
      return true
    }
    return false
  }

  #take(key: string | number, message: Outgoing): Outgoing {
    this.#messages.delete(key)
    this.#count(-message.data.length)
    return message
  }

  clear(): number {
    const { size } = this
    this.#messages.clear()
    this.#count(-this.#bytes)
    return size
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    backlog.change(bytes)
  }
}
