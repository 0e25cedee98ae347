import type { MessageContext } from '../core/context.ts'
import type { Content } from '../message/content.ts'
import { type CachedResponse, type CacheEntries, clock } from './cache-entries.ts'
import type { SharedResponses } from './cache-shared.ts'

/** What decides whether a response is kept. */
export interface CachePolicy {
  readonly timeoutMs: number
  /** -1 for any size. */
  readonly maxMessageBytes: number
  readonly statuses: RegExp
  readonly heedsCacheControl: boolean
}

/** Where responses are kept. */
export interface CachePlaces {
  readonly entries: CacheEntries
  /** What all processes share; undefined where there is one. */
  readonly shared: SharedResponses | undefined
}

/** Headers of a response that are about its transmission, not about the payload. */
const OF_TRANSMISSION =
  /^(?:connection|keep-alive|transfer-encoding|content-length|te|trailer|upgrade|proxy-.*|set-cookie|date|age)$/i

/** Where the response to one request will be kept; a finder leaves it for the collector. */
export class CacheSlot {
  readonly #places: CachePlaces
  readonly #policy: CachePolicy
  readonly key: string
  /** What is there and has to be confirmed by the backend. */
  readonly #stale: CachedResponse | undefined

  constructor(places: CachePlaces, policy: CachePolicy, key: string, stale: CachedResponse | undefined) {
    this.#places = places
    this.#policy = policy
    this.key = key
    this.#stale = stale
  }

  /** Keeps the response a message holds, where the policy lets it; 304 brings back what was kept before. */
  collect(ctx: MessageContext): void {
    const status = ctx.transportIfAny?.status ?? ctx.message.status
    if (status === 304 && this.#stale) {
      this.#keep(ctx, this.#stale.content, this.#stale.status)
      showCached(ctx, this.#stale)
      return
    }
    // A client may have asked with an ETag of its own: what it got says nothing to others.
    if (status === 304) return
    if (status !== undefined && !this.#policy.statuses.test(String(status))) return
    this.#keep(ctx, ctx.message.content.share(), status)
  }

  #keep(ctx: MessageContext, content: Content, status: number | undefined): void {
    const { timeoutMs, maxMessageBytes, heedsCacheControl } = this.#policy
    const { headers, reason } = ctx.message
    const bytes = content.bytes.length
    if (maxMessageBytes >= 0 && bytes > maxMessageBytes) return
    const control = heedsCacheControl ? (headers.get('Cache-Control') ?? '').toLowerCase() : ''
    if (/(?:^|[\s,])no-store\b/.test(control)) return
    const now = clock()
    const isFreshNever = /(?:^|[\s,])no-cache\b/.test(control)
    const maxAge = /(?:^|[\s,])max-age\s*=\s*"?(\d+)/.exec(control)?.[1]
    const freshMs = isFreshNever ? 0 : maxAge === undefined ? timeoutMs : Number(maxAge) * 1000
    const { entries, shared } = this.#places
    const response = {
      content,
      headers: this.#stale?.content === content ? this.#stale.headers : keptHeaders(ctx),
      status,
      reason: reason ?? this.#stale?.reason,
      storedAt: now,
      freshUntil: now + Math.min(freshMs, timeoutMs),
      expiresAt: now + timeoutMs,
      etag: heedsCacheControl ? (headers.get('ETag') ?? this.#stale?.etag) : undefined,
      bytes,
    }
    entries.set(this.key, response)
    shared?.set(this.key, response)
  }

  /** In a log line the key stands for it. */
  toJSON(): string {
    return this.key
  }
}

function keptHeaders(ctx: MessageContext): CachedResponse['headers'] {
  return ctx.message.headers.fields().filter(({ name }) => !OF_TRANSMISSION.test(name))
}

/** Puts a response that was kept into a message. */
export function showCached(ctx: MessageContext, cached: CachedResponse): void {
  const { message } = ctx
  message.content = cached.content.share()
  for (const { name } of message.headers.entries()) message.headers.delete(name)
  for (const { name, value } of cached.headers) message.headers.add(name, value)
  message.status = cached.status
  message.reason = cached.reason
  ctx.transportIfAny = undefined
  if (cached.status !== undefined) ctx.transport.status = cached.status
}
