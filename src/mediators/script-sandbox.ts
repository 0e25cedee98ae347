import { createRequire } from 'node:module'
import type * as Vm from 'isolated-vm'
import { ScriptError, type ScriptLimits, tookTooLong, tooMuchMemory } from './script-error.ts'

/* Runs in the process of the scripts alone: what is done here may take that process down. */

const vm = createRequire(import.meta.url)('isolated-vm') as typeof Vm

/** How long a script runs on the spot before it is put on a thread of its own, in milliseconds. */
const SHORT_MS = 20

/** What a script can ask for while it runs: text in, text out. */
export type Host = (question: string, text: string) => string

/** One call of a script. */
export interface SandboxCall {
  readonly input: string
  readonly host: Host
  /** Whether it is not even tried on the spot. */
  readonly isApart: boolean
  /** Told when it will run apart: as soon as those before it have ended, or now. */
  readonly onApart: (state: 'apart' | 'begun') => void
}

interface Instance {
  readonly isolate: Vm.Isolate
  readonly run: Vm.Reference<(input: string) => string>
}

/**
 * A JavaScript function in an isolate of its own: it sees no process, no files, no network and no timers, and holds
 * little more memory than it may. Text goes in and text comes out.
 *
 * A call is made on the spot, as it takes microseconds; one that takes longer is given up after 20 ms and made again
 * on a thread of its own, one after the other. It has no effects before it has ended.
 */
export class ScriptSandbox {
  readonly #source: string
  readonly #limits: ScriptLimits
  #instance: Instance | undefined
  #host: Host = () => ''
  #isSlow = false
  #apart = 0
  #last: Promise<unknown> = Promise.resolve()

  /** @param source an expression that gives a function of one text which returns a text */
  constructor(source: string, limits: ScriptLimits) {
    this.#source = source
    this.#limits = limits
  }

  /** Whether nothing runs in it apart, or waits to. */
  get isIdle(): boolean {
    return this.#apart === 0
  }

  /**
   * Calls the function.
   * @throws ScriptError when it throws, runs too long or needs too much memory
   */
  call(wanted: SandboxCall): string | Promise<string> {
    if (wanted.isApart || this.#isSlow || this.#apart > 0) return this.#putApart(wanted)
    this.#host = wanted.host
    try {
      return this.#started().run.applySync(undefined, [wanted.input], { ...COPIES, timeout: SHORT_MS })
    } catch (error) {
      if (!isTimeout(error)) throw this.#reasonOf(error)
      this.#isSlow = true
      return this.#putApart(wanted)
    }
  }

  /** Frees the isolate. */
  dispose(): void {
    const { isolate } = this.#instance ?? {}
    if (isolate && !isolate.isDisposed) isolate.dispose()
    this.#instance = undefined
  }

  #putApart(wanted: SandboxCall): Promise<string> {
    const isFirst = this.#apart++ === 0
    wanted.onApart(isFirst ? 'begun' : 'apart')
    const run = async (): Promise<string> => {
      if (!isFirst) wanted.onApart('begun')
      try {
        return await this.#callApart(wanted)
      } finally {
        this.#apart--
      }
    }
    const output = isFirst ? run() : this.#last.then(run, run)
    this.#last = output
    return output
  }

  async #callApart({ input, host }: SandboxCall): Promise<string> {
    this.#host = host
    const begun = performance.now()
    try {
      const options = { ...COPIES, timeout: this.#limits.timeoutMs }
      const output = await this.#started().run.apply(undefined, [input], options)
      if (performance.now() - begun < SHORT_MS / 4) this.#isSlow = false
      return output
    } catch (error) {
      throw isTimeout(error) ? tookTooLong(this.#limits) : this.#reasonOf(error)
    }
  }

  #reasonOf(error: unknown): ScriptError {
    if (this.#instance?.isolate.isDisposed !== true) return scriptError(error)
    // The memory ran out: those who come next get a new isolate.
    this.#instance = undefined
    return tooMuchMemory(this.#limits)
  }

  #started(): Instance {
    if (this.#instance && !this.#instance.isolate.isDisposed) return this.#instance
    const isolate = new vm.Isolate({ memoryLimit: this.#limits.memoryMb })
    const context = isolate.createContextSync()
    const ask: Host = (question, text) => this.#host(question, text)
    context.global.setSync('__host', new vm.Callback(ask))
    const run = context.evalSync(this.#source, { reference: true }) as Instance['run']
    this.#instance = { isolate, run }
    return this.#instance
  }
}

const COPIES = { arguments: { copy: true }, result: { copy: true } } as const

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Script execution timed out.'
}

function scriptError(error: unknown): ScriptError {
  if (!(error instanceof Error)) return new ScriptError(String(error))
  const place = /script\.js:(\d+)/.exec(error.stack ?? '')?.[1]
  const message = /stack size/.test(error.message) ? 'it calls itself without an end' : error.message
  return new ScriptError(message, place === undefined ? undefined : Number(place))
}
