import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { MockBackend } from './backends.ts'
import { bodyProblem, type HeaderValues, headerProblem, presenceProblem, type Saved } from './body.ts'
import type { BodyMatcher, HeaderMatcher } from './case.ts'
import { decode, headersOf } from './http-client.ts'
import { excerpt } from './until.ts'

/** A request as it came. */
export interface RecordedRequest {
  readonly method: string
  /** As on the request line. */
  readonly rawTarget: string
  readonly headers: HeaderValues
  readonly bytes: Buffer
  readonly body: string
}

/** What a server sends back. */
export interface HttpAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  readonly delayMs?: number
}

/** Answers a request that is recorded already. */
export type Answering = (request: RecordedRequest) => HttpAnswer

/** What a case expects of the requests a server saw. */
interface RequestMatcher {
  readonly method?: string
  readonly path?: string
  readonly raw_target?: string
  readonly headers?: HeaderMatcher
  readonly headers_present?: readonly string[]
  readonly headers_absent?: readonly string[]
  readonly body?: BodyMatcher
  readonly bodies_in_order?: readonly BodyMatcher[]
}

const KNOWN_KEYS: ReadonlySet<string> = new Set([
  'method',
  'path',
  'raw_target',
  'headers',
  'headers_present',
  'headers_absent',
  'body',
  'bodies_in_order',
])

/** An HTTP server that records what it is asked. */
export class HttpBackend implements MockBackend {
  readonly requests: RecordedRequest[] = []
  readonly #port: number
  readonly #answer: Answering
  readonly #timers = new Set<NodeJS.Timeout>()
  #server: Server | undefined

  constructor(port: number, answer: Answering) {
    this.#port = port
    this.#answer = answer
  }

  async start(): Promise<void> {
    if (this.#server) return
    const server = createServer((request, response) => this.#take(request, response))
    this.#server = server
    // No host, so that both addresses of localhost are served.
    await once(server.listen(this.#port), 'listening')
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (!server) return
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    const closed = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closed
  }

  problem(expected: Readonly<Record<string, unknown>>, saved: Saved): string | undefined {
    const { count, request = {} } = expected as { count?: number; request?: RequestMatcher }
    const unknown = Object.keys(request).find(key => !KNOWN_KEYS.has(key))
    if (unknown !== undefined) return `request has an unknown key ${unknown}`
    const { bodies_in_order: bodies, ...single } = request
    const problems = this.requests.map(each => requestProblem(single, each, saved))
    const fitting = this.requests.filter((_, index) => problems[index] === undefined)
    if (count === undefined ? fitting.length === 0 : fitting.length !== count) {
      const wanted = count === undefined ? 'at least one request' : `${count} requests`
      const misfit = problems.find(problem => problem !== undefined)
      const why = misfit === undefined ? '' : `; one does not fit: ${misfit}`
      return `expected ${wanted}, got ${fitting.length} that fit of ${this.#seen()}${why}`
    }
    for (const [index, body] of (bodies ?? []).entries()) {
      const came = fitting[index]
      if (!came) return `expected ${bodies!.length} requests with bodies in order, got ${fitting.length}`
      const problem = bodyProblem(body, came.body, saved)
      if (problem !== undefined) return `request ${index + 1}: ${problem}`
    }
    return undefined
  }

  #seen(): string {
    const seen = this.requests.map(({ method, rawTarget }) => `${method} ${rawTarget}`)
    return `${seen.length}${seen.length > 0 ? ` (${excerpt(seen.join(', '))})` : ''}`
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const headers = headersOf(request)
      const bytes = Buffer.concat(chunks)
      const body = decode(bytes, headers['content-type'])
      const recorded = { method: request.method!, rawTarget: request.url!, headers, bytes, body }
      this.requests.push(recorded)
      const answer = this.#answer(recorded)
      if (answer.delayMs === undefined) respond(response, answer)
      else this.#later(answer.delayMs, () => respond(response, answer))
    } catch {
      // Whoever asked has gone.
      response.destroy()
    }
  }

  #later(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, delayMs)
    this.#timers.add(timer)
  }
}

function respond(response: ServerResponse, { status, headers, body }: HttpAnswer): void {
  response.writeHead(status, headers ?? {})
  response.end(body)
}

function requestProblem(
  expected: Omit<RequestMatcher, 'bodies_in_order'>,
  came: RecordedRequest,
  saved: Saved,
): string | undefined {
  const { method, path, raw_target, headers, headers_present, headers_absent, body } = expected
  if (method !== undefined && method !== came.method) return `method ${came.method}, expected ${method}`
  if (raw_target !== undefined && raw_target !== came.rawTarget)
    return `request target ${came.rawTarget}, expected ${raw_target}`
  if (path !== undefined) {
    const target = originForm(came.rawTarget)
    const actual = path.includes('?') ? target : withoutQuery(target)
    if (actual !== path) return `path ${actual}, expected ${path}`
  }
  return (
    headerProblem(headers ?? {}, came.headers) ??
    presenceProblem(headers_present ?? [], came.headers, 'present') ??
    presenceProblem(headers_absent ?? [], came.headers, 'absent') ??
    (body && bodyProblem(body, came.body, saved))
  )
}

/** Gives the path and query of a request target, which may be in absolute form. */
export function originForm(target: string): string {
  const [, rest] = /^[a-z][a-z\d+.-]*:\/\/[^/?]*(.*)$/i.exec(target) ?? []
  if (rest === undefined) return target
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Gives a request target without its query. */
export function withoutQuery(target: string): string {
  return target.split('?', 1)[0]!
}
