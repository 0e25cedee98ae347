import { describe, expect, test } from 'vitest'
import { toRecord } from '../../src/language/diagnostic.ts'
import { eventually } from '../support/eventually.ts'
import { json } from '../support/mediate.ts'
import { HttpBackend, Running } from './running.ts'

const CLASS = {
  forwarding: 'org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor',
  sampling: 'org.apache.synapse.message.processor.impl.sampler.SamplingProcessor',
  failover: 'org.apache.synapse.message.processor.impl.failover.FailoverScheduledMessageForwardingProcessor',
}

type Parameters = Readonly<Record<string, string | number | boolean>>

function processor(kind: keyof typeof CLASS, parameters: Parameters = {}, attributes = ''): string {
  const all = { interval: 5, 'client.retry.interval': 5, ...parameters }
  return `<messageStore name="s"/><messageProcessor name="p" class="${CLASS[kind]}" messageStore="s" ${attributes}>
    ${Object.entries(all)
      .map(([name, value]) => `<parameter name="${name}">${value}</parameter>`)
      .join('')}</messageProcessor>`
}

function endpoint(url: string): string {
  return `<endpoint name="e"><address uri="${url}"/></endpoint>`
}

/** A sequence that logs its name, the error and a property of the message. */
function logging(name: string): string {
  return `<sequence name="${name}"><log level="custom">
    <property name="${name}" expression="json-eval($)"/>
    <property name="error" expression="get-property('ERROR_CODE')"/>
    <property name="status" expression="get-property('axis2', 'HTTP_SC')"/>
    <property name="kept" expression="get-property('kept')"/>
    <property name="by" expression="get-property('message.processor.name')"/></log><drop/></sequence>`
}

const TO_E = 'targetEndpoint="e"'

