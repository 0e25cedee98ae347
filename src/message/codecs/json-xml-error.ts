/** Says why a value has no counterpart in the other format. */
export class JsonXmlError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'JsonXmlError'
  }
}

/** How deep values, and elements, may be nested. */
export const MAX_DEPTH = 500

/** How many elements, attributes and texts one is translated to: making them takes about half a second. */
export const MAX_NODES = 500_000
