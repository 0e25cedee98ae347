import type { Link } from '../core/session.ts'
import type { LaneSource } from '../sequences/lane.ts'

/** The links of one session. They are read only while their messages can go on: no lane waits, no client is behind. */
export class SessionLinks implements LaneSource {
  #links: Map<string, Link> | undefined
  #isLaneWaiting = false
  #isClientBehind = false

  get(key: string): Link | undefined {
    return this.#links?.get(key)
  }

  add(key: string, link: Link): void {
    this.#links ??= new Map()
    this.#links.set(key, link)
  }

  remove(key: string, link: Link): void {
    if (this.#links?.get(key) === link) this.#links.delete(key)
  }

  /** Ends all links. */
  closeAll(code: number | undefined, reason: string): void {
    for (const link of [...(this.#links?.values() ?? [])]) link.close(code, reason)
  }

  pause(): void {
    this.#isLaneWaiting = true
    this.#each('pause')
  }

  resume(): void {
    this.#isLaneWaiting = false
    if (!this.#isClientBehind) this.#each('resume')
  }

  /** Stops reading until `clientDrained`. */
  clientBehind(): void {
    this.#isClientBehind = true
    this.#each('pause')
  }

  clientDrained(): void {
    this.#isClientBehind = false
    if (!this.#isLaneWaiting) this.#each('resume')
  }

  #each(action: 'pause' | 'resume'): void {
    for (const link of this.#links?.values() ?? []) link[action]()
  }
}
