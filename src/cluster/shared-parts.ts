import type { Logger } from '../core/logger.ts'
import { Owned } from './owned.ts'
import type { ClusterLink, ClusterParts } from './shared-cluster.ts'
import { SharedRepeating } from './shared-repeating.ts'

/** Makes what the processes of a cluster do together, over what connects them. */
export function partsOver(link: ClusterLink, nodeId: string, log: Logger): ClusterParts {
  const { arbiter } = link
  return {
    link,
    repeating: (name, repetition) => new SharedRepeating(name, repetition, arbiter),
    inOneProcess: (name, work, bus) => new Owned(name, work, { nodeId, bus, arbiter, log }),
  }
}
