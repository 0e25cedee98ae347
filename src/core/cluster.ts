import type { Lifecycle } from './ports.ts'
import type { Repetition } from './repetition.ts'

/** The processes that run one configuration together. One that runs alone is a cluster of one, and waits for nobody. */
export interface Cluster {
  /** Names this process among them. */
  readonly nodeId: string
  /** Names the server it is part of, where that has several processes; otherwise it is the same as `nodeId`. */
  readonly server?: string
  /** What goes to the other processes; undefined where there are none. */
  readonly bus: Bus | undefined
  /** What all of them see; undefined where there are none. */
  readonly keys: SharedKeys | undefined
  /** Runs something by a schedule: each time is run by one of the processes, whichever is there. */
  repeating(name: string, repetition: Repetition): Lifecycle
  /** Has something run in one process at a time: another one starts it when that one has stopped, or is gone. */
  inOneProcess(name: string, work: Lifecycle): Ownership
}

/** Something that runs in one process at a time. */
export interface Ownership extends Lifecycle {
  /**
   * Whether this process may do it now. What runs looks here before it takes up anything new: a process that was held
   * up for so long that another one took its place learns of it here first, and is stopped a moment later.
   */
  readonly isHere: boolean
}

/** Carries messages between processes, each at most once. A process does not get its own. */
export interface Bus {
  /** The other processes that are there. */
  readonly others: readonly string[]
  /** Sends to all of them; false where it cannot be sent now. */
  publish(topic: string, message: Buffer): boolean
  /** Sends to one of them; false where it cannot be sent now, or there is none of that name. */
  sendTo(nodeId: string, topic: string, message: Buffer): boolean
  /** Calls back for what comes under a topic; what this gives ends it. */
  subscribe(topic: string, take: (message: Buffer, from: string) => void): () => void
}

/** Values that all processes share. Each call rejects, soon, when they cannot be reached. */
export interface SharedKeys {
  /** Whether they can be reached now, as far as is known. */
  readonly isThere: boolean
  get(key: string): Promise<Buffer | undefined>
  set(key: string, value: Buffer, ttlMs: number): Promise<void>
  delete(key: string): Promise<void>
  /** Adds one to a counter that is there for so long from its first one on. */
  count(key: string, windowMs: number): Promise<{ readonly count: number; readonly leftMs: number }>
}
