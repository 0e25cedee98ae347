import { describe, expect, test } from 'vitest'
import { findings, json, mediate } from '../support/mediate.ts'

const EVENT = `<publishEvent>
  <streamName>orders</streamName><streamVersion>1.0.0</streamVersion><eventSink>audit</eventSink>
  <attributes>
    <meta><attribute name="fixed" value="yes"/></meta>
    <payload>
      <attribute name="id" type="INTEGER" expression="json-eval($.id)"/>
      <attribute name="paid" type="BOOLEAN" value="TRUE"/>
      <attribute name="note" expression="$ctx:none" defaultValue="no note"/>
    </payload>
  </attributes>
</publishEvent>`

describe('go on with the message as it is, and log', () => {
  test.each([
    ['<event topic="orders/new"/>', '{proxy:test} event orders/new', { event: 'orders/new' }],
    ['<event topic="{json-eval($.id)}" expression="$ctx:in"/>', '{proxy:test} event 7', { payload: 'here' }],
    [
      '<eventPublisher eventSourceName="source"/>',
      '{proxy:test} event for source',
      { eventSource: 'source' },
    ],
    [
      '<bam><serverProfile name="audit"><streamConfig name="orders" version="1"/></serverProfile></bam>',
      '{proxy:test} event of stream orders',
      { stream: 'orders' },
    ],
    [
      EVENT,
      '{proxy:test} event of stream orders:1.0.0',
      { sink: 'audit', meta: { fixed: 'yes' }, payload: { id: 7, paid: true, note: 'no note' } },
    ],
  ])('%s', async (mediator, text, fields) => {
    const ctx = await mediate(`${mediator}<property name="after" value="yes"/>`, json({ id: 7 }), {
      before: ({ properties }) => properties.set('in', 'here'),
    })
    expect(ctx.logged.find(line => line.text === text)?.fields).toMatchObject(fields)
    expect(ctx.properties.get('after')).toBe('yes')
    expect(ctx.message.content.json()).toEqual({ id: 7 })
  })
})

test.each([
  ['<event topic="t"/>', expect.stringMatching(/^no-effect: <event> reaches nobody/)],
  [
    '<eventPublisher eventSourceName="s"/>',
    expect.stringMatching(/^no-effect: <eventPublisher> reaches nobody/),
  ],
  [EVENT, 'no-effect: <publishEvent> reaches no event server: its events are written to the log.'],
  [
    EVENT.replace('<streamName>orders</streamName>', ''),
    'missing: <publishEvent> needs element <streamName>.',
  ],
  [
    EVENT.replace('<meta>', '<arbitrary><attribute name="n" type="LONG" value="1"/></arbitrary><meta>'),
    'bad-combination: The arbitrary attribute n must be of type STRING.',
  ],
])('%s is a finding', (fragment, finding) => {
  expect(findings(fragment)).toContainEqual(finding)
})
