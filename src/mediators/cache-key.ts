import { createHash } from 'node:crypto'
import type { MessageContext } from '../core/context.ts'
import { toAddress } from '../expressions/to-address.ts'

/**
 * Headers that never tell one request from another: they say something about one transmission, or about what the
 * client has kept itself.
 */
const NEVER: ReadonlySet<string> = new Set([
  'date',
  'user-agent',
  'host',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'expect',
  'age',
  'cache-control',
  'pragma',
  'if-match',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
  'via',
  'forwarded',
  'x-forwarded-for',
  'x-request-id',
  'traceparent',
  'tracestate',
  'activityid',
])

/** Requests by these methods have no payload that counts. */
const WITHOUT_BODY: ReadonlySet<string> = new Set(['GET', 'DELETE', 'HEAD'])

/** Which headers of a request count: by their names in lower case, all but some, or none. */
export type CountedHeaders = (name: string) => boolean

/** Reads the two lists of a configuration. An empty list is as good as none. */
export function countedHeaders(
  include: readonly string[] | undefined = [],
  exclude: readonly string[] | undefined = [],
): CountedHeaders | undefined {
  const [only, never] = [lowered(include), lowered(exclude)]
  if (only.size > 0)
    return only.has('*') ? name => !NEVER.has(name) : name => only.has(name) && !NEVER.has(name)
  if (never.size === 0 || never.has('*')) return undefined
  return name => !never.has(name) && !NEVER.has(name)
}

function lowered(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map(name => name.toLowerCase()))
}

/** Computes what a request has in common with those that get the same response: address, headers that count, body. */
export function cacheKey(ctx: MessageContext, counts: CountedHeaders | undefined): string {
  const hash = createHash('sha256')
  hash.update(`${toAddress(ctx) ?? ''}\0`)
  if (counts) {
    const fields = ctx.message.headers
      .entries()
      .map(({ name, value }) => [name.toLowerCase(), value] as const)
    for (const [name, value] of fields.filter(([name]) => counts(name)).sort(byName))
      hash.update(`${name}\0${value}\0`)
  }
  hash.update('\0')
  const method = ctx.origin.request?.method ?? ''
  hash.update(`${method}\0`)
  if (!WITHOUT_BODY.has(method)) hash.update(ctx.message.content.bytes)
  return hash.digest('base64url')
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0
}
