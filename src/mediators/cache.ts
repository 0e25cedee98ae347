import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import { type MaybePromise, type Step, stopAfter } from '../core/step.ts'
import { type Build, mediator } from '../language/declare.ts'
import { attribute, body, branch, type Config, child } from '../language/field.ts'
import { boolean, integer, list, oneOf, pattern, text } from '../language/types.ts'
import { REPLY } from '../sequences/reply.ts'
import { CACHE_LIMITS, type CachedResponse, CacheEntries, clock } from './cache-entries.ts'
import { cacheKey, countedHeaders } from './cache-key.ts'
import { type SharedResponses, sharedResponses } from './cache-shared.ts'
import { CacheSlot, showCached } from './cache-slot.ts'

const listField = (doc: string) =>
  child({ names: body(list, { doc: 'Names, separated by commas.' }) }, { doc })
const flagField = (doc: string) => child({ value: body(boolean, { doc: 'true or false.' }) }, { doc })

const fields = {
  id: attribute(text, {
    doc: 'Caches with one id share what they hold; without it an artifact has its own.',
  }),
  collector: attribute(boolean, {
    doc: 'Whether it keeps responses (true) or looks for them (false).',
    required: true,
  }),
  timeout: attribute(integer({ min: 0 }), { doc: 'How long a response counts, in seconds.', default: 5000 }),
  maxMessageSize: attribute(integer({ min: -1 }), {
    doc: 'Largest payload that is kept, in bytes; -1 for any.',
    default: -1,
  }),
  onCacheHit: branch({
    key: 'sequence',
    doc: 'What to run with a response that was found; without it the response goes back at once.',
  }),
  protocol: child(
    {
      type: attribute(oneOf('HTTP', 'http'), { doc: 'Always HTTP.', default: 'HTTP' }),
      methods: child(
        { names: body(list, { doc: 'Names, separated by commas; `*` for all.' }) },
        { doc: 'Methods of the requests it looks at; default all.' },
      ),
      headersToExcludeInHash: listField('Headers that do not count; all others do. `*` for none that count.'),
      headersToIncludeInHash: listField('Headers that count, and only these; `*` for all.'),
      responseCodes: child(
        { pattern: body(pattern, { doc: 'Pattern the whole status must match.' }) },
        { doc: 'Statuses of the responses that are kept; default all.' },
      ),
      enableCacheControl: flagField('Whether Cache-Control and ETag of responses are heeded.'),
      includeAgeHeader: flagField('Whether a response that was found carries its Age.'),
      hashGenerator: child(
        { name: body(text, { doc: 'A Java class.' }) },
        { doc: 'Accepted; there is one way to tell requests apart.' },
      ),
    },
    { doc: 'Which requests and responses it is for.' },
  ),
  implementation: child(
    {
      maxSize: attribute(integer({ min: -1 }), {
        doc: `Most responses it holds; default ${CACHE_LIMITS.entries}, of ${CACHE_LIMITS.bytes / 1024 / 1024} MiB in all.`,
        default: -1,
      }),
      type: attribute(text, { doc: 'Accepted; responses are in memory.' }),
    },
    { doc: 'How much it holds.' },
  ),
} as const

/** Answers from what it has kept, or keeps responses. */
export const cacheMediator = mediator({
  element: 'cache',
  summary:
    'Answers a request with the response an equal one got before, or, as collector, keeps a response for later.',
  fields,
  ignored: {
    scope: 'what one cache holds is for all hosts',
    hashGenerator: 'there is one way to tell requests apart',
  },
  notes:
    'Requests are equal when method, address, the headers that count, and body are; the body does not count for GET, HEAD and DELETE. Headers about one transmission, such as Date, User-Agent and Content-Length, never count. By default no header counts, Authorization included: list it in headersToIncludeInHash where responses depend on the caller. What is kept is in memory and lost when the gateway stops; what was used least recently goes when there is no room. Several gateway processes that work as one share what they keep: a response is looked for in memory first and then in what is shared, where one of up to 1 MiB, as the setting `myelin.cluster.max_cached_bytes` has it, is kept for its time too. Set-Cookie is not kept.\n\nWith enableCacheControl a response with `no-store` is not kept, and one with `no-cache` or a `max-age` that has passed is confirmed by the backend, by its ETag, before it is used again.\n\nCompatibility: a collector takes the answer of a call while the message counts as a request; the original wants the property RESPONSE to be set before.',
  example: `<cache collector="false" timeout="60">
    <protocol type="HTTP"><methods>GET</methods></protocol>
</cache>`,
  needsContent: () => true,
  compile: (config, build) => (config.collector ? collect : finder(config, build)),
})

