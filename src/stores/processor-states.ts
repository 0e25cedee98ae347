import type { Cluster } from '../core/cluster.ts'
import type { Logger } from '../core/logger.ts'
import type { Resource, StorageSettings } from '../language/declare.ts'
import { pause } from '../sequences/repeating.ts'
import { ProcessorFile } from './processor-file.ts'
import { ProcessorState } from './processor-state.ts'

const TOPIC = 'message processor'

/** How long a state is kept that nobody changes: about ten years. */
const KEPT_MS = 10 * 365 * 24 * 3_600_000

/** How long to wait before a state that could not be kept is tried again. */
const AGAIN_MS = 1_000

/**
 * Which message processors are at work, over deployments and restarts: in the keys that all processes share, and
 * where those may go with the processes, in a file. What nobody ever switched is as the configuration says.
 */
export class ProcessorStates implements Resource {
  readonly #states = new Map<string, ProcessorState>()
  readonly #cluster: Cluster
  /** Undefined where the keys are safe by themselves. */
  readonly #file: ProcessorFile | undefined
  readonly #log: Logger
  readonly #keeping = new Map<string, Promise<void>>()
  readonly #stopping = new AbortController()
  #unsubscribe: (() => void) | undefined

  constructor(
    cluster: Cluster,
    { dataFolder, redisUrl }: Pick<StorageSettings, 'dataFolder' | 'redisUrl'>,
    log: Logger,
  ) {
    this.#cluster = cluster
    this.#file = cluster.keys && redisUrl !== undefined ? undefined : new ProcessorFile(dataFolder, log)
    this.#log = log
  }

  /** Gives the state of a processor, the same one at each call; how it begins counts for the first. */
  of(name: string, isActive: boolean): ProcessorState {
    this.#unsubscribe ??= this.#cluster.bus?.subscribe(TOPIC, message => this.#heard(message))
    const state = this.#states.get(name) ?? new ProcessorState(name, isActive)
    this.#states.set(name, state)
    return state
  }

  /** Brings a state up to what is kept of it. */
  async restore(state: ProcessorState): Promise<void> {
    // What is still being kept is newer.
    if (this.#keeping.has(state.name)) return
    try {
      const shared = await this.#cluster.keys?.get(keyOf(state.name))
      const isActive = shared ? shared.toString() === 'active' : await this.#file?.get(state.name)
      if (isActive !== undefined && state.become(isActive))
        this.#log.info(
          {},
          `message processor ${state.name} is ${isActive ? 'active' : 'inactive'}, as it was left`,
        )
    } catch (error) {
      const reason = (error as Error).message
      this.#log.warn({}, `how message processor ${state.name} was left cannot be read: ${reason}`)
    }
  }

  /** Switches a processor on or off; resolves when that is kept, or the gateway stops. */
  async switchTo(state: ProcessorState, isActive: boolean): Promise<void> {
    if (state.become(isActive)) await this.#keep(state)
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.()
    this.#stopping.abort()
    await Promise.all(this.#keeping.values())
  }

  #keep(state: ProcessorState): Promise<void> {
    const known = this.#keeping.get(state.name)
    if (known !== undefined) return known
    const kept = this.#keepOn(state).finally(() => this.#keeping.delete(state.name))
    this.#keeping.set(state.name, kept)
    return kept
  }

  /** Tries until the latest state is kept. */
  async #keepOn(state: ProcessorState): Promise<void> {
    for (let attempts = 1; ; attempts++) {
      const { isActive } = state
      try {
        await this.#write(state.name, isActive)
        if (state.isActive === isActive) return
      } catch (error) {
        if (attempts === 1)
          this.#log.error(
            {},
            `that message processor ${state.name} is ${isActive ? 'active' : 'inactive'} cannot be kept, and is tried again: ${(error as Error).message}`,
          )
        if (!(await pause(AGAIN_MS, this.#stopping.signal))) return
      }
    }
  }

  async #write(name: string, isActive: boolean): Promise<void> {
    const { keys, bus } = this.#cluster
    const text = isActive ? 'active' : 'inactive'
    await this.#file?.set(name, isActive)
    await keys?.set(keyOf(name), Buffer.from(text), KEPT_MS)
    if (bus && bus.others.length > 0 && !bus.publish(TOPIC, Buffer.from(JSON.stringify({ name, isActive }))))
      throw new Error('the other processes cannot be told')
  }

  #heard(message: Buffer): void {
    const { name, isActive } = JSON.parse(message.toString()) as { name: string; isActive: boolean }
    this.#states.get(name)?.become(isActive)
  }
}

function keyOf(name: string): string {
  return `message processor ${name}`
}
