import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Fault } from '../core/fault.ts'
import type { Lifecycle, Service } from '../core/ports.ts'
import type { CronSchedule } from '../language/cron.ts'
import { pause, Repeating } from '../sequences/repeating.ts'
import type { ProcessorState } from './processor-state.ts'
import { type Patience, ProcessorStore } from './processor-store.ts'
import { isReadable } from './readable-store.ts'
import { type Place, Shift } from './shift.ts'
import type { TakenMessage } from './taken-message.ts'

/** When a message processor runs, and how much it does then. */
export interface Pace {
  readonly intervalMs: number
  readonly cron: CronSchedule | undefined
  /** Set where one run empties the store: the pause between two messages. */
  readonly drainPauseMs: number | undefined
  readonly members: number
}

/** What a message processor does with one message. */
export interface Work {
  /** Deals with a message that was taken: removes it, buries it, or leaves it to be put back. */
  one(taken: TakenMessage, shift: Shift): Promise<void>
  /** Stops the processor for a reason that has to do with no message. */
  stopFor(fault: Fault): Promise<void>
  /** Messages taken per run; they go side by side. */
  readonly concurrency?: number
}

/** How a message processor is made. */
export interface ProcessorSetup {
  /** Name of the store it takes messages from. */
  readonly store: string
  readonly state: ProcessorState
  readonly pace: Pace
  readonly patience: Patience
  readonly work: Work
}

/** How long messages may follow each other before whatever else there is gets its turn. */
const TURN_MS = 4

/** A message processor at work in this process: takes messages from its store by a schedule, as long as it is active. */
export class ProcessorRun implements Lifecycle {
  /** Tells whether it is this process that may run it, where there are others. */
  place: Place | undefined
  readonly #service: Service
  readonly #setup: ProcessorSetup
  readonly #members: readonly Repeating[]
  readonly #inHand = new Set<TakenMessage>()
  #life = new AbortController()

  constructor(service: Service, setup: ProcessorSetup) {
    this.#service = service
    this.#setup = setup
    const { cron, intervalMs, members } = setup.pace
    // The first run is at once: whoever takes over from another process, or starts, has messages that wait.
    const next = (count: number, lastMs: number): number | undefined =>
      cron ? cron.after(lastMs) : count === 0 ? lastMs : lastMs + intervalMs
    const run = (signal: AbortSignal): Promise<void> => this.#run(signal)
    const what = `${service.kind} ${service.name}`
    this.#members = Array.from(
      { length: members },
      () => new Repeating({ what, next, run, log: service.log }),
    )
  }

  async start(): Promise<void> {
    if (this.#life.signal.aborted) this.#life = new AbortController()
    for (const member of this.#members) await member.start()
  }

  /** Lets the messages in hand end within the time given; those that do not are put back. */
  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#members.map(member => member.stop(graceMs)))
    await Promise.all([...this.#inHand].map(taken => taken.putBack()))
    await this.#leave()
  }

  async #leave(): Promise<void> {
    const source = this.#service.deployment.messageStore(this.#setup.store)
    try {
      if (isReadable(source)) await source.leave?.()
    } catch {
      // It is away, and knows of its own accord when this process takes nothing.
    }
  }

  /** Nothing is waited for any more: it is not started again, or not soon. */
  end(): void {
    this.#life.abort()
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { store: name, state, patience, work } = this.#setup
    const service = this.#service
    const shift = new Shift(signal, { life: this.#life.signal, state, place: this.place })
    if (shift.isOver) return
    const source = service.deployment.messageStore(name)
    if (!isReadable(source)) {
      state.become(false)
      service.log.error({}, `${service.label}there is no message store ${name} to read; it does nothing`)
      return
    }
    const store = new ProcessorStore(source, {
      service,
      patience,
      shift,
      inHand: this.#inHand,
      isLost: fault => work.stopFor(fault),
    })
    try {
      await this.#drain(store, shift)
    } finally {
      await store.told()
    }
  }

  async #drain(store: ProcessorStore, shift: Shift): Promise<void> {
    const { drainPauseMs } = this.#setup.pace
    let since = performance.now()
    while (!shift.isOver) {
      const isEmpty = !(await this.#takeSome(store, shift))
      if (isEmpty || drainPauseMs === undefined) return
      if (drainPauseMs > 0) {
        if (!(await pause(drainPauseMs, shift.signal))) return
      } else if (performance.now() - since > TURN_MS) {
        await nextTurn()
        since = performance.now()
      }
    }
  }

  /** Says whether there was a message. */
  async #takeSome(store: ProcessorStore, shift: Shift): Promise<boolean> {
    const { concurrency = 1 } = this.#setup.work
    const first = await store.take()
    if (!first) return false
    if (concurrency === 1) {
      await this.#one(first, shift)
      return true
    }
    const all = [this.#one(first, shift)]
    while (all.length < concurrency && !shift.isOver) {
      const taken = await store.take()
      if (!taken) break
      all.push(this.#one(taken, shift))
    }
    await Promise.all(all)
    return true
  }

  async #one(taken: TakenMessage, shift: Shift): Promise<void> {
    try {
      await this.#setup.work.one(taken, shift)
    } finally {
      await taken.putBack()
    }
  }
}
