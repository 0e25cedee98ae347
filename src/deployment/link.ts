import type { Entry } from '../core/entry.ts'
import { Fault } from '../core/fault.ts'
import type { Deployment, Endpoint, MessageStore, Pipeline, SequenceTemplate } from '../core/ports.ts'
import { STOP } from '../core/step.ts'
import type { EndpointTemplate } from '../language/declare.ts'
import { type Diagnostics, didYouMean } from '../language/diagnostic.ts'
import type { Reference } from '../language/types.ts'
import { describeMessage } from '../mediators/log.ts'
import type { Names } from '../sequences/compile.ts'
import { builtInFault, SequenceCell } from '../sequences/sequence.ts'

/** An endpoint's place before it is compiled. */
class EndpointCell implements Endpoint {
  readonly name: string
  target: Endpoint | undefined

  constructor(name: string) {
    this.name = name
  }

  deliver: Endpoint['deliver'] = ctx => {
    if (!this.target) throw new Fault(305100, `endpoint ${this.name} was left out because of its errors`)
    return this.target.deliver(ctx)
  }
}

/** Resources by key, such as `gov:/schemas/order.xsd`. */
export interface Registry {
  find(key: string): Entry | undefined
}

/** A template's place before it is compiled. */
class TemplateCell implements SequenceTemplate {
  readonly name: string
  target: SequenceTemplate | undefined
  readonly body: SequenceCell

  constructor(name: string) {
    this.name = name
    this.body = new SequenceCell(name)
  }

  get parameters(): SequenceTemplate['parameters'] {
    return this.target?.parameters ?? []
  }
}

/** The names of a deployment and what they stand for. References are cells, filled once all is compiled. */
export class NameTable implements Names, Deployment {
  readonly #diagnostics: Diagnostics
  readonly #sequences = new Map<string, SequenceCell>()
  readonly #endpoints = new Map<string, EndpointCell>()
  readonly #templates = new Map<string, TemplateCell>()
  readonly #endpointTemplates = new Map<string, EndpointTemplate>()
  readonly #entries = new Map<string, Entry>()
  readonly #stores = new Map<string, MessageStore | undefined>()
  readonly #registry: Registry
  readonly #fault = builtInFault(describeMessage)
  #isFaultNoted = false

  constructor(diagnostics: Diagnostics, registry: Registry = { find: () => undefined }) {
    this.#diagnostics = diagnostics
    this.#registry = registry
  }

  /** Makes a place for a template; the function returned fills it. */
  declareTemplate(name: string): (target: SequenceTemplate) => void {
    const cell = new TemplateCell(name)
    this.#templates.set(name, cell)
    return target => {
      cell.target = target
      cell.body.fill(target.body)
    }
  }

  /** Adds a local entry. */
  addEntry(entry: Entry): void {
    this.#entries.set(entry.key, entry)
  }

  /** Adds an endpoint template. */
  addEndpointTemplate(template: EndpointTemplate): void {
    this.#endpointTemplates.set(template.name, template)
  }

  /** Makes a place for a message store, and puts the store in. */
  addMessageStore(name: string, store?: MessageStore): void {
    this.#stores.set(name, store)
  }

  /** Makes a place for a sequence. */
  declareSequence(name: string): SequenceCell {
    const cell = new SequenceCell(name)
    this.#sequences.set(name, cell)
    return cell
  }

  /** Makes a place for an endpoint; the function returned fills it. */
  declareEndpoint(name: string): (target: Endpoint) => void {
    const cell = new EndpointCell(name)
    this.#endpoints.set(name, cell)
    return target => {
      cell.target = target
    }
  }

  findSequence(name: string): Pipeline | undefined {
    return this.#sequences.get(name)
  }

  sequence(reference: Reference): Pipeline
  sequence(name: string): Pipeline | undefined
  sequence(wanted: Reference | string): Pipeline | undefined {
    if (typeof wanted === 'string') return this.#sequences.get(wanted)
    const found = this.#sequences.get(wanted.name)
    if (found) return found
    if (wanted.name === 'main') return builtInMain
    if (wanted.name === 'fault') return this.faultSequence(wanted)
    this.#missing('sequence', wanted, this.#sequences.keys(), 'reaching it is a fault')
    return {
      needsContent: false,
      run() {
        throw new Fault(0, `Sequence named ${wanted.name} cannot be found`)
      },
    }
  }

