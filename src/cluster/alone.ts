import type { Cluster } from '../core/cluster.ts'
import type { Lifecycle } from '../core/ports.ts'
import type { Repetition } from '../core/repetition.ts'
import { Repeating } from '../sequences/repeating.ts'

/** A process that runs alone: everything is done here. */
export class Alone implements Cluster {
  readonly nodeId: string
  readonly bus = undefined
  readonly keys = undefined

  constructor(nodeId: string) {
    this.nodeId = nodeId
  }

  repeating(_name: string, repetition: Repetition): Lifecycle {
    return new Repeating(repetition)
  }

  inOneProcess(_name: string, work: Lifecycle): Lifecycle {
    return work
  }
}
