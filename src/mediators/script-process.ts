import type { Build, Resource } from '../language/declare.ts'
import {
  type EntrySource,
  type PendingCall,
  type Script,
  ScriptChild,
  type ScriptChildEvents,
} from './script-child.ts'
import { ScriptError, type ScriptLimits, tookTooLong, tooMuchMemory } from './script-error.ts'
import type { ScriptAnswer } from './script-worker.ts'

/** How many calls may wait in all, and how many are with the process before it has looked at them. */
const MAX_WAITING = 10_000
const MAX_AHEAD = 64
/** How often it is looked whether a script is late, in milliseconds. */
const LOOK_MS = 10
/** After how long at one call another process is started, in case this one must be ended. */
const SPARE_AFTER_MS = 100
const START_LIMIT_MS = 10_000
/** How often a call is made again because it asked for entries, or was cut off for the sake of others. */
const MAX_ENTRIES = 100
const MAX_DEATHS = 3

/** The process that scripts of a gateway run in; it is started with the gateway, or at the first call. */
export function scriptProcess(build: Build): ScriptProcess {
  return build.resource('the process that runs scripts', () => new ScriptProcess())
}

/**
 * Runs scripts in another process, which is ended when one of them does not keep to its limits and cannot be stopped
 * otherwise. A script has no effects before it has ended, so the others that were cut off with it simply run again.
 */
export class ScriptProcess implements Resource {
  #active: ScriptChild | undefined
  #spare: ScriptChild | undefined
  #queue: PendingCall[] = []
  #lastNumber = 0
  #timer: NodeJS.Timeout | undefined
  #isStopped = false

  /** Makes a script known: an expression that gives a function of one text which returns a text. */
  script(program: string, limits: ScriptLimits): Script {
    return { number: ++this.#lastNumber, program, limits, isApart: false }
  }

  /**
   * Calls a script. `source` has the local entries and registry resources it may ask for; those of `keys` are given to
   * it from the start.
   * @throws ScriptError when it throws, runs too long or needs too much memory
   */
  call(script: Script, input: string, source?: EntrySource, keys: readonly string[] = []): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#isStopped) return reject(new ScriptError('the gateway is stopping'))
      const waiting = this.#queue.length + (this.#active?.size ?? 0)
      if (waiting >= MAX_WAITING)
        return reject(new ScriptError(`more than ${MAX_WAITING} calls of scripts wait already`))
      const entries = keys.map(key => [key, source?.entry(key)?.text ?? null] as const)
      const call = { script, input, source, entries, resolve, reject, deaths: 0, isSuspect: false }
      this.#queue.push(call)
      this.#next()
    })
  }

  start(): void {
    this.#active ??= this.#child()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    clearInterval(this.#timer)
    const calls = [...(this.#active?.kill() ?? []), ...this.#queue]
    this.#spare?.kill()
    this.#active = undefined
    this.#spare = undefined
    this.#queue = []
    for (const { reject } of calls) reject(new ScriptError('the gateway is stopping'))
  }

  #child(): ScriptChild {
    return new ScriptChild(this.#events)
  }

  /** Sends what can be sent: many at a time, but one that may be the end of the process alone. */
  #next(): void {
    while (this.#queue.length > 0) {
      this.#active ??= this.#child()
      const isBusy = this.#queue[0]!.isSuspect
        ? this.#active.size > 0
        : this.#active.ahead >= MAX_AHEAD || this.#active.isTrying
      if (isBusy) return
      this.#active.send(this.#queue.shift()!)
      // It keeps the gateway running while somebody waits; it ends by itself.
      this.#timer ??= setInterval(() => this.#look(), LOOK_MS)
    }
  }

  #look(): void {
    const child = this.#active
    if (!child || (child.size === 0 && this.#queue.length === 0)) {
      clearInterval(this.#timer)
      this.#timer = undefined
      return
    }
    const now = performance.now()
    if (child.startingMs(now) > START_LIMIT_MS) {
      this.#events.onFailedStart(child, 'it takes too long')
      return
    }
    if (!this.#spare && child.running(now).some(({ ms }) => ms > SPARE_AFTER_MS)) this.#spare = this.#child()
    // Where this process was held up, answers may lie there unread: they come first.
    if (child.overdue(now).length > 0) setImmediate(() => this.#endLate(child))
  }

  #endLate(child: ScriptChild): void {
    if (this.#active !== child) return
    const now = performance.now()
    const late = new Set(child.overdue(now))
    if (late.size === 0) return
    const running = new Set(child.running(now).map(({ call }) => call))
    const calls = child.kill()
    this.#replace()
    for (const call of late) call.reject(tookTooLong(call.script.limits))
    const others = calls.filter(call => !late.has(call))
    this.#again(others.filter(call => !running.has(call) || this.#mayGoOn(call)))
  }

  /** Whether a call that ran when its process ended may run once more; it is refused else. */
  #mayGoOn(call: PendingCall): boolean {
    if (++call.deaths < MAX_DEATHS) return true
    call.reject(new ScriptError(`it was cut off ${MAX_DEATHS} times because of other scripts`))
    return false
  }

  #again(calls: readonly PendingCall[]): void {
    this.#queue = [...calls, ...this.#queue]
    this.#next()
  }

  #replace(): void {
    this.#active = this.#spare
    this.#spare = undefined
  }

  readonly #events: ScriptChildEvents = {
    onAnswer: (call, answer) => {
      if (!answer.state) this.#settle(call, answer)
      this.#next()
    },
    onDeath: (child, running, waiting) => {
      if (child === this.#spare) this.#spare = undefined
      if (child !== this.#active) return
      this.#replace()
      const [only, ...more] = running
      if (only && more.length === 0) only.reject(tooMuchMemory(only.script.limits))
      const suspects = more.length === 0 ? [] : running
      for (const call of suspects) call.isSuspect = true
      this.#again([...suspects.filter(call => this.#mayGoOn(call)), ...waiting])
    },
    onFailedStart: (child, reason) => {
      if (child === this.#spare) this.#spare = undefined
      const calls = child.kill()
      if (child !== this.#active) return
      this.#replace()
      const error = new ScriptError(`the process that runs scripts cannot be started: ${reason}`)
      for (const { reject } of [...calls, ...this.#queue.splice(0)]) reject(error)
    },
  }

  #settle(call: PendingCall, { output, needs, error }: ScriptAnswer): void {
    call.isSuspect = false
    if (output !== undefined) call.resolve(output)
    else if (error) call.reject(new ScriptError(error.message, error.line))
    else if (call.entries.length >= MAX_ENTRIES)
      call.reject(new ScriptError(`it asks for more than ${MAX_ENTRIES} entries`))
    else {
      for (const key of needs ?? []) call.entries.push([key, call.source?.entry(key)?.text ?? null])
      this.#queue.unshift(call)
    }
  }
}
