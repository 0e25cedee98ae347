// A gateway of several workers, as users start it, without Redis.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { myelin, type Running } from '../cli/program.ts'
import { type Client, connect } from '../support/clients.ts'
import { service } from '../support/configurations.ts'
import { HttpBackend } from '../support/http-backend.ts'

const LIMIT_MS = 90_000

/** A gateway of two workers. Going out of scope kills it. */
class TwoWorkers implements AsyncDisposable {
  readonly running: Running
  readonly #folder = mkdtempSync(join(tmpdir(), 'workers-'))

  constructor(xml: string) {
    mkdirSync(join(this.#folder, 'in'))
    const settings =
      'transport.http.listener.port = 0\nmanagement.probe.enable = false\nmanagement_api.enable = false'
    writeFileSync(join(this.#folder, 'deployment.toml'), `${settings}\n`)
    const inside = xml.replaceAll('FOLDER', join(this.#folder, 'in'))
    const whole = `<definitions xmlns="http://ws.apache.org/ns/synapse">${inside}</definitions>`
    writeFileSync(join(this.#folder, 'synapse.xml'), whole)
    this.running = myelin('run', '--workers', '2', this.#folder)
  }

  static async start(xml: string): Promise<TwoWorkers> {
    const two = new TwoWorkers(xml)
    await two.running.prints(/all 2 workers are ready/)
    return two
  }

  /** Waits until a worker was started for so many times; gives its process. */
  async pid(worker: number, times = 1): Promise<number> {
    const line = `"worker":${worker},"pid":(\\d+),"msg":"worker ${worker} started"`
    const found = await this.running.prints(new RegExp(`(?:${line}[\\s\\S]*?){${times}}`))
    return Number(found[1])
  }

  /** Waits until there is a worker in which something runs; another one than some, where they are named. */
  async worksIn(what: string, but = ''): Promise<number> {
    const found = await this.running.prints(new RegExp(`"worker":([^${but}]),"msg":"${what} runs here"`))
    return Number(found[1])
  }

  async kill(worker: number): Promise<void> {
    process.kill(await this.pid(worker), 'SIGKILL')
    await this.running.prints(new RegExp(`worker ${worker} was ended by SIGKILL; it is started anew`))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const ECHO = service('<respond/>', { name: 'echo' })

const FILES = `
  <inboundEndpoint name="files" protocol="file" sequence="seen"><parameters>
    <parameter name="interval">100</parameter>
    <parameter name="transport.vfs.FileURI">file://FOLDER</parameter></parameters></inboundEndpoint>
  <sequence name="seen"><drop/></sequence>`

describe.concurrent('two workers', { timeout: LIMIT_MS }, () => {
  test('share a port; when one is killed the clients of the other stay, and it is replaced', async () => {
    await using two = await TwoWorkers.start(ECHO)
    const [, url] = await two.running.prints(/echo at (ws:[^"]+)/)
    const clients: Client[] = []
    for (let i = 0; i < 6; i++) clients.push(await connect(url!))
    for (const [i, client] of clients.entries()) expect(await client.ask(`${i}`)).toBe(`${i}`)

    await two.kill(2)
    const gone = clients.filter((_, i) => i % 2 === 1)
    const isGone = (client: Client): Promise<boolean> => client.closed.then(() => true)
    const ended = await Promise.race([Promise.all(gone.map(isGone)), Promise.all([clients[0]!].map(isGone))])
    expect(ended).toContain(true)
    const open = clients.filter(({ webSocket }) => webSocket.readyState === webSocket.OPEN)
    expect(open).toHaveLength(3)
    for (const client of open) expect(await client.ask('still')).toBe('still')

    await two.running.prints(/all 2 workers are ready[\s\S]*all 2 workers are ready/)
    for (let i = 0; i < 4; i++) {
      const client = await connect(url!)
      expect(await client.ask('new')).toBe('new')
      client[Symbol.dispose]()
    }
    for (const client of clients) client[Symbol.dispose]()
  })

  test('have what runs in one process in one of them, and then in the other; stop in good order', async () => {
    await using two = await TwoWorkers.start(FILES)
    const first = await two.worksIn('inbound endpoint files')
    await two.kill(first)
    expect(await two.worksIn('inbound endpoint files', `${first}`)).toBe(3 - first)

    await two.running.prints(/all 2 workers are ready[\s\S]*all 2 workers are ready/)
    two.running.kill('SIGTERM')
    const { code, stdout } = await two.running.ended()
    expect(code).toBe(0)
    for (const worker of [1, 2]) {
      expect(stdout).toContain(`"worker":${worker},"msg":"stopped"`)
      expect(stdout).toContain(`worker ${worker} ended with exit code 0`)
    }
    for (const line of stdout.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
  })

  test('run a task once per tick, one of them being killed on the way', async () => {
    let wake = Promise.withResolvers<void>()
    await using backend = await HttpBackend.start(() => {
      wake.resolve()
      wake = Promise.withResolvers()
      return {}
    })
    await using two = await TwoWorkers.start(`
      <task name="tick"><trigger count="60" interval="0.1"/>
        <property name="injectTo" value="sequence"/><property name="sequenceName" value="tick"/>
        <property name="message"><tick xmlns=""/></property></task>
      <sequence name="tick">
        <call><endpoint><http method="post" uri-template="${backend.url}"/></endpoint></call><drop/></sequence>`)
    while (backend.received.length < 20) await wake.promise
    await two.kill(1)
    await two.running.prints(/all 2 workers are ready[\s\S]*all 2 workers are ready/)
    while (backend.received.length < 60) await wake.promise
    two.running.kill('SIGTERM')
    await two.running.ended()
    expect(backend.received).toHaveLength(60)
  })

  test('are given up when one dies at once again and again', async () => {
    await using two = await TwoWorkers.start(ECHO)
    for (let times = 1; times <= 6; times++) process.kill(await two.pid(1, times), 'SIGKILL')
    const { code, stdout } = await two.running.ended()
    expect(stdout).toContain('worker 1 was ended by SIGKILL, at once for the 6th time; all end')
    expect(code).toBe(1)
  })

  test('end at once when the configuration keeps them from starting', async () => {
    await using two = new TwoWorkers('<sequence name="alone"/>')
    const { code, stderr } = await two.running.ended()
    expect(code).toBe(1)
    expect(stderr.match(/has nothing to serve/g)).toHaveLength(1)
  })
})
