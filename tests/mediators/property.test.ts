import { describe, expect, test } from 'vitest'
import { accessor } from '../../src/expressions/scopes.ts'
import { ExactNumber } from '../../src/message/codecs/exact-number.ts'
import { XmlElement } from '../../src/message/xml/tree.ts'
import { findings, json, mediate, message, xml } from '../support/mediate.ts'
import { Serving } from '../support/serving.ts'

describe('value', () => {
  test('a fixed value is text', async () => {
    const ctx = await mediate('<property name="lane" value="money"/>')
    expect(ctx.properties.get('lane')).toBe('money')
  })

  test('an empty value is a value', async () => {
    const ctx = await mediate('<property name="lane" value=""/>')
    expect(ctx.properties.get('lane')).toBe('')
  })

  test('a value wins over an element, and an element over an expression', async () => {
    const ctx = await mediate(`
      <property name="a" value="v" expression="'e'"><x/></property>
      <property name="b" expression="'e'"><x/></property>`)
    expect(ctx.properties.get('a')).toBe('v')
    expect(ctx.properties.get('b')).toBeInstanceOf(XmlElement)
  })

  test('an element is copied for each message', async () => {
    const ctx = await mediate(`
      <property name="a"><order id="7"><n>1</n></order></property>
      <property name="b" expression="$ctx:a//n"/>
      <property name="c" expression="$ctx:a"/>`)
    expect(ctx.properties.get('b')).toBe('1')
    expect(ctx.properties.get('c')).toBe('<order id="7"><n>1</n></order>')
  })

  test('something has to be there', () => {
    expect(findings('<property name="a"/>')).toEqual([
      'missing: <property> needs a value, an expression or an element.',
    ])
    expect(findings('<property value="1"/>')).toEqual(['missing: <property> needs attribute name.'])
  })
})

describe('expression', () => {
  const order = json({ id: 7, lines: [{ n: 1 }], note: null })

  test.each([
    ['json-eval($.id)', '7'],
    ['json-eval($.lines[0])', '{"n":1}'],
    ['json-eval($.nowhere)', ''],
    ['//id', '7'],
    ['$body//jsonObject/id', '7'],
    ['//nowhere', ''],
    ['count(//id)', '1.0'],
    ["get-property('transport', 'content-type')", 'application/json'],
    ['$trp:Content-Type', 'application/json'],
    ["concat('n', //id)", 'n7'],
    ['//id = 7', 'true'],
  ])('%s gives %j', async (expression, value) => {
    const ctx = await mediate(`<property name="p" expression="${expression}"/>`, order)
    expect(ctx.properties.get('p')).toBe(value)
  })

  test('what is not there leaves the old value in place', async () => {
    const ctx = await mediate(`
      <property name="p" value="old"/><property name="p" expression="get-property('nowhere')"/>
      <property name="q" expression="get-property('nowhere')" type="INTEGER"/>`)
    expect(ctx.properties.get('p')).toBe('old')
    expect(ctx.properties.has('q')).toBe(false)
  })

  test('it sees what was set before it, in every scope', async () => {
    const ctx = await mediate(`
      <property name="a" value="1"/>
      <property name="b" value="2" scope="axis2"/>
      <property name="c" value="3" scope="transport"/>
      <property name="d" value="4" scope="operation"/>
      <property name="all" expression="concat($ctx:a, $axis2:b, $trp:C, $operation:d)"/>
      <property name="same" expression="concat(get-property('a'), get-property('axis2', 'b'),
        get-property('transport', 'c'), get-property('operation', 'd'))"/>`)
    expect(ctx.properties.get('all')).toBe('1234')
    expect(ctx.properties.get('same')).toBe('1234')
  })

  test('a payload that cannot be read is fault 601000', async () => {
    const ctx = await mediate('<property name="p" expression="json-eval($.id)"/>', json('{"id":'))
    expect(ctx.fault?.code).toBe(601000)
    expect(ctx.properties.get('ERROR_CODE')).toBe(601000)
  })
})

