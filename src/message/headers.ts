/** Header fields of a message: names compare without regard to case and keep the spelling they came with. */
export class Headers {
  #fields: Map<string, { name: string; value: string }> | undefined

  constructor(from?: Headers) {
    const fields = from === undefined ? undefined : from.#fields
    if (fields) this.#fields = new Map(fields)
  }

  /** Makes headers of Node's flat list (name, value, name, value …); repeated names are joined by a comma. */
  static fromRaw(raw: readonly string[]): Headers {
    const headers = new Headers()
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const before = headers.get(raw[i]!)
      headers.set(raw[i]!, before === undefined ? raw[i + 1]! : `${before}, ${raw[i + 1]!}`)
    }
    return headers
  }

  /** Gives the value of a field, or undefined. */
  get(name: string): string | undefined {
    return this.#fields?.get(name.toLowerCase())?.value
  }

  /** Sets a field; the spelling of the name last set is the one that is sent. */
  set(name: string, value: string): void {
    this.#fields ??= new Map()
    this.#fields.set(name.toLowerCase(), { name, value })
  }

  /** Removes a field. */
  delete(name: string): void {
    this.#fields?.delete(name.toLowerCase())
  }

  /** Lists the fields in the order they were first set. */
  entries(): { readonly name: string; readonly value: string }[] {
    return this.#fields ? [...this.#fields.values()] : []
  }
}
