import type { MessageContext } from '../core/context.ts'
import type { Lifecycle, Pipeline, Service } from '../core/ports.ts'
import type { CronSchedule } from '../language/cron.ts'
import type { Resource } from '../language/declare.ts'
import { exchange } from '../sequences/exchange.ts'
import { pause, Repeating } from '../sequences/repeating.ts'
import { isReadable, type ReadableStore } from './readable-store.ts'
import type { StoredMessage } from './stored-message.ts'

/** When a message processor runs, and how much it does then. */
export interface Pace {
  readonly intervalMs: number
  readonly cron: CronSchedule | undefined
  /** Set where one run empties the store: the pause between two messages. */
  readonly drainPauseMs: number | undefined
  readonly members: number
}

/** Whether a message processor is at work; kept across deployments. */
export class ProcessorState implements Resource {
  isActive: boolean

  constructor(isActive: boolean) {
    this.isActive = isActive
  }

  async stop(): Promise<void> {}
}

/** What a message processor does with one message. */
export interface Work {
  /** Deals with a message that was taken: removes it, or leaves it to be put back. */
  one(message: StoredMessage, store: ReadableStore, signal: AbortSignal): Promise<void>
  /** Messages taken per run; they go side by side. */
  readonly concurrency?: number
}

/** A message processor: takes messages from its store by a schedule, as long as it is active. */
export class Processor implements Lifecycle {
  readonly #members: readonly Repeating[]

  constructor(
    service: Service,
    { store, state, pace, work }: { store: string; state: ProcessorState; pace: Pace; work: Work },
  ) {
    const run = async (signal: AbortSignal): Promise<void> => {
      const source = service.deployment.messageStore(store)
      if (!isReadable(source)) {
        if (!state.isActive) return
        state.isActive = false
        service.log.error({}, `${service.label}there is no message store ${store} to read; it does nothing`)
        return
      }
      while (state.isActive && !signal.aborted) {
        const taken = await takeSome(source, work, signal)
        if (taken === 0 || pace.drainPauseMs === undefined) return
        if (pace.drainPauseMs > 0 && !(await pause(pace.drainPauseMs, signal))) return
      }
    }
    const next = (_count: number, lastMs: number): number | undefined =>
      pace.cron ? pace.cron.after(lastMs) : lastMs + pace.intervalMs
    this.#members = Array.from(
      { length: pace.members },
      () => new Repeating({ what: `${service.kind} ${service.name}`, next, run, log: service.log }),
    )
  }

  async start(): Promise<void> {
    for (const member of this.#members) await member.start()
  }

  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#members.map(member => member.stop(graceMs)))
  }
}

async function takeSome(store: ReadableStore, work: Work, signal: AbortSignal): Promise<number> {
  const taken: StoredMessage[] = []
  for (let i = 0; i < (work.concurrency ?? 1); i++) {
    const message = await store.take()
    if (!message) break
    taken.push(message)
  }
  await Promise.all(
    taken.map(async message => {
      try {
        await work.one(message, store, signal)
      } finally {
        // One that was removed is gone; any other is there for the next run.
        await store.release(message)
      }
    }),
  )
  return taken.length
}

/** Runs a message through a sequence as an exchange of its own. */
export async function inject(ctx: MessageContext, sequence: Pipeline | undefined): Promise<void> {
  if (!sequence) return
  ctx.service.counters.received++
  await exchange(ctx, sequence)
}
