import cluster, { type Worker } from 'node:cluster'
import type { Readable } from 'node:stream'
import { ControlHub, type ControlledWorker } from '../cluster/control-hub.ts'
import type { ControlFromWorker, ControlToWorker, LastLedger, StopKind } from '../cluster/control-messages.ts'
import { WORKER_VARIABLE } from '../cluster/worker.ts'
import { WorkerHub } from '../cluster/worker-hub.ts'
import type { FromWorker, ToWorker } from '../cluster/worker-messages.ts'
import type { Logger } from '../core/logger.ts'
import { newToken } from '../management/access.ts'
import { TOKEN_VARIABLE } from '../management/run-folder.ts'
import { Restarts } from './restarts.ts'
import { WorkersEnd } from './workers-end.ts'

/** Two signals closer together than this are one: a terminal and a launcher may both pass it on. */
const SAME_SIGNAL_MS = 500

interface Place {
  readonly number: number
  readonly restarts: Restarts
  worker: Worker | undefined
  member: ControlledWorker | undefined
  isReady: boolean
  starts: number
  /** Set when it has stopped in order. */
  last: LastLedger | undefined
}

/** Starts workers, starts those anew that die, and has them stop together. It serves nothing itself. */
export class Supervision {
  readonly #log: Logger
  readonly #write: (lines: string) => void
  readonly #hub: WorkerHub
  readonly #control = new ControlHub()
  readonly #places: readonly Place[]
  readonly #ended = Promise.withResolvers<number>()
  // One for all of them: any worker tells of the whole.
  readonly #token = process.env[TOKEN_VARIABLE] || newToken()
  #end: WorkersEnd | undefined
  #stopMs = 0
  #exitCode = 0
  #wasReady = false

  constructor(count: number, log: Logger, write: (lines: string) => void) {
    this.#log = log
    this.#write = write
    this.#hub = new WorkerHub(log)
    this.#places = Array.from({ length: count }, (_, i) => ({
      number: i + 1,
      restarts: new Restarts(),
      worker: undefined,
      member: undefined,
      isReady: false,
      starts: 0,
      last: undefined,
    }))
  }

  /** Runs until all have ended; gives the exit code. */
  async run(): Promise<number> {
    process.on('SIGTERM', signal => this.#onSignal(signal)).on('SIGINT', signal => this.#onSignal(signal))
    for (const place of this.#places) this.#fork(place)
    const exitCode = await this.#ended.promise
    this.#end?.keep(this.#places.flatMap(({ last }) => last ?? []))
    return exitCode
  }

  #fork(place: Place): void {
    const worker = cluster.fork({ [WORKER_VARIABLE]: String(place.number), [TOKEN_VARIABLE]: this.#token })
    const { pid = 0 } = worker.process
    const send = (message: ToWorker | ControlToWorker, sent: () => void): void => {
      if (worker.isConnected()) worker.send(message, sent)
      else sent()
    }
    const hubWorker = { send }
    const member: ControlledWorker = {
      get state() {
        return { worker: place.number, pid, isReady: place.isReady, starts: place.starts }
      },
      tell: message => send(message, () => {}),
    }
    Object.assign(place, { worker, member, isReady: false, starts: place.starts + 1 })
    this.#control.join(member)
    this.#log.info({ worker: place.number, pid }, `worker ${place.number} started`)
    worker.on('message', (said: FromWorker | ControlFromWorker) => {
      if (said.kind === 'ready') this.#onReady(place)
      else if (said.kind === 'stop all') this.#stop('SIGTERM', said.how)
      else if (said.kind === 'drain step') this.#end?.take(place.number, said.step)
      else if (said.kind === 'last ledger') place.last = said.last
      else if (isControl(said)) this.#control.take(member, said)
      else this.#hub.take(hubWorker, said)
    })
    // What cannot be sent is said by its end.
    worker.on('error', () => {})
    worker.on('exit', (code, signal) => {
      this.#hub.leave(hubWorker)
      this.#onExit(place, { member, code, signal })
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
    for (const place of this.#places) if (!place.worker && !this.#end) this.#fork(place)
  }

  #onExit(place: Place, { member, code, signal }: Exit): void {
    const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`
    if (place.last) this.#control.leave(member)
    else this.#control.bury(member, how)
    Object.assign(place, { worker: undefined, member: undefined, isReady: false })
    this.#end?.gone(place.number)
    const fields = { worker: place.number, pid: member.state.pid, code, signal }
    const line = `worker ${place.number} ${how}`
    if (this.#end) {
      this.#log.info(fields, line)
      this.#exitCode ||= code ?? 1
      this.#lookForEnd()
    } else if (code === 0) {
      this.#log.info(fields, `${line}, as it was told; all end`)
      this.#stop('SIGTERM')
    } else if (code !== null && !this.#wasReady) {
      // All have the same configuration: the others are about to end, and the first one says why.
      this.#log.error(fields, `${line} before it was ready`)
      if (this.#isEmpty) this.#ended.resolve(code)
    } else {
      const delayMs = place.restarts.after()
      if (delayMs === undefined)
        this.#giveUp(fields, `${line}, at once for the ${place.restarts.failures}th time; all end`)
      else this.#startAnew(place, fields, line, delayMs)
    }
  }

  #startAnew(place: Place, fields: object, line: string, delayMs: number): void {
    const { count } = this.#control.deaths
    this.#log.error({ ...fields, delayMs, deaths: count }, `${line}; it is started anew in ${delayMs} ms`)
    setTimeout(() => {
      if (!this.#end) this.#fork(place)
    }, delayMs)
  }

  #giveUp(fields: object, line: string): void {
    this.#log.fatal({ ...fields }, line)
    this.#exitCode = 1
    this.#stop('SIGTERM')
  }

  #onSignal(signal: NodeJS.Signals): void {
    if (!this.#end) {
      this.#log.info({ signal }, 'stopping all workers')
      this.#stop(signal)
    } else if (performance.now() - this.#stopMs > SAME_SIGNAL_MS) {
      this.#exitCode = 1
      for (const { worker } of this.#places) worker?.process.kill('SIGKILL')
    }
  }

  /** Each worker goes through the stages by itself; `how` is set where one of them was asked to have all stop. */
  #stop(signal: NodeJS.Signals, how?: StopKind): void {
    if (this.#end) return
    this.#stopMs = performance.now()
    const members = this.#places.flatMap(({ member }) => member ?? [])
    this.#end = new WorkersEnd(this.#log, { members, deaths: () => this.#control.deaths })
    for (const { worker, member } of this.#places)
      if (how !== undefined && member?.state.isReady) member.tell({ kind: 'stop', how })
      else worker?.process.kill(signal)
    this.#lookForEnd()
  }

  #lookForEnd(): void {
    if (this.#isEmpty) this.#ended.resolve(this.#exitCode)
  }

  get #isEmpty(): boolean {
    return this.#places.every(({ worker }) => !worker)
  }
}

interface Exit {
  readonly member: ControlledWorker
  readonly code: number | null
  readonly signal: string | null
}

function isControl(said: FromWorker | ControlFromWorker): said is ControlFromWorker {
  return (
    said.kind === 'ask workers' ||
    said.kind === 'worker answer' ||
    said.kind === 'account' ||
    said.kind === 'same account'
  )
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
