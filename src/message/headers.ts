interface Field {
  readonly name: string
  /** More than one only where they must not become one. */
  readonly values: readonly string[]
}

/** Fields that mean something else when they are joined by a comma (RFC 9110, 5.3), or are hard to take apart again. */
const SEPARATE: ReadonlySet<string> = new Set(['set-cookie', 'www-authenticate', 'proxy-authenticate'])

/** Header fields of a message: names compare without regard to case and keep the spelling they came with. */
export class Headers {
  #fields: Map<string, Field> | undefined

  constructor(from?: Headers) {
    const fields = from === undefined ? undefined : from.#fields
    if (fields) this.#fields = new Map(fields)
  }

  /** Makes headers of Node's flat list (name, value, name, value …), as `add` does of each. */
  static fromRaw(raw: readonly string[]): Headers {
    const headers = new Headers()
    for (let i = 0; i + 1 < raw.length; i += 2) headers.add(raw[i]!, raw[i + 1]!)
    return headers
  }

  /** Gives the value of a field, or undefined; that of one that stands more than once joined by commas. */
  get(name: string): string | undefined {
    const field = this.#fields?.get(name.toLowerCase())
    if (!field) return undefined
    return field.values.length === 1 ? field.values[0] : field.values.join(', ')
  }

  /** Sets a field, whatever it was; the spelling of the name last set is the one that is sent. */
  set(name: string, value: string): void {
    this.#fields ??= new Map()
    this.#fields.set(name.toLowerCase(), { name, values: [value] })
  }

  /** Adds a value to a field: as one more of its kind for `Set-Cookie` and its like, else behind a comma. */
  add(name: string, value: string): void {
    const key = name.toLowerCase()
    const before = this.#fields?.get(key)
    if (!before) this.set(name, value)
    else if (SEPARATE.has(key)) this.#fields!.set(key, { name, values: [...before.values, value] })
    else this.set(name, `${before.values[0]!}, ${value}`)
  }

  /** Removes a field. */
  delete(name: string): void {
    this.#fields?.delete(name.toLowerCase())
  }

  /** Lists the fields in the order they were first set, each once. */
  entries(): { readonly name: string; readonly value: string }[] {
    if (!this.#fields) return []
    return [...this.#fields.values()].map(({ name, values }) => ({ name, value: values.join(', ') }))
  }

  /** Lists the fields as they are sent: one that stands more than once is listed as often. */
  fields(): { readonly name: string; readonly value: string }[] {
    if (!this.#fields) return []
    return [...this.#fields.values()].flatMap(({ name, values }) => values.map(value => ({ name, value })))
  }
}
