import type { PathParams } from './path-pattern.ts'

/** What is known of whom a mock answers, the same for all its messages. */
export interface MockRequest {
  readonly pathParams: PathParams
  readonly query: Readonly<Record<string, unknown>>
  /** A header field by name in lower case. */
  header(name: string): string | undefined
}

/** What templates and patterns look into: the request, one message, and what the patterns found in it. */
export class MockScope {
  readonly request: MockRequest
  /** The state of the connection. */
  readonly state: ReadonlyMap<string, unknown>
  /** The message as text. */
  readonly message: string
  /** The bytes of a binary message. */
  readonly bytes: Buffer | undefined
  /** What holes of the pattern stand for, by path. */
  bindings: Readonly<Record<string, unknown>> | undefined = undefined
  /** The item of the innermost `{{#each}}`, and its place in the list. */
  item: unknown = undefined
  index = 0
  #json: { readonly value: unknown } | undefined

  constructor(
    request: MockRequest,
    message: string,
    state: ReadonlyMap<string, unknown> = NO_STATE,
    bytes?: Buffer,
  ) {
    this.request = request
    this.message = message
    this.state = state
    this.bytes = bytes
  }

  /** The message as JSON; undefined where it is none. Read once. */
  get json(): unknown {
    this.#json ??= { value: parsed(this.message) }
    return this.#json.value
  }
}

const NO_STATE: ReadonlyMap<string, unknown> = new Map()

/** Finds a value inside another one, by names and by places of lists; `length` of a text or a list. */
export function inside(value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const name of path) {
    if (typeof found === 'object' && found !== null && Object.hasOwn(found, name))
      found = (found as Record<string, unknown>)[name]
    else if (name === 'length' && typeof found === 'string') found = found.length
    else return undefined
  }
  return found
}

/** What cannot begin a JSON value does not have to be parsed. */
const MAY_BE_JSON = /^[\s]{0,100}[[{"\-\dtfn]/

function parsed(text: string): unknown {
  if (!MAY_BE_JSON.test(text)) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
