import { join } from 'node:path'
import { Fault } from '../core/fault.ts'
import type { Expression } from '../expressions/value.ts'
import { artifact, type Build } from '../language/declare.ts'
import { attribute, body, type Config, child, parameters } from '../language/field.ts'
import type { Span } from '../language/source.ts'
import { name, text } from '../language/types.ts'
import { EmbeddedFile } from './embedded-file.ts'
import { EmbeddedStore, NO_LIMITS, type Resequencing } from './embedded-store.ts'
import { GuardedStore } from './guarded-store.ts'
import { DEFAULT_STORE_LIMITS, MemoryStore, type StoreLimits } from './memory-store.ts'
import type { ReadableStore } from './readable-store.ts'
import { RedisStore } from './redis-store.ts'
import { MEMORY, type StoreClass, type StoreKind, storeClassOf } from './store-kinds.ts'
import { storeParameters, UNUSED_PARAMETERS } from './store-parameters.ts'

const fields = {
  name: attribute(name, { doc: 'Name it is referred to by.', required: true }),
  class: attribute(text, {
    doc: 'Kind of store, by how the class ends: `InMemoryStore`; `JDBCMessageStore`, `JmsStore`, `RabbitMQStore` and any other for the durable store of the gateway; `ResequenceMessageStore`; or `myelin.embedded` or `myelin.redis` for one in particular.',
    default: MEMORY,
  }),
  description: child({ text: body(text, { doc: 'Text.' }) }, { doc: 'For people.' }),
  parameters: parameters(
    { ...storeParameters, ...UNUSED_PARAMETERS },
    { doc: 'Limits, and where messages go that do not fit; environment variables as for inbound endpoints.' },
  ),
}

type Values = Config<typeof fields>['parameters']

/** Keeps messages until a message processor takes them. */
export const messageStoreArtifact = artifact({
  element: 'messageStore',
  folder: 'message-stores',
  space: 'messageStore',
  summary:
    'Keeps messages, in order, until a message processor takes them: in memory, in a file, or in Redis.',
  fields,
  ignored: {
    sequence: 'the sequence of the store mediator runs before a message is stored',
    statistics: 'counters are always kept',
    trace: 'the level of the log decides what is traced',
  },
  notes:
    'A store in memory loses what it holds when the process ends. A durable one is the file `messages.db` in `myelin.data_folder`, or Redis where `myelin.redis.url` is set; a message counts as stored when it is there. [Message stores](../../guide/stores.md) says what that guarantees.\n\nCompatibility: stores in a database or a broker become the durable store of the gateway: no other program sees their messages. The original has no limits.',
  example: `<messageStore name="Orders" class="myelin.embedded" xmlns="http://ws.apache.org/ns/synapse">
    <parameter name="store.max.messages">1000000</parameter>
</messageStore>`,
  nameOf: config => config.name ?? '',

  check({ name: storeName, class: className, parameters: values }, wrong) {
    const { isBySequence } = storeClassOf(className)
    if (isBySequence && !values['store.resequence.id.path'])
      wrong(`Message store ${storeName} needs parameter store.resequence.id.path.`, { code: 'missing' })
    if (!isBySequence && values['store.resequence.id.path'])
      wrong(`Message store ${storeName} keeps messages as they come; it takes no store.resequence.id.path.`, {
        code: 'bad-combination',
        hint: 'A class that ends in ResequenceMessageStore puts them in order.',
      })
  },

  compile({ name: storeName, class: className, parameters: values }, build, span) {
    const stands = storeClassOf(className)
    const store = makeStore(storeName, stands, values, { build, span })
    const other = values['store.failover.message.store.name']
    const isGuarded = values['store.producer.guaranteed.delivery.enable'] && other !== undefined
    return {
      messageStore: isGuarded ? new GuardedStore(store, build.messageStore(other), build.log) : store,
    }
  },
})

function makeStore(
  storeName: string,
  stands: StoreClass,
  values: Values,
  { build, span }: { readonly build: Build; readonly span: Span },
): ReadableStore {
  const kind = kindOf(storeName, stands, { build, span })
  const { log } = build
  if (kind === 'memory') {
    const store = build.resource(`message store ${storeName}`, () => new MemoryStore(storeName, log))
    store.limits = limitsOf(values, DEFAULT_STORE_LIMITS)
    return store
  }
  if (kind === 'redis') {
    if (values['store.max.bytes'] !== undefined)
      build.warning(
        span,
        'no-effect',
        `Message store ${storeName} is in Redis: its bytes are not limited by store.max.bytes.`,
        'Set store.max.messages, or the maxmemory of Redis.',
      )
    const { redisUrl: url = '', redisPrefix: prefix } = build.settings.storage
    const store = build.resource(
      `message store ${storeName} in redis`,
      () => new RedisStore(storeName, log, { url, prefix }),
    )
    store.maxMessages = values['store.max.messages'] ?? Infinity
    return store
  }
  const path = join(build.settings.storage.dataFolder, 'messages.db')
  const order = stands.isBySequence ? 'by number' : 'as they came'
  const file = build.resource(`messages in ${path}`, () => new EmbeddedFile(path, log))
  const store = build.resource(
    `message store ${storeName} ${order}`,
    () => new EmbeddedStore(storeName, log, file, order),
  )
  store.limits = limitsOf(values, NO_LIMITS)
  const numberPath = values['store.resequence.id.path']
  if (numberPath) store.resequencing = resequencing(numberPath, values['store.resequence.timeout'])
  return store
}

function kindOf(
  storeName: string,
  { kind, original }: StoreClass,
  { build, span }: { readonly build: Build; readonly span: Span },
): StoreKind {
  const { redisUrl } = build.settings.storage
  if (kind === 'redis' && redisUrl === undefined) {
    const hint = 'Set myelin.redis.url, or use the class myelin.embedded.'
    build.error(span, 'missing', `Message store ${storeName} is in Redis, and no Redis is set.`, hint)
    return 'embedded'
  }
  const actual = kind === 'durable' ? (redisUrl === undefined ? 'embedded' : 'redis') : kind
  if (original !== undefined) {
    const where = actual === 'redis' ? 'Redis' : 'a file of the gateway'
    build.note(
      span,
      'store-mapped',
      `Message store ${storeName} keeps its messages in ${where}, in place of ${original}.`,
    )
  }
  return actual
}

function limitsOf(values: Values, { maxMessages, maxBytes }: StoreLimits): StoreLimits {
  return {
    maxMessages: values['store.max.messages'] ?? maxMessages,
    maxBytes: values['store.max.bytes'] ?? maxBytes,
  }
}

function resequencing(path: Expression, timeoutSeconds: number): Resequencing {
  return {
    timeoutMs: timeoutSeconds < 0 ? -1 : timeoutSeconds * 1000,
    numberOf(ctx) {
      const found = path.text(ctx)?.trim() ?? ''
      const number = Number(found)
      if (/^[+-]?\d+$/.test(found) && Number.isSafeInteger(number)) return number
      throw new Fault(0, `the message has no sequence number: ${path.source} gives "${found}"`)
    },
  }
}
