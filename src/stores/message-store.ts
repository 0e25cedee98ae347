import type { MessageStore } from '../core/ports.ts'
import { artifact, type Build } from '../language/declare.ts'
import { attribute, body, child, parameters } from '../language/field.ts'
import { boolean, integer, name, type Reference, reference, text } from '../language/types.ts'
import { DEFAULT_STORE_LIMITS, MemoryStore } from './memory-store.ts'
import type { ReadableStore } from './readable-store.ts'

const MEMORY = 'org.apache.synapse.message.store.impl.memory.InMemoryStore'

/** Stores that are known and not there, by how their class ends. */
const DURABLE: readonly (readonly [ending: RegExp, what: string])[] = [
  [/JDBCMessageStore$/, 'JDBC'],
  [/ResequenceMessageStore$/, 'resequencing'],
  [/RabbitMQStore$/, 'RabbitMQ'],
  [/JmsStore$|wso2mb/i, 'JMS'],
]

/** Keeps messages until a message processor takes them. */
export const messageStoreArtifact = artifact({
  element: 'messageStore',
  folder: 'message-stores',
  space: 'messageStore',
  summary: 'Keeps messages, in memory and in order, until a message processor takes them.',
  fields: {
    name: attribute(name, { doc: 'Name it is referred to by.', required: true }),
    class: attribute(text, { doc: `Kind of store; \`${MEMORY}\` is there.`, default: MEMORY }),
    description: child({ text: body(text, { doc: 'Text.' }) }, { doc: 'For people.' }),
    parameters: parameters(
      {
        'store.max.messages': {
          type: integer({ min: 1 }),
          doc: 'Most messages it holds; putting in more is a fault.',
          default: DEFAULT_STORE_LIMITS.maxMessages,
        },
        'store.max.bytes': {
          type: integer({ min: 1 }),
          doc: 'Most bytes of payload it holds; putting in more is a fault.',
          default: DEFAULT_STORE_LIMITS.maxBytes,
        },
        'store.producer.guaranteed.delivery.enable': {
          type: boolean,
          doc: 'Whether a message that does not fit goes to the fail-over store.',
          default: false,
        },
        'store.failover.message.store.name': { type: reference, doc: 'That store.' },
      },
      {
        doc: 'Limits, and where messages go that do not fit; environment variables as for inbound endpoints.',
      },
    ),
  },
  ignored: {
    sequence: 'the sequence of the store mediator runs before a message is stored',
    statistics: 'counters are always kept',
    trace: 'the level of the log decides what is traced',
  },
  notes:
    'A store in memory loses what it holds when the process ends. Stores that keep messages in a database or a broker are an error, so that no message is lost that was meant to be safe. Compatibility: the original has no limits.',
  example: `<messageStore name="Orders" xmlns="http://ws.apache.org/ns/synapse">
    <parameter name="store.max.messages">10000</parameter>
</messageStore>`,
  nameOf: config => config.name ?? '',

  check({ name, class: className }, wrong) {
    if (
      className === MEMORY ||
      className.endsWith('.InMemoryStore') ||
      className.endsWith('.InMemoryMessageStore')
    )
      return
    const durable = DURABLE.find(([ending]) => ending.test(className))
    const message = durable
      ? `Message store ${name} is not supported: durable stores (${durable[1]}) come with a later version.`
      : `Message store ${name} is not supported: it runs the Java class ${className}.`
    wrong(message, {
      code: 'not-supported',
      hint: 'Without a class the store is in memory, and loses what it holds when the process ends.',
    })
  },

  compile({ name: storeName, parameters: values }, build) {
    const store = build.resource(`message store ${storeName}`, () => new MemoryStore(storeName, build.log))
    store.limits = {
      maxMessages: values['store.max.messages'],
      maxBytes: values['store.max.bytes'],
    }
    const other = values['store.failover.message.store.name']
    const isGuarded = values['store.producer.guaranteed.delivery.enable'] && other !== undefined
    return { messageStore: isGuarded ? withFailover(store, other, build) : store }
  },
})

/** What the first store cannot take goes to the second. */
function withFailover(store: MemoryStore, other: Reference, build: Build): MessageStore {
  const second = build.messageStore(other)
  const guarded: ReadableStore = {
    name: store.name,
    kind: store.kind,
    deadLetters: store.deadLetters,
    size: () => store.size(),
    tally: () => store.tally(),
    put(ctx) {
      try {
        store.put(ctx)
      } catch {
        build.log.warn({}, `message store ${store.name} is full: the message goes to ${other.name}`)
        return second.put(ctx)
      }
    },
    take: () => store.take(),
    release: message => store.release(message),
    remove: (message, as) => store.remove(message, as),
    bury: (message, why) => store.bury(message, why),
  }
  return guarded
}
