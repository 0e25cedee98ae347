import { type ChildProcess, fork } from 'node:child_process'
import type { Case } from './case.ts'
import type { CaseOptions, CaseResult } from './run-case.ts'
import type { Assignment, Report } from './worker.ts'

/** A case ends itself after a minute; a process that says nothing for longer hangs. */
const SILENCE_LIMIT_MS = 75_000
const SHOWN_OUTPUT = 2_000

/** Runs cases one after the other, as their ports are fixed. A case that hangs or ends the process fails alone. */
export async function* runCases(cases: readonly Case[], options: CaseOptions): AsyncGenerator<CaseResult> {
  let left = cases
  while (left.length > 0) {
    const worker = new Worker({ cases: left, options })
    for await (const result of worker.results()) {
      left = left.slice(1)
      yield result
    }
    const [broken] = left
    if (!broken) return
    left = left.slice(1)
    const { id, area, confidence } = broken
    yield { id, area, confidence, passed: false, failure: worker.end, ms: 0 }
  }
}

class Worker {
  /** How the process ended. */
  end = ''
  readonly #child: ChildProcess
  readonly #results: CaseResult[] = []
  #isOver = false
  #wake: () => void = () => {}
  #output = ''
  #silence: NodeJS.Timeout | undefined

  constructor(assignment: Assignment) {
    this.#child = fork(new URL('./worker.ts', import.meta.url), { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream!.setEncoding('utf8').on('data', text => {
        this.#output = (this.#output + text).slice(-SHOWN_OUTPUT)
      })
    this.#child.on('message', (report: Report) => {
      this.#silence?.refresh()
      if (report === 'waiting') return
      this.#results.push(report)
      this.#wake()
    })
    this.#child.on('close', (code, signal) => {
      this.end ||= `the process of the case ended with ${signal ?? `exit code ${code}`}: ${this.#output}`
      this.#isOver = true
      this.#wake()
    })
    this.#child.send(assignment)
  }

  async *results(): AsyncGenerator<CaseResult> {
    for (;;) {
      this.#silence = setTimeout(() => this.#kill(), SILENCE_LIMIT_MS)
      while (this.#results.length === 0 && !this.#isOver) {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
      }
      clearTimeout(this.#silence)
      const result = this.#results.shift()
      if (!result) return
      yield result
    }
  }

  #kill(): void {
    this.end = `the process of the case hangs: nothing came for ${SILENCE_LIMIT_MS / 1000} s`
    this.#child.kill('SIGKILL')
  }
}
