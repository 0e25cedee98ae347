import type { BackendSpec } from './case.ts'
import { HttpBackend } from './http-backend.ts'
import { answerRoutes } from './http-routes.ts'
import { answerQuote } from './stockquote.ts'
import { WebSocketBackend } from './websocket-backend.ts'

/** A server of a case. It keeps what it saw while it is stopped. */
export interface MockBackend {
  /** Opens its port, unless it is open. */
  start(): Promise<void>
  /** Cuts its connections and frees the port: connections are refused from then on. */
  stop(): Promise<void>
  /** Says what is wrong with what it saw so far; undefined when all is as expected. */
  problem(expected: Readonly<Record<string, unknown>>, saved: ReadonlyMap<string, string>): string | undefined
}

/** Makes the server that a case describes. Nothing listens before `start`. */
export function makeBackend(spec: BackendSpec): MockBackend {
  switch (spec.kind) {
    case 'http':
      return new HttpBackend(spec.port, answerRoutes(spec.routes ?? []))
    case 'stockquote':
      return new HttpBackend(spec.port, answerQuote(spec))
    case 'websocket':
      return new WebSocketBackend(spec)
    default:
      throw new Error(`backend ${spec.name}: there is no kind ${spec.kind}`)
  }
}