/** Name of the property by which a finder tells the collector where to keep the response. */
const SLOT = 'CachableResponse'

function collect(ctx: MessageContext): undefined {
  if (ctx.direction === 'request' && ctx.message.status === undefined)
    throw new Fault(0, 'a cache with collector="true" keeps responses, and this is a request')
  const slot = ctx.propertiesIfAny?.get(SLOT)
  if (slot instanceof CacheSlot) slot.collect(ctx)
  else if (slot === undefined)
    ctx.log.warn(
      { message: ctx.id },
      `${ctx.service.label}no cache looked for this response before; it is not kept`,
    )
}

function finder(
  { id, timeout, maxMessageSize, onCacheHit, protocol, implementation }: Config<typeof fields>,
  build: Build,
): Step {
  const maxSize = implementation?.maxSize ?? -1
  const { kind, name } = build.artifact
  const key = `cache ${id ?? `of ${kind} ${name}, ${maxSize} ${timeout}`}`
  const entries = build.resource(key, () => new CacheEntries(maxSize))
  const shared = sharedResponses(key, build)
  const places = { entries, shared }
  const methods = new Set(protocol?.methods?.names ?? [])
  const looksAt = (method: string): boolean => methods.size === 0 || methods.has('*') || methods.has(method)
  const counts = countedHeaders(
    protocol?.headersToIncludeInHash?.names,
    protocol?.headersToExcludeInHash?.names,
  )
  const policy = {
    timeoutMs: timeout * 1000,
    maxMessageBytes: maxMessageSize,
    statuses: protocol?.responseCodes?.pattern ?? /^/,
    heedsCacheControl: protocol?.enableCacheControl?.value ?? false,
  }
  const showsAge = protocol?.includeAgeHeader?.value ?? false
  const onHit = onCacheHit && build.branch(onCacheHit).run
  const goOn = (ctx: MessageContext, key: string, found: CachedResponse | undefined): ReturnType<Step> => {
    if (found && clock() < found.freshUntil) {
      hit(ctx, found, showsAge)
      return onHit ? stopAfter(onHit(ctx)) : REPLY.run(ctx)
    }
    if (found?.etag !== undefined) ctx.message.headers.set('If-None-Match', found.etag)
    ctx.properties.set(SLOT, new CacheSlot(places, policy, key, found))
    return undefined
  }
  const goOnLater = async (
    ctx: MessageContext,
    key: string,
    found: Promise<CachedResponse | undefined>,
  ): Promise<Awaited<ReturnType<Step>>> => goOn(ctx, key, await found)
  return ctx => {
    if (ctx.direction === 'response')
      throw new Fault(0, 'a cache with collector="false" looks for requests, and this is a response')
    if (!looksAt(ctx.origin.request?.method ?? 'POST')) {
      ctx.properties.set(SLOT, NOT_KEPT)
      return undefined
    }
    const key = cacheKey(ctx, counts)
    const found = shared ? find({ entries, shared }, key) : entries.get(key)
    return found instanceof Promise ? goOnLater(ctx, key, found) : goOn(ctx, key, found)
  }
}

/** Looks here first, and then in what all processes share. */
function find(
  { entries, shared }: { readonly entries: CacheEntries; readonly shared: SharedResponses },
  key: string,
): MaybePromise<CachedResponse | undefined> {
  const here = entries.get(key)
  if (here && clock() < here.freshUntil) return here
  return shared.isThere ? findShared({ entries, shared }, key, here) : here
}

async function findShared(
  { entries, shared }: { readonly entries: CacheEntries; readonly shared: SharedResponses },
  key: string,
  here: CachedResponse | undefined,
): Promise<CachedResponse | undefined> {
  const found = await shared.get(key)
  if (!found || clock() >= found.expiresAt || (here && here.storedAt >= found.storedAt)) return here
  entries.set(key, found)
  return found
}

/** Left for the collector where a request is none the cache looks at. */
const NOT_KEPT = 'not kept'

function hit(ctx: MessageContext, found: CachedResponse, showsAge: boolean): void {
  ctx.direction = 'response'
  showCached(ctx, found)
  if (showsAge) ctx.message.headers.set('Age', String(Math.floor((clock() - found.storedAt) / 1000)))
}
