import type { RestFacts, Service } from '../core/ports.ts'
import type { DirectAnswer, HeaderList, RequestHead, Route } from '../core/route.ts'
import type { Cors } from './cors.ts'
import { METHODS, type Resource, ResourceTable, takesMethod } from './resource.ts'

/** What a resource runs, and what its messages are told of it. */
export interface ResourceService {
  readonly service: Service
  readonly facts: Omit<RestFacts, 'path'>
}

/** An API as requests meet it. */
export interface ApiRoutesOptions {
  readonly resources: readonly Resource<ResourceService>[]
  /** What messages that no resource takes are told. */
  readonly facts: Pick<RestFacts, 'api' | 'version' | 'context'>
  /** Length of the path the API is at, version included. */
  readonly prefixLength: number
  readonly cors: Cors
  /** What runs in place of 404 and of 405. */
  readonly mismatch: Service | undefined
  readonly notAllowed: Service | undefined
  /** Gives the description of the API; without it none is served. */
  readonly description?: (() => string | undefined) | undefined
}

/** Chooses the resource of an API that takes a request. */
export class ApiRoutes {
  readonly #options: ApiRoutesOptions
  readonly #table: ResourceTable<ResourceService>

  constructor(options: ApiRoutesOptions) {
    this.#options = options
    this.#table = new ResourceTable(options.resources)
  }

  /** Gives the resource, or the answer: 404, 405 with `Allow`, 400, or that to OPTIONS. */
  readonly route = (head: RequestHead): Route => {
    const path = this.#pathOf(head)
    const { description } = this.#options
    if (description && path === '/?swagger.json' && head.method === 'GET')
      return { answer: described(description(), this.#options.cors.headers(originOf(head), ['GET'])) }
    const isOptions = head.method === 'OPTIONS'
    const forwards = isOptions ? maxForwards(head) : undefined
    const fit = forwards === 0 ? undefined : this.#table.find(head, path)
    if (!fit) return this.#without(head, path, isOptions)
    const query = queryOf(path)
    const parameters = query === '' ? [] : parseQuery(query)
    if (!parameters) return { answer: { status: 400 } }
    const properties: [string, string][] = []
    for (const [name, value] of fit.variables ?? []) properties.push([`uri.var.${name}`, value])
    for (const [name, value] of parameters) properties.push([`query.param.${name}`, value])
    const { service, facts } = fit.resource.target
    return {
      service,
      rest: { ...facts, path },
      properties,
      responseHeaders: this.#options.cors.headers(originOf(head), methodsOf([fit.resource])),
      ...(forwards !== undefined && { requestHeaders: [['Max-Forwards', String(forwards - 1)]] }),
    }
  }

  #pathOf({ target }: RequestHead): string {
    const rest = target.slice(this.#options.prefixLength)
    return rest.startsWith('/') ? rest : `/${rest}`
  }

  /** No resource takes the request: says why. */
  #without(head: RequestHead, path: string, isOptions: boolean): Route {
    const { cors, mismatch, notAllowed } = this.#options
    const there = this.#table.at(path)
    const rest = { ...this.#options.facts, resource: '', pattern: '', path }
    if (there.length === 0) return mismatch ? { service: mismatch, rest } : { answer: { status: 404 } }
    const methods = methodsOf(there)
    const headers = cors.headers(originOf(head), methods)
    if (isOptions) return { answer: this.#answerOptions(head, methods, headers) }
    if (there.some(resource => takesMethod(resource, head.method)))
      return { answer: { status: 400, headers } }
    if (notAllowed) return { service: notAllowed, rest, responseHeaders: headers }
    return { answer: { status: 405, headers: [['Allow', methods.join(', ')], ...headers] } }
  }

  #answerOptions(head: RequestHead, methods: readonly string[], headers: HeaderList): DirectAnswer {
    if (this.#options.cors.refuses(originOf(head))) return { status: 403 }
    const all = methods.includes('OPTIONS') ? methods : [...methods, 'OPTIONS']
    return { status: 200, headers: [['Allow', all.join(', ')], ...headers] }
  }
}

function described(text: string | undefined, headers: HeaderList): DirectAnswer {
  if (text === undefined) return { status: 404, headers }
  return { status: 200, headers: [['Content-Type', 'application/json'], ...headers], body: text }
}

function methodsOf(resources: readonly Resource<unknown>[]): readonly string[] {
  if (resources.some(({ methods }) => methods.length === 0)) return METHODS
  return [...new Set(resources.flatMap(({ methods }) => methods))]
}

function originOf({ headers }: RequestHead): string | undefined {
  const { origin } = headers
  return typeof origin === 'string' ? origin : undefined
}

function maxForwards({ headers }: RequestHead): number | undefined {
  const given = headers['max-forwards']
  return typeof given === 'string' && /^\d{1,9}$/.test(given) ? Number(given) : undefined
}

function queryOf(path: string): string {
  const query = path.indexOf('?')
  return query < 0 ? '' : path.slice(query + 1)
}

/** Gives names and values, decoded; undefined where the encoding is wrong. */
function parseQuery(query: string): [string, string][] | undefined {
  const found: [string, string][] = []
  try {
    for (const pair of query.split('&')) {
      if (pair === '') continue
      const equals = pair.indexOf('=')
      const name = equals < 0 ? pair : pair.slice(0, equals)
      found.push([decode(name), equals < 0 ? '' : decode(pair.slice(equals + 1))])
    }
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
  return found
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '))
}
