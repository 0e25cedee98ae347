/** Makes names that may stand in references of a document, each once. */
export class UniqueNames {
  readonly #taken = new Set<string>()

  /** Gives the name, or it with a number where it is taken. */
  take(wanted: string): string {
    const plain = wanted.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^-+|-+$/g, '') || 'unnamed'
    let name = plain
    for (let number = 2; this.#taken.has(name); number++) name = `${plain}-${number}`
    this.#taken.add(name)
    return name
  }
}
