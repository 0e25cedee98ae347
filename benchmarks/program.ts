import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpus } from 'node:os'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { processTree } from './usage.ts'

const KEPT_LINES = 30
const GRACE_MS = 3000

/** Tells whether processes can be tied to cores: `taskset` works and there are two cores for it. */
export const canPin = cpus().length >= 2 && spawnSync('taskset', ['-c', '1', 'true']).status === 0

/** Gives the path of a file of this folder. */
export function here(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url))
}

const running = new Set<Program>()
process.on('exit', () => {
  for (const program of running) if (!program.hasEnded) program.kill()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130))

/** Says where a program runs and who reads along. */
export interface ProgramOptions {
  /** The core it is tied to; any core when left out or when tying is not possible. */
  readonly core?: number
  /** Called with each line of its standard output, as soon as it is there. */
  readonly onLine?: (line: string) => void
}

/** A process started for a measurement: its command, its output so far, and its end. */
export class Program implements AsyncDisposable {
  readonly #process: ChildProcess
  readonly #command: string
  readonly #lines: string[] = []
  readonly #waiting = new Set<() => void>()
  #errors = ''

  /** Starts a command. A first word `node` is the very Node this process runs on. */
  constructor(command: readonly string[], { core, onLine }: ProgramOptions = {}) {
    const words = command[0] === 'node' ? [process.execPath, ...command.slice(1)] : command
    const pinned = core === undefined || !canPin ? words : ['taskset', '-c', String(core), ...words]
    this.#command = command.join(' ')
    this.#process = spawn(pinned[0]!, pinned.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] })
    if (this.pid > 0) running.add(this)
    createInterface({ input: this.#process.stdout! }).on('line', line => {
      onLine?.(line)
      this.#lines.push(line)
      if (this.#lines.length > KEPT_LINES) this.#lines.shift()
      this.#wake()
    })
    this.#process.stderr!.on('data', text => {
      this.#errors = (this.#errors + text).slice(-2000)
    })
    this.#process.on('error', error => {
      this.#errors += error.message
      this.#wake()
    })
    this.#process.on('close', () => {
      running.delete(this)
      this.#wake()
    })
  }

  /** Its id, or 0 when it could not be started. */
  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** True when it has ended or was never started. */
  get hasEnded(): boolean {
    return this.pid === 0 || this.#process.exitCode !== null || this.#process.signalCode !== null
  }

  /**
   * Waits for a line of its standard output that matches, and gives that line.
   * @throws Error when it ends, or the limit passes, before there is one
   */
  async line(pattern: RegExp, limitMs: number): Promise<string> {
    const until = performance.now() + limitMs
    for (;;) {
      const found = this.#lines.find(line => pattern.test(line))
      if (found !== undefined) return found
      if (this.hasEnded) throw new Error(`${this.#command} ended too soon.\n${this.#lastWords()}`)
      if (performance.now() > until) {
        throw new Error(
          `${this.#command} printed nothing like ${pattern} in ${limitMs} ms.\n${this.#lastWords()}`,
        )
      }
      await this.#change()
    }
  }

  /** Writes to its standard input. */
  write(text: string): void {
    this.#process.stdin!.write(text)
  }

  /** Asks it to end, and after three seconds makes it, with all it has started. */
  async stop(): Promise<void> {
    if (this.hasEnded) return
    const ended = once(this.#process, 'exit')
    const family = processTree(this.pid)
    const force = setTimeout(() => this.kill(family), GRACE_MS)
    this.#process.kill('SIGTERM')
    await ended
    clearTimeout(force)
    this.kill(family.slice(1))
  }

  /** Kills it and all it has started, at once. */
  kill(family: readonly number[] = processTree(this.pid)): void {
    for (const pid of family) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended by itself.
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #lastWords(): string {
    return [...this.#lines.slice(-5), this.#errors].join('\n').trim()
  }

  /** Waits for the next line, the end, or half a second. */
  #change(): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, 500)
      this.#waiting.add(() => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }
}