describe('type', () => {
  test.each([
    ['STRING', ' 7 ', ' 7 '],
    ['INTEGER', '7', 7],
    ['INTEGER', '7.9', 7],
    ['INTEGER', '-7.9', -7],
    ['SHORT', '32767', 32767],
    ['LONG', '9007199254740991', 9007199254740991],
    ['LONG', '9223372036854775807', 9223372036854775807n],
    ['LONG', '+5', 5],
    ['DOUBLE', '2.50', 2.5],
    ['FLOAT', '1e3', new ExactNumber('1000.0')],
    ['DOUBLE', '5', new ExactNumber('5.0')],
    ['BOOLEAN', 'true', true],
    ['BOOLEAN', 'YES', true],
    ['BOOLEAN', '1', true],
    ['BOOLEAN', 'on', false],
    ['BOOLEAN', 'false', false],
    ['JSON', '{"a":[1]}', { a: [1] }],
    ['JSON', 'plain', 'plain'],
    ['JSON', '5', 5],
  ])('%s of %s, fixed and computed', async (type, value, expected) => {
    const written = value.replaceAll('"', '&quot;')
    const ctx = await mediate(
      `<property name="fixed" value="${written}" type="${type}"/>
       <property name="computed" expression="$ctx:from" type="${type}"/>`,
      undefined,
      { before: ctx => ctx.properties.set('from', value) },
    )
    expect(ctx.properties.get('fixed')).toEqual(expected)
    expect(ctx.properties.get('computed')).toEqual(expected)
  })

  test('OM is an element', async () => {
    const ctx = await mediate('<property name="o" type="OM" value="&lt;order>7&lt;/order>"/>')
    expect(ctx.properties.get('o')).toBeInstanceOf(XmlElement)
    expect((ctx.properties.get('o') as XmlElement).text).toBe('7')
  })

  test.each([
    ['INTEGER', 'seven', '"seven" is no INTEGER'],
    ['INTEGER', '', '"" is no INTEGER'],
    ['INTEGER', '2147483648', '"2147483648" does not fit into INTEGER'],
    ['SHORT', '-32769', '"-32769" does not fit into SHORT'],
    ['LONG', '9223372036854775808', '"9223372036854775808" does not fit into LONG'],
    ['DOUBLE', 'x', '"x" is no DOUBLE'],
    ['OM', 'x', /^the value is no XML: /],
  ])('%s of %j is a finding when fixed, and fault 0 when computed', async (type, value, problem) => {
    const [finding] = findings(`<property name="p" value="${value}" type="${type}"/>`)
    if (typeof problem === 'string') expect(finding).toBe(`bad-value: ${problem}.`)
    else expect(finding).toMatch(/^bad-value: the value is no XML: /)
    const ctx = await mediate(`<property name="p" expression="$ctx:from" type="${type}"/>`, undefined, {
      before: ctx => ctx.properties.set('from', value),
    })
    expect(ctx.fault?.code).toBe(0)
    expect(ctx.fault?.message).toMatch(problem)
  })

  test('a fixed value of the wrong type is a finding under a computed name too', () => {
    expect(findings(`<property name="{$ctx:n}" value="x" type="INTEGER"/>`)).toEqual([
      'bad-value: "x" is no INTEGER.',
    ])
  })

  test('a type there is none of is a finding', () => {
    expect(findings('<property name="p" value="1" type="int"/>')).toEqual([
      'bad-value: attribute type is "int"; expected one of STRING, INTEGER, BOOLEAN, DOUBLE, FLOAT, LONG, SHORT, OM, JSON.',
    ])
  })
})

describe('pattern and group', () => {
  test.each([
    ['order-(\\d+)-(\\w+)', undefined, 'order-17-new'],
    ['order-(\\d+)-(\\w+)', 1, '17'],
    ['order-(\\d+)-(\\w+)', 2, 'new'],
    ['order-(\\d+)-(\\w+)', 3, ''],
    ['order-(\\d+)-\\w+(x)?', 2, ''],
    ['order', undefined, ''],
    ['a|order-.*', undefined, 'order-17-new'],
  ])('%s group %s gives %j', async (pattern, group, expected) => {
    const picks = `pattern="${pattern}" ${group === undefined ? '' : `group="${group}"`}`
    const ctx = await mediate(
      `<property name="fixed" value="order-17-new" ${picks}/>
       <property name="computed" expression="json-eval($.ref)" ${picks}/>`,
      json({ ref: 'order-17-new' }),
    )
    expect(ctx.properties.get('fixed')).toBe(expected)
    expect(ctx.properties.get('computed')).toBe(expected)
  })

  test('the part that was picked gets the type', async () => {
    const ctx = await mediate(
      '<property name="n" value="id=42" pattern="id=(\\d+)" group="1" type="INTEGER"/>',
    )
    expect(ctx.properties.get('n')).toBe(42)
  })

  test('a fixed value whose part cannot have the type is a finding', () => {
    expect(findings('<property name="n" value="42" pattern="x" type="INTEGER"/>')).toEqual([
      'bad-value: "" is no INTEGER.',
    ])
  })

  test('group needs pattern, and a pattern must be one', () => {
    expect(findings('<property name="p" value="1" group="1"/>')).toEqual([
      'bad-combination: Attribute group needs attribute pattern.',
    ])
    expect(findings('<property name="p" value="1" pattern="(" group="-1"/>')).toEqual([
      'bad-value: attribute pattern is "("; expected a regular expression (Unterminated group).',
      'bad-value: attribute group is "-1"; expected a whole number of at least 0.',
    ])
  })
})

