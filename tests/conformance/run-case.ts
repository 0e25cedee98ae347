import { rmSync } from 'node:fs'
import { Gateway, loadConfiguration } from '../../src/gateway.ts'
import { format } from '../../src/language/diagnostic.ts'
import { type MockBackend, makeBackend } from './backends.ts'
import type { Case } from './case.ts'
import { DEFAULT_HTTP_PORT, writeConfiguration } from './configuration.ts'
import { CaseLog } from './log.ts'
import { nameOf, perform, type Scene } from './steps.ts'

/** How a case went. */
export interface CaseResult {
  readonly id: string
  readonly area: string
  readonly confidence: string
  readonly passed: boolean
  /** What was not as expected, and in which step. */
  readonly failure?: string
  /** Errors found in the configuration. */
  readonly diagnostics?: readonly string[]
  /** The last lines of the log, of a case that failed. */
  readonly log?: readonly string[]
  readonly ms: number
}

/** How cases are run. */
export interface CaseOptions {
  /** Folder that corpus files are relative to. */
  readonly corpus?: string
  /** How long one case may take, in milliseconds. */
  readonly limitMs?: number
}

const LIMIT_MS = 60_000
const STOP_LIMIT_MS = 5_000
const LOG_LINES = 12

/** Runs one case from deployment to its last step, and takes everything down again. Never throws. */
export async function runCase(
  each: Case,
  { corpus, limitMs = LIMIT_MS }: CaseOptions = {},
): Promise<CaseResult> {
  const { id, area, confidence } = each
  const startedMs = performance.now()
  const stage = new Stage(each)
  let failure: string | undefined
  try {
    await limited(stage.play(corpus), limitMs, () => `not over after ${limitMs} ms, ${stage.position}`)
  } catch (error) {
    failure = `${stage.position}: ${(error as Error).message}`
  }
  // Not how it was taken down.
  const log = stage.log.tail(LOG_LINES)
  await stage.clear()
  const ms = Math.round(performance.now() - startedMs)
  const passed = failure === undefined
  return {
    id,
    area,
    confidence,
    passed,
    ms,
    ...(!passed && { failure, diagnostics: stage.diagnostics, log }),
  }
}

/** Everything that is up while a case runs. */
class Stage {
  readonly log = new CaseLog()
  position = 'before the first step'
  diagnostics: readonly string[] = []
  readonly #case: Case
  readonly #backends = new Map<string, MockBackend>()
  readonly #connections: Scene['connections'] = new Map()
  #folder: string | undefined
  #gateway: Gateway | undefined
  #isOver = false

  constructor(each: Case) {
    this.#case = each
  }

  async play(corpus: string | undefined): Promise<void> {
    this.#folder = writeConfiguration(this.#case, corpus)
    for (const spec of this.#case.backends ?? []) this.#backends.set(spec.name, makeBackend(spec))
    await Promise.all([...this.#backends.values()].map(backend => backend.start()))
    this.#gateway = this.#deploy(this.#folder)
    await this.#gateway.start()
    const scene: Scene = {
      httpPort: this.#case.gateway?.http ?? DEFAULT_HTTP_PORT,
      log: this.log,
      backends: this.#backends,
      connections: this.#connections,
      saved: new Map(),
    }
    for (const [index, step] of (this.#case.steps ?? []).entries()) {
      if (this.#isOver) return
      this.position = `step ${index + 1} (${nameOf(step)})`
      await perform(step, scene)
    }
  }

  async clear(): Promise<void> {
    this.#isOver = true
    for (const connection of this.#connections.values()) connection.cut()
    const stopping = [this.#gateway?.stop(0), ...[...this.#backends.values()].map(backend => backend.stop())]
    try {
      await limited(Promise.allSettled(stopping), STOP_LIMIT_MS, () => 'stopping takes too long')
    } catch {
      // The next case will tell, if a port is still taken.
    }
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true })
  }

  #deploy(folder: string): Gateway {
    const configuration = loadConfiguration([folder])
    const gateway = new Gateway(configuration, this.log)
    this.diagnostics = gateway.diagnostics
      .all()
      .filter(({ severity }) => severity === 'error')
      .map(each => format(each))
    return gateway
  }
}

async function limited<T>(work: Promise<T>, limitMs: number, problem: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(problem())), limitMs)
  })
  // What goes on after the limit ends in an error nobody waits for.
  work.catch(() => {})
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
