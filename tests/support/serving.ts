import { MessageContext } from '../../src/core/context.ts'
import type { RequestFacts, Service } from '../../src/core/ports.ts'
import { format } from '../../src/language/diagnostic.ts'
import type { Message } from '../../src/message/message.ts'
import { exchange } from '../../src/sequences/exchange.ts'
import { Settings } from '../../src/settings.ts'
import { type Deployed, deployed, type LogLine, RecordingOrigin } from './mediate.ts'

/** What a proxy service is made of, beside the mediators of its in sequence. */
export interface ServingOptions {
  readonly out?: string
  readonly fault?: string
  readonly artifacts?: readonly string[]
  readonly settings?: Settings
}

/** How one message comes in. */
export interface ArrivalOptions {
  readonly request?: Partial<RequestFacts>
  readonly headers?: Readonly<Record<string, string>>
  readonly before?: (ctx: MessageContext) => void
}

/** A message that went through: its context, and the answers its caller got. */
export type Served = MessageContext & { readonly replies: readonly string[] }

/** A proxy service that takes one message after another, and keeps what its mediators keep. */
export class Serving implements AsyncDisposable {
  readonly service: Service
  readonly #deployed: Deployed

  constructor(fragment: string, { out, fault, artifacts = [], settings }: ServingOptions = {}) {
    const inline = (name: string, steps?: string): string =>
      steps === undefined ? '' : `<${name}>${steps}</${name}>`
    const proxy = `<proxy name="test"><target>${inline('inSequence', fragment)}${inline('outSequence', out)}${inline('faultSequence', fault)}</target></proxy>`
    const files = Object.fromEntries([proxy, ...artifacts].map((text, i) => [`artifact${i}.xml`, text]))
    this.#deployed = deployed(files, settings ?? new Settings())
    const { diagnostics, services } = this.#deployed
    if (diagnostics.errors > 0) throw new Error(diagnostics.all().map(format).join('\n\n'))
    this.service = services.find(({ service }) => service.name === 'test')!.service
  }

  /** What was logged so far. */
  get logged(): readonly LogLine[] {
    return this.#deployed.log.lines
  }

  /** Takes a message through, and gives it when everything made of it has ended. */
  async take(message: Message, { request, headers = {}, before }: ArrivalOptions = {}): Promise<Served> {
    const origin = new RecordingOrigin(request)
    const ctx = new MessageContext(this.service, origin, message)
    for (const [name, value] of Object.entries(headers)) ctx.message.headers.set(name, value)
    before?.(ctx)
    this.service.counters.received++
    await exchange(ctx, this.service.on.message!)
    return Object.assign(ctx, { replies: origin.replies })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#deployed.stop()
  }
}
