import type { Entry } from '../core/entry.ts'
import { Fault } from '../core/fault.ts'
import type {
  Deployment,
  Endpoint,
  EntryChange,
  MessageStore,
  Pipeline,
  SequenceTemplate,
  Service,
} from '../core/ports.ts'
import type { Contribution, EndpointTemplate } from '../language/declare.ts'
import { type Diagnostics, didYouMean } from '../language/diagnostic.ts'
import type { Reference } from '../language/types.ts'
import { type Element, isSynapse } from '../language/xml.ts'
import { describeMessage } from '../mediators/log.ts'
import type { Names } from '../sequences/compile.ts'
import { builtInFault, SequenceCell } from '../sequences/sequence.ts'
import { EndpointCell, TemplateCell } from './cells.ts'
import { elementOf } from './entries.ts'
import { ResourceRegistry } from './registry.ts'
import { builtInMain, missingEndpoint, missingSequence, missingTemplate } from './stand-ins.ts'

/** Resources by key, such as `gov:/schemas/order.xsd`. */
export interface Registry {
  find(key: string): Entry | undefined
  /** @throws Fault as `Deployment.putEntry` does */
  put(key: string, change: EntryChange): void
}

/** Compiles an artifact that stands in an entry, under the key of that; what is wrong with it is reported. */
export type CompileEntry = (element: Element, key: string) => Contribution

/** The names of a deployment and what they stand for. References are cells, filled once all is compiled. */
export class NameTable implements Names, Deployment {
  readonly #diagnostics: Diagnostics
  readonly #sequences = new Map<string, SequenceCell>()
  readonly #endpoints = new Map<string, EndpointCell>()
  readonly #templates = new Map<string, TemplateCell>()
  readonly #endpointTemplates = new Map<string, EndpointTemplate>()
  readonly #entries = new Map<string, Entry>()
  readonly #stores = new Map<string, MessageStore | undefined>()
  readonly #services = new Map<string, Service>()
  readonly #registry: Registry
  #compileEntry: CompileEntry | undefined
  readonly #fault = builtInFault(describeMessage)
  #isFaultNoted = false

  constructor(diagnostics: Diagnostics, registry: Registry = new ResourceRegistry([])) {
    this.#diagnostics = diagnostics
    this.#registry = registry
  }

  /** Lets entries that hold a sequence, an endpoint or a template be referred to as such. */
  compileEntriesWith(compile: CompileEntry): void {
    this.#compileEntry = compile
  }

  /** Adds a service. */
  addService(service: Service): void {
    this.#services.set(`${service.kind} ${service.name}`, service)
  }

  service(kind: Service['kind'], name: string): Service | undefined {
    return this.#services.get(`${kind} ${name}`)
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
    return this.#sequences.get(name) ?? this.#adopt('sequence', name, this.#sequences)
  }

  sequence(reference: Reference): Pipeline
  sequence(name: string): Pipeline | undefined
  sequence(wanted: Reference | string): Pipeline | undefined {
    if (typeof wanted === 'string') return this.findSequence(wanted)
    const found = this.findSequence(wanted.name)
    if (found) return found
    if (wanted.name === 'main') return builtInMain
    if (wanted.name === 'fault') return this.faultSequence(wanted)
    this.#missing('sequence', wanted, this.#sequences.keys(), 'reaching it is a fault')
    return missingSequence(wanted.name)
  }

  errorSequence(reference: Reference): Pipeline | undefined {
    if (this.findSequence(reference.name) || reference.name === 'main' || reference.name === 'fault')
      return this.sequence(reference)
    this.#missing('sequence', reference, this.#sequences.keys(), 'the fault goes outwards')
    return undefined
  }

  mainSequence(reference: Reference | undefined): Pipeline {
    if (reference && reference.name !== 'main') {
      const found = this.findSequence(reference.name)
      if (found) return found
      this.#missing('sequence', reference, this.#sequences.keys(), 'main runs in its place')
    }
    return this.#sequences.get('main') ?? builtInMain
  }

  faultSequence(reference: Reference | undefined): Pipeline {
    if (reference && reference.name !== 'fault') {
      const found = this.findSequence(reference.name)
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
    const name = typeof wanted === 'string' ? wanted : wanted.name
    const found = this.#endpoints.get(name) ?? this.#adopt('endpoint', name, this.#endpoints)
    if (typeof wanted === 'string') return found
    if (found) return found
    this.#missing('endpoint', wanted, this.#endpoints.keys(), 'sending to it is a fault')
    return missingEndpoint(wanted.name)
  }

  template(reference: Reference): SequenceTemplate
  template(name: string): SequenceTemplate | undefined
  template(wanted: Reference | string): SequenceTemplate | undefined {
    const name = typeof wanted === 'string' ? wanted : wanted.name
    const found = this.#templates.get(name) ?? this.#adopt('template', name, this.#templates)
    if (typeof wanted === 'string') return found
    if (found) return found
    this.#missing('template', wanted, this.#templates.keys(), 'calling it is a fault')
    return missingTemplate(wanted.name)
  }

  endpointTemplate(reference: Reference): EndpointTemplate | undefined {
    const { name } = reference
    const found = this.#endpointTemplates.get(name) ?? this.#adopt('template', name, this.#endpointTemplates)
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

  putEntry(key: string, change: EntryChange): void {
    this.#registry.put(key, change)
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
      get numbered() {
        return stores.get(wanted.name)?.numbered
      },
      put(ctx) {
        const store = stores.get(wanted.name)
        if (!store) throw new Fault(0, `Message Store ${wanted.name} does not exist.`)
        return store.put(ctx)
      },
    }
  }

  /** Compiles what stands in the entry of that key, if it is of that kind; then it has a place in the table. */
  #adopt<T>(
    kind: 'sequence' | 'endpoint' | 'template',
    key: string,
    table: ReadonlyMap<string, T>,
  ): T | undefined {
    const entry = this.#compileEntry && (this.#entries.get(key) ?? this.#registry.find(key))
    const element = entry && elementOf(entry)
    if (element?.name !== kind || !isSynapse(element)) return undefined
    const fillers = this.#declare(kind, key)
    fillers(this.#compileEntry!(element, key))
    return table.get(key)
  }

  #declare(kind: 'sequence' | 'endpoint' | 'template', key: string): (made: Contribution) => void {
    if (kind === 'sequence') {
      const cell = this.declareSequence(key)
      return ({ sequence }) => sequence && cell.fill(sequence)
    }
    if (kind === 'endpoint') {
      const fill = this.declareEndpoint(key)
      return ({ endpoint }) => endpoint && fill(endpoint)
    }
    const fill = this.declareTemplate(key)
    return ({ template, endpointTemplate }) => {
      if (template) fill(template)
      if (endpointTemplate) this.#endpointTemplates.set(key, endpointTemplate)
    }
  }

  #missing(kind: string, { name, span }: Reference, known: Iterable<string>, consequence: string): void {
    const what = kind.replace('-', ' ')
    const article = /^[aeiou]/.test(what) ? 'an' : 'a'
    const found =
      name === '' ? `The name of ${article} ${what} is empty` : `There is no ${what} named ${name}`
    const message = `${found}; ${consequence}.`
    const candidates = kind === 'sequence' ? [...known, 'main', 'fault'] : known
    this.#diagnostics.warning(
      span,
      `missing-${kind}`,
      message,
      name === '' ? undefined : didYouMean(name, candidates),
    )
  }
}
