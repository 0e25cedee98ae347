import { describe, expect, test } from 'vitest'
import { toRecord } from '../../src/language/diagnostic.ts'
import { Settings } from '../../src/settings.ts'
import { isReadable } from '../../src/stores/readable-store.ts'
import { type Deployed, deployed, json } from '../support/mediate.ts'
import { Running } from './running.ts'

function deploy(xml: string, settings = new Settings()): Deployed {
  return deployed({ 'test.xml': `<definitions>${xml}</definitions>` }, settings)
}

function findings(xml: string, settings?: Settings): string[] {
  return deploy(xml, settings)
    .diagnostics.all()
    .map(toRecord)
    .map(({ severity, code, message }) => `${severity} ${code}: ${message}`)
}

function kindOf(xml: string, settings?: Settings): string {
  const store = deploy(xml, settings).deployment.messageStore('s')
  return isReadable(store) ? store.kind : 'none'
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

const FOLDER = 'org.apache.synapse.message.store.impl'

/** Settings of a gateway that has a Redis, which nobody connects to here. */
function withRedis(): Settings {
  return new Settings(new Map([['myelin.redis.url', 'redis://localhost:1']]))
}

describe('a store in a database or broker is the durable one of the gateway, and says so', () => {
  test.each([
    [`${FOLDER}.jdbc.JDBCMessageStore`, 'a database'],
    [`${FOLDER}.rabbitmq.RabbitMQStore`, 'RabbitMQ'],
    [`${FOLDER}.jms.JmsStore`, 'a JMS broker'],
    ['org.wso2.carbon.message.store.persistence.jms.JMSMessageStore', 'a JMS broker'],
    ['com.example.Store', 'what the Java class com.example.Store uses'],
  ])('%s', (className, original) => {
    const xml = `<messageStore name="s" class="${className}"/>`
    expect(findings(xml)).toEqual([
      `note store-mapped: Message store s keeps its messages in a file of the gateway, in place of ${original}.`,
    ])
    expect(findings(xml, withRedis())).toEqual([
      `note store-mapped: Message store s keeps its messages in Redis, in place of ${original}.`,
    ])
  })

  test('with all its parameters', () => {
    const parameters = [
      ['java.naming.factory.initial', 'x'],
      ['java.naming.provider.url', 'conf/jndi.properties'],
      ['store.jms.destination', 'q'],
      ['store.jms.JMSSpecVersion', '1.1'],
      ['store.jms.cache.connection', 'false'],
      ['store.jms.username', 'u'],
      ['store.jms.password', 'p'],
    ].map(([name, value]) => `<parameter name="${name}">${value}</parameter>`)
    const found = findings(
      `<messageStore name="s" class="${FOLDER}.jms.JmsStore">${parameters.join('')}</messageStore>`,
    )
    expect(found.map(line => line.split(':')[0])).toEqual(['note store-mapped'])
  })
})

describe('a durable store that is named in particular', () => {
  test('is in the file', () => {
    const xml = '<messageStore name="s" class="myelin.embedded"/>'
    expect(findings(xml)).toEqual([])
    expect(kindOf(xml)).toBe('embedded')
    expect(kindOf(xml, withRedis())).toBe('embedded')
  })

  test('is in Redis', () => {
    const xml = '<messageStore name="s" class="myelin.redis"/>'
    expect(findings(xml, withRedis())).toEqual([])
    expect(kindOf(xml, withRedis())).toBe('redis')
    expect(findings(xml)).toEqual(['error missing: Message store s is in Redis, and no Redis is set.'])
  })
})

describe('a resequencing store', () => {
  const CLASS = `${FOLDER}.resequencer.ResequenceMessageStore`

  test('takes its expression as text or as an attribute', () => {
    for (const path of [
      '<parameter name="store.resequence.id.path" expression="//n:id" xmlns:n="urn:n"/>',
      '<parameter name="store.resequence.id.path">json-eval($.id)</parameter>',
    ])
      expect(findings(`<messageStore name="s" class="${CLASS}">${path}</messageStore>`)).toEqual([
        'note store-mapped: Message store s keeps its messages in a file of the gateway, in place of a database.',
      ])
  })

  test('needs one', () => {
    expect(findings(`<messageStore name="s" class="${CLASS}"/>`)).toEqual([
      'error missing: Message store s needs parameter store.resequence.id.path.',
    ])
  })

  test('is the only one that takes one', () => {
    const xml =
      '<messageStore name="s"><parameter name="store.resequence.id.path">//id</parameter></messageStore>'
    expect(findings(xml)[0]).toContain('error bad-combination: Message store s keeps messages as they come')
  })
})

test('of two stores with one name the first is kept', () => {
  expect(findings('<messageStore name="s"/><messageStore name="s"/>')[0]).toContain('duplicate-name')
})
