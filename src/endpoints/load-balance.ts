import type { MessageContext } from '../core/context.ts'
import type { Endpoint } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import { type EndpointNode, endpointKind } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { boolean, text } from '../language/types.ts'
import type { Message } from '../message/message.ts'
import { settingOf } from './endpoint-properties.ts'
import { endpoints, member, memberEndpoint } from './member-fields.ts'
import { Members, type Taken } from './members.ts'

/** The most turns in a row that a weight may give. */
const MAX_WEIGHT = 1_000

/** Gives each message to the next of several endpoints. */
export class LoadBalanceEndpoint implements Endpoint {
  readonly name: string
  readonly #members: Members
  /** The members in the order of their turns, each as often as it weighs. */
  readonly #turns: readonly Endpoint[]
  #next = 0

  constructor(name: string, turns: readonly Endpoint[], members: Members) {
    this.name = name
    this.#turns = turns
    this.#members = members
  }

  get isReady(): boolean {
    return this.#members.isReady
  }

  get keepsLinks(): boolean {
    return this.#members.keepsLinks
  }

  /** @throws Fault 303000 when no endpoint takes the message */
  deliver(ctx: MessageContext, taken?: Taken): MaybePromise<Message | undefined> {
    const turns = this.#turns
    let turn = -1
    const order = (): readonly Endpoint[] => {
      turn = this.#takeTurn()
      return [...new Set([...turns.slice(turn), ...turns.slice(0, turn)])]
    }
    return this.#members.deliver(ctx, order, member => {
      // Who stood in for another has had a turn.
      if (turn >= 0 && turns[turn] !== member) {
        const later = turns.indexOf(member, turn)
        this.#next = (later < 0 ? turns.indexOf(member) : later) + 1
      }
      taken?.(member)
    })
  }

  /** Gives the turn of the next member that is ready; who is not ready misses the turn. */
  #takeTurn(): number {
    const turns = this.#turns
    let turn = this.#next % turns.length
    for (let i = 1; i < turns.length && turns[turn]!.isReady === false; i++) turn = (turn + 1) % turns.length
    this.#next = turn + 1
    return turn
  }
}

/** Several endpoints that take turns. */
export const loadBalanceEndpoint = endpointKind({
  element: 'loadbalance',
  summary: 'Gives each message to the next of several endpoints.',
  fields: {
    policy: attribute(text, { doc: 'roundRobin.' }),
    algorithm: attribute(text, {
      doc: 'Name of the rule: one that contains Weighted gives each its `loadbalance.weight` turns in a row, any other takes turns.',
    }),
    failover: attribute(boolean, { doc: 'Whether another is tried when one fails.', default: true }),
    buildMessage: attribute(boolean, { doc: 'Accepted; a message can always be sent again.' }),
    endpoint: endpoints,
    member,
  },
  ignored: { alogorithm: 'it is no attribute; algorithm is' },
  notes:
    'Endpoints that are suspended miss their turn. The messages of a client session stay at one WebSocket endpoint as long as it is ready.\n\nCompatibility: `WeightedRRLC` weighs as `WeightedRoundRobin` does; connections are not counted.',
  example: `<endpoint>
    <loadbalance>
        <endpoint><address uri="http://localhost:8081/orders"/></endpoint>
        <endpoint><address uri="http://localhost:8082/orders"/></endpoint>
    </loadbalance>
</endpoint>`,
  check({ endpoint, member }, wrong) {
    if (endpoint.length + member.length === 0)
      wrong('<loadbalance> needs at least one <endpoint> or <member>.', { code: 'missing' })
  },
  compile(config, build, name, span) {
    const nodes = config.endpoint
    const compiled = nodes.map(node => build.endpoint(node))
    const hosts = config.member.map(host => memberEndpoint(host, build, span))
    const all = [...compiled, ...hosts]
    const weights = [...nodes.map(weightOf), ...hosts.map(() => 1)]
    const isWeighted = /weighted/i.test(config.algorithm ?? '')
    const members = new Members(name || 'the load-balance group', all, config.failover)
    return new LoadBalanceEndpoint(name, isWeighted ? weighted(all, weights) : all, members)
  },
})

function weightOf(node: EndpointNode): number {
  const weight = Number(settingOf(node, 'loadbalance.weight') ?? 1)
  return Number.isInteger(weight) && weight > 0 ? Math.min(weight, MAX_WEIGHT) : 1
}

/** Compatibility: the heaviest comes first. */
function weighted(all: readonly Endpoint[], weights: readonly number[]): Endpoint[] {
  return all
    .map((endpoint, i) => ({ endpoint, weight: weights[i]! }))
    .toSorted((a, b) => b.weight - a.weight)
    .flatMap(({ endpoint, weight }) => Array.from({ length: weight }, () => endpoint))
}
