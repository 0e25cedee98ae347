import { rmSync } from 'node:fs'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { freePorts, type Ports } from './ports.ts'
import { here, Program } from './program.ts'
import { commandOf, type Subject } from './subjects.ts'

/** The core of the subject, alone on it. */
export const SUBJECT_CORE = 0
/** The core that generator and backend share. */
export const LOAD_CORE = 1

const READY = /\bready\b/
const READY_LIMIT_MS = 20_000

/** The first word is a file of `backends`, the others its options; the port is added. */
export type BackendCommand = readonly [string, ...(readonly string[])]

/** Sends every message back. */
export const ECHO: BackendCommand = ['echo.ts']

/** A backend and a subject's folder: what is there before it starts. */
export interface Surroundings extends AsyncDisposable {
  readonly ports: Ports
  readonly dir: string
  readonly backend: Program
  readonly subject: Subject
}

/** Starts the backend and writes the subject's files. */
export async function surroundings(subject: Subject, command: BackendCommand): Promise<Surroundings> {
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
  for (const [path, text] of Object.entries(subject.configuration?.(ports) ?? {})) {
    const file = join(dir, path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  const [file, ...options] = command
  const words = ['node', here(`backends/${file}`), '--port', String(ports.backend), ...options]
  const backend = parts.use(new Program(words, { core: LOAD_CORE }))
  await backend.line(READY, READY_LIMIT_MS)
  const kept = parts.move()
  return { ports, dir, backend, subject, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** Starts the subject on a core of its own and waits until it says it is ready. */
export async function startSubject(
  { subject, dir, ports }: Surroundings,
  onLine?: (line: string) => void,
): Promise<Program> {
  const program = new Program(commandOf(subject, dir, ports), {
    core: SUBJECT_CORE,
    ...(onLine && { onLine }),
  })
  try {
    await program.line(READY, READY_LIMIT_MS)
  } catch (error) {
    await program.stop()
    throw error
  }
  return program
}

/** Options of a program of `load`; true stands for a flag, and false and undefined for nothing. */
export type LoadOptions = Readonly<Record<string, string | number | boolean | undefined>>

/** Starts a program of `load` on the core of generator and backend. */
export function startLoad(
  file: string,
  options: LoadOptions,
  onLine: (line: string) => void = () => {},
): Program {
  const words = Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined || value === false) return []
    return value === true ? [`--${name}`] : [`--${name}`, String(value)]
  })
  return new Program(['node', here(`load/${file}`), ...words], { core: LOAD_CORE, onLine })
}
