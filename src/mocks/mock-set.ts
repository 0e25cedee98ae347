import type { Diagnostics } from '../language/diagnostic.ts'
import type { Span } from '../language/source.ts'
import type { HttpMock } from './http-mock.ts'
import type { Found, MockTarget } from './mock-address.ts'
import type { WebSocketMock } from './websocket-mock.ts'

/** What took a request, and what was found in it. */
export interface Taken<M> {
  readonly mock: M
  readonly found: Found
}

/** The mocks of one listener, as their files have them at one moment. */
export class MockSet {
  readonly webSockets: readonly WebSocketMock[]
  readonly endpoints: readonly HttpMock[]
  /** In the order they are tried: those with the fewest parameters first. */
  readonly #webSockets: readonly WebSocketMock[]
  readonly #endpoints: readonly HttpMock[]
  readonly #hosts: ReadonlySet<string> | undefined

  constructor(webSockets: readonly WebSocketMock[], endpoints: readonly HttpMock[]) {
    this.webSockets = webSockets
    this.endpoints = endpoints
    this.#webSockets = inOrder(webSockets)
    this.#endpoints = inOrder(endpoints)
    const hosts = [...webSockets, ...endpoints].map(({ address }) => address.host)
    this.#hosts = hosts.includes(undefined) ? undefined : new Set(hosts as string[])
  }

  /** Whether it answers requests for a host at all. */
  knows(host: string): boolean {
    return this.#hosts === undefined || this.#hosts.has(host)
  }

  /** Finds the WebSocket of a request. */
  webSocket(target: MockTarget): Taken<WebSocketMock> | undefined {
    return first(this.#webSockets, target)
  }

  /** Finds the endpoint of a request; 'method' where there is one for another method. */
  endpoint(method: string, target: MockTarget): Taken<HttpMock> | 'method' | undefined {
    const wanted = method === 'HEAD' ? ['HEAD', 'GET'] : [method]
    for (const each of wanted) {
      const taken = first(this.#endpoints, target, mock => mock.method === each)
      if (taken) return taken
    }
    return first(this.#endpoints, target) && 'method'
  }

  /** Counts what came for a mock that was there before, and is still, to what comes. */
  goOnFrom(before: MockSet): void {
    const counts = before.#counted()
    for (const [key, counted] of this.#counted()) counted.used += counts.get(key)?.used ?? 0
  }

  /** What counts, by what it is; of several that are the same each has its number. */
  #counted(): Map<string, { used: number }> {
    const counted = new Map<string, { used: number }>()
    const add = (key: string, one: { used: number }): void => {
      let number = 1
      while (counted.has(`${key} ${number}`)) number++
      counted.set(`${key} ${number}`, one)
    }
    for (const mock of this.webSockets) {
      add(`ws ${mock.address.key}`, mock)
      for (const rule of mock.rules) add(`ws ${mock.address.key} ${rule.pattern.text}`, rule)
    }
    for (const mock of this.endpoints) add(`${mock.method} ${mock.address.key}`, mock)
    return counted
  }

  /** Reports mocks that stand behind another one of the same path. */
  check(diagnostics: Diagnostics): void {
    const seen = new Map<string, Span>()
    const look = (key: string, what: string, span: Span): void => {
      const other = seen.get(key)
      if (!other) seen.set(key, span)
      else
        diagnostics.report({
          severity: 'error',
          code: 'path-clash',
          span,
          message: `${what} is there already: this one would never be asked.`,
          related: [{ message: 'The first is here', span: other }],
        })
    }
    for (const { address, span } of this.webSockets)
      look(`ws ${address.key}`, `WebSocket ${address.path.text}`, span)
    for (const { method, address, span } of this.endpoints)
      look(`${method} ${address.key}`, `${method} ${address.path.text}`, span)
  }
}

/** One that refuses a request comes after all that take it. */
function first<M extends WebSocketMock | HttpMock>(
  mocks: readonly M[],
  target: MockTarget,
  isRight: (mock: M) => boolean = () => true,
): Taken<M> | undefined {
  let refused: Taken<M> | undefined
  for (const mock of mocks) {
    if (!isRight(mock)) continue
    const found = mock.address.find(target)
    if (found === undefined) continue
    if (!('status' in found)) return { mock, found }
    refused ??= { mock, found }
  }
  return refused
}

function inOrder<M extends WebSocketMock | HttpMock>(mocks: readonly M[]): M[] {
  const rank = ({ address: { host, path } }: M): number =>
    (host === undefined ? 1_000 : 0) + (path.isOpen ? 500 : 0) + path.parameters.length
  return mocks.toSorted((a, b) => rank(a) - rank(b))
}
