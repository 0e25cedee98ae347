/** What keeps the messages of a store. */
export type StoreKind = 'memory' | 'embedded' | 'redis'

/** What a class stands for here. */
export interface StoreClass {
  /** `durable`: whatever keeps messages beyond the process in this gateway. */
  readonly kind: StoreKind | 'durable'
  /** What the original keeps messages in, where it is something else. */
  readonly original?: string
  /** Whether messages are handed out by a number of theirs. */
  readonly isBySequence?: boolean
}

/** The class of stores without one. */
export const MEMORY = 'org.apache.synapse.message.store.impl.memory.InMemoryStore'

/** Classes by how they end: packages have changed over time. */
const CLASSES: readonly (readonly [ending: RegExp, stands: StoreClass])[] = [
  [/(?:^|\.)InMemory(?:Message)?Store$/, { kind: 'memory' }],
  [/^myelin\.embedded$/, { kind: 'embedded' }],
  [/^myelin\.redis$/, { kind: 'redis' }],
  [/ResequenceMessageStore$/, { kind: 'embedded', original: 'a database', isBySequence: true }],
  [/JDBCMessageStore$/, { kind: 'durable', original: 'a database' }],
  [/RabbitMQStore$/, { kind: 'durable', original: 'RabbitMQ' }],
  [/Jms(?:Message)?Store$|wso2mb/i, { kind: 'durable', original: 'a JMS broker' }],
]

/** Gives what a class stands for; a class of one's own stands for a durable store. */
export function storeClassOf(className: string): StoreClass {
  const known = CLASSES.find(([ending]) => ending.test(className))
  return known ? known[1] : { kind: 'durable', original: `what the Java class ${className} uses` }
}
