/** A named value of a message. */
export type PropertyValue = unknown

/** Properties of one scope. The map is made when the first one is set. */
export class Properties {
  #values: Map<string, PropertyValue> | undefined

  constructor(from?: Properties) {
    const values = from === undefined ? undefined : from.#values
    if (values) this.#values = new Map(values)
  }

  /** Gives a value, or undefined. */
  get(name: string): PropertyValue {
    return this.#values?.get(name)
  }

  /** Whether the name is set. */
  has(name: string): boolean {
    return this.#values?.has(name) ?? false
  }

  /** Sets a value. Compatibility: null and undefined leave the old value in place; use `delete` to remove. */
  set(name: string, value: PropertyValue): void {
    if (value === null || value === undefined) return
    this.#values ??= new Map()
    this.#values.set(name, value)
  }

  /** Keeps a name that has a value of its own from showing it: it is set, to nothing. */
  hide(name: string): void {
    this.#values ??= new Map()
    this.#values.set(name, undefined)
  }

  /** Removes a value. */
  delete(name: string): void {
    this.#values?.delete(name)
  }

  /** Lists name and value in the order they were set. */
  entries(): [string, PropertyValue][] {
    return this.#values ? [...this.#values] : []
  }
}
