import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import { checkServerIdentity } from 'node:tls'
import type { Agent, Dispatcher } from 'undici'
import type { FaultCode } from '../core/fault.ts'
import type { HttpClientSettings, Resource } from '../language/declare.ts'
import { SMALL_BODY_BYTES } from '../message/http-body.ts'
import { AnswerStream } from './answer-stream.ts'
import { ExchangeFault, type ExchangePhase } from './exchange-fault.ts'

/** One request to a backend. */
export interface HttpRequest {
  readonly method: string
  readonly url: URL
  /** Names and values in turn. */
  readonly headers: readonly string[]
  /** Undefined sends none, not even an empty one; a stream is sent as it comes. */
  readonly body: Buffer | AsyncIterable<Buffer> | undefined
  /** How long the answer may take once the request was sent. */
  readonly timeoutMs: number
  /** Whether it is enough that the request has been written. */
  readonly isOneWay: boolean
  /** Whether the connection is closed afterwards. */
  readonly closes: boolean
  /** Whether the request line has the whole URL, as proxies want it. */
  readonly hasFullUri: boolean
  /** Called once the request has been written. */
  readonly onSent?: () => void
}

/** What a backend answered. */
export interface HttpAnswer {
  readonly status: number
  readonly reason: string
  /** Names and values in turn, as received. */
  readonly headers: readonly string[]
  /** A stream where it had not come in whole; whoever gets it reads it, or destroys it. */
  readonly body: Buffer | Readable
}

/** Calls HTTP backends, over connections that are kept for the next request. Redirects are not followed. */
export class HttpClient implements Resource {
  readonly #settings: HttpClientSettings
  #made: Agent | undefined

  constructor(settings: HttpClientSettings) {
    this.#settings = settings
  }

  /** The connections; made when first used, for the library behind them is large. */
  get #agent(): Agent {
    this.#made ??= this.#make()
    return this.#made
  }

  #make(): Agent {
    const { connectTimeoutMs, tls } = this.#settings
    const { verify = true, verifyHostName = true, serverName, ...certificates } = tls
    const undici = createRequire(import.meta.url)('undici') as typeof import('undici')
    return new undici.Agent({
      // Both are bounded by the time an exchange may take.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        ...certificates,
        timeout: connectTimeoutMs,
        rejectUnauthorized: verify,
        checkServerIdentity: verifyHostName ? checkServerIdentity : () => undefined,
        ...(serverName !== undefined && { servername: serverName }),
      },
    })
  }

  /**
   * Sends a request and gives the answer, a small one whole; undefined for a request nobody waits for.
   * @throws ExchangeFault 101500 when the request cannot be written, 101503 when the backend cannot be reached,
   * 101504 when it does not answer in time, 101505 when it closes the connection, 101506 when it breaks the protocol,
   * 101508 when it does not accept the connection in time
   */
  send(request: HttpRequest): Promise<HttpAnswer | undefined> {
    return new Promise((resolve, reject) => {
      const agent = this.#agent
      const exchange = new HttpExchange(request, this.#settings.socketTimeoutMs, { resolve, reject })
      const { url, method, headers, body = null, closes, hasFullUri } = request
      const path = hasFullUri ? `${url.origin}${url.pathname}${url.search}` : url.pathname + url.search
      try {
        agent.dispatch(
          {
            origin: url.origin,
            path,
            method,
            headers: headers as string[],
            body: body as Buffer,
            reset: closes,
          },
          exchange,
        )
      } catch (error) {
        exchange.onResponseError(undefined, error as Error)
      }
    })
  }

  /** Lets requests under way end within the time given, then cuts what is left. */
  async stop(graceMs: number): Promise<void> {
    const agent = this.#made
    if (!agent) return
    const closed = agent.close()
    let timer: NodeJS.Timeout | undefined
    const timeIsUp = new Promise<'late'>(resolve => {
      timer = setTimeout(resolve, graceMs, 'late')
    })
    const outcome = await Promise.race([closed, timeIsUp])
    clearTimeout(timer)
    if (outcome === 'late') await agent.destroy()
  }
}

interface Waiting {
  resolve(answer: HttpAnswer | undefined): void
  reject(fault: ExchangeFault): void
}

