import { Worker } from 'node:worker_threads'
import { ScriptError, type ScriptLimits } from './script-error.ts'
import { answerAboutXml } from './script-host.ts'
import type { Host, ScriptSandbox } from './script-sandbox.ts'

/* Runs in a process of its own: some of what scripts do can be stopped by nothing but the end of the process. */

/** A script to call. */
export interface ScriptCall {
  readonly id: number
  /** Identifies the script; its program and limits are sent with the first call alone. */
  readonly script: number
  readonly program?: string
  readonly limits?: ScriptLimits
  readonly input: string
  /** Local entries and registry resources by key; null for those there are none of. */
  readonly entries?: readonly (readonly [key: string, text: string | null])[]
  /** Set for a script that may hold up this process: it runs on a thread of its own. */
  readonly isApart?: true
}

/** What became of a call: in the end exactly one of output, needs, error and isUnknown is there. */
export interface ScriptAnswer {
  readonly id: number
  readonly output?: string
  /** Keys of entries it asked for and was not given. */
  readonly needs?: readonly string[]
  readonly error?: { readonly message: string; readonly line?: number | undefined }
  /** The script is not known here, or no longer. */
  readonly isUnknown?: true
  /** It has left the main thread: it waits for its own, or runs there. */
  readonly state?: 'apart' | 'begun'
}

/** Said once when the process has started, or cannot. */
export interface ScriptWorkerState {
  readonly isReady: boolean
  readonly reason?: string
}

/** How many scripts are kept with their isolates. */
const MAX_KEPT = 500

/**
 * How many characters cross into isolates before the garbage is collected. The engine does not count what their
 * copies take, and would let them grow without an end.
 */
const COLLECT_AFTER = 16 * 1024 * 1024

const kept = new Map<number, ScriptSandbox>()
const inbox: ScriptCall[] = []
let unwritten = 0
let crossed = 0

/** The gateway takes calls as done in their order, so the next one waits until this is written. */
function tell(message: ScriptAnswer | ScriptWorkerState): void {
  unwritten++
  process.send?.(message, undefined, undefined, (error: Error | null) => {
    if (error) process.exit()
    unwritten--
    next()
  })
}

function next(): void {
  if (unwritten > 0) return
  const call = inbox.shift()
  if (call) take(call)
}

function take(call: ScriptCall): void {
  const { id, input, entries } = call
  const sandbox = sandboxOf(call)
  if (!sandbox) {
    tell({ id, isUnknown: true })
    return
  }
  const needs: string[] = []
  const entryOf = (key: string): string | null => {
    const found = entries?.find(([known]) => known === key)
    if (found) return found[1]
    needs.push(key)
    throw new Error(`${key} is not at hand`)
  }
  const host: Host = (question, text) => {
    if (question === 'resource') return JSON.stringify(entryOf(text))
    if (question === 'entry') return entryOf(text) ?? ''
    return answerAboutXml(question as 'xml', text)
  }
  // What it was not given decides how it ends, whatever it made of that.
  const end = (answer: ScriptAnswer): void => tell(needs.length > 0 ? { id, needs } : answer)
  const done = (output: string): void => {
    end({ id, output })
    crossed += input.length + output.length
    if (crossed < COLLECT_AFTER) return
    crossed = 0
    globalThis.gc?.()
  }
  const failed = (thrown: unknown): void => {
    const line = thrown instanceof ScriptError ? thrown.line : undefined
    end({ id, error: { message: (thrown as Error).message, line } })
  }
  try {
    const onApart = (state: 'apart' | 'begun'): void => tell({ id, state })
    const output = sandbox.call({ input, host, isApart: call.isApart === true, onApart })
    if (typeof output === 'string') done(output)
    else output.then(done, failed)
  } catch (thrown) {
    failed(thrown)
  }
}

function sandboxOf({ script, program, limits }: ScriptCall): ScriptSandbox | undefined {
  const known = kept.get(script)
  if (known) {
    kept.delete(script)
    kept.set(script, known)
    return known
  }
  if (program === undefined || !limits) return undefined
  for (const [number, oldest] of kept) {
    if (kept.size < MAX_KEPT) break
    if (!oldest.isIdle) continue
    oldest.dispose()
    kept.delete(number)
  }
  const made = new Sandbox(program, limits)
  kept.set(script, made)
  return made
}

process.on('disconnect', () => process.exit())
// The gateway ends this process when it has ended itself; signals to the terminal's group are meant for it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})

let Sandbox: typeof ScriptSandbox
try {
  Sandbox = (await import('./script-sandbox.ts')).ScriptSandbox
  process.on('message', (call: ScriptCall) => {
    inbox.push(call)
    next()
  })
  // A script that holds up the main thread keeps it from seeing that the gateway is gone.
  new Worker(
    `const parent = process.ppid
     setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL') }, 1000)`,
    { eval: true },
  ).unref()
  // The first isolate takes longer than others; no call is to wait for that.
  const warm = new Sandbox('() => ""', { timeoutMs: 1000, memoryMb: 8 })
  warm.call({ input: '', host: () => '', isApart: false, onApart: () => {} })
  tell({ isReady: true })
} catch (error) {
  tell({ isReady: false, reason: (error as Error).message })
}
