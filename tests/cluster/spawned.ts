import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { myelin, type Running } from '../cli/program.ts'

/** A gateway in a process of its own, as users start it. Going out of scope kills it. */
export class Spawned implements AsyncDisposable {
  readonly #running: Running
  readonly #folder: string

  private constructor(running: Running, folder: string) {
    this.#running = running
    this.#folder = folder
  }

  /** Starts one and waits until it serves; ports are those of the configuration. */
  static async start(
    xml: string,
    settings: Readonly<Record<string, string | number | boolean>>,
    ...options: readonly string[]
  ): Promise<Spawned> {
    const folder = mkdtempSync(join(tmpdir(), 'spawned-'))
    const toml = Object.entries({
      'transport.http.listener.port': 0,
      'management.probe.enable': false,
      'management_api.enable': false,
      ...settings,
    })
    const lines = toml.map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
    writeFileSync(join(folder, 'deployment.toml'), lines.join(''))
    const whole = `<definitions xmlns="http://ws.apache.org/ns/synapse">${xml}</definitions>`
    writeFileSync(join(folder, 'synapse.xml'), whole)
    const spawned = new Spawned(myelin('run', ...options, folder), folder)
    await spawned.#running.prints(/"ready"/)
    return spawned
  }

  /** Where a service is reached, by its name. */
  async url(scheme: 'ws' | 'http', service: string): Promise<string> {
    const [, url] = await this.#running.prints(new RegExp(` ${service} at (${scheme}://[^"]+)`))
    return url!
  }

  /** Waits for a text in the log. */
  async logs(pattern: RegExp): Promise<void> {
    await this.#running.prints(pattern)
  }

  /** Ends it at once, as when its machine fails. */
  kill(): void {
    this.#running.kill('SIGKILL')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
