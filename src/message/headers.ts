interface Field {
  readonly name: string
  /** More than one only where they must not become one. */
  readonly values: readonly string[]
}

/** Fields that mean something else when they are joined by a comma (RFC 9110, 5.3), or are hard to take apart again. */
const SEPARATE: ReadonlySet<string> = new Set(['set-cookie', 'www-authenticate', 'proxy-authenticate'])

/**
 * Header fields of a message: names compare without regard to case and keep the spelling they came with. Those that
 * were received are only put in order when something is changed.
 */
export class Headers {
  /** Names and values in turn as they were received, until something is changed. */
  #received: readonly string[] | undefined
  #fields: Map<string, Field> | undefined

  constructor(from?: Headers) {
    if (from === undefined) return
    this.#received = from.#received
    if (from.#fields) this.#fields = new Map(from.#fields)
  }

  /** Makes headers of Node's flat list (name, value, name, value …), as `add` does of each. */
  static fromRaw(raw: readonly string[]): Headers {
    const headers = new Headers()
    headers.#received = raw
    return headers
  }

  /** Gives the value of a field, or undefined; that of one that stands more than once joined by commas. */
  get(name: string): string | undefined {
    if (this.#received) return find(this.#received, name)
    const field = this.#fields?.get(name.toLowerCase())
    if (!field) return undefined
    return field.values.length === 1 ? field.values[0] : field.values.join(', ')
  }

  /** Sets a field, whatever it was; the spelling of the name last set is the one that is sent. */
  set(name: string, value: string): void {
    this.#map().set(name.toLowerCase(), { name, values: [value] })
  }

  /** Adds a value to a field: as one more of its kind for `Set-Cookie` and its like, else behind a comma. */
  add(name: string, value: string): void {
    add(this.#map(), name, value)
  }

  /** Removes a field. */
  delete(name: string): void {
    if (this.get(name) !== undefined) this.#map().delete(name.toLowerCase())
  }

  /** Lists the fields in the order they were first set, each once. */
  entries(): { readonly name: string; readonly value: string }[] {
    return [...this.#map().values()].map(({ name, values }) => ({ name, value: values.join(', ') }))
  }

  /** Lists names and values in turn, as they are sent: a field that stands more than once is listed as often. */
  flat(): readonly string[] {
    if (this.#received) return this.#received
    const list: string[] = []
    for (const { name, values } of this.#fields?.values() ?? [])
      for (const value of values) list.push(name, value)
    return list
  }

  /** Lists the fields as `flat` does, each with its name. */
  fields(): { readonly name: string; readonly value: string }[] {
    const flat = this.flat()
    const list: { name: string; value: string }[] = []
    for (let i = 0; i + 1 < flat.length; i += 2) list.push({ name: flat[i]!, value: flat[i + 1]! })
    return list
  }

  #map(): Map<string, Field> {
    if (this.#fields) return this.#fields
    const fields = new Map<string, Field>()
    const received = this.#received ?? []
    for (let i = 0; i + 1 < received.length; i += 2) add(fields, received[i]!, received[i + 1]!)
    this.#received = undefined
    this.#fields = fields
    return fields
  }
}

function add(fields: Map<string, Field>, name: string, value: string): void {
  const key = name.toLowerCase()
  const before = fields.get(key)
  if (!before) fields.set(key, { name, values: [value] })
  else if (SEPARATE.has(key)) fields.set(key, { name, values: [...before.values, value] })
  else fields.set(key, { name, values: [`${before.values[0]!}, ${value}`] })
}

function find(received: readonly string[], wanted: string): string | undefined {
  const key = wanted.toLowerCase()
  let found: string | undefined
  for (let i = 0; i + 1 < received.length; i += 2) {
    const name = received[i]!
    if (name.length !== key.length || name.toLowerCase() !== key) continue
    found = found === undefined ? received[i + 1]! : `${found}, ${received[i + 1]!}`
  }
  return found
}
