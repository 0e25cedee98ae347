import { Gateway, loadConfiguration } from '../gateway.ts'
import { type DiagnosticRecord, Diagnostics, format, toRecord } from '../language/diagnostic.ts'
import { Source } from '../language/source.ts'
import { readSettings } from '../settings.ts'
import { type AssertionFailure, failureOf } from './assertion.ts'
import { Coverage, type CoverageReport } from './coverage.ts'
import type { MockDefinition } from './mock-definition.ts'
import { MockService } from './mock-service.ts'
import { findFile, readSource } from './project.ts'
import { replaceAddresses } from './replace-address.ts'
import { ResourceFolder } from './resource-folder.ts'
import type { Suite } from './suite.ts'
import { SuiteLog } from './suite-log.ts'
import type { TestCase } from './test-case.ts'
import { TestSubject } from './test-subject.ts'

/** How a case went. */
export interface CaseResult {
  readonly name: string
  readonly passed: boolean
  readonly ms: number
  /** Why the message did not get through, where it did not. */
  readonly mediation: string | undefined
  readonly assertions: number
  readonly failures: readonly AssertionFailure[]
  /** What was logged meanwhile. */
  readonly log: readonly string[]
}

/** How a suite went. */
export interface SuiteResult {
  readonly suite: string
  /** What was tested, such as `api Orders`. */
  readonly artifact: string
  readonly passed: boolean
  /** Why nothing was run, where that is so; findings as text. */
  readonly deployment: readonly string[]
  readonly diagnostics: readonly DiagnosticRecord[]
  /** What is not as the suite says, and does not matter for the result. */
  readonly notes: readonly string[]
  readonly cases: readonly CaseResult[]
  readonly coverage: CoverageReport
}

/** How suites are run. */
export interface RunOptions {
  /** Stand-ins beside those of the suite; the suite's own come first. */
  readonly mocks?: readonly MockDefinition[]
  /** Called before each case. */
  readonly onCase?: (name: string) => void
  /** How long one message may take, in milliseconds; default a minute. */
  readonly limitMs?: number
}

const LIMIT_MS = 60_000
const SETTINGS = `[transport.http.listener]
port = 0
host = "localhost"

[management.probe]
enable = false

[myelin.demo_backend]
enable = false
`

const SETTINGS_FILES: readonly string[] = ['deployment/deployment.toml', 'deployment.toml']

/** The classes that the project of a suite has modules for; its other settings are for the place it runs at. */
function classesOf({ source }: Suite): string {
  const path = SETTINGS_FILES.map(name => findFile(source.path, name)).find(found => found !== undefined)
  if (path === undefined) return ''
  const classes = readSettings(readSource(path), new Diagnostics()).classes()
  const lines = [...classes].map(([name, file]) => `${JSON.stringify(name)} = ${JSON.stringify(file)}`)
  return lines.length === 0 ? '' : `\n[myelin.classes]\n${lines.join('\n')}\n`
}

/** Deploys what a suite names, with its mock services, and runs its cases one after another. */
export async function runSuite(suite: Suite, options: RunOptions = {}): Promise<SuiteResult> {
  await using mocks = new AsyncDisposableStack()
  const addresses = new Map<string, string>()
  for (const definition of [...suite.mocks, ...(options.mocks ?? [])]) {
    if (addresses.has(definition.endpoint)) continue
    const mock = mocks.use(await MockService.start(definition))
    addresses.set(definition.endpoint, mock.address)
  }
  const replaced = [suite.artifact, ...suite.supportive].map(each => replaceAddresses(each, addresses))
  const used = new Set(replaced.flatMap(({ endpoints }) => [...endpoints]))
  const idle = suite.mocks.filter(({ endpoint }) => !used.has(endpoint))
  const notes = idle.map(
    ({ endpoint }) => `mock service ${endpoint}: no endpoint of this name with an address is deployed`,
  )
  const sources = replaced.map(({ source }) => source)
  return await new SuiteRun(suite, options, notes).run(sources)
}

class SuiteRun {
  readonly #suite: Suite
  readonly #options: RunOptions
  readonly #notes: string[]
  readonly #subject: TestSubject
  readonly #log = new SuiteLog()
  readonly #coverage = new Coverage()

  constructor(suite: Suite, options: RunOptions, notes: string[]) {
    this.#suite = suite
    this.#options = options
    this.#notes = notes
    this.#subject = new TestSubject(suite.artifact)
  }

  async run(sources: readonly Source[]): Promise<SuiteResult> {
    using resources = new ResourceFolder(this.#suite)
    const { gateway, deployment } = await this.#deploy(sources, resources.path)
    const cases: CaseResult[] = []
    for (const each of this.#suite.cases) {
      this.#options.onCase?.(each.name)
      cases.push(gateway && deployment.length === 0 ? await this.#case(each, gateway) : notRun(each))
    }
    await gateway?.stop(0)
    const findings = gateway?.diagnostics.all().filter(({ severity }) => severity !== 'note') ?? []
    return {
      suite: this.#suite.source.path,
      artifact: `${this.#subject.kind} ${this.#subject.name}`,
      passed: deployment.length === 0 && cases.every(({ passed }) => passed),
      deployment,
      diagnostics: findings.map(toRecord),
      notes: this.#notes,
      cases,
      coverage: this.#coverage.report(sources),
    }
  }

  /** Deploys and, where something is to be called, starts; `deployment` says what is wrong. */
  async #deploy(
    sources: readonly Source[],
    resources: string | undefined,
  ): Promise<{ gateway?: Gateway; deployment: string[] }> {
    let gateway: Gateway | undefined
    try {
      const { loaded } = loadConfiguration(resources === undefined ? [] : [resources])
      const diagnostics = new Diagnostics()
      const settings = readSettings(
        new Source('deployment.toml', SETTINGS + classesOf(this.#suite)),
        diagnostics,
      )
      const files = [...sources, ...loaded.files]
      const configuration = { loaded: { ...loaded, files }, settings, diagnostics }
      gateway = new Gateway(configuration, this.#log, this.#coverage.observe)
      const errors = diagnostics.all().filter(({ severity }) => severity === 'error')
      if (errors.length === 0 && this.#subject.isService) await gateway.start()
      return { gateway, deployment: errors.map(each => format(each)) }
    } catch (error) {
      return { gateway, deployment: [(error as Error).message] }
    }
  }

  async #case(each: TestCase, gateway: Gateway): Promise<CaseResult> {
    this.#log.clear()
    const startedMs = performance.now()
    const mediated = await this.#subject.mediate(each, gateway, this.#options.limitMs ?? LIMIT_MS)
    const { outcome, problem: mediation, note } = mediated
    if (note !== undefined) this.#notes.push(note)
    const failures = outcome ? each.assertions.flatMap(assertion => failureOf(assertion, outcome) ?? []) : []
    return {
      name: each.name,
      passed: mediation === undefined && failures.length === 0,
      ms: Math.round(performance.now() - startedMs),
      mediation,
      assertions: each.assertions.length,
      failures,
      log: [...this.#log.lines],
    }
  }
}

function notRun({ name, assertions }: TestCase): CaseResult {
  const mediation = 'not run: the deployment failed'
  return { name, passed: false, ms: 0, mediation, assertions: assertions.length, failures: [], log: [] }
}