describe('forwarding', () => {
  test('sends messages in order, and their answers to the reply sequence', async () => {
    await using backend = await HttpBackend.start((response, count) => {
      response.setHeader('content-type', 'application/json')
      response.end(`{"n":${count}}`)
    })
    const sequences = logging('reply')
    const parameters = { 'message.processor.reply.sequence': 'reply' }
    await using running = await Running.start(
      processor('forwarding', parameters, TO_E) + endpoint(backend.url) + sequences,
    )
    for (const n of [1, 2, 3])
      await running.store('s', json({ n }), ctx => ctx.properties.set('kept', `k${n}`))
    await eventually(() => expect(running.logged('reply = ')).toHaveLength(3))
    expect(backend.bodies).toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
    expect(running.logged('reply = ')[2]).toMatch(/reply = \{"n":3\}.*kept = k3, by = p/)
  })

  test('tries a message again, each time through the fault sequence, before the next one', async () => {
    await using backend = await HttpBackend.start((response, count) => {
      response.statusCode = count < 3 ? 500 : 202
      response.end()
    })
    const parameters = { 'message.processor.fault.sequence': 'failed' }
    await using running = await Running.start(
      processor('forwarding', parameters, TO_E) + endpoint(backend.url) + logging('failed'),
    )
    await running.store('s', json(1))
    await running.store('s', json(2))
    await eventually(() => expect(backend.bodies).toHaveLength(4))
    expect(backend.bodies).toEqual(['1', '1', '1', '2'])
    expect(running.logged('failed = ')).toHaveLength(2)
    expect(running.logged('failed = ')[0]).toMatch(/error = 401002, status = 500/)
  })

  test('stops after its attempts, and keeps the message', async () => {
    await using backend = await HttpBackend.start(response => {
      response.statusCode = 503
      response.end()
    })
    const parameters = { 'max.delivery.attempts': 2, 'message.processor.deactivate.sequence': 'stopped' }
    await using running = await Running.start(
      processor('forwarding', parameters, TO_E) + endpoint(backend.url) + logging('stopped'),
    )
    await running.store('s', json(1))
    await eventually(() => expect(running.logged('stopped = ')).toHaveLength(1))
    expect(backend.bodies).toEqual(['1', '1'])
    expect(running.logged('it is deactivated')).toHaveLength(1)
  })

  test('drops it and goes on where it may', async () => {
    await using backend = await HttpBackend.start((response, count) => {
      response.statusCode = count <= 2 ? 503 : 202
      response.end()
    })
    const parameters = { 'max.delivery.attempts': 2, 'max.delivery.drop': 'Enabled' }
    await using running = await Running.start(
      processor('forwarding', parameters, TO_E) + endpoint(backend.url),
    )
    await running.store('s', json(1))
    await running.store('s', json(2))
    await eventually(() => expect(backend.bodies).toEqual(['1', '1', '2']))
    expect(running.logged('is deactivated')).toEqual([])
  })

  test('gives messages that failed to another store where one is named', async () => {
    await using backend = await HttpBackend.start((response, count) => {
      response.statusCode = count === 1 ? 503 : 202
      response.end()
    })
    const parameters = { 'max.delivery.attempts': 1, 'message.processor.failMessagesStore': 'failed' }
    await using running = await Running.start(
      `${processor('forwarding', parameters, TO_E)}${endpoint(backend.url)}<messageStore name="failed"/>
       <messageProcessor name="q" class="${CLASS.sampling}" messageStore="failed">
         <parameter name="interval">5</parameter><parameter name="sequence">seen</parameter></messageProcessor>${logging('seen')}`,
    )
    await running.store('s', json(1))
    await running.store('s', json(2))
    await eventually(() => expect(running.logged('seen = 1')).toHaveLength(1))
    await eventually(() => expect(backend.bodies).toEqual(['1', '2']))
  })

  test('takes status codes for success that it is told to', async () => {
    await using backend = await HttpBackend.start(response => {
      response.statusCode = 404
      response.end()
    })
    const parameters = { 'non.retry.status.codes': '404, 409', 'message.processor.reply.sequence': 'reply' }
    await using running = await Running.start(
      processor('forwarding', parameters, TO_E) + endpoint(backend.url) + logging('reply'),
    )
    await running.store('s', json(1))
    await running.store('s', json(2))
    await eventually(() => expect(backend.bodies).toEqual(['1', '2']))
  })

  test('an answer that no sequence takes is let go of', async () => {
    await using backend = await HttpBackend.start(response => response.end('{}'))
    await using running = await Running.start(processor('forwarding', {}, TO_E) + endpoint(backend.url))
    for (const n of [1, 2]) await running.store('s', json(n))
    await eventually(() => expect(backend.bodies).toEqual(['1', '2']))
  })

  test('an answer to a one-way message is let go of', async () => {
    await using backend = await HttpBackend.start(response => response.end('{}'))
    await using running = await Running.start(processor('forwarding', {}, TO_E) + endpoint(backend.url))
    for (const n of [1, 2]) await running.store('s', json(n), ctx => (ctx.outOnly = 'true'))
    await eventually(() => expect(backend.bodies).toEqual(['1', '2']))
  })

  test('goes to the endpoint the message names, and stops where there is none', async () => {
    await using backend = await HttpBackend.start(response => {
      response.statusCode = 202
      response.end()
    })
    await using running = await Running.start(processor('forwarding') + endpoint(backend.url))
    await running.store('s', json(1), ctx => ctx.properties.set('target.endpoint', 'e'))
    await running.store('s', json(2))
    await eventually(() => expect(running.logged('is deactivated')[0]).toContain('no endpoint is named'))
    expect(backend.bodies).toEqual(['1'])
  })

  test('does nothing while it is not active', async () => {
    await using running = await Running.start(
      `${processor('forwarding', { 'is.active': false }, TO_E)}${endpoint('http://localhost:1/')}
       <messageStore name="t"/><messageProcessor name="q" class="${CLASS.sampling}" messageStore="t">
         <parameter name="interval">5</parameter><parameter name="sequence">seen</parameter></messageProcessor>${logging('seen')}`,
    )
    await running.store('s', json(1))
    await running.store('t', json(2))
    await eventually(() => expect(running.logged('seen = 2')).toHaveLength(1))
    expect(running.logged('attempt')).toEqual([])
  })
})

