import type { Build, Resource } from '../language/declare.ts'

/** Counts what several processes could not do as one. */
export class ClusterCounters implements Resource {
  /** Messages for sessions that could not be sent to other processes. */
  unsent = 0
  /** Messages for sessions of which other processes did not say in time what became of them. */
  unanswered = 0
  /** Requests at throttles that were counted in this process alone. */
  countedAlone = 0
  /** Responses that a cache could not look up in, or give to, what all processes share. */
  unshared = 0

  async stop(): Promise<void> {}
}

/** Gives the counters, one for the gateway. */
export function clusterCounters(build: Pick<Build, 'resource'>): ClusterCounters {
  return build.resource('counters of the cluster', () => new ClusterCounters())
}
