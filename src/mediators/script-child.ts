import { type ChildProcess, fork } from 'node:child_process'
import type { ScriptLimits } from './script-error.ts'
import type { ScriptAnswer, ScriptCall, ScriptWorkerState } from './script-worker.ts'

/** How much later than its limit an answer may come before the process is ended, in milliseconds. */
const GRACE_MS = 100

/** A script as the processes know it. */
export interface Script {
  readonly number: number
  readonly program: string
  readonly limits: ScriptLimits
  /** Whether it held up a process: it runs on a thread of its own then. */
  isApart: boolean
}

/** Gives local entries and registry resources. */
export interface EntrySource {
  entry(key: string): { readonly text: string } | undefined
}

/** A call that somebody waits for. */
export interface PendingCall {
  readonly script: Script
  readonly input: string
  /** Where it finds entries; undefined for a script that asks for none. */
  readonly source: EntrySource | undefined
  readonly entries: (readonly [key: string, text: string | null])[]
  readonly resolve: (output: string) => void
  readonly reject: (error: Error) => void
  /** How often it was running when a process ended. */
  deaths: number
  /** Whether it may have ended a process, and runs alone to find out. */
  isSuspect: boolean
}

/** What is told of a child. */
export interface ScriptChildEvents {
  onAnswer(call: PendingCall, answer: ScriptAnswer): void
  /** The process ended by itself; `running` is what it was at, `waiting` what it had not begun. */
  onDeath(child: ScriptChild, running: readonly PendingCall[], waiting: readonly PendingCall[]): void
  onFailedStart(child: ScriptChild, reason: string): void
}

interface Flight {
  readonly call: PendingCall
  state: 'ahead' | 'apart' | 'begun'
  /** When it began to run apart. */
  since: number
}

/** One process that runs scripts, and the calls it has. */
export class ScriptChild {
  readonly #process: ChildProcess
  readonly #events: ScriptChildEvents
  readonly #flights = new Map<number, Flight>()
  readonly #known = new Set<number>()
  readonly #born = performance.now()
  #lastId = 0
  /** Calls the main thread of the process has not got through. */
  #ahead = 0
  /** Since when it can have been at the first of these. */
  #headSince = 0
  #isReady = false
  #isOver = false

  constructor(events: ScriptChildEvents) {
    this.#events = events
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
    this.#process = fork(new URL(`./script-worker${extension}`, import.meta.url), {
      serialization: 'json',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: {},
      execArgv: ['--expose-gc'],
    })
    this.#process.unref()
    this.#process.channel?.unref()
    this.#process.on('message', (message: ScriptAnswer | ScriptWorkerState) => this.#hear(message))
    // Whatever it said before is read by then, which is not so when it exits.
    this.#process.on('disconnect', () => this.#died())
    this.#process.on('error', error => this.#fail(error.message))
  }

  /** Calls it has. */
  get size(): number {
    return this.#flights.size
  }

  /** Calls that wait for its main thread, or are there. */
  get ahead(): number {
    return this.#ahead
  }

  /** Whether it has a call that must be alone. */
  get isTrying(): boolean {
    const [first] = this.#flights.values()
    return first?.call.isSuspect === true
  }

  /** How long it has been starting, in milliseconds; 0 once it has. */
  startingMs(now: number): number {
    return this.#isReady ? 0 : now - this.#born
  }

  /** Hands a call over. */
  send(call: PendingCall): void {
    const { script, input, entries } = call
    const isNew = !this.#known.has(script.number)
    const wanted: ScriptCall = {
      id: ++this.#lastId,
      script: script.number,
      ...(isNew && { program: script.program, limits: script.limits }),
      input,
      ...(entries.length > 0 && { entries }),
      ...(script.isApart && { isApart: true }),
    }
    if (isNew) this.#known.add(script.number)
    if (this.#ahead++ === 0) this.#headSince = performance.now()
    this.#flights.set(wanted.id, { call, state: 'ahead', since: 0 })
    // A channel that is gone is told apart as the end of the process.
    this.#process.send(wanted, () => {})
  }

  /** What it is at, each with how long already in milliseconds. */
  running(now: number): { readonly call: PendingCall; readonly ms: number; readonly isApart: boolean }[] {
    if (!this.#isReady) return []
    const running: { call: PendingCall; ms: number; isApart: boolean }[] = []
    let hasHead = false
    for (const { call, state, since } of this.#flights.values()) {
      if (state === 'begun') running.push({ call, ms: now - since, isApart: true })
      else if (state === 'ahead' && !hasHead) {
        hasHead = true
        running.push({ call, ms: now - this.#headSince, isApart: false })
      }
    }
    return running
  }

  /**
   * Calls that have had their time, and the grace. While one holds up the main thread nothing is said of the others:
   * their answers cannot come.
   */
  overdue(now: number): PendingCall[] {
    const running = this.running(now)
    const held = running.filter(({ ms, isApart }) => !isApart && ms > GRACE_MS)
    const late = (held.length > 0 ? held : running).filter(
      ({ call, ms }) => ms > call.script.limits.timeoutMs + GRACE_MS,
    )
    for (const { call, isApart } of late) if (!isApart) call.script.isApart = true
    return late.map(({ call }) => call)
  }

  /** Ends it, and gives the calls it had. */
  kill(): PendingCall[] {
    this.#isOver = true
    this.#process.kill('SIGKILL')
    const calls = [...this.#flights.values()].map(({ call }) => call)
    this.#flights.clear()
    return calls
  }

  #hear(message: ScriptAnswer | ScriptWorkerState): void {
    if (this.#isOver) return
    const now = performance.now()
    if ('isReady' in message) {
      this.#isReady = message.isReady
      this.#headSince = now
      if (!message.isReady) this.#fail(message.reason ?? '')
      return
    }
    const flight = this.#flights.get(message.id)
    if (!flight) return
    if (flight.state === 'ahead') {
      this.#ahead--
      this.#headSince = now
    }
    if (message.state) {
      flight.state = message.state
      flight.since = now
    } else {
      this.#flights.delete(message.id)
      if (message.isUnknown) this.#known.delete(flight.call.script.number)
    }
    this.#events.onAnswer(flight.call, message)
  }

  #died(): void {
    if (this.#isOver) return
    if (!this.#isReady) {
      this.#fail('it ended at once')
      return
    }
    const running = this.running(performance.now()).map(({ call }) => call)
    const waiting = this.kill().filter(call => !running.includes(call))
    this.#events.onDeath(this, running, waiting)
  }

  #fail(reason: string): void {
    if (!this.#isOver) this.#events.onFailedStart(this, reason)
  }
}
