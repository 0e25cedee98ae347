import { expression } from '../expressions/expression.ts'
import type { Parameter } from '../language/field.ts'
import { boolean, integer, reference, text } from '../language/types.ts'
import { DEFAULT_STORE_LIMITS } from './memory-store.ts'

/** A parameter of a database or broker that is not used here: accepted, so that configurations deploy as they are. */
function unused(names: readonly string[], why: string): Readonly<Record<string, Parameter<string>>> {
  return Object.fromEntries(names.map(each => [each, { type: text, doc: `Accepted and not used: ${why}.` }]))
}

const NO_BROKER = 'messages are kept in the durable store of the gateway, not in a broker'
const NO_DATABASE = 'messages are kept in the durable store of the gateway, not in a database'
const NO_ACCOUNT = 'the durable store of the gateway has no account; the value is not kept, nor logged'

/** What databases and brokers of the original are reached with. */
export const UNUSED_PARAMETERS = {
  ...unused(
    [
      'java.naming.factory.initial',
      'java.naming.provider.url',
      'connectionfactory.QueueConnectionFactory',
      'store.jms.destination',
      'store.jms.connection.factory',
      'store.jms.JMSSpecVersion',
      'store.jms.cache.connection',
      'store.jms.ConsumerReceiveTimeOut',
      'store.rabbitmq.host.name',
      'store.rabbitmq.host.port',
      'store.rabbitmq.virtual.host',
      'store.rabbitmq.queue.name',
      'store.rabbitmq.route.key',
      'store.rabbitmq.exchange.name',
      'rabbitmq.connection.retry.interval',
      'rabbitmq.connection.retry.count',
      'rabbitmq.connection.ssl.enabled',
      'rabbitmq.connection.ssl.version',
      'rabbitmq.connection.ssl.keystore.location',
      'rabbitmq.connection.ssl.keystore.type',
      'rabbitmq.connection.ssl.truststore.location',
      'rabbitmq.connection.ssl.truststore.type',
    ],
    NO_BROKER,
  ),
  ...unused(
    [
      'store.jdbc.dsName',
      'store.jdbc.driver',
      'store.jdbc.connection.url',
      'store.jdbc.icClass',
      'store.jdbc.table',
    ],
    NO_DATABASE,
  ),
  ...unused(
    [
      'store.jms.username',
      'store.jms.password',
      'store.rabbitmq.username',
      'store.rabbitmq.password',
      'store.jdbc.username',
      'store.jdbc.password',
      'rabbitmq.connection.ssl.keystore.password',
      'rabbitmq.connection.ssl.truststore.password',
    ],
    NO_ACCOUNT,
  ),
}

/** What stores of all kinds take. */
export const storeParameters = {
  'store.max.messages': {
    type: integer({ min: 1 }),
    doc: `Most messages it holds; putting in more is a fault. Default ${DEFAULT_STORE_LIMITS.maxMessages} in memory, none in a durable store.`,
  },
  'store.max.bytes': {
    type: integer({ min: 1 }),
    doc: `Most bytes of payload it holds; putting in more is a fault. Default ${DEFAULT_STORE_LIMITS.maxBytes} in memory, none in a file; has no effect in Redis.`,
  },
  'store.producer.guaranteed.delivery.enable': {
    type: boolean,
    doc: 'Whether a message that cannot be put in goes to the fail-over store.',
    default: false,
  },
  'store.failover.message.store.name': { type: reference, doc: 'That store.' },
  'store.resequence.id.path': {
    type: expression,
    takesExpression: true,
    doc: 'Resequencing. An expression that gives the number of a message, a whole one; `<parameter name="store.resequence.id.path" expression="…"/>` means the same.',
  },
  'store.resequence.timeout': {
    type: integer({ min: -1 }),
    doc: 'Resequencing. How many seconds a missing number is waited for; -1 for ever.',
    default: -1,
  },
} as const
