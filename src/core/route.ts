import type { RestFacts, Service } from './ports.ts'
import type { MaybePromise } from './step.ts'

/** Header fields, each with its name. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

/** An HTTP request before it is known who takes it. */
export interface RequestHead {
  readonly method: string
  /** Path and query as received. */
  readonly target: string
  /** The path alone. */
  readonly path: string
  readonly isSecure: boolean
  /** Header fields by name in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly hasBody: boolean
}

/** The service that takes a request, and what its message begins with. */
export interface Taken {
  readonly service: Service
  readonly rest?: RestFacts
  /** Properties of the default scope. */
  readonly properties?: HeaderList
  /** Headers of the request that are other than the client sent them. */
  readonly requestHeaders?: HeaderList
  /** Headers every response to the request gets. */
  readonly responseHeaders?: HeaderList
}

/** An answer for which no message is made. */
export interface DirectAnswer {
  readonly status: number
  readonly headers?: HeaderList
  readonly body?: string
}

/** Who takes a request; or nobody, and this is the answer. */
export type Route = Taken | { readonly answer: MaybePromise<DirectAnswer> }
