import { expect } from 'vitest'
import type { LogFields, LogLevel } from '../../src/core/logger.ts'
import { Gateway } from '../../src/gateway.ts'
import { Diagnostics, format } from '../../src/language/diagnostic.ts'
import { Source } from '../../src/language/source.ts'
import { readSettings } from '../../src/settings.ts'
import { type LogLine, RecordingLogger } from './recording-logger.ts'

/** What a gateway for a test is made of. */
export interface GatewayOptions {
  /** Artifacts, by the path of their file; or all of them as the inside of one `<definitions>`. */
  readonly files?: Readonly<Record<string, string>>
  readonly xml?: string
  /** Settings by their full key. The HTTP transport takes a free port unless one is set. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  /** More of deployment.toml. */
  readonly toml?: string
}

/** How long a line of the log may take to come. */
const LOG_LIMIT_MS = 8_000

/** Keeps the log lines of a gateway for a test to read and to wait for. */
class CapturedLog extends RecordingLogger {
  readonly #watchers = new Set<() => void>()

  async waitFor(text: string, count: number): Promise<LogLine> {
    const find = (): LogLine | undefined => this.lines.filter(line => line.text.includes(text))[count - 1]
    let found = find()
    if (found) return found
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        const lines = this.lines.map(line => `  ${line.level} ${line.text}`).join('\n')
        reject(new Error(`no log line with "${text}" within ${LOG_LIMIT_MS} ms; there were:\n${lines}`))
      }, LOG_LIMIT_MS)
      const watcher = (): void => {
        found = find()
        if (!found) return
        clearTimeout(timer)
        this.#watchers.delete(watcher)
        resolve()
      }
      this.#watchers.add(watcher)
    })
    return found!
  }

  protected override write(level: LogLevel, fields: LogFields, text: string): void {
    super.write(level, fields, text)
    for (const watcher of [...this.#watchers]) watcher()
  }
}

/** A gateway that runs within the test. Going out of scope stops it. */
export class TestGateway implements AsyncDisposable {
  readonly gateway: Gateway
  readonly #log: CapturedLog

  constructor(gateway: Gateway, log: CapturedLog) {
    this.gateway = gateway
    this.#log = log
  }

  /** The lines logged so far. */
  get logs(): readonly LogLine[] {
    return this.#log.lines
  }

  /** Texts of the lines logged so far that contain a text. */
  logged(text: string): string[] {
    return this.logs.map(line => line.text).filter(line => line.includes(text))
  }

  /** Waits for a line that contains a text, or for the `count`th one. */
  waitForLog(text: string, count = 1): Promise<LogLine> {
    return this.#log.waitFor(text, count)
  }

  /** Where a service is reached, by its name; without one the only service of the scheme. */
  url(scheme: 'ws' | 'wss' | 'http', service?: string): string {
    const urls = this.gateway.listening
      .filter(({ what, url }) => url.startsWith(`${scheme}:`) && (!service || what.endsWith(` ${service}`)))
      .map(({ url }) => url)
    expect(urls, `${scheme} services ${service ?? ''}`).toHaveLength(1)
    return urls[0]!
  }

  /** Messages that were taken in and are not through yet, over all services. */
  get inFlight(): number {
    return [...this.gateway.counters.values()].reduce((sum, counters) => sum + counters.inFlight, 0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway.stop(0)
  }
}

/** Starts a gateway on free ports. Errors and warnings in its configuration fail the test. */
export async function startGateway(options: GatewayOptions): Promise<TestGateway> {
  const built = buildGateway(options)
  const problems = built.gateway.diagnostics.all().filter(({ severity }) => severity !== 'note')
  expect(problems.map(problem => format(problem))).toEqual([])
  await built.gateway.start()
  return built
}

/** Makes a gateway without starting it. */
export function buildGateway({
  files = {},
  xml,
  settings = {},
  toml: more = '',
}: GatewayOptions): TestGateway {
  const sources = Object.entries(files).map(([path, text]) => new Source(path, text))
  if (xml !== undefined) {
    const whole = `<definitions xmlns="http://ws.apache.org/ns/synapse">${xml}</definitions>`
    sources.push(new Source('synapse.xml', whole))
  }
  const toml = Object.entries({ 'transport.http.listener.port': 0, ...settings })
    .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    .join('')
  const source = new Source('deployment.toml', toml + more)
  const diagnostics = new Diagnostics()
  const configuration = {
    loaded: { files: sources, settings: source, problems: [], archives: [], places: [], skipped: [] },
    settings: readSettings(source, diagnostics),
    diagnostics,
  }
  const log = new CapturedLog()
  return new TestGateway(new Gateway(configuration, log), log)
}
