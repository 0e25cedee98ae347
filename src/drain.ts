import type { Ledger } from './core/ledger.ts'
import type { Logger } from './core/logger.ts'
import type { Lifecycle } from './core/ports.ts'
import { type Cut, type Leave, sumOfCuts } from './inbound/leave.ts'
import type { Listener } from './inbound/listener.ts'

/** How a gateway is to stop. Times are in milliseconds. */
export interface DrainPlan extends Leave {
  /** How long requests are still served, each with the end of its connection. */
  readonly announceMs: number
}

/** How far a gateway that stops has come. */
export type DrainStage = 'announcing' | 'ending' | 'closing' | 'releasing' | 'stopped'

/** One step of it, with what is still there. */
export interface DrainStep {
  readonly stage: DrainStage
  /** Milliseconds since it began. */
  readonly ms: number
  readonly requests: number
  readonly sessions: number
  readonly inFlight: number
  /** Says it in words. */
  readonly text: string
  /** How many workers have not come to their end, where it is of several. */
  readonly workers?: number
  /** Set in the last one. */
  readonly outcome?: DrainOutcome
}

/** What became of it. */
export interface DrainOutcome extends Cut {
  /** Whether nothing was cut, and every message is counted to its end. */
  readonly isClean: boolean
  readonly ledger: Ledger
}

/** The parts of a gateway, as far as stopping needs them. */
export interface DrainParts {
  readonly log: Logger
  readonly listeners: readonly Listener[]
  readonly activities: readonly Lifecycle[]
  inFlight(): number
  /** Closes what services used, but for the stores. */
  release(graceMs: number): Promise<void>
  /** Draws up the last ledger, and then closes the stores. */
  settle(graceMs: number): Promise<Ledger>
}

const SAYS: Readonly<Record<DrainStage, string>> = {
  announcing: 'no new clients; requests are answered with the end of their connection',
  ending: 'nothing new is taken; requests, tasks and message processors end',
  closing: 'WebSocket clients are closed, each when it is quiet',
  releasing: 'links and stores are closed',
  stopped: 'stopped',
}

const PROGRESS_MS = 1_000
const TICK_MS = 10

/** The steps of a drain as they are told, for those who want to know how far it is. */
export class DrainSteps {
  readonly #steps: DrainStep[] = []
  #changed = Promise.withResolvers<void>()

  /** The steps so far. */
  get all(): readonly DrainStep[] {
    return this.#steps
  }

  add(step: DrainStep): void {
    this.#steps.push(step)
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  /** Gives the steps so far, and then each as it is added; ends with the last. */
  async *follow(): AsyncGenerator<DrainStep, void, void> {
    for (let next = 0; ; ) {
      const step = this.#steps[next]
      if (!step) {
        await this.#changed.promise
        continue
      }
      yield step
      if (step.stage === 'stopped') return
      next++
    }
  }
}

/** Takes a gateway out of service in stages, from the outside in, and tells how far it is. */
export class Drain {
  readonly #parts: DrainParts
  readonly #plan: DrainPlan
  /** How far it is. */
  readonly steps = new DrainSteps()
  readonly #start = performance.now()
  #stage: DrainStage = 'announcing'

  constructor(parts: DrainParts, plan: DrainPlan) {
    this.#parts = parts
    this.#plan = plan
  }

  /** Does it; never rejects. What fails is logged, and the next thing is done. */
  async run(): Promise<DrainOutcome> {
    const { graceMs, announceMs } = this.#plan
    const { listeners, activities } = this.#parts
    const progress = setInterval(() => this.#add(this.#stage), PROGRESS_MS).unref()
    for (const listener of listeners) listener.announce()
    if (announceMs > 0) {
      this.#enter('announcing')
      await this.#until(() => false, Math.min(announceMs, graceMs / 4))
    }
    this.#enter('ending')
    for (const listener of listeners) listener.close()
    let areActivitiesDone = activities.length === 0
    const idle = Promise.all(
      activities.map(activity =>
        this.#attempt('stopping what runs by itself', () => activity.stop(this.#leftMs)),
      ),
    ).then(() => {
      areActivitiesDone = true
    })
    // One request that takes long does not use up the time of all WebSocket clients.
    await this.#until(() => areActivitiesDone && this.#underWay.requests === 0, this.#leftMs / 4)
    this.#enter('closing')
    const leave = { ...this.#plan, graceMs: this.#leftMs }
    const cuts = await Promise.all(
      listeners.map(listener => this.#attempt('closing a listener', () => listener.leave(leave))),
    )
    await idle
    this.#enter('releasing')
    await this.#attempt('closing links', () => this.#parts.release(this.#leftMs))
    const ledger = await this.#parts.settle(this.#leftMs)
    clearInterval(progress)
    return this.#end(sumOfCuts(cuts.filter(cut => cut !== undefined)), ledger)
  }

  #end(cut: Cut, ledger: Ledger): DrainOutcome {
    const { differences } = ledger
    const isClean = cut.requests === 0 && cut.sessions === 0 && differences.length === 0
    const outcome = { ...cut, isClean, ledger }
    if (!isClean)
      this.#parts.log.warn(
        { ...cut, differences },
        `not all came to its end: ${cut.requests} HTTP requests and ${cut.sessions} WebSocket clients were cut${differences.map(({ text }) => `; ${text}`).join('')}`,
      )
    this.#stage = 'stopped'
    this.#add('stopped', outcome)
    return outcome
  }

  #enter(stage: DrainStage): void {
    this.#stage = stage
    const { requests, sessions, inFlight } = this.#add(stage)
    this.#parts.log.info({ stage, requests, sessions, inFlight }, `stopping: ${SAYS[stage]}`)
  }

  #add(stage: DrainStage, outcome?: DrainOutcome): DrainStep {
    const step: DrainStep = {
      stage,
      ms: Math.round(performance.now() - this.#start),
      ...this.#underWay,
      inFlight: this.#parts.inFlight(),
      text: SAYS[stage],
      ...(outcome && { outcome }),
    }
    this.steps.add(step)
    return step
  }

  get #underWay(): { readonly requests: number; readonly sessions: number } {
    return sumOfCuts(this.#parts.listeners.map(({ underWay }) => underWay))
  }

  get #leftMs(): number {
    return Math.max(0, this.#plan.graceMs - (performance.now() - this.#start))
  }

  async #until(isDone: () => boolean, limitMs: number): Promise<void> {
    const end = performance.now() + limitMs
    while (!isDone() && performance.now() < end) await new Promise(resolve => setTimeout(resolve, TICK_MS))
  }

  async #attempt<T>(what: string, act: () => Promise<T>): Promise<T | undefined> {
    try {
      return await act()
    } catch (error) {
      this.#parts.log.error({ err: error }, `${what} failed`)
      return undefined
    }
  }
}
