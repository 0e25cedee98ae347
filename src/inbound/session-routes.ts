import type { RestFacts, Service } from '../core/ports.ts'
import type { DirectAnswer, HeaderList, RequestHead, Taken } from '../core/route.ts'
import type { MaybePromise } from '../core/step.ts'
import type { ServedService } from '../language/declare.ts'
import { HttpRoutes } from './http-routes.ts'

/** What a session runs, and what its messages begin with. */
export interface SessionRoute {
  readonly service: Service
  readonly on: Service['on']
  /** Properties of the default scope, for what the client sends. */
  readonly properties: HeaderList
  /** Which resource of an API takes it, where one does. */
  readonly rest?: RestFacts
  /** What follows the context of the API. */
  readonly postfix: string
}

/** Chooses what the sessions of an inbound endpoint run: a resource of an API that is bound to it, or its sequence. */
export class SessionRoutes {
  readonly #service: Service
  readonly #parameters: NonNullable<ServedService['webSocket']>['parameters']
  readonly #apis: HttpRoutes | undefined
  readonly #adapted = new Map<Service, Service>()

  constructor({ service, apis, webSocket }: ServedService) {
    this.#service = service
    this.#parameters = webSocket?.parameters
    this.#apis = apis && new HttpRoutes(apis)
  }

  /** Finds what runs, by the handshake; or the answer, where an API has the path and no resource for it. */
  find(head: RequestHead): SessionRoute | { readonly answer: MaybePromise<DirectAnswer> } {
    const api = this.#apis?.find(head)
    if (!api) return this.#own(head)
    // Compatibility: what comes over a WebSocket has no method, so that resources which name methods are not for it.
    const { target, path, isSecure, headers } = head
    const route = api.http!.route!({ method: '', target, path, isSecure, headers, hasBody: false })
    if ('answer' in route) return route
    const { service, rest, properties = [] }: Taken = route
    const adapted = this.#adaptedTo(service)
    const postfix = target.slice(api.path.replace(/\/\*$/, '').length)
    return { service: adapted, on: adapted.on, properties, postfix, ...(rest && { rest }) }
  }

  #own(head: RequestHead): SessionRoute | { readonly answer: DirectAnswer } {
    const { on, hookFor } = this.#service
    const properties = this.#parameters?.(head) ?? []
    if ('status' in properties) return { answer: properties }
    const hook = hookFor?.(head.path)
    const hooks = hook ? { ...on, message: hook, open: hook, close: hook } : on
    return { service: this.#service, on: hooks, properties, postfix: '' }
  }

  /** The resource runs for all that the client does; what backends send runs through the sequences of the endpoint. */
  #adaptedTo(resource: Service): Service {
    const known = this.#adapted.get(resource)
    if (known) return known
    const { on, outDispatch, outFault, outKey, namesOutDispatch } = this.#service
    const hook = resource.on.message!
    const hooks = { message: hook, open: hook, close: hook, ...(on.ping && { ping: hook, pong: hook }) }
    const made: Service = { ...resource, on: hooks, outDispatch, outFault, outKey, namesOutDispatch }
    this.#adapted.set(resource, made)
    return made
  }
}
