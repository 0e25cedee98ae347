import { describe, expect, test } from 'vitest'
import { toRecord } from '../../src/language/diagnostic.ts'
import { json } from '../support/mediate.ts'
import { Running } from './running.ts'

function findings(xml: string): string[] {
  return new Running(xml).deployment.diagnostics
    .all()
    .map(toRecord)
    .map(({ severity, code, message }) => `${severity} ${code}: ${message}`)
}

const MEMORY = 'org.apache.synapse.message.store.impl.memory.InMemoryStore'

describe('a store in memory', () => {
  test('is what a store is without a class, and with the class of that name', () => {
    expect(findings(`<messageStore name="a"/><messageStore name="b" class="${MEMORY}"/>`)).toEqual([])
  })

  test('holds so many messages, and refuses more with a fault', async () => {
    await using running = new Running(
      '<messageStore name="s"><parameter name="store.max.messages">2</parameter></messageStore>',
    )
    await running.store('s', json(1))
    await running.store('s', json(2))
    await expect(running.store('s', json(3))).rejects.toThrow('message store s is full')
  })

  test('holds so many bytes, and refuses more with a fault', async () => {
    await using running = new Running(
      '<messageStore name="s"><parameter name="store.max.bytes">10</parameter></messageStore>',
    )
    await running.store('s', json('123456'))
    await expect(running.store('s', json('12345'))).rejects.toThrow('message store s is full')
    await running.store('s', json(1))
  })

  test('gives what does not fit to its fail-over store', async () => {
    await using running = new Running(`<messageStore name="s">
        <parameter name="store.max.messages">1</parameter>
        <parameter name="store.producer.guaranteed.delivery.enable">true</parameter>
        <parameter name="store.failover.message.store.name">other</parameter>
      </messageStore><messageStore name="other"><parameter name="store.max.messages">1</parameter></messageStore>`)
    await running.store('s', json(1))
    await running.store('s', json(2))
    await expect(running.store('s', json(3))).rejects.toThrow('message store other is full')
  })
})

describe('a durable store is an error', () => {
  test.each([
    ['org.apache.synapse.message.store.impl.jdbc.JDBCMessageStore', 'JDBC'],
    ['org.apache.synapse.message.store.impl.rabbitmq.RabbitMQStore', 'RabbitMQ'],
    ['org.apache.synapse.message.store.impl.jms.JmsStore', 'JMS'],
    ['org.apache.synapse.message.store.impl.resequencer.ResequenceMessageStore', 'resequencing'],
  ])('%s', (className, what) => {
    expect(findings(`<messageStore name="s" class="${className}"/>`)).toEqual([
      `error not-supported: Message store s is not supported: durable stores (${what}) come with a later version.`,
    ])
  })

  test('and so is a class of one’s own', () => {
    expect(findings('<messageStore name="s" class="com.example.Store"/>')).toEqual([
      'error not-supported: Message store s is not supported: it runs the Java class com.example.Store.',
    ])
  })

  test('whatever parameters it has', () => {
    const found = findings(`<messageStore name="s" class="org.apache.synapse.message.store.impl.jms.JmsStore">
      <parameter name="java.naming.factory.initial">x</parameter>
      <parameter name="store.jms.destination">q</parameter></messageStore>`)
    expect(found.filter(line => line.startsWith('error'))).toHaveLength(1)
  })
})

test('of two stores with one name the first is kept', () => {
  expect(findings('<messageStore name="s"/><messageStore name="s"/>')[0]).toContain('duplicate-name')
})
