import { type ContextOptions, MessageContext } from '../../src/core/context.ts'
import { ENDPOINT_STATES, type EndpointStates } from '../../src/endpoints/endpoint-states.ts'
import type { Resource } from '../../src/language/declare.ts'
import { format } from '../../src/language/diagnostic.ts'
import type { Message } from '../../src/message/message.ts'
import { exchange } from '../../src/sequences/exchange.ts'
import { Settings } from '../../src/settings.ts'
import { type Deployed, deployed, json, RecordingLogger, RecordingOrigin } from './mediate.ts'

/** What is there beside the mediators of a flow. */
export interface FlowOptions {
  /** Further artifacts, each as it would stand in a file. */
  readonly artifacts?: readonly string[]
  /** Settings by their full key. */
  readonly settings?: Readonly<Record<string, unknown>>
}

const PROXY = '<proxy name="test"><target inSequence="test"/></proxy>'

/** Mediators that take one message after another. Going out of scope closes what they opened. */
export class Flow implements AsyncDisposable {
  readonly log = new RecordingLogger()
  readonly #options: FlowOptions
  readonly #resources = new Map<string, Resource>()
  #deployment: Deployed

  constructor(fragment: string, options: FlowOptions = {}) {
    this.#options = options
    this.#deployment = this.#deploy(fragment)
  }

  /** What is known of the endpoints by name. */
  get endpoints(): EndpointStates {
    return this.#resources.get(ENDPOINT_STATES) as EndpointStates
  }

  /** Deploys again, as it is or with other artifacts; what outlives deployments stays. */
  redeploy(fragment: string, artifacts = this.#options.artifacts): void {
    this.#deployment = this.#deploy(fragment, artifacts)
  }

  /** Runs a message through; gives its context as it was left. */
  async run(message: Message = json({}), options?: ContextOptions): Promise<MessageContext> {
    const { service } = this.#deployment.services[0]!
    const ctx = new MessageContext(service, new RecordingOrigin({ postfix: '' }), message, options)
    service.counters.received++
    await exchange(ctx, service.on.message!)
    return ctx
  }

  /** Runs a message through; gives the code of the fault it ended with, or `ok`. */
  async outcome(message?: Message): Promise<number | string> {
    const { fault } = await this.run(message)
    return fault?.code ?? 'ok'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#deployment.stop()
  }

  #deploy(fragment: string, artifacts = this.#options.artifacts ?? []): Deployed {
    const files = {
      'test.xml': `<sequence name="test">${fragment}</sequence>`,
      'service.xml': PROXY,
      ...Object.fromEntries(artifacts.map((text, i) => [`artifact${i + 1}.xml`, text])),
    }
    const settings = new Settings(new Map(Object.entries(this.#options.settings ?? {})))
    const made = deployed(files, settings, this.log, this.#resources)
    if (made.diagnostics.errors > 0) throw new Error(made.diagnostics.all().map(format).join('\n\n'))
    return made
  }
}
