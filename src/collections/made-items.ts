import type { Span } from '../language/source.ts'
import type { ClientMessage, ConnectionItem, Param, Variable } from './collection.ts'

/** What an imported connection is made of; the rest is as usual. */
export type MadeConnection = Pick<ConnectionItem, 'name' | 'url'> &
  Partial<Pick<ConnectionItem, 'auth' | 'headers' | 'subprotocols' | 'messages' | 'expect'>>

/** Makes a connection that stands in no collection file yet. */
export function madeConnection(given: MadeConnection, span: Span): ConnectionItem {
  return {
    kind: 'connection',
    httpVersion: 1.1,
    auth: { kind: 'inherit' },
    expect: [],
    capture: [],
    span,
    spans: {},
    ...given,
  }
}

/** Makes a message that stands in no collection file yet. */
export function madeMessage(
  given: Pick<ClientMessage, 'name' | 'kind' | 'content'> & Partial<ClientMessage>,
  span: Span,
): ClientMessage {
  return { code: 1000, mayCompress: true, expect: [], capture: [], span, ...given }
}

/** Makes a header or a subprotocol. */
export function madeParam(name: string, value = '', isEnabled = true): Param {
  return { name, value, isEnabled }
}

/** Makes a variable. */
export function madeVariable(name: string, value: string, isSecret = false): Variable {
  return { name, value, isEnabled: true, isSecret }
}

/** Gives each name once: others get a number. */
export class FreeNames {
  readonly #taken = new Set<string>()

  take(wanted: string): string {
    let name = wanted
    for (let number = 2; this.#taken.has(name); number++) name = `${wanted} ${number}`
    this.#taken.add(name)
    return name
  }
}
