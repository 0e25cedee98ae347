/** Finds what is served on a path: the same path first, then the longest that ends in `/*`. */
export class RouteTable<T> {
  readonly #exact = new Map<string, T>()
  readonly #below: { readonly prefix: string; readonly target: T }[] = []

  /** Adds a path; `/*` at its end takes the path itself and everything below it. */
  add(path: string, target: T): void {
    if (!path.endsWith('/*')) {
      this.#exact.set(path, target)
      return
    }
    this.#below.push({ prefix: path.slice(0, -2), target })
    this.#below.sort((a, b) => b.prefix.length - a.prefix.length)
  }

  /** Finds the target of a path without its query. */
  find(path: string): T | undefined {
    const exact = this.#exact.get(path)
    if (exact !== undefined) return exact
    return this.#below.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`))?.target
  }

  /** Gives up a path, where the target is this one. */
  remove(path: string, target: T): void {
    if (!path.endsWith('/*')) {
      if (this.#exact.get(path) === target) this.#exact.delete(path)
      return
    }
    const at = this.#below.findIndex(each => each.target === target && each.prefix === path.slice(0, -2))
    if (at >= 0) this.#below.splice(at, 1)
  }

  /** All targets. */
  values(): T[] {
    return [...this.#exact.values(), ...this.#below.map(({ target }) => target)]
  }
}