describe('sampling', () => {
  test('takes messages through a sequence, several at a time', async () => {
    await using running = await Running.start(
      processor('sampling', { sequence: 'seen', concurrency: 2 }) + logging('seen'),
    )
    for (const n of [1, 2, 3]) await running.store('s', json(n))
    await eventually(() => expect(running.logged('seen = ')).toHaveLength(3))
    expect(running.logged('seen = ').map(line => /seen = (\d)/.exec(line)?.[1])).toEqual(['1', '2', '3'])
  })

  test('by a cron expression each run empties the store', async () => {
    const parameters = { sequence: 'seen', cronExpression: '* * * * * ?' }
    await using running = await Running.start(processor('sampling', parameters) + logging('seen'))
    for (const n of [1, 2, 3]) await running.store('s', json(n))
    await eventually(() => expect(running.logged('seen = ')).toHaveLength(3))
  })

  test('loses a message that fails', async () => {
    await using running = await Running.start(
      `${processor('sampling', { sequence: 'seen' })}<sequence name="seen"><log level="custom"><property name="seen" value="1"/></log>
       <sequence key="{'nowhere'}"/></sequence>`,
    )
    await running.store('s', json(1))
    await eventually(() => expect(running.logged('no fault sequence handled')).toHaveLength(1))
    await running.store('s', json(2))
    await eventually(() => expect(running.logged('seen = 1')).toHaveLength(2))
  })
})

test('failover moves messages to another store, once that takes them', async () => {
  await using running = await Running.start(
    `${processor('failover', { 'message.target.store.name': 't' })}
     <messageStore name="t"/><messageProcessor name="q" class="${CLASS.sampling}" messageStore="t">
       <parameter name="interval">5</parameter><parameter name="sequence">seen</parameter></messageProcessor>${logging('seen')}`,
  )
  for (const n of [1, 2]) await running.store('s', json(n), ctx => ctx.properties.set('kept', n))
  await eventually(() => expect(running.logged('seen = ')).toHaveLength(2))
  expect(running.logged('seen = ')[1]).toContain('kept = 2, by = q')
})

test('stopping ends the wait between attempts, and the message stays', async () => {
  const running = await Running.start(
    processor('forwarding', { 'client.retry.interval': 3_600_000 }, TO_E) + endpoint('http://localhost:1/'),
  )
  await running.store('s', json(1))
  await eventually(() => expect(running.logged('attempt 1 failed')).toHaveLength(1))
  const from = performance.now()
  for (const activity of running.deployment.activities) await activity.stop(5_000)
  expect(performance.now() - from).toBeLessThan(2_000)
  await running.deployment.stop()
})

describe('what is wrong with a processor', () => {
  const findings = (xml: string): string[] =>
    new Running(xml).deployment.diagnostics
      .all()
      .map(toRecord)
      .map(({ severity, code, message }) => `${severity} ${code}: ${message}`)

  test.each([
    ['<messageProcessor name="p"/>', 'error missing: <messageProcessor> needs attribute class.'],
    [
      '<messageProcessor name="p" class="com.example.P" messageStore="s"/>',
      'error not-supported: Message processor p is not supported: it runs the Java class com.example.P.',
    ],
    [
      `<messageProcessor name="p" class="${CLASS.sampling}" messageStore="s"/>`,
      'error missing: A sampling <messageProcessor> needs parameter sequence.',
    ],
    [
      `<messageProcessor name="p" class="${CLASS.failover}" messageStore="s"/>`,
      'error missing: A failover <messageProcessor> needs parameter message.target.store.name.',
    ],
    [
      `<messageProcessor name="p" class="${CLASS.forwarding}" messageStore="nowhere"/>`,
      'warning missing-message-store: There is no message store named nowhere; storing into it is a fault.',
    ],
    [
      `<messageProcessor name="p" class="${CLASS.forwarding}" messageStore="s"><parameter name="interval">often</parameter></messageProcessor>`,
      'error bad-value: parameter interval is "often"; expected a whole number of at least 1.',
    ],
    [
      `<messageProcessor name="p" class="${CLASS.forwarding}" messageStore="s"><parameter name="cronExpression">now</parameter></messageProcessor>`,
      'error bad-value: parameter cronExpression is "now"; expected a cron expression of six or seven fields',
    ],
  ])('%s', (xml, expected) => {
    expect(findings(`<messageStore name="s"/>${xml}`).join('\n')).toContain(expected)
  })
})
