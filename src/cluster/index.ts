import { hostname } from 'node:os'
import type { Cluster } from '../core/cluster.ts'
import type { Logger } from '../core/logger.ts'
import type { Lifecycle } from '../core/ports.ts'
import { Alone } from './alone.ts'
import { type ClusterLink, type LoadParts, SharedCluster } from './shared-cluster.ts'
import type { Topics } from './topics.ts'
import { workerNumber } from './worker.ts'

/** What a cluster is made of. */
export interface ClusterSettings {
  /** Name of this server; default the name of the machine. */
  readonly nodeId: string | undefined
  readonly redisUrl: string | undefined
  readonly redisPrefix: string
}

/**
 * Makes the cluster this process is part of: over Redis where there is one, over the process that started it where it
 * is one of several workers, otherwise one of its own. Nothing is connected before `start`.
 */
export function openCluster(settings: ClusterSettings, log: Logger): Cluster & Lifecycle {
  const server = settings.nodeId ?? hostname()
  const worker = workerNumber()
  const name = settings.nodeId ?? `${server}-${process.pid}`
  const nodeId = worker !== undefined && settings.nodeId !== undefined ? `${name}-${worker}` : name
  const { redisUrl, redisPrefix } = settings
  if (redisUrl === undefined && worker === undefined) return new Alone(nodeId, server)
  const linkBy = async (topics: Topics): Promise<ClusterLink> => {
    if (redisUrl === undefined) return new (await import('./workers.ts')).Workers(nodeId, topics)
    const { RedisLink } = await import('./redis-cluster.ts')
    return new RedisLink({ nodeId, url: redisUrl, prefix: redisPrefix }, topics, log)
  }
  // A gateway that is alone loads nothing of this.
  const load: LoadParts = async topics => {
    const { partsOver } = await import('./shared-parts.ts')
    return partsOver(await linkBy(topics), nodeId, log)
  }
  return new SharedCluster({ nodeId, server }, load, log)
}
