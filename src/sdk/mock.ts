import type { Logger } from '../core/logger.ts'
import { Gateway, mocksAlone } from '../gateway.ts'
import { format } from '../language/diagnostic.ts'
import { Source } from '../language/source.ts'
import { MockJournal, type ReceivedByMock, type UnusedMock } from '../mocks/mock-journal.ts'
import { MockSources } from '../mocks/mock-sources.ts'

export type { ReceivedByMock, UnusedMock } from '../mocks/mock-journal.ts'

/** How mocks are served to a test. */
export interface MockServerOptions {
  /** Port to listen on. Default 0, which takes a free one. */
  readonly port?: number
  /** Name or address to listen on. Default localhost. */
  readonly host?: string
  /** A file with answers for the operations of an OpenAPI description. */
  readonly answers?: string
}

/** Mocks that are served. Going out of scope stops them. */
export interface MockServer extends AsyncDisposable {
  /** Where its WebSockets are: `ws://localhost:40123`. */
  readonly url: string
  /** Where its endpoints are: `http://localhost:40123`. */
  readonly httpUrl: string
  readonly port: number
  /** What came so far, up to 10,000 messages and requests. */
  readonly received: readonly ReceivedByMock[]
  /** What of it nothing was meant for. */
  readonly unmatched: readonly ReceivedByMock[]
  /** Patterns and endpoints that nothing came for. */
  readonly unused: readonly UnusedMock[]
  stop(): Promise<void>
}

/** How long what is under way may take when mocks stop, in milliseconds. */
const GRACE_MS = 1_000

const SILENT: Logger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  fatal() {},
  isLevelEnabled: () => false,
}

/**
 * Serves mocks: those of a file, which is read again when it changes, or those of a list such as
 * `[{ websocket: { path: '/ws/echo', 'on-message': [{ pattern: 'ping', response: 'pong' }] } }]`.
 * @throws Error saying what is wrong with them, or that the port cannot be used
 */
export async function mock(source: string | object, options: MockServerOptions = {}): Promise<MockServer> {
  const { port = 0, host = 'localhost', answers } = options
  // JSON is YAML.
  const given = typeof source === 'string' ? [] : [new Source('mock', JSON.stringify(source, null, 2))]
  const sources = new MockSources(typeof source === 'string' ? [source] : [], given)
  const gateway = new Gateway(
    mocksAlone(sources, { listener: { port, host }, keeps: true, ...(answers !== undefined && { answers }) }),
    SILENT,
  )
  const wrong = gateway.diagnostics.all().filter(({ severity }) => severity === 'error')
  if (sources.problems.length > 0 || wrong.length > 0)
    throw new Error([...sources.problems, ...wrong.map(format)].join('\n'))
  await gateway.start()
  return new RunningMock(gateway, host)
}

class RunningMock implements MockServer {
  readonly port: number
  readonly url: string
  readonly httpUrl: string
  readonly #gateway: Gateway

  constructor(gateway: Gateway, host: string) {
    this.#gateway = gateway
    this.port = Number(new URL(gateway.listening[0]!.url).port)
    const shown = host.includes(':') ? `[${host}]` : host
    this.url = `ws://${shown}:${this.port}`
    this.httpUrl = `http://${shown}:${this.port}`
  }

  get received(): readonly ReceivedByMock[] {
    return this.#gateway.mocks!.journal.entries
  }

  get unmatched(): readonly ReceivedByMock[] {
    return this.received.filter(({ isMatched }) => !isMatched)
  }

  get unused(): readonly UnusedMock[] {
    return this.#gateway.mocks!.books.flatMap(({ set }) => MockJournal.unusedIn(set))
  }

  stop(): Promise<void> {
    return this.#gateway.stop(GRACE_MS)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
