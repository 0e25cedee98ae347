import { Fault } from '../core/fault.ts'
import type { LinkOptions } from './link-options.ts'

interface Waiter {
  readonly bytes: number
  opened(): void
  failed(fault: Fault): void
}

/** Those who wait for the handshake of one link: in order, and bounded by what they have to send. */
export class LinkWaiters {
  readonly #address: string
  readonly #limits: LinkOptions['queue']
  #waiters: Waiter[] = []
  #bytes = 0

  constructor(address: string, limits: LinkOptions['queue']) {
    this.#address = address
    this.#limits = limits
  }

  /**
   * Resolves when the handshake is done, for so many bytes that are to be sent then.
   * @throws Fault 101509 when too much waits already; rejects with the fault of a handshake that fails
   */
  wait(bytes: number): Promise<void> {
    const { maxMessages, maxBytes } = this.#limits
    if (this.#waiters.length >= maxMessages || this.#bytes + bytes > maxBytes) {
      throw new Fault(101509, `${this.#waiters.length} messages already wait for ${this.#address}`)
    }
    this.#bytes += bytes
    return new Promise((opened, failed) => this.#waiters.push({ bytes, opened, failed }))
  }

  /** The handshake is done. */
  opened(): void {
    for (const waiter of this.#take()) waiter.opened()
  }

  /** The handshake has failed, and will not be tried again. */
  failed(fault: Fault): void {
    for (const waiter of this.#take()) waiter.failed(fault)
  }

  #take(): Waiter[] {
    this.#bytes = 0
    return this.#waiters.splice(0)
  }
}
