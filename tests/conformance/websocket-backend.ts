import { type Backend, type BackendConnection, startBackend } from '../support/backends.ts'
import type { MockBackend } from './backends.ts'
import { bodyProblem, headerProblem, type Saved } from './body.ts'
import type { BackendSpec, BodyMatcher, HeaderMatcher } from './case.ts'
import { headersOf } from './http-client.ts'
import { excerpt } from './until.ts'

/** What a case expects of the connections a server had. */
interface Expected {
  readonly connections?: number
  /** As `connections`: an upgrade is a request. */
  readonly count?: number
  readonly closed_connections?: number
  /** How many, or each in order of arrival. */
  readonly messages?: number | readonly (string | BodyMatcher)[]
  /** Bytes of one of the messages. */
  readonly message_length?: number
  readonly handshake_headers?: HeaderMatcher
}

/** A WebSocket server that answers every message the same way, on any path. */
export class WebSocketBackend implements MockBackend {
  readonly #spec: BackendSpec
  readonly #connections: BackendConnection[] = []
  readonly #messages: { data: Buffer; isBinary: boolean }[] = []
  #closed = 0
  #running: Backend | undefined

  constructor(spec: BackendSpec) {
    this.#spec = spec
    const { mode = 'echo', name } = spec
    if (!['echo', 'prefix', 'sink'].includes(mode))
      throw new Error(`backend ${name}: there is no mode ${mode}`)
  }

  async start(): Promise<void> {
    this.#running ??= await startBackend({
      port: this.#spec.port,
      choose: offered => this.#choose(offered),
      greet: connection => this.#greet(connection),
      answer: (data, isBinary, connection) => this.#answer(data, isBinary, connection),
    })
  }

  async stop(): Promise<void> {
    await this.#running?.kill()
    this.#running = undefined
  }

  problem(expected: Readonly<Record<string, unknown>>, saved: Saved): string | undefined {
    const { connections, count, closed_connections, messages, message_length, handshake_headers } =
      expected as Expected
    return (
      numberProblem('connections', connections ?? count, this.#connections.length) ??
      numberProblem('closed connections', closed_connections, this.#closed) ??
      this.#messagesProblem(messages, saved) ??
      this.#lengthProblem(message_length) ??
      (handshake_headers && this.#handshakeProblem(handshake_headers))
    )
  }

  #choose(offered: string | undefined): string | undefined {
    const names = offered?.split(',').map(name => name.trim()) ?? []
    return this.#spec.protocols?.find(name => names.includes(name))
  }

  #greet(connection: BackendConnection): void {
    this.#connections.push(connection)
    connection.closed.then(
      () => this.#closed++,
      () => {},
    )
  }

  #answer(data: Buffer, isBinary: boolean, { webSocket }: BackendConnection): void {
    this.#messages.push({ data, isBinary })
    const { mode = 'echo', prefix = '' } = this.#spec
    if (mode === 'sink') return
    if (mode === 'echo' || isBinary) webSocket.send(data, { binary: isBinary })
    else webSocket.send(prefix + data.toString())
  }

  #messagesProblem(expected: Expected['messages'], saved: Saved): string | undefined {
    if (expected === undefined) return undefined
    if (typeof expected === 'number') return numberProblem('messages', expected, this.#messages.length)
    const texts = this.#messages.map(({ data }) => data.toString())
    const problem = numberProblem('messages', expected.length, texts.length)
    if (problem !== undefined) return `${problem}: ${excerpt(texts)}`
    for (const [index, each] of expected.entries()) {
      const wrong = bodyProblem(typeof each === 'string' ? { equals: each } : each, texts[index]!, saved)
      if (wrong !== undefined) return `message ${index + 1}: ${wrong}`
    }
    return undefined
  }

  #lengthProblem(expected: number | undefined): string | undefined {
    const lengths = this.#messages.map(({ data }) => data.length)
    if (expected === undefined || lengths.includes(expected)) return undefined
    return `expected a message of ${expected} bytes, got lengths ${excerpt(lengths)}`
  }

  #handshakeProblem(expected: HeaderMatcher): string | undefined {
    const problems = this.#connections.map(({ request }) => headerProblem(expected, headersOf(request)))
    if (problems.includes(undefined)) return undefined
    return `no handshake fits${problems.length > 0 ? `: ${problems.join('; ')}` : '; there was none'}`
  }
}

function numberProblem(what: string, expected: number | undefined, actual: number): string | undefined {
  return expected === undefined || expected === actual
    ? undefined
    : `expected ${expected} ${what}, got ${actual}`
}
