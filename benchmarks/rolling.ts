import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Configuration, correlatedEndpoint, proxyService, sequence, settings } from './configuration.ts'
import { freePorts, type Ports } from './ports.ts'
import { here, Program } from './program.ts'

/** Environment variable for the folder in which gateways leave their tokens. */
const RUN_FOLDER = 'MYELIN_RUN_FOLDER'

const READY_MS = 60_000

/** How a command ended, and what it printed. */
export interface CommandEnd {
  readonly code: number
  readonly text: string
}

/** What a node is made with. */
export interface RollingOptions {
  /** Port of the backend. */
  readonly backend: number
  readonly redis?: string | undefined
  /** How long a drain is announced, and over how long clients are closed then, in milliseconds. */
  readonly drainMs: number
}

/** What the ledger of a node says. */
export interface NodeLedger {
  readonly check: CommandEnd
  /** How many requests it has taken in. */
  readonly accepted: number
}

/** One of several gateways that are drained and started again in turn. */
export class RollingNode implements AsyncDisposable {
  readonly ports: Ports
  readonly #folder: string
  #program: Program | undefined

  private constructor(folder: string, ports: Ports) {
    this.#folder = folder
    this.ports = ports
  }

  /**
   * Prepares one whose files are in a folder of its own: a proxy service that asks a WebSocket backend, and a relay to
   * it. With `redis` all work as one.
   */
  static async prepare(folder: string, options: RollingOptions): Promise<RollingNode> {
    const ports = await freePorts()
    const node = new RollingNode(folder, ports)
    for (const [path, text] of Object.entries(configuration(options)(ports))) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    return node
  }

  get httpUrl(): string {
    return `http://127.0.0.1:${this.ports.http}/services/ask`
  }

  get webSocketUrl(): string {
    return `ws://127.0.0.1:${this.ports.relay}/`
  }

  async start(): Promise<void> {
    process.env[RUN_FOLDER] = join(dirname(this.#folder), 'run')
    this.#program = new Program([here('../bin/myelin'), 'run', this.#folder])
    await this.#program.line(/"msg":"ready"/, READY_MS)
  }

  /** Takes it out of service, and waits until it has ended. */
  drain(): Promise<CommandEnd> {
    return this.#command('drain')
  }

  /** Asks whether every message is accounted for, of the run that goes on or went last. */
  async ledger(): Promise<NodeLedger> {
    const check = await this.#command('ledger', 'check', '--json')
    const { services } = JSON.parse(check.text) as {
      readonly services: readonly { readonly service: string; readonly received: number }[]
    }
    return { check, accepted: services.find(({ service }) => service === 'proxy service ask')?.received ?? 0 }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.stop()
  }

  #command(...words: readonly string[]): Promise<CommandEnd> {
    const url = `http://localhost:${this.ports.backend}`
    const env = { ...process.env, [RUN_FOLDER]: join(dirname(this.#folder), 'run') }
    return new Promise(resolve =>
      execFile(here('../bin/myelin'), [...words, '--url', url], { env }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? -1) : 0, text: stdout + stderr }),
      ),
    )
  }
}

/** Where the backend of other measurements is, this one has the management API. */
function configuration({ backend, redis, drainMs }: RollingOptions): Configuration {
  const more = (ports: Ports): string => `[management_api]
port = ${ports.backend}
[myelin]
drain.announce_ms = ${drainMs}
drain.spread_ms = ${drainMs}
${redis === undefined ? '' : `redis.url = "${redis}"\n`}`
  const correlation = 'by="json" field="id"'
  return ports => ({
    ...settings(ports, '', more(ports)),
    ...proxyService(
      'ask',
      `<call>${correlatedEndpoint(backend, { timeoutMs: 10_000, correlation })}</call>\n<respond/>`,
    ),
    'inbound-endpoints/relay.xml': `<inboundEndpoint xmlns="http://ws.apache.org/ns/synapse" name="relay" protocol="ws" sequence="relayIn" suspend="false">
  <parameters>
    <parameter name="inbound.ws.port">${ports.relay}</parameter>
    <parameter name="ws.outflow.dispatch.sequence">relayOut</parameter>
  </parameters>
</inboundEndpoint>
`,
    ...sequence(
      'relayIn',
      `  <property name="OUT_ONLY" value="true"/>\n  <send><endpoint><address uri="ws://127.0.0.1:${backend}/"/></endpoint></send>`,
    ),
    ...sequence('relayOut', '  <respond/>'),
  })
}
