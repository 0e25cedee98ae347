import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageContext } from '../../src/core/context.ts'
import type { ProcessorControl } from '../../src/core/ports.ts'
import type { Message } from '../../src/message/message.ts'
import { internalService } from '../../src/sequences/internal.ts'
import { Settings } from '../../src/settings.ts'
import { isReadable, type ReadableStore } from '../../src/stores/readable-store.ts'
import { type Deployed, deployed, RecordingLogger, RecordingOrigin } from '../support/mediate.ts'

/** A backend that keeps the bodies it was sent, and answers as it is told. */
export class HttpBackend implements AsyncDisposable {
  readonly bodies: string[] = []
  /** When each of them came. */
  readonly times: number[] = []
  readonly #server: Server

  private constructor(answer: (response: ServerResponse, count: number, body: string) => void) {
    this.#server = createServer((request: IncomingMessage, response) => {
      let body = ''
      request.setEncoding('utf8')
      request.on('data', (part: string) => {
        body += part
      })
      request.on('end', () => {
        this.bodies.push(body)
        this.times.push(performance.now())
        answer(response, this.bodies.length, body)
      })
    })
  }

  static async start(
    answer: (response: ServerResponse, count: number, body: string) => void,
  ): Promise<HttpBackend> {
    const backend = new HttpBackend(answer)
    await new Promise<void>(resolve => backend.#server.listen(0, 'localhost', resolve))
    return backend
  }

  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}/`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

/** Artifacts whose tasks and processors run, until it is disposed of. */
export class Running implements AsyncDisposable {
  readonly deployment: Deployed
  readonly log: RecordingLogger
  /** What it keeps on disk is there; one of its own, where none is given, goes with it. */
  readonly dataFolder: string
  readonly #isOwnFolder: boolean

  constructor(artifacts: string, dataFolder?: string) {
    this.log = new RecordingLogger(level => level !== 'trace')
    this.#isOwnFolder = dataFolder === undefined
    this.dataFolder = dataFolder ?? join(tmpdir(), `myelin-data-${randomUUID()}`)
    this.deployment = deployed(
      { 'test.xml': `<definitions>${artifacts}</definitions>` },
      new Settings(new Map([['myelin.data_folder', this.dataFolder]])),
      this.log,
    )
  }

  static async start(artifacts: string, dataFolder?: string): Promise<Running> {
    const running = new Running(artifacts, dataFolder)
    for (const activity of running.deployment.activities) await activity.start()
    return running
  }

  /** What log mediators and the engine wrote, from a part of it on. */
  logged(part: string): string[] {
    return this.log.lines.map(({ text }) => text).filter(text => text.includes(part))
  }

  /** A processor, as operators see it. */
  processor(name: string): ProcessorControl {
    return this.deployment.processors.find(processor => processor.name === name)!
  }

  /** A store, as operators and processors see it. */
  storeNamed(name: string): ReadableStore {
    const store = this.deployment.deployment.messageStore(name)
    if (!isReadable(store)) throw new Error(`there is no store ${name}`)
    return store
  }

  /** Puts a message into a store, as the store mediator does. */
  async store(
    name: string,
    message: Message,
    prepare: (ctx: MessageContext) => void = () => {},
  ): Promise<void> {
    const { deployment } = this.deployment
    const service = internalService('task', 'test', undefined, {
      deployment,
      log: this.log,
      counters: () => ({ received: 0, ended: {} }),
      mainSequence: () => ({ needsContent: false, run: () => {} }),
      faultSequence: () => ({ needsContent: false, run: () => {} }),
    } as never)
    const ctx = new MessageContext(service, new RecordingOrigin(), message)
    prepare(ctx)
    await deployment.messageStore(name)!.put(ctx)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const activity of this.deployment.activities) await activity.stop(1_000)
    await this.deployment.stop()
    if (this.#isOwnFolder) rmSync(this.dataFolder, { recursive: true, force: true })
  }
}