describe('scopes', () => {
  test.each(['default', 'axis2', 'axis2-client', 'transport', 'operation'] as const)(
    '%s: set, read and remove',
    async scope => {
      const set = await mediate(`<property name="p" value="1" scope="${scope}"/>`)
      expect(accessor(scope, 'p').get(set)).toBe('1')
      const removed = await mediate(`
        <property name="p" value="1" scope="${scope}"/>
        <property name="p" action="remove" scope="${scope}"/>`)
      expect(accessor(scope, 'p').get(removed)).toBeUndefined()
    },
  )

  test('one name is a property of its own in each scope', async () => {
    const ctx = await mediate(`
      <property name="p" value="d"/><property name="p" value="a" scope="axis2"/>
      <property name="p" value="c" scope="axis2-client"/><property name="p" value="t" scope="transport"/>
      <property name="p" value="o" scope="operation"/><property name="p" action="remove"/>`)
    const values = (['default', 'axis2', 'axis2-client', 'transport', 'operation'] as const).map(scope =>
      accessor(scope, 'p').get(ctx),
    )
    expect(values).toEqual([undefined, 'a', 'c', 't', 'o'])
  })

  test('transport is the headers: any case, always text, empty for what is not there', async () => {
    const ctx = await mediate(`
      <property name="X-Count" value="7" type="INTEGER" scope="transport"/>
      <property name="x-count" value="8" scope="transport"/>
      <property name="X-None" expression="get-property('nowhere')" scope="transport"/>`)
    expect(ctx.message.headers.entries()).toEqual([
      { name: 'x-count', value: '8' },
      { name: 'X-None', value: '' },
    ])
  })

  test('removing what was never set does nothing', async () => {
    const ctx = await mediate(`<property name="p" action="remove"/>
      <property name="p" action="remove" scope="axis2"/><property name="p" action="remove" scope="operation"/>`)
    expect(ctx.propertiesIfAny).toBeUndefined()
    expect(ctx.transportIfAny).toBeUndefined()
  })

  test('system is for all messages of the process', async () => {
    await mediate('<property name="myelin.scope" value="1" scope="system"/>')
    const ctx = await mediate(`<property name="a" expression="get-property('system', 'myelin.scope')"/>
      <property name="myelin.scope" expression="get-property('nowhere')" scope="system"/>
      <property name="b" expression="$sys:myelin.scope"/>`)
    expect(ctx.properties.entries()).toEqual([
      ['a', '1'],
      ['b', '1'],
    ])
  })

  test('trace is a line of the log', async () => {
    await using service = new Serving('<property name="p" value="1" scope="trace"/>')
    await service.take(json({}))
    expect(service.logged).toMatchObject([{ level: 'trace', text: expect.stringMatching(/p = 1$/) }])
  })

  test('analytics is taken, and told to do nothing', async () => {
    expect(findings('<property name="p" value="1" scope="analytics"/>')).toEqual([
      'no-effect: <property> has no effect: nothing is collected for analytics.',
    ])
  })

  test.each([
    ['registry', 'nothing is removed from the registry'],
    ['system', 'properties of the process are not removed'],
    ['trace', 'there is nothing to remove from the log'],
  ])('removing from %s is told to do nothing, in a group too', (scope, why) => {
    const removing = `<property name="p" action="remove" scope="${scope}"/>`
    const told = [`no-effect: <property> has no effect: ${why}.`]
    expect(findings(removing)).toEqual(told)
    expect(findings(`<propertyGroup>${removing}</propertyGroup>`)).toEqual(told)
  })

  test.each(['synapse', 'env', 'file', 'func', 'Axis2'])('%s is no scope to set in', scope => {
    expect(findings(`<property name="p" value="1" scope="${scope}"/>`)).toEqual([
      `bad-value: attribute scope is "${scope}"; expected one of default, axis2, axis2-client, transport, operation, session, registry, system, trace, analytics.`,
    ])
  })

  test('messageType sets the content type and its header too', async () => {
    const ctx = await mediate('<property name="messageType" value="application/json" scope="axis2"/>')
    expect(ctx.transport.messageType).toBe('application/json')
    expect(ctx.transport.contentType).toBe('application/json')
    expect(ctx.message.headers.get('content-type')).toBe('application/json')
  })

  test('HTTP_SC must be a status', () => {
    expect(findings('<property name="HTTP_SC" value="abc" scope="axis2"/>')).toEqual([
      'bad-value: HTTP_SC is "abc"; expected a status from 100 to 999.',
    ])
    expect(findings('<property name="HTTP_SC" value="abc"/>')).toEqual([])
  })
})

