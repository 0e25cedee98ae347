import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

/** The program as users start it. */
export const MYELIN = fileURLToPath(new URL('../../bin/myelin', import.meta.url))

/** How a program ended, and all it said. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A started program. Going out of scope kills it if it still runs. */
export class Running implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown[]>
  #stdout = ''
  #stderr = ''

  constructor(child: ChildProcess) {
    this.#child = child
    this.#closed = once(child, 'close')
    child.stdout?.setEncoding('utf8').on('data', text => {
      this.#stdout += text
    })
    child.stderr?.setEncoding('utf8').on('data', text => {
      this.#stderr += text
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Waits until standard output matches. Rejects when the program ends without it. */
  prints(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#awaited(pattern, this.#child.stdout!, () => this.#stdout)
  }

  /** Waits until what it says beside its output matches. Rejects when the program ends without it. */
  says(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#awaited(pattern, this.#child.stderr!, () => this.#stderr)
  }

  async #awaited(pattern: RegExp, stream: Readable, text: () => string): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(text())
      if (found) return found
      const isOver = await Promise.race([
        once(stream, 'data').then(() => false),
        this.#closed.then(() => true),
      ])
      if (isOver && !pattern.test(text()))
        throw new Error(`ended without ${pattern}; it said:\n${this.#stdout}${this.#stderr}`)
    }
  }

  /** Types a line. */
  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`)
  }

  /** Ends standard input. */
  endInput(): void {
    this.#child.stdin?.end()
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Waits for the end. */
  async ended(): Promise<Ended> {
    await this.#closed
    const { exitCode: code, signalCode: signal } = this.#child
    return { code, signal, stdout: this.#stdout, stderr: this.#stderr }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#closed
  }
}

/** Starts a program with standard input left open. */
export function startProgram(
  command: string,
  args: readonly string[],
  env = process.env,
  cwd?: string,
): Running {
  return new Running(spawn(command, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'] }))
}

/** Starts `myelin`. */
export function myelin(...args: readonly string[]): Running {
  return startProgram(MYELIN, args)
}

/** Runs `myelin` to its end with the given standard input. */
export async function runMyelin(args: readonly string[], input = ''): Promise<Ended> {
  await using running = myelin(...args)
  if (input !== '') running.type(input)
  running.endInput()
  return await running.ended()
}
