import cluster, { type Worker } from 'node:cluster'
import { availableParallelism } from 'node:os'
import type { Readable } from 'node:stream'
import { WORKER_VARIABLE } from '../cluster/worker.ts'
import { WorkerDesk } from '../cluster/worker-desk.ts'
import type { FromWorker, ToWorker } from '../cluster/worker-messages.ts'
import type { Logger } from '../core/logger.ts'
import { openLog } from '../log.ts'
import { Restarts } from './restarts.ts'

/** Two signals closer together than this are one: a terminal and a launcher may both pass it on. */
const SAME_SIGNAL_MS = 500

/** Runs a gateway in several processes that share its ports; `auto` is one for each core. Gives the exit code. */
export async function runWorkers(paths: readonly string[], count: number | 'auto'): Promise<number> {
  const isReadable = process.stdout.isTTY === true
  const { log, write, close } = await openLog({ level: 'info', isReadable })
  cluster.setupPrimary({
    exec: process.argv[1]!,
    args: ['run', ...paths],
    // A terminal takes lines from everybody; elsewhere those of several processes could get mixed up.
    silent: !isReadable,
    serialization: 'advanced',
  })
  try {
    return await new Supervision(count === 'auto' ? availableParallelism() : count, log, write).run()
  } finally {
    await close()
  }
}

interface Place {
  readonly number: number
  readonly restarts: Restarts
  worker: Worker | undefined
  isReady: boolean
}

/** Starts workers, starts those anew that die, and has them stop together. It serves nothing itself. */
class Supervision {
  readonly #log: Logger
  readonly #write: (lines: string) => void
  readonly #desk: WorkerDesk
  readonly #places: readonly Place[]
  readonly #ended = Promise.withResolvers<number>()
  #stopSignal: NodeJS.Signals | undefined
  #stopMs = 0
  #exitCode = 0
  #wasReady = false

  constructor(count: number, log: Logger, write: (lines: string) => void) {
    this.#log = log
    this.#write = write
    this.#desk = new WorkerDesk(log)
    this.#places = Array.from({ length: count }, (_, i) => ({
      number: i + 1,
      restarts: new Restarts(),
      worker: undefined,
      isReady: false,
    }))
  }

  run(): Promise<number> {
    process.on('SIGTERM', signal => this.#onSignal(signal)).on('SIGINT', signal => this.#onSignal(signal))
    for (const place of this.#places) this.#fork(place)
    return this.#ended.promise
  }

  #fork(place: Place): void {
    const worker = cluster.fork({ [WORKER_VARIABLE]: String(place.number) })
    const { pid } = worker.process
    const desk = {
      send: (message: ToWorker, sent: () => void) => {
        if (worker.isConnected()) worker.send(message, sent)
        else sent()
      },
    }
    place.worker = worker
    place.isReady = false
    this.#log.info({ worker: place.number, pid }, `worker ${place.number} started`)
    worker.on('message', (said: FromWorker) => {
      if (said.kind === 'ready') this.#onReady(place)
      else this.#desk.take(desk, said)
    })
    // What cannot be sent is said by its end.
    worker.on('error', () => {})
    worker.on('exit', (code, signal) => {
      this.#desk.leave(desk)
      place.worker = undefined
      this.#onExit(place, pid, code, signal)
    })
    const { stdout, stderr } = worker.process
    if (stdout) relay(stdout, this.#write)
    if (stderr) relay(stderr, lines => process.stderr.write(lines))
  }

  #onReady(place: Place): void {
    place.isReady = true
    place.restarts.ready()
    if (!this.#wasReady) this.#onFirstReady()
    if (this.#places.every(({ isReady }) => isReady))
      this.#log.info({ workers: this.#places.length }, `all ${this.#places.length} workers are ready`)
  }

  /** What kept others from starting does not keep all: they are started anew. */
  #onFirstReady(): void {
    this.#wasReady = true
    for (const place of this.#places) if (!place.worker && !this.#stopSignal) this.#fork(place)
  }

  #onExit(place: Place, pid: number | undefined, code: number | null, signal: string | null): void {
    const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`
    const fields = { worker: place.number, pid, code, signal }
    const line = `worker ${place.number} ${how}`
    if (this.#stopSignal) {
      this.#log.info(fields, line)
      this.#exitCode ||= code ?? 1
      if (this.#places.every(({ worker }) => !worker)) this.#ended.resolve(this.#exitCode)
    } else if (code === 0) {
      this.#log.info(fields, `${line}, as it was told; all end`)
      this.#stop('SIGTERM')
    } else if (code !== null && !this.#wasReady) {
      // All have the same configuration: the others are about to end, and the first one says why.
      this.#log.error(fields, `${line} before it was ready`)
      if (this.#places.every(({ worker }) => !worker)) this.#ended.resolve(code)
    } else {
      const delayMs = place.restarts.after()
      if (delayMs === undefined)
        this.#giveUp(fields, `${line}, at once for the ${place.restarts.failures}th time; all end`)
      else this.#startAnew(place, fields, line, delayMs)
    }
  }

  #startAnew(place: Place, fields: object, line: string, delayMs: number): void {
    this.#log.error({ ...fields, delayMs }, `${line}; it is started anew in ${delayMs} ms`)
    setTimeout(() => {
      if (!this.#stopSignal) this.#fork(place)
    }, delayMs)
  }

  #giveUp(fields: object, line: string): void {
    this.#log.fatal({ ...fields }, line)
    this.#exitCode = 1
    this.#stop('SIGTERM')
  }

  #onSignal(signal: NodeJS.Signals): void {
    if (!this.#stopSignal) {
      this.#log.info({ signal }, 'stopping all workers')
      this.#stop(signal)
    } else if (performance.now() - this.#stopMs > SAME_SIGNAL_MS) {
      this.#exitCode = 1
      for (const { worker } of this.#places) worker?.process.kill('SIGKILL')
    }
  }

  /** Each worker ends what it is at in its own time. */
  #stop(signal: NodeJS.Signals): void {
    this.#stopSignal = signal
    this.#stopMs = performance.now()
    for (const { worker } of this.#places) worker?.process.kill(signal)
    if (this.#places.every(({ worker }) => !worker)) this.#ended.resolve(this.#exitCode)
  }
}

/** Passes on what a worker writes, by whole lines. */
function relay(from: Readable, write: (lines: string) => void): void {
  let rest = ''
  from.setEncoding('utf8').on('data', (text: string) => {
    const end = text.lastIndexOf('\n') + 1
    if (end > 0) write(rest + text.slice(0, end))
    rest = end > 0 ? text.slice(end) : rest + text
  })
  from.on('end', () => {
    if (rest !== '') write(`${rest}\n`)
  })
}
