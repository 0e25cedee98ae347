import type { Endpoint } from '../core/ports.ts'

/** How often each of several endpoints has its turn in a cycle, in the order of the endpoints. */
export type Weights = readonly number[]

/** How the turns of a group are given. */
export interface TurnsOptions {
  /** Undefined gives each one turn, in the order written. */
  readonly weights?: Weights
  /** Weighs anew; asked at the end of so many cycles as `everyCycles` says. */
  readonly weigh?: () => Weights
  readonly everyCycles?: number
}

/** The turns that several endpoints take, cycle after cycle. Who is not ready when its turn comes misses it. */
export class Turns {
  readonly #all: readonly Endpoint[]
  readonly #weigh: (() => Weights) | undefined
  readonly #everyCycles: number
  #turns: readonly Endpoint[]
  #next = 0
  #cycles = 0

  constructor(all: readonly Endpoint[], { weights, weigh, everyCycles = 1 }: TurnsOptions = {}) {
    this.#all = all
    this.#weigh = weigh
    this.#everyCycles = everyCycles
    this.#turns = weights ? inTurns(all, weights) : all
  }

  /** Gives the endpoint whose turn it is, of those that are ready and were not tried; undefined where there is none. */
  take(tried: readonly Endpoint[]): Endpoint | undefined {
    for (let i = this.#turns.length; i > 0; i--) {
      const member = this.#advance()
      if (member.isReady !== false && !tried.includes(member)) return member
    }
    // Weights may leave an endpoint out of a cycle: it is there all the same when the others are not.
    return this.#all.find(member => member.isReady !== false && !tried.includes(member))
  }

  #advance(): Endpoint {
    if (this.#next >= this.#turns.length) {
      this.#next = 0
      this.#cycles++
      if (this.#weigh && this.#cycles % this.#everyCycles === 0)
        this.#turns = inTurns(this.#all, this.#weigh())
    }
    return this.#turns[this.#next++]!
  }
}

/** Compatibility: the heaviest comes first, with its turns in a row. Where nothing weighs anything, each has one. */
function inTurns(all: readonly Endpoint[], weights: Weights): readonly Endpoint[] {
  const turns = all
    .map((endpoint, i) => ({ endpoint, weight: weights[i]! }))
    .toSorted((a, b) => b.weight - a.weight)
    .flatMap(({ endpoint, weight }) => Array.from({ length: weight }, () => endpoint))
  return turns.length === 0 ? all : turns
}
