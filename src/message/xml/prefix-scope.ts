import { XML_NAMESPACE } from './tree.ts'

const XMLNS_NAMESPACE = 'http://www.w3.org/2000/xmlns/'

type Hidden = [prefix: string, namespaceURI: string | undefined]

/** What prefixes stand for at the place that is being read. Looking one up costs the same at any depth. */
export class PrefixScope {
  readonly #bindings = new Map([
    ['xml', XML_NAMESPACE],
    ['xmlns', XMLNS_NAMESPACE],
  ])
  /** What the declarations of each open element hide; most have none. */
  readonly #hidden: (Hidden[] | undefined)[] = []

  /** Begins an element. */
  enter(): void {
    this.#hidden.push(undefined)
  }

  /** Adds a declaration of the innermost element. */
  declare(prefix: string, namespaceURI: string): void {
    const last = this.#hidden.length - 1
    const hidden: Hidden = [prefix, this.#bindings.get(prefix)]
    const others = this.#hidden[last]
    if (others) others.push(hidden)
    else this.#hidden[last] = [hidden]
    this.#bindings.set(prefix, namespaceURI)
  }

  /** Ends the innermost element: what its declarations hid counts again. */
  leave(): void {
    const hidden = this.#hidden.pop()
    if (!hidden) return
    for (let i = hidden.length - 1; i >= 0; i--) {
      const [prefix, namespaceURI] = hidden[i] as Hidden
      if (namespaceURI === undefined) this.#bindings.delete(prefix)
      else this.#bindings.set(prefix, namespaceURI)
    }
  }

  /** Finds what a prefix stands for; `''` asks for the default namespace. */
  namespaceOf(prefix: string): string | undefined {
    return this.#bindings.get(prefix)
  }
}
