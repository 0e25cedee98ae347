import type { HeaderList } from '../core/route.ts'
import type { CorsSettings } from '../language/declare.ts'

/** Which origins may use an API, for the browsers that ask. */
export class Cors {
  readonly #settings: CorsSettings

  constructor(settings: CorsSettings) {
    this.#settings = settings
  }

  /** Whether a page of this origin may not use the API. A request without an origin is from no page. */
  refuses(origin: string | undefined): boolean {
    return this.#settings.isEnabled && origin !== undefined && this.#allowed(origin) === undefined
  }

  /**
   * Gives the headers that tell a browser what is allowed.
   *
   * Compatibility: for an origin that is not allowed there are none; the original sends an empty one.
   */
  headers(origin: string | undefined, methods: readonly string[]): HeaderList {
    if (!this.#settings.isEnabled) return []
    const allowed = this.#allowed(origin)
    if (allowed === undefined) return []
    const { headers } = this.#settings
    return [
      ['Access-Control-Allow-Origin', allowed],
      ['Access-Control-Allow-Methods', methods.join(', ')],
      ...(headers.length > 0 ? [['Access-Control-Allow-Headers', headers.join(', ')] as const] : []),
      ...(allowed === '*' ? [] : [['Vary', 'Origin'] as const]),
    ]
  }

  #allowed(origin: string | undefined): string | undefined {
    const { origins } = this.#settings
    if (origins.includes('*')) return '*'
    if (origin === undefined) return undefined
    return origins.some(each => each === origin || each.replace('localhost', '127.0.0.1') === origin)
      ? origin
      : undefined
  }
}
