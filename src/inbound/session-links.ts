import type { Link } from '../core/session.ts'
import type { LaneSource } from '../sequences/lane.ts'
import { ReadAhead } from './read-ahead.ts'

/** The links of one session. They are read as long as their messages can go on, and a little further. */
export class SessionLinks implements LaneSource {
  #links: Map<string, Link> | undefined
  readonly #ahead = new ReadAhead()
  #isClientBehind = false
  /** Links with a message of which there is more than is taken. */
  #held: Set<Link> | undefined
  /** The first link whose handshake was done. */
  opened: Link | undefined

  /** Whether there is no link, not even one that is being opened. */
  get isEmpty(): boolean {
    return this.#links === undefined || this.#links.size === 0
  }

  get(key: string): Link | undefined {
    return this.#links?.get(key)
  }

  add(key: string, link: Link): void {
    this.#links ??= new Map()
    this.#links.set(key, link)
  }

  remove(key: string, link: Link): void {
    if (this.#links?.get(key) === link) this.#links.delete(key)
    this.#held?.delete(link)
  }

  /** Ends all links. */
  closeAll(code: number | undefined, reason: string): void {
    for (const link of [...(this.#links?.values() ?? [])]) link.close(code, reason)
  }

  /** Gives up the links whose handshake is not done: nobody is left to wait for it. */
  giveUpDialing(): void {
    for (const link of [...(this.#links?.values() ?? [])])
      if (!link.isOpen) link.close(1001, 'client connection lost')
  }

  probe(): void {
    for (const link of this.#links?.values() ?? []) link.probe()
  }

  pause(): void {
    this.#ahead.begin()
  }

  resume(): void {
    this.#ahead.end()
    if (!this.#isClientBehind) this.#each('resume')
  }

  /** Counts a message that came over one of them. */
  took(bytes: number): void {
    if (this.#ahead.take(bytes)) this.#each('pause')
  }

  /** Stops reading until `clientDrained`. */
  clientBehind(): void {
    this.#isClientBehind = true
    this.#each('pause')
  }

  clientDrained(): void {
    this.#isClientBehind = false
    if (!this.#ahead.isFull) this.#each('resume')
  }

  /** A message of a link that is still coming in has more than is taken, or not any more. */
  hold(link: Link, isHeldUp: boolean): void {
    if (isHeldUp) {
      this.#held ??= new Set()
      this.#held.add(link)
      link.pause()
    } else if (this.#held?.delete(link) && !this.#isClientBehind && !this.#ahead.isFull) link.resume()
  }

  #each(action: 'pause' | 'resume'): void {
    for (const link of this.#links?.values() ?? [])
      if (action === 'pause' || !this.#held?.has(link)) link[action]()
  }
}
