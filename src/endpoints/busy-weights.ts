import type { MessageContext } from '../core/context.ts'
import type { Endpoint } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Message } from '../message/message.ts'
import { attempt } from './around.ts'
import type { Weights } from './turns.ts'

/** What an endpoint weighs, and how far what it has to do may move that. */
export interface Weight {
  readonly fixed: number
  readonly min: number
  readonly max: number
}

/** An endpoint that counts the messages it has not answered yet. */
export class CountedEndpoint implements Endpoint {
  readonly name: string
  readonly #target: Endpoint
  #inFlight = 0

  constructor(target: Endpoint) {
    this.name = target.name
    this.#target = target
  }

  /** How many messages are on their way. */
  get inFlight(): number {
    return this.#inFlight
  }

  get isReady(): boolean | undefined {
    return this.#target.isReady
  }

  get keepsLinks(): boolean | undefined {
    return this.#target.keepsLinks
  }

  deliver(ctx: MessageContext): MaybePromise<Message | undefined> {
    return this.#counted(this.#target.deliver(ctx))
  }

  attempt(ctx: MessageContext): MaybePromise<Message | undefined> {
    return this.#counted(attempt(this.#target, ctx))
  }

  #counted(answer: MaybePromise<Message | undefined>): MaybePromise<Message | undefined> {
    if (!(answer instanceof Promise)) return answer
    this.#inFlight++
    return answer.finally(() => {
      this.#inFlight--
    })
  }
}

/**
 * Weighs endpoints by what they have to do: one that has less than its share of what is in flight weighs more,
 * `fixed + round((share of the weights - share of what is in flight) x all that is in flight)`, within its limits.
 */
export function busyWeights(members: readonly CountedEndpoint[], weights: readonly Weight[]): Weights {
  const inFlight = members.reduce((sum, member) => sum + member.inFlight, 0)
  const total = weights.reduce((sum, { fixed }) => sum + fixed, 0)
  return weights.map(({ fixed, min, max }, i) => {
    if (inFlight === 0) return fixed
    const share = members[i]!.inFlight / inFlight
    const moved = fixed + Math.round((fixed / total - share) * inFlight)
    return Math.min(Math.max(moved, min), max)
  })
}
