// A gateway of several workers, as those see it who operate it: one ledger, one drain, one management API.

import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { WorkerState } from '../../src/cluster/control-messages.ts'
import type { Ledger } from '../../src/core/ledger.ts'
import { type Ended, MYELIN, type Running, startProgram } from '../cli/program.ts'
import { TestFolder } from '../support/certificates.ts'
import { type Client, connectAll } from '../support/clients.ts'
import { proxy, service } from '../support/configurations.ts'

const SERVICES = `
  ${service('<respond/>', { name: 'echo' })}
  ${proxy('reply', '<respond/>')}
  ${proxy('orders', '<store messageStore="Orders"/>')}
  ${proxy('notes', '<store messageStore="Notes"/>')}
  <messageStore name="Orders" class="myelin.embedded"/>
  <messageStore name="Notes"/>`

/** A gateway of two workers, and commands of its user. Going out of scope kills it. */
class Operated implements AsyncDisposable {
  readonly running: Running
  readonly #folder = new TestFolder()
  readonly #env: NodeJS.ProcessEnv

  constructor(toml = '') {
    const { path } = this.#folder
    mkdirSync(join(path, 'config'))
    this.#env = { ...process.env, MYELIN_RUN_FOLDER: join(path, 'run'), MYELIN_MANAGEMENT_TOKEN: '' }
    const settings =
      'transport.http.listener.port = 0\nmanagement.probe.enable = false\nmanagement_api.port = 0\n' +
      `myelin.data_folder = ${JSON.stringify(join(path, 'data'))}\n${toml}`
    this.#folder.write('config/deployment.toml', settings)
    const xml = `<definitions xmlns="http://ws.apache.org/ns/synapse">${SERVICES}</definitions>`
    this.#folder.write('config/all.xml', xml)
    this.running = startProgram(MYELIN, ['run', '--workers', '2', join(path, 'config')], this.#env)
  }

  static async start(toml?: string): Promise<Operated> {
    const operated = new Operated(toml)
    await operated.running.prints(/all 2 workers are ready/)
    return operated
  }

  async url(name: string): Promise<string> {
    const [, url] = await this.running.prints(new RegExp(` ${name} at (\\w+:[^"]+)`))
    return url!
  }

  /** Posts on connections of their own, so that both workers get some. */
  async post(name: string, count: number): Promise<void> {
    const url = await this.url(name)
    for (let i = 0; i < count; i++) {
      const response = await fetch(url, { method: 'POST', body: `${i}`, headers: { Connection: 'close' } })
      await response.bytes()
      expect(response.ok).toBe(true)
    }
  }

  async clients(count: number): Promise<Client[]> {
    return await connectAll(await this.url('echo'), count)
  }

  async run(...args: readonly string[]): Promise<Ended> {
    await using running = startProgram(MYELIN, args, this.#env)
    running.endInput()
    return await running.ended()
  }

  /** Asks each of the workers, by the management API. */
  async ask(path: string): Promise<unknown[]> {
    const folder = join(this.#folder.path, 'run')
    const answers: unknown[] = []
    for (const file of readdirSync(folder).filter(name => name.startsWith('gateway-'))) {
      const { url, token } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Record<string, string>
      const headers = { Authorization: `Bearer ${token}` }
      const response = await fetch(`${url}/management${path}`, { headers }).catch(() => undefined)
      if (response) answers.push(await response.json())
    }
    return answers
  }

  async ledger(): Promise<Ledger> {
    const [ledger] = await this.ask('/ledger')
    return ledger as Ledger
  }

  /** When who started a worker last heard what it had counted. */
  async heardAt(worker: number): Promise<number> {
    const [server] = (await this.ask('/server')) as { workers: readonly WorkerState[] }[]
    return server?.workers.find(each => each.worker === worker)?.heardAt ?? 0
  }

  /** The process of a worker. */
  async pid(worker: number): Promise<number> {
    const line = `"worker":${worker},"pid":(\\d+),"msg":"worker ${worker} started"`
    return Number((await this.running.prints(new RegExp(line)))[1])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.running[Symbol.asyncDispose]()
    this.#folder[Symbol.dispose]()
  }
}

function received(ledger: Ledger, service: string): number {
  return ledger.services.find(each => each.service === service)!.received
}

describe.concurrent('two workers', { timeout: 60_000 }, () => {
  test('are one in the ledger, in the stores, and in what is kept when they have gone', async ({
    expect,
  }) => {
    await using two = await Operated.start()
    const clients = await two.clients(4)
    for (const client of clients) expect(await client.ask('x')).toBe('x')
    await two.post('reply', 6)
    await two.post('orders', 5)
    await two.post('notes', 4)

    const ledger = await two.ledger()
    expect(received(ledger, 'proxy service reply')).toBe(6)
    expect(received(ledger, 'proxy service orders')).toBe(5)
    expect(ledger.workers).toMatchObject([{ worker: 1 }, { worker: 2 }])
    for (const worker of ledger.workers!) expect(worker.received).toBeGreaterThan(5)
    expect(ledger.stores).toMatchObject([
      { store: 'Orders', stored: 5, held: 5 },
      { store: 'Notes', stored: 4, held: 4 },
    ])
    expect(ledger).toMatchObject({ differences: [], deaths: [], isFinal: false })
    expect(await two.run('ledger', 'check')).toMatchObject({ code: 0, stderr: '' })
    const list = [
      { name: 'Orders', size: 5 },
      { name: 'Notes', size: 4 },
    ]
    expect(await two.ask('/message-stores')).toMatchObject([{ list }, { list }])

    two.running.kill('SIGTERM')
    for (const client of clients) expect(await client.closed).toMatchObject({ code: 1012 })
    const { code, stdout } = await two.running.ended()
    expect(code).toBe(0)
    expect(stdout).toMatch(/stopping all workers: nothing new.*[\s\S]*stopping all workers: links and stores/)
    const after = await two.run('ledger', 'check')
    expect(after.stdout).toMatch(/with 2 workers, stopped at/)
    expect(after.stderr).toBe(
      'myelin: message store Notes: it held 4 when the process ended, and is in memory\n',
    )
    expect(after.code).toBe(1)
  })

  test('are drained as one: all clients are told 1012, spread, and one progress is told', async ({
    expect,
  }) => {
    await using two = await Operated.start()
    const clients = await two.clients(100)
    for (const client of clients) expect(await client.ask('x')).toBe('x')
    const start = performance.now()
    const ends = clients.map(async ({ closed }) => ({ ...(await closed), ms: performance.now() - start }))
    const drained = await two.run('drain')
    expect(drained).toMatchObject({ code: 0, stderr: '' })
    const lines = drained.stdout.trim().split('\n')
    const stages = lines.map(line => line.split(/ s +/)[1]!.split(' ')[0]!)
    expect([...new Set(stages)]).toEqual(['ending', 'closing', 'releasing', 'stopped'])
    expect(lines.find(line => line.includes('closing'))).toContain(
      'workers 2, requests 0, WebSocket clients 100',
    )
    expect(lines.at(-1)).toMatch(/nothing was cut$/)
    const told = await Promise.all(ends)
    expect(told.map(({ code }) => code)).toEqual(clients.map(() => 1012))
    const times = told.map(({ ms }) => ms)
    expect(Math.max(...times) - Math.min(...times)).toBeGreaterThan(40)
    // The command waits for all of them.
    expect((await two.running.ended()).code).toBe(0)
    expect(await two.run('ledger', 'check')).toMatchObject({ code: 0, stderr: '' })
  })

  test('say so when one of them was killed under load, and go on', async ({ expect }) => {
    await using two = await Operated.start()
    const clients = await two.clients(6)
    let isOver = false
    const talk = async (client: Client): Promise<number> => {
      for (let i = 0; ; i++) {
        if (isOver || client.webSocket.readyState !== client.webSocket.OPEN) return i
        try {
          await client.ask(`${i}`)
        } catch {
          return i
        }
      }
    }
    const talks = clients.map(talk)
    const workOf = async (): Promise<number> => (await two.ledger()).workers?.at(1)?.received ?? 0
    while ((await workOf()) < 100);
    const busyAt = Date.now()
    while ((await two.heardAt(2)) < busyAt);
    const pid = await two.pid(2)
    process.kill(pid, 'SIGKILL')
    await two.running.prints(/worker 2 was ended by SIGKILL; it is started anew/)
    await two.running.prints(/all 2 workers are ready[\s\S]*all 2 workers are ready/)
    const newcomers = await two.clients(2)
    for (const client of newcomers) expect(await client.ask('new')).toBe('new')
    isOver = true
    const asked = (await Promise.all(talks)).reduce((sum, count) => sum + count, 0)

    const ledger = await two.ledger()
    expect(ledger.deaths).toMatchObject([{ worker: 2, pid, how: 'was ended by SIGKILL' }])
    expect(ledger.workers).toHaveLength(2)
    const workers = [
      { worker: 1, starts: 1, isReady: true },
      { worker: 2, starts: 2 },
    ]
    const [server] = (await two.ask('/server')) as { workers: readonly WorkerState[] }[]
    expect(server!.workers.toSorted((a, b) => a.worker - b.worker)).toMatchObject(workers)
    expect(server).toMatchObject({ died: 1, deaths: [{ pid }] })
    // What it had counted until shortly before is not lost with it.
    expect(ledger.deaths![0]!.received).toBeGreaterThan(0)
    expect(received(ledger, 'inbound endpoint echo')).toBeGreaterThan(asked / 2)
    const checked = await two.run('ledger', 'check')
    expect(checked.code).toBe(1)
    expect(checked.stderr).toMatch(
      new RegExp(
        `^myelin: worker 2 \\(process ${pid}\\) was ended by SIGKILL: [\\d.]+ s before \\d+ messages`,
      ),
    )
    const drained = await two.run('drain')
    expect(drained.code).toBe(1)
    expect(drained.stdout).toContain(`worker 2 (process ${pid}) was ended by SIGKILL`)
    expect((await two.running.ended()).code).toBe(0)
  })
})
