import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MessageContext } from '../../src/core/context.ts'
import type { Message } from '../../src/message/message.ts'
import { internalService } from '../../src/sequences/internal.ts'
import { Settings } from '../../src/settings.ts'
import { type Deployed, deployed, RecordingLogger, RecordingOrigin } from '../support/mediate.ts'

/** A backend that keeps the bodies it was sent, and answers as it is told. */
export class HttpBackend implements AsyncDisposable {
  readonly bodies: string[] = []
  readonly url: string
  readonly #close: () => void

  private constructor(url: string, close: () => void) {
    this.url = url
    this.#close = close
  }

  static async start(answer: (response: ServerResponse, count: number) => void): Promise<HttpBackend> {
    const bodies: string[] = []
    const server = createServer((request: IncomingMessage, response) => {
      let body = ''
      request.setEncoding('utf8')
      request.on('data', (part: string) => {
        body += part
      })
      request.on('end', () => {
        bodies.push(body)
        answer(response, bodies.length)
      })
    })
    await new Promise<void>(resolve => server.listen(0, 'localhost', resolve))
    const url = `http://localhost:${(server.address() as AddressInfo).port}/`
    const backend = new HttpBackend(url, () => {
      server.closeAllConnections()
      server.close()
    })
    Object.assign(backend, { bodies })
    return backend
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close()
  }
}

/** Artifacts whose tasks and processors run, until it is disposed of. */
export class Running implements AsyncDisposable {
  readonly deployment: Deployed
  readonly log: RecordingLogger

  constructor(artifacts: string) {
    this.log = new RecordingLogger(level => level !== 'trace')
    this.deployment = deployed(
      { 'test.xml': `<definitions>${artifacts}</definitions>` },
      new Settings(),
      this.log,
    )
  }

  static async start(artifacts: string): Promise<Running> {
    const running = new Running(artifacts)
    for (const activity of running.deployment.activities) await activity.start()
    return running
  }

  /** What log mediators and the engine wrote, from a part of it on. */
  logged(part: string): string[] {
    return this.log.lines.map(({ text }) => text).filter(text => text.includes(part))
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
  }
}
