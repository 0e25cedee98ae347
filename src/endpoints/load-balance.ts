import type { MessageContext } from '../core/context.ts'
import type { Endpoint } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import { type EndpointNode, endpointKind } from '../language/declare.ts'
import { attribute } from '../language/field.ts'
import { boolean, text } from '../language/types.ts'
import type { Message } from '../message/message.ts'
import { busyWeights, CountedEndpoint, type Weight } from './busy-weights.ts'
import { settingIn, settingOf } from './endpoint-properties.ts'
import { buildMessage, endpoints, member, memberEndpoint } from './member-fields.ts'
import { Members, type Taken } from './members.ts'
import { Turns } from './turns.ts'

/** The most turns in a row that a weight may give. */
const MAX_WEIGHT = 1_000

/** Gives each message to the next of several endpoints. */
export class LoadBalanceEndpoint implements Endpoint {
  readonly name: string
  readonly #members: Members
  readonly #turns: Turns

  constructor(name: string, members: Members, turns: Turns) {
    this.name = name
    this.#members = members
    this.#turns = turns
  }

  /** Its endpoints, in the order written. */
  get members(): readonly Endpoint[] {
    return this.#members.all
  }

  get isReady(): boolean {
    return this.#members.isReady
  }

  get keepsLinks(): boolean {
    return this.#members.keepsLinks
  }

  /** @throws Fault 303000 when no endpoint takes the message */
  deliver(ctx: MessageContext, taken?: Taken): MaybePromise<Message | undefined> {
    return this.#members.deliver(ctx, this.#next, taken)
  }

  attempt(ctx: MessageContext): MaybePromise<Message | undefined> {
    return this.#members.attempt(ctx, this.#next)
  }

  readonly #next = (tried: readonly Endpoint[]): Endpoint | undefined => this.#turns.take(tried)
}

/** Several endpoints that take turns. */
export const loadBalanceEndpoint = endpointKind({
  element: 'loadbalance',
  summary: 'Gives each message to the next of several endpoints.',
  fields: {
    policy: attribute(text, { doc: 'roundRobin.' }),
    algorithm: attribute(text, {
      doc: 'Name of the rule, with or without its package: RoundRobin (default), WeightedRoundRobin or WeightedRRLC.',
    }),
    failover: attribute(boolean, { doc: 'Whether another is tried when one fails.', default: true }),
    buildMessage,
    endpoint: endpoints,
    member,
  },
  ignored: { alogorithm: 'it is no attribute; algorithm is' },
  notes:
    'Endpoints that are suspended or switched off miss their turn. The messages of a client session stay at one WebSocket endpoint as long as it is ready.\n\n`WeightedRoundRobin` gives each the turns in a row that its property `loadbalance.weight` says (default 1), the heaviest first. `WeightedRRLC` moves these weights by what is in flight: who has less than its share gets more turns, from `loadbalance.weight.min` to `loadbalance.weight.max` (two less and two more than the weight); it weighs anew every `loadbalance.weightedRRLC.roundsPerRecal` cycles (a property of the endpoint around the group, default 1).\n\nCompatibility: `WeightedRRLC` counts the messages that wait for their answer in place of open connections, and any kind of endpoint. `loadbalance.threadLocal` changes nothing: there is one thread.',
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
    const algorithm = algorithmOf(config.algorithm)
    if (!algorithm) {
      const message = `There is no algorithm ${config.algorithm}; the endpoints take turns.`
      build.warning(span, 'no-effect', message, 'Use RoundRobin, WeightedRoundRobin or WeightedRRLC.')
    }
    const made = [
      ...nodes.map(node => build.endpoint(node)),
      ...config.member.map(host => memberEndpoint(host, build, span)),
    ]
    const weights = made.map((_, i) => weightOf(nodes[i]))
    const everyCycles = countOf(settingIn(config, 'loadbalance.weightedRRLC.roundsPerRecal')) || 1
    const { all, turns } = turnsOf(algorithm, made, { weights, everyCycles })
    const builds = config.buildMessage ?? build.settings.httpClient.buildsForFailover
    const label = name || 'the load-balance group'
    const members = new Members({ name: label, all, failsOver: config.failover, builds })
    return new LoadBalanceEndpoint(name, members, turns)
  },
})

type Algorithm = 'RoundRobin' | 'WeightedRoundRobin' | 'WeightedRRLC'

function algorithmOf(name: string | undefined): Algorithm | undefined {
  const simple = name?.trim().replace(/^.*\./, '') || 'RoundRobin'
  if (/^weightedrrlc/i.test(simple)) return 'WeightedRRLC'
  if (/^weightedroundrobin/i.test(simple)) return 'WeightedRoundRobin'
  return /^roundrobin/i.test(simple) ? 'RoundRobin' : undefined
}

function turnsOf(
  algorithm: Algorithm | undefined,
  made: readonly Endpoint[],
  { weights, everyCycles }: { readonly weights: readonly Weight[]; readonly everyCycles: number },
): { readonly all: readonly Endpoint[]; readonly turns: Turns } {
  const fixed = weights.map(weight => weight.fixed)
  if (algorithm === 'WeightedRRLC') {
    const all = made.map(endpoint => new CountedEndpoint(endpoint))
    const weigh = (): readonly number[] => busyWeights(all, weights)
    return { all, turns: new Turns(all, { weights: fixed, weigh, everyCycles }) }
  }
  const options = algorithm === 'WeightedRoundRobin' ? { weights: fixed } : {}
  return { all: made, turns: new Turns(made, options) }
}

function weightOf(node: EndpointNode | undefined): Weight {
  const count = (name: string): number | undefined => node && countOf(settingOf(node, name))
  const fixed = count('loadbalance.weight') || 1
  const min = count('loadbalance.weight.min') ?? Math.max(0, fixed - 2)
  return { fixed, min, max: Math.max(min, count('loadbalance.weight.max') ?? fixed + 2) }
}

function countOf(text: string | undefined): number | undefined {
  const number = Number(text ?? Number.NaN)
  return Number.isInteger(number) && number >= 0 ? Math.min(number, MAX_WEIGHT) : undefined
}
