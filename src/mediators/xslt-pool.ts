import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Resource } from '../language/declare.ts'
import type { Transformation, Transformed } from './xslt-worker.ts'

/** How long one transformation may take, in milliseconds, and how many may wait. */
const TIMEOUT_MS = 10_000
const MAX_WAITING = 1_000

/** A stylesheet and what it may include. */
export interface Stylesheet {
  readonly id: number
  readonly text: string
  readonly resources: Readonly<Record<string, string>>
}

interface Job {
  readonly sheet: Stylesheet
  readonly xml: string
  readonly parameters: Readonly<Record<string, string>>
  readonly resolve: (output: string) => void
  readonly reject: (error: Error) => void
}

/** One thread with the engine, and what it is doing. */
interface Bench {
  readonly worker: Worker
  readonly sheets: Set<number>
  job: Job | undefined
  timer: NodeJS.Timeout | undefined
}

/**
 * Threads that transform XML. They are started when there is work; one whose transformation takes too long, or that
 * breaks, is ended and another takes its place.
 */
export class XsltPool implements Resource {
  readonly #size = Math.max(1, Math.min(4, availableParallelism() - 1))
  readonly #benches: Bench[] = []
  readonly #waiting: Job[] = []
  #lastId = 0

  /**
   * Transforms XML.
   * @throws Error saying what is wrong with the stylesheet or the transformation
   */
  transform(sheet: Stylesheet, xml: string, parameters: Readonly<Record<string, string>>): Promise<string> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length >= MAX_WAITING) {
        reject(new Error(`more than ${MAX_WAITING} transformations wait already`))
        return
      }
      this.#waiting.push({ sheet, xml, parameters, resolve, reject })
      this.#next()
    })
  }

  async stop(): Promise<void> {
    const benches = this.#benches.splice(0)
    for (const { reject } of this.#waiting.splice(0)) reject(new Error('the gateway is stopping'))
    await Promise.all(benches.map(({ worker }) => worker.terminate()))
  }

  #next(): void {
    const bench = this.#benches.find(({ job }) => !job) ?? this.#grow()
    if (!bench) return
    const job = this.#waiting.shift()
    if (!job) return
    const { sheet, xml, parameters } = job
    const isNew = !bench.sheets.has(sheet.id)
    const wanted: Transformation = {
      id: ++this.#lastId,
      sheet: sheet.id,
      ...(isNew && { text: sheet.text, resources: sheet.resources }),
      xml,
      parameters,
    }
    bench.sheets.add(sheet.id)
    bench.job = job
    bench.worker.ref()
    bench.timer = setTimeout(
      () => this.#end(bench, new Error(`it took longer than ${TIMEOUT_MS} ms and was stopped`)),
      TIMEOUT_MS,
    )
    bench.worker.postMessage(wanted)
    if (this.#waiting.length > 0) this.#next()
  }

  #grow(): Bench | undefined {
    if (this.#benches.length >= this.#size || this.#waiting.length === 0) return undefined
    const extension = import.meta.url.slice(import.meta.url.lastIndexOf('.'))
    const worker = new Worker(new URL(`./xslt-worker${extension}`, import.meta.url), {
      // What the engine writes by itself is part of the error it gives.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    })
    const bench: Bench = { worker, sheets: new Set(), job: undefined, timer: undefined }
    worker.on('message', (answer: Transformed) => this.#done(bench, answer))
    worker.on('error', error => this.#end(bench, error))
    worker.unref()
    this.#benches.push(bench)
    return bench
  }

  #done(bench: Bench, { output, error }: Transformed): void {
    const { job } = bench
    clearTimeout(bench.timer)
    bench.job = undefined
    bench.worker.unref()
    if (error !== undefined) {
      // What failed to compile is sent again with its text.
      if (job) bench.sheets.delete(job.sheet.id)
      job?.reject(new Error(error))
      // A failed transformation may leave the engine in a bad state.
      this.#end(bench, new Error(error))
      return
    }
    job?.resolve(output ?? '')
    this.#next()
  }

  #end(bench: Bench, error: Error): void {
    clearTimeout(bench.timer)
    const at = this.#benches.indexOf(bench)
    if (at >= 0) this.#benches.splice(at, 1)
    bench.job?.reject(error)
    bench.job = undefined
    void bench.worker.terminate().then(() => this.#next())
  }
}
