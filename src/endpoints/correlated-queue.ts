import type { CorrelatedCall } from './correlated-call.ts'

/** So many gaps are not worth closing. */
const FEW = 64

/** Calls that wait for their turn, in order. Any of them may go before. */
export class CallQueue {
  #calls: (CorrelatedCall | undefined)[] = []
  #first = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(call: CorrelatedCall): void {
    this.#calls.push(call)
    call.isQueued = true
    this.#size++
  }

  /** Takes the first one out. */
  shift(): CorrelatedCall | undefined {
    while (this.#first < this.#calls.length) {
      const call = this.#calls[this.#first]!
      this.#calls[this.#first++] = undefined
      // Both end up together: there is nothing left to go through twice.
      if (this.#first >= FEW && this.#first * 2 > this.#calls.length) this.#close()
      if (!call.isQueued) continue
      call.isQueued = false
      this.#size--
      return call
    }
    return undefined
  }

  /** Takes one out; says whether it was there. */
  remove(call: CorrelatedCall): boolean {
    if (!call.isQueued) return false
    call.isQueued = false
    this.#size--
    if (this.#calls.length > FEW && this.#calls.length > 2 * this.#size) this.#close()
    return true
  }

  #close(): void {
    this.#calls = this.#calls.filter(call => call?.isQueued)
    this.#first = 0
  }
}
