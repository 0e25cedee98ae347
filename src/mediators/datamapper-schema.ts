import { parseJson } from '../message/codecs/json.ts'

/** How mappings write `-` in a name. */
const HYPHEN = '_EnC0DeCHaRHyPh3n_'

/** A name of a schema as a mapping writes it: `ns:line-no` is `ns_line_EnC0DeCHaRHyPh3n_no`. */
export function scriptName(name: string): string {
  return name.replace(/[:=,]/g, '_').replaceAll('-', HYPHEN)
}

/** The part of a name behind its prefix. */
export function localName(name: string): string {
  return name.slice(name.lastIndexOf(':') + 1)
}

type Members = Readonly<Record<string, unknown>>

/** One member or attribute that a schema knows, under the names it goes by. */
export interface KnownName {
  /** As the schema writes it, with the prefix. */
  readonly name: string
  readonly local: string
  /** `''` for none; undefined for a prefix nobody declared, which then fits any. */
  readonly namespace: string | undefined
  readonly prefix: string
  /** As the mapping writes it. */
  readonly key: string
}

/** What a schema says of one place in a document. What it does not say is looked up no further. */
export class MappingSchema {
  readonly #root: SchemaRoot
  readonly #members: Members
  #properties: readonly (KnownName & { readonly schema: MappingSchema })[] | undefined
  #attributes: readonly (KnownName & { readonly schema: MappingSchema })[] | undefined

  private constructor(members: Members, root: SchemaRoot) {
    this.#members = followed(members, root.members)
    this.#root = root
  }

  /**
   * Reads a schema.
   * @throws Error when the text is no JSON object
   */
  static parse(text: string): MappingSchema {
    const members = parseJson(text)
    if (!isMembers(members)) throw new Error('the schema is no JSON object')
    const namespaces = new Map<string, string>()
    for (const each of Array.isArray(members.namespaces) ? members.namespaces : []) {
      if (isMembers(each) && typeof each.prefix === 'string')
        namespaces.set(each.prefix, String(each.url ?? ''))
    }
    return new MappingSchema(members, { members, namespaces })
  }

  /** What it calls the outermost element, with the prefix. */
  get title(): string {
    return typeof this.#members.title === 'string' ? this.#members.title : 'root'
  }

  /** The name of the outermost element. */
  get rootName(): KnownName {
    return this.#known(this.title)
  }

  get isArray(): boolean {
    return this.#members.type === 'array'
  }

  get type(): string {
    return typeof this.#members.type === 'string' ? this.#members.type : ''
  }

  /** Namespaces it declares, by prefix. */
  get namespaces(): ReadonlyMap<string, string> {
    return this.#root.namespaces
  }

  /** Whether it names members or attributes. */
  get isObject(): boolean {
    return this.properties.length > 0 || this.attributes.length > 0
  }

  /** What the items of an array are. */
  get items(): MappingSchema {
    const { items } = this.#members
    const first: unknown = Array.isArray(items) ? items[0] : items
    return this.#below(first)
  }

  /** What is said of a place the schema does not know. */
  get unknown(): MappingSchema {
    return this.#below(undefined)
  }

  get properties(): readonly (KnownName & { readonly schema: MappingSchema })[] {
    this.#properties ??= this.#named(this.#members.properties)
    return this.#properties
  }

  get attributes(): readonly (KnownName & { readonly schema: MappingSchema })[] {
    this.#attributes ??= this.#named(this.#members.attributes)
    return this.#attributes
  }

  #named(members: unknown): (KnownName & { readonly schema: MappingSchema })[] {
    if (!isMembers(members)) return []
    return Object.entries(members).map(([name, schema]) => ({
      ...this.#known(name),
      schema: this.#below(schema),
    }))
  }

  #known(name: string): KnownName {
    const prefix = name.includes(':') ? name.slice(0, name.lastIndexOf(':')) : ''
    const namespace = prefix === '' ? '' : this.#root.namespaces.get(prefix)
    return { name, local: localName(name), namespace, prefix, key: scriptName(name) }
  }

  #below(members: unknown): MappingSchema {
    return new MappingSchema(isMembers(members) ? members : {}, this.#root)
  }
}

interface SchemaRoot {
  readonly members: Members
  readonly namespaces: ReadonlyMap<string, string>
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Follows references within the schema; one that leads in a circle leads nowhere. */
function followed(members: Members, root: Members): Members {
  let found = members
  for (let steps = 0; steps < 20 && typeof found.$ref === 'string'; steps++) {
    let at: unknown = root
    for (const part of found.$ref.replace(/^#\/?/, '').split('/').filter(Boolean))
      at = isMembers(at) && Object.hasOwn(at, part) ? at[part] : undefined
    found = isMembers(at) ? at : {}
  }
  return found
}
