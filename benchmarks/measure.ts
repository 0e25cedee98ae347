import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunOptions, Sample } from './claim.ts'
import { canPin, here, Program } from './program.ts'
import { commandOf, freePorts, type Ports, type Subject, writeConfiguration } from './subjects.ts'
import { busyMs, cpuMs, processTree } from './usage.ts'

/** The core of the subject, alone on it. */
const SUBJECT_CORE = 0
/** The core that generator and backend share. */
const LOAD_CORE = 1

const READY = /\bready\b/
const READY_LIMIT_MS = 20_000
/** Others may take this share of the subject's core before a sample counts as noisy. */
const QUIET_SHARE = 0.1

/** A backend and a folder with the gateway's configuration: what a subject needs around it. */
export interface Surroundings extends AsyncDisposable {
  readonly ports: Ports
  readonly dir: string
  readonly backend: Program
}

/** Starts the backend and writes the configuration. `sink` makes the backend only count. */
export async function surroundings({ sink }: { sink: boolean }): Promise<Surroundings> {
  await using parts = new AsyncDisposableStack()
  const ports = await freePorts()
  const dir = await mkdtemp(join(tmpdir(), 'myelin-bench-'))
  // Also when the run is broken off.
  const remove = (): void => rmSync(dir, { recursive: true, force: true })
  process.once('exit', remove)
  parts.defer(() => {
    process.off('exit', remove)
    remove()
  })
  await writeConfiguration(dir, ports)
  const mode = sink ? ['--sink'] : []
  const backend = new Program(['node', here('backend.ts'), '--port', String(ports.backend), ...mode], {
    core: LOAD_CORE,
  })
  parts.use(backend)
  await backend.line(READY, READY_LIMIT_MS)
  const kept = parts.move()
  return { ports, dir, backend, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** Starts a subject on a core of its own and waits until it says it is ready. */
export async function startSubject(subject: Subject, around: Surroundings): Promise<Program> {
  const program = new Program(commandOf(subject, around.dir, around.ports), { core: SUBJECT_CORE })
  try {
    await program.line(READY, READY_LIMIT_MS)
  } catch (error) {
    await program.stop()
    throw error
  }
  return program
}

/** Starts a load generator with the options of `load.ts`, flags being options with the value true. */
export function startLoad(
  options: Readonly<Record<string, string | number | true>>,
  onLine: (line: string) => void = () => {},
): Program {
  const words = Object.entries(options).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, String(value)],
  )
  return new Program(['node', here('load.ts'), ...words], { core: LOAD_CORE, onLine })
}

/** What load is put on a subject. */
export interface LoadPlan {
  readonly kind: 'relay' | 'http'
  readonly size: number
  readonly connections: number
  readonly depth: number
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
  await using around = await surroundings({ sink: plan.kind === 'http' })
  await using program = await startSubject(subject, around)
  const pids = processTree(program.pid)
  const snapshot = (): Snapshot => ({
    atMs: performance.now(),
    cpuMs: cpuMs(pids),
    loadCpuMs: cpuMs([generator.pid, around.backend.pid]),
    busyMs: busyMs(SUBJECT_CORE),
  })
  const marks = new Map<string, Snapshot>()
  const { warmUpSeconds, seconds } = timing(options)
  const { kind, ...load } = plan
  const { relay, http, backend } = around.ports
  const url = kind === 'relay' ? `ws://127.0.0.1:${relay}/` : `http://127.0.0.1:${http}${subject.servicePath}`
  const onLine = (line: string): void => {
    if (line === 'START' || line === 'END') marks.set(line, snapshot())
  }
  await using generator = startLoad({ url, ...load, 'warm-up': warmUpSeconds, seconds }, onLine)
  const limitMs = (warmUpSeconds + seconds + 15) * 1000
  const result = JSON.parse(await generator.line(/^\{/, limitMs)) as LoadResult
  if (result.problems.length > 0) throw new Error(`${subject.name}: ${result.problems.join('; ')}`)
  if (kind === 'http') await allArrived(backend, result.answered, subject.name)
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