describe('name', () => {
  test('a name in braces is computed for each message', async () => {
    const ctx = await mediate(
      `<property name="{json-eval($.name)}" value="1"/>
       <property name="{concat('HTTP', '_SC')}" value="201" scope="axis2"/>
       <property name="{json-eval($.gone)}" action="remove"/>`,
      json({ name: 'lane', gone: 'lane2' }),
      { before: ctx => ctx.properties.set('lane2', 'x') },
    )
    expect(ctx.properties.get('lane')).toBe('1')
    expect(ctx.properties.has('lane2')).toBe(false)
    expect(ctx.transport.status).toBe(201)
  })

  test('a name that comes out empty is a warning, and nothing is set', async () => {
    const ctx = await mediate(
      `<property name="{get-property('nowhere')}" value="1"/><property name="after" value="yes"/>`,
    )
    expect(ctx.logged.map(({ level, text }) => `${level} ${text}`)).toEqual([
      'warn {proxy:test} the name of a property came out empty; nothing was set',
    ])
    expect(ctx.properties.entries()).toEqual([['after', 'yes']])
  })
})

describe('remove', () => {
  test('needs no value, and does not look at one', async () => {
    const ctx = await mediate(
      `<property name="a" value="1"/><property name="a" action="remove" expression="json-eval($.id)"/>`,
      json('not JSON'),
    )
    expect(ctx.properties.has('a')).toBe(false)
    expect(ctx.fault).toBeUndefined()
  })

  test('takes away a name that says something about the message', async () => {
    const ctx = await mediate(
      `<property name="isInbound" action="remove"/>
       <property name="seen" expression="boolean(get-property('isInbound'))"/>`,
      message(''),
      { inbound: true },
    )
    expect(ctx.properties.get('seen')).toBe('false')
  })

  test('is one of two actions', () => {
    expect(findings('<property name="a" action="delete"/>')).toEqual([
      'bad-value: attribute action is "delete"; expected one of set, remove.',
    ])
  })
})

test('RESPONSE turns the direction, and nothing leaves it alone', async () => {
  const ctx = await mediate(`
    <property name="RESPONSE" value="true"/>
    <property name="RESPONSE" expression="get-property('nowhere')"/>
    <out><property name="out" value="yes"/></out>
    <property name="RESPONSE" value="false"/>
    <in><property name="in" value="yes"/></in>`)
  expect(ctx.properties.get('out')).toBe('yes')
  expect(ctx.properties.get('in')).toBe('yes')
  expect(ctx.direction).toBe('request')
})

test('XML values are read through expressions', async () => {
  const ctx = await mediate(
    `<property name="order" expression="//order" type="OM"/>
     <property name="id" expression="$ctx:order/id"/>
     <property name="json" value="{&quot;a&quot;:{&quot;b&quot;:2}}" type="JSON"/>
     <property name="b" expression="json-eval($ctx:json.a.b)"/>`,
    xml('<order><id>7</id><n/></order>'),
  )
  expect(ctx.properties.get('id')).toBe('7')
  expect(ctx.properties.get('b')).toBe('2')
})
