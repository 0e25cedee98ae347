import type { Cluster } from '../core/cluster.ts'
import type { Lifecycle } from '../core/ports.ts'
import type { Repetition } from '../core/repetition.ts'

type Place = Pick<Cluster, 'nodeId' | 'server' | 'bus'>

/** Tells whether this process is one of those that may run something. */
export function mayRunHere({ servers }: Repetition, { nodeId, server }: Place): boolean {
  return !servers || servers.includes(nodeId) || (server !== undefined && servers.includes(server))
}

/** What runs on other servers; says so when it would start. */
export class AwayFromHere implements Lifecycle {
  readonly #repetition: Repetition
  readonly #place: Place

  constructor(repetition: Repetition, place: Place) {
    this.#repetition = repetition
    this.#place = place
  }

  async start(): Promise<void> {
    const { what, servers, log } = this.#repetition
    const here = this.#place.server ?? this.#place.nodeId
    // With several servers that is as it should be; a server alone may have been given another name.
    const level = this.#place.bus ? 'info' : 'warn'
    log[level]({}, `${what} runs on ${servers!.join(', ')} only; this is ${here}`)
  }

  async stop(): Promise<void> {}
}
