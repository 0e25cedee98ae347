import type { Groups } from '../core/groups.ts'
import type { Build, Resource } from '../language/declare.ts'
import { SessionGroups } from '../sequences/session-groups.ts'
import { clusterCounters } from './cluster-counters.ts'
import { SharedGroups } from './shared-groups.ts'

/** Gives the groups of sessions: all artifacts share them, other processes too, and they outlive a deployment. */
export function sessionGroups(build: Pick<Build, 'settings' | 'cluster' | 'resource' | 'log'>): Groups {
  const { maxPerSession, answerTimeoutMs } = build.settings.webSocket.groups
  const { bus, nodeId } = build.cluster
  return build.resource('groups of sessions', (): Groups & Resource => {
    const here = new SessionGroups(maxPerSession, nodeId)
    return bus
      ? new SharedGroups({
          here,
          bus,
          nodeId,
          answerTimeoutMs,
          counters: clusterCounters(build),
          log: build.log,
        })
      : here
  })
}
