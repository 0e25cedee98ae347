import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { saysTheSame } from './compare.ts'
import type { MockDefinition, MockResource } from './mock-definition.ts'
import { mediaTypeOfPayload } from './payload.ts'

/** A mock service that listens. Going out of scope stops it. */
export class MockService implements AsyncDisposable {
  readonly definition: MockDefinition
  readonly #server: Server

  private constructor(definition: MockDefinition) {
    this.definition = definition
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch(() => response.destroy())
    })
  }

  /**
   * Starts a mock service on the port it asks for, which configurations may have written down as well; on a free one
   * where that is taken.
   */
  static async start(definition: MockDefinition): Promise<MockService> {
    const mock = new MockService(definition)
    try {
      await listen(mock.#server, definition.port)
    } catch {
      await listen(mock.#server, 0)
    }
    return mock
  }

  /** What replaces the address of the endpoint. */
  get address(): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://localhost:${port}${pathOf(this.definition.context)}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks).toString()
    const found = this.definition.resources.find(each => fits(each, this.definition.context, request, body))
    if (!found) {
      response.writeHead(404).end()
      return
    }
    const { status, headers, payload } = found.response
    for (const { name, value } of headers) response.setHeader(name, value)
    if (payload !== '' && !response.hasHeader('Content-Type'))
      response.setHeader('Content-Type', mediaTypeOfPayload(payload))
    response.writeHead(status).end(payload)
  }
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, 'localhost')
  await once(server, 'listening')
}

function fits(resource: MockResource, context: string, request: IncomingMessage, body: string): boolean {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2)
  const parameters = new URLSearchParams(query)
  return (
    (resource.method === '*' || resource.method === request.method) &&
    isPath(pathOf(context) + pathOf(resource.path), pathOf(path)) &&
    resource.query.every(([name, value]) => parameters.getAll(name).includes(value)) &&
    resource.headers.every(({ name, value }) => request.headers[name.toLowerCase()] === value) &&
    (resource.payload === undefined || saysTheSame(resource.payload, body))
  )
}

/** A path that ends in a star takes everything below it. */
function isPath(wanted: string, actual: string): boolean {
  if (!wanted.endsWith('/*')) return wanted === actual
  const above = wanted.slice(0, -2)
  return actual === above || actual.startsWith(`${above}/`)
}

/** A path without the slash at its end, the root being empty. */
function pathOf(text: string): string {
  const path = text.replace(/\/+$/, '')
  return path === '' || path.startsWith('/') ? path : `/${path}`
}
