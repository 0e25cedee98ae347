import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  request,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as a backend got it. */
export interface Received {
  readonly method: string
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** What a backend answers; 200 without a body where nothing else is said. */
export interface BackendAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Buffer
}

/** Says what is answered to a request, and to which one in order, from 1. */
export type Answering = (request: Received, count: number) => BackendAnswer | Promise<BackendAnswer>

/** An HTTP server that keeps what it gets. Going out of scope cuts its connections and frees the port. */
export class HttpBackend implements AsyncDisposable {
  /** What it got so far. */
  readonly received: Received[] = []
  readonly #server: Server
  readonly #path: string

  constructor(server: Server, path = '') {
    this.#server = server
    this.#path = path
  }

  /** Starts one that answers what it is told; by default nothing. */
  static start(answering: Answering = () => ({})): Promise<HttpBackend> {
    let count = 0
    return started('/backend', async (response, request) => {
      count++
      const { status = 200, headers = {}, body = '' } = await answering(request, count)
      response.writeHead(status, headers as Record<string, string | string[]>).end(body)
    })
  }

  /** Starts one that answers every request with a JSON value. */
  static json(value: unknown, status = 200): Promise<HttpBackend> {
    const headers = { 'Content-Type': 'application/json' }
    return HttpBackend.start(() => ({ status, headers, body: JSON.stringify(value) }))
  }

  get url(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}${this.#path}`
  }

  /** As it stands in a configuration. */
  get endpoint(): string {
    return `<endpoint><address uri="${this.url}"/></endpoint>`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }
}

type Respond = (response: ServerResponse, received: Received) => unknown

/** Starts a backend that does with each response what it is told. */
export function startHttpBackend(answer: Respond): Promise<HttpBackend> {
  return started('', answer)
}

async function started(path: string, answer: Respond): Promise<HttpBackend> {
  const server = createServer(async (incoming, response) => {
    const { method = '', url = '', headers } = incoming
    const received = { method, target: url, headers, body: await textOf(incoming) }
    backend.received.push(received)
    answer(response, received)
  })
  const backend = new HttpBackend(server, path)
  await once(server.listen(0, 'localhost'), 'listening')
  return backend
}

/** What a caller got. */
export interface Answer {
  readonly status: number
  readonly reason: string
  readonly headers: IncomingHttpHeaders
  /** Header fields as they came: names and values in turn. */
  readonly rawHeaders: readonly string[]
  readonly body: string
}

/** Sends a request with any method, target and headers, and waits for the answer. */
export async function ask(
  url: string,
  { body, ...options }: RequestOptions & { readonly body?: string | Buffer } = {},
): Promise<Answer> {
  const outgoing = request(url, options).end(body)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  const { statusCode: status = 0, statusMessage: reason = '', headers, rawHeaders } = response
  return { status, reason, headers, rawHeaders, body: await textOf(response) }
}

async function textOf(message: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of message.setEncoding('utf8')) text += chunk
  return text
}
