import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { myelin, type Running } from '../cli/program.ts'

/** What a round is made of. */
export interface RoundOptions {
  readonly messages: number
  /** How many clients send, each one message after the other; the order of each is looked at. */
  readonly clients: number
  /** How often the gateway is killed while they send. */
  readonly kills: number
  /** A Redis for the store; without one it is the embedded one. */
  readonly redisUrl?: string
}

/** What came of a round. */
export interface Round {
  /** Messages the gateway answered 202 for. */
  readonly accepted: number
  /** Messages whose client got no answer: the gateway was killed, and may have them or not. */
  readonly unanswered: number
  /** Different messages that arrived. */
  readonly delivered: number
  /** Accepted ones that did not arrive. */
  readonly lost: number
  /** Messages that came after a later one of their client, those that came again left out. */
  readonly outOfOrder: number
  /** Messages that came again. */
  readonly duplicates: number
  /** What the store counts as possibly handed out again; undefined where it was not asked. */
  readonly redelivered: number | undefined
  /** What its counts are out of balance by; undefined where they were not asked for. */
  readonly imbalance: number | undefined
}

/** How long what was accepted may take to arrive, in milliseconds. */
const ARRIVAL_MS = 120_000

/** Notes what arrives: one line `client:number` per message. */
class Backend {
  readonly #server: Server
  readonly #seen = new Map<string, number>()
  readonly #largest = new Map<string, number>()
  outOfOrder = 0
  duplicates = 0

  constructor() {
    this.#server = createServer((incoming, response) => {
      let body = ''
      incoming.setEncoding('utf8').on('data', part => {
        body += part
      })
      incoming.on('end', () => {
        this.#arrived(body)
        response.writeHead(202).end()
      })
    })
  }

  async start(): Promise<string> {
    await new Promise<void>(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`
  }

  get delivered(): number {
    return this.#seen.size
  }

  has(message: string): boolean {
    return this.#seen.has(message)
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }

  #arrived(message: string): void {
    const times = this.#seen.get(message) ?? 0
    this.#seen.set(message, times + 1)
    if (times > 0) {
      this.duplicates++
      return
    }
    const [client = '', number = ''] = message.split(':')
    const largest = this.#largest.get(client) ?? 0
    if (Number(number) < largest) this.outOfOrder++
    else this.#largest.set(client, Number(number))
  }
}

/** A gateway that takes messages into a durable store and sends them on; it is killed and started again. */
class Victim {
  readonly folder = mkdtempSync(join(tmpdir(), 'rounds-'))
  #running: Running | undefined
  #address = Promise.withResolvers<string>()

  constructor(backend: string, redisUrl: string | undefined) {
    writeFileSync(join(this.folder, 'deployment.toml'), settings(this.folder, redisUrl))
    writeFileSync(join(this.folder, 'synapse.xml'), configuration(backend, redisUrl))
  }

  /** Where it takes messages, a new address after each start; waits while it is not there. */
  get url(): Promise<string> {
    return this.#address.promise
  }

  async start(): Promise<void> {
    const running = myelin('run', this.folder)
    this.#running = running
    await running.prints(/"ready"/)
    const [, url = ''] = await running.prints(/ in at (http:[^"]+)/)
    this.#address.resolve(url)
  }

  async kill(): Promise<void> {
    this.#address = Promise.withResolvers<string>()
    this.#running?.kill('SIGKILL')
    await this.#running?.ended()
  }

  async stop(): Promise<void> {
    this.#running?.kill('SIGTERM')
    await this.#running?.ended()
  }

  /** What the file says when nobody uses it any more. */
  counts(): { readonly redelivered: number; readonly imbalance: number } {
    const db = new DatabaseSync(join(this.folder, 'data', 'messages.db'))
    const row = db
      .prepare(
        `SELECT redelivered, stored - delivered - moved - dropped - died -
          (SELECT count(*) FROM messages_1) AS imbalance FROM stores WHERE name = 'kept'`,
      )
      .get() as { redelivered: number; imbalance: number }
    db.close()
    return row
  }

  async dispose(): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Runs one round: all are sent, the gateway is killed meanwhile, and what was accepted has to arrive. */
export async function killRound({ messages, clients, kills, redisUrl }: RoundOptions): Promise<Round> {
  const backend = new Backend()
  const victim = new Victim(await backend.start(), redisUrl)
  const accepted: string[] = []
  let unanswered = 0
  const agent = new Agent({ keepAlive: true })
  try {
    await victim.start()
    const perClient = Math.ceil(messages / clients)
    const sending = Array.from({ length: clients }, async (_, client) => {
      for (let number = 1; number <= perClient; number++) {
        const message = `${client}:${number}`
        const status = await post(await victim.url, message, agent).catch(() => undefined)
        if (status === 202) accepted.push(message)
        else if (status === undefined) unanswered++
        else throw new Error(`the gateway answered ${status} for ${message}`)
      }
    })
    const killing = killSometimes(victim, kills, () => accepted.length / messages)
    await Promise.all([...sending, killing])
    const deadline = performance.now() + ARRIVAL_MS
    let missing = accepted.filter(message => !backend.has(message))
    while (missing.length > 0 && performance.now() < deadline) {
      await delay(20)
      missing = missing.filter(message => !backend.has(message))
    }
    await victim.stop()
    const counts = redisUrl === undefined ? victim.counts() : undefined
    return {
      accepted: accepted.length,
      unanswered,
      delivered: backend.delivered,
      lost: missing.length,
      outOfOrder: backend.outOfOrder,
      duplicates: backend.duplicates,
      redelivered: counts?.redelivered,
      imbalance: counts?.imbalance,
    }
  } finally {
    agent.destroy()
    backend.close()
    await victim.dispose()
  }
}

/** Kills it at moments drawn at random, and starts it again at once. */
async function killSometimes(victim: Victim, kills: number, progress: () => number): Promise<void> {
  const moments = Array.from({ length: kills }, () => 0.1 + 0.8 * Math.random()).sort((a, b) => a - b)
  for (const moment of moments) {
    while (progress() < moment) await delay(1)
    await victim.kill()
    await victim.start()
  }
}

function post(url: string, body: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: 'POST', agent, headers: { 'content-type': 'text/plain' } },
      response => {
        response.resume()
        response.on('end', () => resolve(response.statusCode ?? 0))
        response.on('error', reject)
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

function settings(folder: string, redisUrl: string | undefined): string {
  const redis =
    redisUrl === undefined ? '' : `redis.url = "${redisUrl}"\nredis.prefix = "rounds-${randomUUID()}"\n`
  return `[transport.http]
listener.port = 0
[management]
probe.enable = false
[management_api]
enable = false
[myelin]
data_folder = "${join(folder, 'data')}"
${redis}`
}

function configuration(backend: string, redisUrl: string | undefined): string {
  const forwarding = 'org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor'
  return `<definitions xmlns="http://ws.apache.org/ns/synapse">
  <proxy name="in" transports="http"><target><inSequence><store messageStore="kept"/></inSequence></target></proxy>
  <endpoint name="out"><address uri="${backend}"/></endpoint>
  <messageStore name="kept" class="myelin.${redisUrl === undefined ? 'embedded' : 'redis'}"/>
  <messageProcessor name="forward" class="${forwarding}" messageStore="kept" targetEndpoint="out">
    <parameter name="interval">10</parameter>
    <parameter name="throttle">true</parameter>
    <parameter name="throttle.interval">0</parameter>
    <parameter name="client.retry.interval">10</parameter>
    <parameter name="max.delivery.attempts">-1</parameter>
  </messageProcessor>
</definitions>`
}
