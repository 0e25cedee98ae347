import type { Bus, Cluster, Ownership, SharedKeys } from '../core/cluster.ts'
import type { Logger } from '../core/logger.ts'
import type { Lifecycle } from '../core/ports.ts'
import type { Repetition } from '../core/repetition.ts'
import type { Arbiter } from './arbiter.ts'
import { AwayFromHere, mayRunHere } from './pinned.ts'
import { Topics } from './topics.ts'

/** What connects the processes of a cluster. */
export interface ClusterLink extends Lifecycle, Omit<Bus, 'subscribe'> {
  readonly arbiter: Arbiter
  readonly keys: SharedKeys
}

/** What a cluster is made of once it starts. */
export interface ClusterParts {
  readonly link: ClusterLink
  repeating(name: string, repetition: Repetition): Lifecycle
  inOneProcess(name: string, work: Lifecycle, bus: Bus): Ownership
}

/** Makes the parts; messages of other processes are handed to the topics. */
export type LoadParts = (topics: Topics) => Promise<ClusterParts>

/** Several processes that run one configuration together. What that takes is loaded when it starts. */
export class SharedCluster implements Cluster, Lifecycle {
  readonly nodeId: string
  readonly server: string
  readonly bus: Bus
  readonly keys: SharedKeys
  readonly #load: LoadParts
  readonly #topics: Topics
  #parts: ClusterParts | undefined

  constructor({ nodeId, server }: { nodeId: string; server: string }, load: LoadParts, log: Logger) {
    this.nodeId = nodeId
    this.server = server
    this.#load = load
    this.#topics = new Topics(log)
    this.bus = this.#makeBus()
    this.keys = this.#makeKeys()
  }

  async start(): Promise<void> {
    this.#parts ??= await this.#load(this.#topics)
    await this.#parts.link.start()
  }

  async stop(graceMs: number): Promise<void> {
    await this.#parts?.link.stop(graceMs)
  }

  repeating(name: string, repetition: Repetition): Lifecycle {
    if (!mayRunHere(repetition, this)) return new AwayFromHere(repetition, this)
    let made: Lifecycle | undefined
    return {
      start: async () => {
        made ??= this.#reach().repeating(name, repetition)
        await made.start()
      },
      stop: async graceMs => made?.stop(graceMs),
    }
  }

  inOneProcess(name: string, work: Lifecycle): Ownership {
    let made: Ownership | undefined
    return {
      get isHere() {
        return made?.isHere === true
      },
      start: async () => {
        made ??= this.#reach().inOneProcess(name, work, this.bus)
        await made.start()
      },
      stop: async graceMs => made?.stop(graceMs),
    }
  }

  #makeBus(): Bus {
    const link = (): ClusterLink | undefined => this.#parts?.link
    return {
      get others() {
        return link()?.others ?? []
      },
      publish: (topic, message) => link()?.publish(topic, message) === true,
      sendTo: (nodeId, topic, message) => link()?.sendTo(nodeId, topic, message) === true,
      subscribe: (topic, take) => this.#topics.subscribe(topic, take),
    }
  }

  #makeKeys(): SharedKeys {
    const isThere = (): boolean => this.#parts?.link.keys.isThere === true
    return {
      get isThere() {
        return isThere()
      },
      get: async key => this.#reach().link.keys.get(key),
      set: async (key, value, ttlMs) => this.#reach().link.keys.set(key, value, ttlMs),
      delete: async key => this.#reach().link.keys.delete(key),
      count: async (key, windowMs) => this.#reach().link.keys.count(key, windowMs),
    }
  }

  #reach(): ClusterParts {
    if (!this.#parts) throw new Error('this process has not joined the others yet')
    return this.#parts
  }
}
