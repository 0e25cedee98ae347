import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { MessageContext } from '../../src/core/context.ts'
import type { Service } from '../../src/core/ports.ts'
import { Content } from '../../src/message/content.ts'
import { Message } from '../../src/message/message.ts'
import { NOBODY } from '../../src/sequences/internal.ts'
import { EmbeddedFile } from '../../src/stores/embedded-file.ts'
import { EmbeddedStore } from '../../src/stores/embedded-store.ts'
import { MemoryStore, type StoreLimits } from '../../src/stores/memory-store.ts'
import type { ReadableStore } from '../../src/stores/readable-store.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RedisServer } from '../support/redis.ts'

/** A store of some kind, for one test. */
export interface OpenStore extends AsyncDisposable {
  readonly store: ReadableStore
  readonly log: RecordingLogger
  /** Closes it as a process that ends does, and opens it again; only where it outlives the process. */
  reopen?(): Promise<ReadableStore>
}

/** A kind of store. */
export interface StoreKindUnderTest {
  readonly name: string
  /** What its `kind` says. */
  readonly kind: string
  open(limits?: StoreLimits): Promise<OpenStore>
}

const memory: StoreKindUnderTest = {
  name: 'in memory',
  kind: 'in memory',
  async open(limits) {
    const log = new RecordingLogger()
    const store = new MemoryStore('s', log)
    if (limits) store.limits = limits
    return { store, log, [Symbol.asyncDispose]: () => store.stop() }
  },
}

const embedded: StoreKindUnderTest = {
  name: 'embedded',
  kind: 'embedded',
  async open(limits) {
    const folder = mkdtempSync(join(tmpdir(), 'myelin-stores-'))
    const log = new RecordingLogger()
    let file = new EmbeddedFile(join(folder, 'data', 'messages.db'), log)
    const made = (): EmbeddedStore => {
      const store = new EmbeddedStore('s', log, file)
      if (limits) store.limits = limits
      return store
    }
    return {
      store: made(),
      log,
      async reopen() {
        await file.stop()
        file = new EmbeddedFile(join(folder, 'data', 'messages.db'), log)
        return made()
      },
      async [Symbol.asyncDispose]() {
        await file.stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
}

let server: Promise<RedisServer> | undefined

afterAll(async () => await (await server)?.[Symbol.asyncDispose]())

const redis: StoreKindUnderTest = {
  name: 'redis',
  kind: 'redis',
  async open(limits) {
    server ??= RedisServer.start()
    const { url } = await server
    const log = new RecordingLogger()
    const prefix = randomUUID()
    const made = (): RedisStore => {
      const store = new RedisStore('s', log, { url, prefix })
      if (limits) store.maxMessages = limits.maxMessages
      return store
    }
    let store = made()
    return {
      store,
      log,
      async reopen() {
        await store.stop()
        store = made()
        return store
      },
      [Symbol.asyncDispose]: () => store.stop(),
    }
  },
}

/** All kinds; what is said in `contract.test.ts` holds for each. */
export const KINDS: readonly StoreKindUnderTest[] = [memory, embedded, redis]

/** A message with a text as its payload. */
export function contextWith(text: string, id?: string): MessageContext {
  const ctx = new MessageContext({} as Service, NOBODY, new Message(Content.ofText(text)))
  if (id !== undefined) ctx.addressing.messageId = id
  return ctx
}

/** The payload of a message that was taken; undefined for none. */
export function textOf(
  message: { restore(service: Service): MessageContext } | undefined,
): string | undefined {
  return message?.restore({} as Service).message.content.text()
}
