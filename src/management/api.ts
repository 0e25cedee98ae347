import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from '../core/logger.ts'
import type { Gateway } from '../gateway.ts'
import type { Whole } from './whole.ts'

/** Answers a request: what it gives is sent as JSON. */
export type Answer = (request: FastifyRequest, reply: FastifyReply) => unknown

/** What the resources of the management API are made with. */
export interface Api {
  readonly gateway: Gateway
  /** The gateway with the other workers of its server. */
  readonly whole: Whole
  readonly log: Logger
  readonly version: string
  /** Has the gateway stop: in stages as `drain` does, or at once. */
  stop(how: 'drain' | 'shutdown'): void
  /** Adds a resource below `/management`; what it does by method. Others are refused. */
  on(path: string, methods: Readonly<Partial<Record<'GET' | 'POST' | 'PATCH', Answer>>>): void
}

/** Gives a value of the query, where it is there once. */
export function queryOf(request: FastifyRequest, name: string): string | undefined {
  const value = (request.query as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' ? value : undefined
}

/** Gives a value of the JSON object in the body. */
export function fieldOf(request: FastifyRequest, name: string): unknown {
  const { body } = request
  if (body === null || typeof body !== 'object' || !Object.hasOwn(body, name)) return undefined
  return (body as Readonly<Record<string, unknown>>)[name]
}

/** Makes a list as all resources give it; `searchKey` of the query leaves those out whose name does not contain it. */
export function listed<T>(
  request: FastifyRequest,
  items: readonly T[],
  nameOf: (item: T) => string,
): { readonly count: number; readonly list: readonly T[] } {
  const wanted = queryOf(request, 'searchKey')?.toLowerCase() ?? ''
  const list = items.filter(item => nameOf(item).toLowerCase().includes(wanted))
  return { count: list.length, list }
}

/** Refuses a request with a reason. */
export function refuse(reply: FastifyReply, status: number, reason: string): FastifyReply {
  return reply.code(status).send({ Error: reason })
}
