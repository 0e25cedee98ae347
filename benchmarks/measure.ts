import type { RunOptions, Sample } from './claim.ts'
import { canPin } from './program.ts'
import type { Subject } from './subjects.ts'
import { type BackendCommand, SUBJECT_CORE, startLoad, startSubject, surroundings } from './surroundings.ts'
import { busyMs, cpuMs, processTree } from './usage.ts'

/** Others may take this share of the subject's core before a sample counts as noisy. */
const QUIET_SHARE = 0.1

/** What load is put on a subject, and what is behind it. */
export interface LoadPlan {
  readonly to: 'relay' | 'http'
  readonly backend: BackendCommand
  readonly connections: number
  /** Bytes of a message, or of a request's body. */
  readonly size: number
  /** Messages in flight per session; default 1. */
  readonly depth?: number
  /** Method of the requests; default POST. */
  readonly method?: 'GET' | 'POST'
  /** Whether bodies are JSON with an `id` that must come back. */
  readonly asks?: boolean
  /** The status every answer must have; default 202. */
  readonly status?: number
  /** Bytes every answer's body must have; default any. */
  readonly answer?: number
  /** Whether the subject sends each message to all sessions: one of them speaks, and each receiver counts. */
  readonly broadcast?: boolean
  /** Whether the backend is asked, in the end, if it has got as many messages as were accepted. */
  readonly counts?: boolean
}

/** Gives rounds and times of a run: enough to quote, or just enough to see that all works. */
export function timing({ quick }: RunOptions): { rounds: number; warmUpSeconds: number; seconds: number } {
  return quick ? { rounds: 3, warmUpSeconds: 0.7, seconds: 1 } : { rounds: 5, warmUpSeconds: 1.5, seconds: 2 }
}

/**
 * Loads a fresh subject and gives the CPU time one message costs it, in microseconds, its whole process tree counted.
 * When others used its core meanwhile the measurement is repeated, twice at most.
 */
export async function cpuPerMessage(subject: Subject, plan: LoadPlan, options: RunOptions): Promise<Sample> {
  for (let attempt = 1; ; attempt++) {
    const sample = await loadOnce(subject, plan, options)
    if (!sample.noisy || attempt === 3) return sample
    options.progress(`${subject.name}: others used its core, once more`)
  }
}

interface Snapshot {
  readonly atMs: number
  readonly cpuMs: number
  readonly loadCpuMs: number
  readonly busyMs: number
}

async function loadOnce(subject: Subject, plan: LoadPlan, options: RunOptions): Promise<Sample> {
  const { to, backend, counts, ...load } = plan
  await using around = await surroundings(subject, backend)
  await using program = await startSubject(around)
  const pids = processTree(program.pid)
  const snapshot = (): Snapshot => ({
    atMs: performance.now(),
    cpuMs: cpuMs(pids),
    loadCpuMs: cpuMs([generator.pid, around.backend.pid]),
    busyMs: busyMs(SUBJECT_CORE),
  })
  const marks = new Map<string, Snapshot>()
  const { warmUpSeconds, seconds } = timing(options)
  const { ports } = around
  const url =
    to === 'relay' ? `ws://127.0.0.1:${ports.relay}/` : `http://127.0.0.1:${ports.http}${subject.servicePath}`
  const onLine = (line: string): void => {
    if (line === 'START' || line === 'END') marks.set(line, snapshot())
  }
  await using generator = startLoad('load.ts', { url, ...load, 'warm-up': warmUpSeconds, seconds }, onLine)
  const limitMs = (warmUpSeconds + seconds + 15) * 1000
  const result = JSON.parse(await generator.line(/^\{/, limitMs)) as LoadResult
  if (result.problems.length > 0) throw new Error(`${subject.name}: ${result.problems.join('; ')}`)
  if (counts) await allArrived(ports.backend, result.answered, subject.name)
  return sampleOf(result, marks.get('START')!, marks.get('END')!)
}

interface LoadResult {
  readonly messages: number
  readonly seconds: number
  readonly answered: number
  readonly problems: readonly string[]
}

function sampleOf({ messages, seconds }: LoadResult, start: Snapshot, end: Snapshot): Sample {
  const tookMs = end.atMs - start.atMs
  const usedMs = end.cpuMs - start.cpuMs
  const othersMs = end.busyMs - start.busyMs - usedMs
  return {
    value: (usedMs / messages) * 1000,
    noisy: canPin && othersMs / tookMs > QUIET_SHARE,
    aside: {
      'msg/s': messages / seconds,
      'core %': (usedMs / tookMs) * 100,
      'load core %': ((end.loadCpuMs - start.loadCpuMs) / tookMs) * 100,
    },
  }
}

/** Waits until the backend has seen a message for every good answer. */
async function allArrived(port: number, expected: number, name: string): Promise<void> {
  const until = performance.now() + 3000
  let seen = -1
  while (seen !== expected && performance.now() < until) {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })
    seen = ((await answer.json()) as { messages: number }).messages
  }
  if (seen !== expected)
    throw new Error(`${name}: ${expected} requests were accepted, ${seen} messages arrived`)
}