  errorSequence(reference: Reference): Pipeline | undefined {
    if (this.#sequences.has(reference.name) || reference.name === 'main' || reference.name === 'fault')
      return this.sequence(reference)
    this.#missing('sequence', reference, this.#sequences.keys(), 'the fault goes outwards')
    return undefined
  }

  mainSequence(reference: Reference | undefined): Pipeline {
    if (reference && reference.name !== 'main') {
      const found = this.#sequences.get(reference.name)
      if (found) return found
      this.#missing('sequence', reference, this.#sequences.keys(), 'main runs in its place')
    }
    return this.#sequences.get('main') ?? builtInMain
  }

  faultSequence(reference: Reference | undefined): Pipeline {
    if (reference && reference.name !== 'fault') {
      const found = this.#sequences.get(reference.name)
      if (found) return found
      this.#missing('sequence', reference, this.#sequences.keys(), 'fault runs in its place')
    }
    const own = this.#sequences.get('fault')
    if (own) return own
    if (reference?.name === 'fault' && !this.#isFaultNoted) {
      this.#isFaultNoted = true
      const message =
        'No sequence named fault is defined; the built-in one is used: it logs the message in full and drops it.'
      this.#diagnostics.note(reference.span, 'built-in-fault', message)
    }
    return this.#fault
  }

  endpoint(reference: Reference): Endpoint
  endpoint(name: string): Endpoint | undefined
  endpoint(wanted: Reference | string): Endpoint | undefined {
    if (typeof wanted === 'string') return this.#endpoints.get(wanted)
    const found = this.#endpoints.get(wanted.name)
    if (found) return found
    this.#missing('endpoint', wanted, this.#endpoints.keys(), 'sending to it is a fault')
    return {
      name: wanted.name,
      deliver() {
        throw new Fault(305100, `endpoint ${wanted.name} cannot be found`)
      },
    }
  }

  template(reference: Reference): SequenceTemplate
  template(name: string): SequenceTemplate | undefined
  template(wanted: Reference | string): SequenceTemplate | undefined {
    if (typeof wanted === 'string') return this.#templates.get(wanted)
    const found = this.#templates.get(wanted.name)
    if (found) return found
    this.#missing('template', wanted, this.#templates.keys(), 'calling it is a fault')
    const body: Pipeline = {
      needsContent: false,
      run() {
        throw new Fault(0, `Sequence template ${wanted.name} cannot be found`)
      },
    }
    return { name: wanted.name, parameters: [], body }
  }

  endpointTemplate(reference: Reference): EndpointTemplate | undefined {
    const found = this.#endpointTemplates.get(reference.name)
    if (!found) {
      const consequence = 'sending to what it would make is a fault'
      this.#missing('template', reference, this.#endpointTemplates.keys(), consequence)
    }
    return found
  }

  entry(reference: Reference): Entry | undefined
  entry(key: string): Entry | undefined
  entry(wanted: Reference | string): Entry | undefined {
    const key = typeof wanted === 'string' ? wanted : wanted.name
    const found = this.#entries.get(key) ?? this.#registry.find(key)
    if (!found && typeof wanted !== 'string')
      this.#missing('entry', wanted, this.#entries.keys(), 'using it is a fault')
    return found
  }

  messageStore(reference: Reference): MessageStore
  messageStore(name: string): MessageStore | undefined
  messageStore(wanted: Reference | string): MessageStore | undefined {
    if (typeof wanted === 'string') return this.#stores.get(wanted)
    if (!this.#stores.has(wanted.name))
      this.#missing('message-store', wanted, this.#stores.keys(), 'storing into it is a fault')
    const stores = this.#stores
    return {
      name: wanted.name,
      put(ctx) {
        const store = stores.get(wanted.name)
        if (!store) throw new Fault(0, `Message Store ${wanted.name} does not exist.`)
        return store.put(ctx)
      },
    }
  }

  #missing(kind: string, { name, span }: Reference, known: Iterable<string>, consequence: string): void {
    const message = `There is no ${kind.replace('-', ' ')} named ${name}; ${consequence}.`
    const candidates = kind === 'sequence' ? [...known, 'main', 'fault'] : known
    this.#diagnostics.warning(span, `missing-${kind}`, message, didYouMean(name, candidates))
  }
}

/** The main sequence of a deployment that defines none: logs the message and drops it. */
const builtInMain: Pipeline = {
  needsContent: false,
  run(ctx) {
    ctx.ending = 'dropped'
    ctx.log.info({ sequence: 'main' }, ctx.service.label + describeMessage(ctx))
    return STOP
  },
}
