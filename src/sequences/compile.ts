import type { Cluster } from '../core/cluster.ts'
import type { Entry } from '../core/entry.ts'
import type { Logger } from '../core/logger.ts'
import type { MessageCounters } from '../core/metrics.ts'
import type { Deployment, Endpoint, MessageStore, Pipeline, SequenceTemplate } from '../core/ports.ts'
import type { Step } from '../core/step.ts'
import type {
  Build,
  BuildSettings,
  EndpointNode,
  EndpointTemplate,
  MediatorNode,
  Resource,
} from '../language/declare.ts'
import type { Diagnostics } from '../language/diagnostic.ts'
import type { Branch } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import type { Reference } from '../language/types.ts'
import { chain } from './pipeline.ts'
import { whole } from './whole.ts'

/** How names become targets; `deployment/link.ts` knows the whole set. */
export interface Names {
  sequence(reference: Reference): Pipeline
  findSequence(name: string): Pipeline | undefined
  errorSequence(reference: Reference): Pipeline | undefined
  mainSequence(reference: Reference | undefined): Pipeline
  faultSequence(reference: Reference | undefined): Pipeline
  endpoint(reference: Reference): Endpoint
  template(reference: Reference): SequenceTemplate
  endpointTemplate(reference: Reference): EndpointTemplate | undefined
  entry(reference: Reference): Entry | undefined
  messageStore(reference: Reference): MessageStore
}

/** Is told of every mediator that is compiled; what it gives is called each time that mediator runs. */
export type Observe = (span: Span, artifact: Build['artifact']) => () => void

/** What compiling needs beside the artifact itself. */
export interface CompileContext
  extends Pick<Build, 'deployment' | 'log' | 'artifact' | 'settings' | 'counters' | 'cluster' | 'resource'> {
  readonly diagnostics: Diagnostics
  readonly names: Names
  readonly observe?: Observe
  /** Makes the endpoint that sends to the address of the message. */
  implicitEndpoint(build: Build): Endpoint
}

/** Turns what was read of an artifact into steps. One is made per artifact. */
export class Builder implements Build {
  readonly deployment: Deployment
  readonly log: Logger
  readonly artifact: Build['artifact']
  readonly settings: BuildSettings
  readonly cluster: Cluster
  readonly #context: CompileContext

  constructor(context: CompileContext) {
    this.#context = context
    this.deployment = context.deployment
    this.log = context.log
    this.artifact = context.artifact
    this.settings = context.settings
    this.cluster = context.cluster
  }

  counters(service: string): MessageCounters {
    return this.#context.counters(service)
  }

  resource<T extends Resource>(key: string, make: () => T): T {
    return this.#context.resource(key, make)
  }

  pipeline(nodes: readonly MediatorNode[]): Pipeline {
    const steps = nodes.map(node => this.#step(node))
    const places = nodes.map(node => node.span)
    return { run: chain(steps, places) }
  }

  branch(branch: Branch | undefined): Pipeline {
    if (branch?.key) return this.sequence(branch.key)
    return this.pipeline(branch?.steps ?? [])
  }

  sequence(reference: Reference): Pipeline {
    return this.#context.names.sequence(reference)
  }

  findSequence(name: string): Pipeline | undefined {
    return this.#context.names.findSequence(name)
  }

  errorSequence(reference: Reference): Pipeline | undefined {
    return this.#context.names.errorSequence(reference)
  }

  mainSequence(reference: Reference | undefined): Pipeline {
    return this.#context.names.mainSequence(reference)
  }

  faultSequence(reference: Reference | undefined): Pipeline {
    return this.#context.names.faultSequence(reference)
  }

  endpoint(node: EndpointNode): Endpoint {
    if (node.key) return this.#context.names.endpoint(node.key)
    return node.kind!.compile(node.config!, this, node.name ?? '', node.span)
  }

  implicitEndpoint(): Endpoint {
    return this.#context.implicitEndpoint(this)
  }

  template(reference: Reference): SequenceTemplate {
    return this.#context.names.template(reference)
  }

  endpointTemplate(reference: Reference): EndpointTemplate | undefined {
    return this.#context.names.endpointTemplate(reference)
  }

  entry(reference: Reference): Entry | undefined {
    return this.#context.names.entry(reference)
  }

  messageStore(reference: Reference): MessageStore {
    return this.#context.names.messageStore(reference)
  }

  note(span: Span, code: string, message: string): void {
    this.#context.diagnostics.note(span, code, message)
  }

  warning(span: Span, code: string, message: string, hint?: string): void {
    this.#context.diagnostics.warning(span, code, message, hint)
  }

  error(span: Span, code: string, message: string, hint?: string): void {
    this.#context.diagnostics.error(span, code, message, hint)
  }

  #step({ declaration, config, span, readsContent }: MediatorNode): Step {
    const compiled = declaration.compile(config, this, span)
    const step = readsContent ? whole(compiled) : compiled
    const ran = this.#context.observe?.(span, this.artifact)
    if (!ran) return step
    return ctx => {
      ran()
      return step(ctx)
    }
  }
}
