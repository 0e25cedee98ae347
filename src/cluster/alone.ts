import type { Cluster, Ownership } from '../core/cluster.ts'
import type { Lifecycle } from '../core/ports.ts'
import type { Repetition } from '../core/repetition.ts'
import { Repeating } from '../sequences/repeating.ts'
import { AwayFromHere, mayRunHere } from './pinned.ts'

/** A process that runs alone: everything is done here. */
export class Alone implements Cluster {
  readonly nodeId: string
  readonly server: string
  readonly bus = undefined
  readonly keys = undefined

  constructor(nodeId: string, server = nodeId) {
    this.nodeId = nodeId
    this.server = server
  }

  repeating(_name: string, repetition: Repetition): Lifecycle {
    return mayRunHere(repetition, this) ? new Repeating(repetition) : new AwayFromHere(repetition, this)
  }

  inOneProcess(_name: string, work: Lifecycle): Ownership {
    return {
      isHere: true,
      start: () => work.start(),
      stop: graceMs => work.stop(graceMs),
    }
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}
}
