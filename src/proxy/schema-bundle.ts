/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>

/** What may stand in a description that says nothing about a value, and could be taken for a schema. */
const SAYS_NOTHING = /^(?:x-.*|examples?|default|xml|externalDocs|discriminator|title|description|id|\$id)$/

/** Keywords whose values are schemas by name. */
const BY_NAME = /^(?:properties|patternProperties|definitions|\$defs|dependentSchemas)$/

/** Keywords whose values are taken as they are. */
const PLAIN = /^(?:enum|const|required|dependentRequired|type|format|pattern)$/

/** Makes schemas of a description stand alone: what they refer to goes with them. */
export class SchemaBundle {
  readonly #document: Json

  constructor(document: Json) {
    this.#document = document
  }

  /** Follows a reference within the document. @throws Error for one that leads nowhere */
  resolve(value: unknown): unknown {
    let found = value
    for (let i = 0; i < 20; i++) {
      const reference = object(found).$ref
      if (typeof reference !== 'string') return found
      found = this.#at(reference)
    }
    throw new Error('references go round in circles')
  }

  /** Gives a schema with the definitions it refers to. @throws Error for a reference that leads nowhere */
  of(schema: unknown): Json {
    const definitions: Record<string, unknown> = {}
    const names = new Map<string, string>()
    const named = (reference: string): string => {
      let name = names.get(reference)
      if (name === undefined) {
        name = `d${names.size}`
        names.set(reference, name)
        definitions[name] = clean(this.#at(reference))
      }
      return `#/definitions/${name}`
    }
    const clean = (value: unknown, isByName = false): unknown => {
      if (Array.isArray(value)) return value.map(each => clean(each))
      if (typeof value !== 'object' || value === null) return value
      const made: Record<string, unknown> = {}
      for (const [key, each] of Object.entries(value)) {
        if (isByName) made[key] = clean(each)
        else if (key === '$ref' && typeof each === 'string') made[key] = named(each)
        else if (PLAIN.test(key)) made[key] = each
        else if (!SAYS_NOTHING.test(key)) made[key] = clean(each, BY_NAME.test(key))
      }
      return made
    }
    const main = object(clean(schema))
    return { ...main, definitions: { ...object(main.definitions), ...definitions } }
  }

  #at(reference: string): unknown {
    if (!reference.startsWith('#/')) throw new Error(`${reference} is not in the description itself`)
    let found: unknown = this.#document
    for (const part of reference.slice(2).split('/')) {
      const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
      found = Object.hasOwn(object(found), name) ? object(found)[name] : undefined
    }
    if (found === undefined) throw new Error(`there is no ${reference} in it`)
    return found
  }
}

/** Takes a value for an object; anything else is an empty one. */
export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
}