/** One request and its answer, as the library reports it. */
class HttpExchange implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest
  readonly #idleMs: number
  readonly #waiting: Waiting
  #timer: NodeJS.Timeout | undefined
  #chunks: Buffer[] = []
  /** Set once the answer is passed on as it comes. */
  #stream: AnswerStream | undefined
  #controller: Dispatcher.DispatchController | undefined
  #phase: ExchangePhase = 0
  #status = 0
  #reason = ''
  #headers: readonly string[] = []
  #isOver = false

  constructor(request: HttpRequest, idleMs: number, waiting: Waiting) {
    this.#request = request
    this.#idleMs = idleMs
    this.#waiting = waiting
    // One that is sent as it comes takes as long as it takes: its source and its socket have limits of their own.
    if (request.body === undefined || request.body instanceof Uint8Array) this.#startTimer()
  }

  #startTimer(): void {
    this.#timer = setTimeout(timeIsUp, this.#request.timeoutMs, this)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    this.#phase = 2
    if (this.#isOver) controller.abort(new Error('nobody waits any more'))
  }

  onRequestSent(): void {
    if (this.#phase === 2) this.#phase = 3
    if (!this.#timer && !this.#isOver) this.#startTimer()
    this.#request.onSent?.()
    if (this.#request.isOneWay) this.#waiting.resolve(undefined)
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    _headers: unknown,
    reason = '',
  ): void {
    if (status < 200) return
    this.#phase = 5
    this.#status = status
    this.#reason = reason
    this.#headers = ((controller.rawHeaders ?? []) as (Buffer | string)[]).map(text =>
      typeof text === 'string' ? text : text.toString('latin1'),
    )
    // What has not come with the head is passed on as it comes, unless it is small.
    if (!this.#request.isOneWay && !(lengthOf(this.#headers) <= SMALL_BODY_BYTES))
      process.nextTick(() => this.#passOn(controller))
  }

  #passOn(controller: Dispatcher.DispatchController): void {
    if (this.#isOver) return
    this.#stream = new AnswerStream(controller, this.#idleMs)
    for (const chunk of this.#chunks) this.#stream.add(chunk)
    this.#answer(this.#stream)
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (this.#stream) this.#stream.add(chunk)
    else if (!this.#request.isOneWay) this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    if (this.#stream) this.#stream.end()
    else if (!this.#isOver)
      this.#answer(this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks))
  }

  #answer(body: Buffer | Readable): void {
    this.#end()
    this.#waiting.resolve({ status: this.#status, reason: this.#reason, headers: this.#headers, body })
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#stream?.destroy(error)
    const [code, message] = describe(error as NodeJS.ErrnoException, this.#phase, this.#backend)
    this.#fail(code, message, error)
  }

  timeIsUp(): void {
    const { timeoutMs } = this.#request
    // Compatibility: the code of the original's timeout has nothing added.
    this.#phase = 0
    this.#fail(101504, `Send timeout: ${this.#backend} did not answer within ${timeoutMs} ms`)
    this.#controller?.abort(new Error('timeout'))
  }

  /** What is said of the address: not the query, nor credentials. */
  get #backend(): string {
    const { origin, pathname } = this.#request.url
    return `the back end ${origin}${pathname}`
  }

  #fail(code: FaultCode, message: string, cause?: Error): void {
    if (this.#isOver) return
    this.#end()
    this.#waiting.reject(new ExchangeFault(code, message, { phase: this.#phase, cause }))
  }

  #end(): void {
    this.#isOver = true
    clearTimeout(this.#timer)
  }
}

function timeIsUp(exchange: HttpExchange): void {
  exchange.timeIsUp()
}

/** Reads the Content-Length of an answer; NaN for one that is sent in chunks, or until the connection ends. */
function lengthOf(headers: readonly string[]): number {
  for (let i = 0; i + 1 < headers.length; i += 2)
    if (headers[i]!.length === 14 && headers[i]!.toLowerCase() === 'content-length')
      return Number(headers[i + 1])
  return Number.NaN
}

const UNREACHABLE: ReadonlySet<string> = new Set(['ETIMEDOUT', 'UND_ERR_CONNECT_TIMEOUT'])
const CLOSED: ReadonlySet<string> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE', 'ECONNABORTED'])

/**
 * Says what an error of the library means, as a fault code and in words.
 *
 * Compatibility: configurations look for `Error connecting to the back end` and `Send timeout` in messages.
 */
function describe(error: NodeJS.ErrnoException, phase: ExchangePhase, backend: string): [FaultCode, string] {
  const code = error.code ?? ''
  const reason = error.message || code
  if (UNREACHABLE.has(code)) return [101508, `${backend} does not take the connection in time: ${reason}`]
  const isUnreadable = error.name === 'HTTPParserError' || code.startsWith('UND_ERR_RES')
  if (isUnreadable || code === 'UND_ERR_HEADERS_OVERFLOW')
    return [101506, `${backend} broke the HTTP protocol: ${reason}`]
  if (code === 'UND_ERR_INVALID_ARG' || code.startsWith('UND_ERR_REQ'))
    return [101500, `${backend} cannot be sent this request: ${reason}`]
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED')
    return [101509, `${backend} is not called any more: the gateway stops`]
  if (phase === 0) return [101503, `Error connecting to ${backend}: ${reason}`]
  if (CLOSED.has(code)) return [101505, `${backend} closed the connection: ${reason}`]
  return phase < 3
    ? [101500, `${backend} could not be sent the request: ${reason}`]
    : [101501, `the answer of ${backend} could not be read: ${reason}`]
}
