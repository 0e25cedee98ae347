import type { Cluster } from '../core/cluster.ts'
import type { Lifecycle, MessageStore, ProcessorControl, Service } from '../core/ports.ts'
import { ProcessorRun, type ProcessorSetup } from './processor-run.ts'
import type { ProcessorStates } from './processor-states.ts'
import { isReadable } from './readable-store.ts'

/** A message processor: at work in one process at a time of those that share its store. */
export class Processor implements Lifecycle, ProcessorControl {
  readonly name: string
  readonly kind: string
  readonly store: string
  readonly #service: Service
  readonly #setup: ProcessorSetup
  readonly #states: ProcessorStates
  readonly #cluster: Cluster
  readonly #dataFolder: string
  readonly #run: ProcessorRun
  #activity: Lifecycle | undefined

  constructor(
    service: Service,
    kind: string,
    setup: ProcessorSetup,
    {
      states,
      cluster,
      dataFolder,
    }: {
      readonly states: ProcessorStates
      readonly cluster: Cluster
      readonly dataFolder: string
    },
  ) {
    this.name = service.name
    this.kind = kind
    this.store = setup.store
    this.#service = service
    this.#setup = setup
    this.#states = states
    this.#cluster = cluster
    this.#dataFolder = dataFolder
    this.#run = new ProcessorRun(service, setup)
  }

  get isActive(): boolean {
    return this.#setup.state.isActive
  }

  switchTo(isActive: boolean): Promise<void> {
    this.#service.log.info({}, `${this.#service.label}it is ${isActive ? 'activated' : 'deactivated'}`)
    return this.#states.switchTo(this.#setup.state, isActive)
  }

  async start(): Promise<void> {
    await this.#states.restore(this.#setup.state)
    this.#activity = this.#activityFor(this.#service.deployment.messageStore(this.store))
    await this.#activity.start()
  }

  async stop(graceMs: number): Promise<void> {
    this.#run.end()
    await this.#activity?.stop(graceMs)
  }

  /** Messages in memory are there for this process alone, those in a file for all of this server. */
  #activityFor(source: MessageStore | undefined): Lifecycle {
    if (!isReadable(source) || source.kind === 'in memory') return this.#run
    const { server, nodeId } = this.#cluster
    const what = `message processor ${this.name}`
    return this.#inOneProcess(
      source.kind === 'redis' ? what : `${what}, ${server ?? nodeId}, ${this.#dataFolder}`,
    )
  }

  #inOneProcess(name: string): Lifecycle {
    const run = this.#run
    const owned = this.#cluster.inOneProcess(name, {
      start: async () => {
        // Another process may have switched it off before it left.
        await this.#states.restore(this.#setup.state)
        await run.start()
      },
      stop: graceMs => run.stop(graceMs),
    })
    run.place = owned
    return owned
  }
}
