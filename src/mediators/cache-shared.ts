import { type ClusterCounters, clusterCounters } from '../cluster/cluster-counters.ts'
import type { SharedKeys } from '../core/cluster.ts'
import type { Logger } from '../core/logger.ts'
import type { Build, Resource } from '../language/declare.ts'
import { Content } from '../message/content.ts'
import { type CachedResponse, clock } from './cache-entries.ts'

/** A response as it is shared: all but the payload. Times are those of the calendar, in milliseconds. */
interface Head {
  readonly mediaType: string
  /** With its charset, where the payload came with one. */
  readonly contentType?: string
  readonly headers: CachedResponse['headers']
  readonly status?: number
  readonly reason?: string
  readonly etag?: string
  readonly storedAt: number
  readonly freshMs: number
  readonly expiresMs: number
}

/** Gives the part of a cache that all processes share; undefined in a process that runs alone. */
export function sharedResponses(name: string, build: Build): SharedResponses | undefined {
  const { keys } = build.cluster
  const { maxCachedBytes } = build.settings.storage
  if (!keys || maxCachedBytes === 0) return undefined
  const make = (): SharedResponses =>
    new SharedResponses({
      name,
      keys,
      maxBytes: maxCachedBytes,
      counters: clusterCounters(build),
      log: build.log,
    })
  return build.resource(`shared ${name}`, make)
}

/** What a shared cache works with. */
export interface SharedResponsesOptions {
  /** What the names of its keys begin with: the same in all processes. */
  readonly name: string
  readonly keys: SharedKeys
  /** Larger responses are not shared. */
  readonly maxBytes: number
  readonly counters: ClusterCounters
  readonly log: Logger
}

/** The responses of one cache in all processes, by the hash of their requests. Out of reach it is as good as empty. */
export class SharedResponses implements Resource {
  readonly #options: SharedResponsesOptions
  #isAway = false

  constructor(options: SharedResponsesOptions) {
    this.#options = options
  }

  /** Whether it is worth asking. */
  get isThere(): boolean {
    const { isThere } = this.#options.keys
    if (!isThere) this.#missed()
    return isThere
  }

  /** Gives what is kept for a request. It does not reject. */
  async get(key: string): Promise<CachedResponse | undefined> {
    try {
      const record = await this.#options.keys.get(this.#nameOf(key))
      this.#note(false)
      return record && decode(record)
    } catch {
      this.#missed()
      return undefined
    }
  }

  /** Keeps a response for all. Nobody waits for it. */
  set(key: string, response: CachedResponse): void {
    const { keys, maxBytes } = this.#options
    const now = clock()
    const ttlMs = Math.ceil(response.expiresAt - now)
    if (response.bytes > maxBytes || ttlMs < 1) return
    const record = encode(response, now)
    if (record.length > maxBytes || !this.isThere) return
    keys.set(this.#nameOf(key), record, ttlMs).then(
      () => this.#note(false),
      () => this.#missed(),
    )
  }

  async stop(): Promise<void> {}

  #nameOf(key: string): string {
    return `${this.#options.name} ${key}`
  }

  #missed(): void {
    this.#options.counters.unshared++
    this.#note(true)
  }

  #note(isAway: boolean): void {
    if (isAway === this.#isAway) return
    this.#isAway = isAway
    const { log, name } = this.#options
    if (isAway) log.warn({}, `${name}: what other processes have kept is out of reach`)
    else log.info({}, `${name}: responses are shared with other processes again`)
  }
}

function encode(response: CachedResponse, now: number): Buffer {
  const { content, headers, status, reason, etag, storedAt, freshUntil, expiresAt } = response
  const head: Head = {
    mediaType: content.mediaType,
    ...(content.contentType !== '' && { contentType: content.contentType }),
    headers,
    ...(status !== undefined && { status }),
    ...(reason !== undefined && { reason }),
    ...(etag !== undefined && { etag }),
    storedAt: Date.now() - (now - storedAt),
    freshMs: freshUntil - storedAt,
    expiresMs: expiresAt - storedAt,
  }
  const text = Buffer.from(JSON.stringify(head))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  return Buffer.concat([length, text, content.bytes])
}

/** Reads a record; undefined where it is none. */
function decode(record: Buffer): CachedResponse | undefined {
  if (record.length < 4) return undefined
  const end = 4 + record.readUInt32BE(0)
  let head: unknown
  try {
    head = JSON.parse(record.toString('utf8', 4, end))
  } catch {
    return undefined
  }
  if (!isHead(head)) return undefined
  const payload = record.subarray(end)
  // The clocks of two machines differ a little; what another one kept is never from the future.
  const storedAt = clock() - Math.max(0, Date.now() - head.storedAt)
  return {
    content: new Content(payload, head.mediaType, head.contentType),
    headers: head.headers,
    status: head.status,
    reason: head.reason,
    etag: head.etag,
    storedAt,
    freshUntil: storedAt + head.freshMs,
    expiresAt: storedAt + head.expiresMs,
    bytes: payload.length,
  }
}

function isHead(value: unknown): value is Head {
  if (typeof value !== 'object' || value === null) return false
  const { mediaType, headers, storedAt, freshMs, expiresMs } = value as Readonly<Record<string, unknown>>
  if (typeof mediaType !== 'string' || !Array.isArray(headers)) return false
  return [storedAt, freshMs, expiresMs].every(each => typeof each === 'number')
}
