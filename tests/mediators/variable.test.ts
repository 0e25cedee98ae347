import { expect, test } from 'vitest'
import { XmlElement } from '../../src/message/xml/tree.ts'
import { findings, json, mediate, xml } from '../support/mediate.ts'

test.each([
  ['', 'text', 'text'],
  ['type="STRING"', '7', '7'],
  ['type="BOOLEAN"', 'yes', true],
  ['type="BOOLEAN"', 'no', false],
  ['type="INTEGER"', '7', 7],
  ['type="LONG"', '9223372036854775807', 9223372036854775807n],
  ['type="DOUBLE"', '7.5', 7.5],
  ['type="JSON"', '[1]', [1]],
])('<variable %s> with value %s', async (type, value, expected) => {
  const ctx = await mediate(`<variable name="v" value="${value}" ${type}/>`)
  expect(ctx.variables.get('v')).toEqual(expected)
})

test('XML is an element', async () => {
  const ctx = await mediate('<variable name="v" type="XML" value="&lt;a>1&lt;/a>"/>')
  expect(ctx.variables.get('v')).toBeInstanceOf(XmlElement)
})

test('an expression gives its value; json-eval with the type JSON has', async () => {
  const ctx = await mediate(
    `<variable name="id" expression="json-eval($.id)"/>
     <variable name="lines" expression="json-eval($.lines)"/>
     <variable name="text" expression="json-eval($.id)" type="STRING"/>
     <variable name="number" expression="//id" type="INTEGER"/>
     <variable name="copy" expression="$var:lines"/>`,
    json({ id: 7, lines: [1, 2] }),
  )
  expect(ctx.variables.entries()).toEqual([
    ['id', 7],
    ['lines', [1, 2]],
    ['text', '7'],
    ['number', 7],
    ['copy', [1, 2]],
  ])
})

test('what it holds does not change with the payload', async () => {
  const change = `<enrich><source type="inline">9</source><target type="custom" xpath="json-eval($.order.id)"/></enrich>`
  const ctx = await mediate(
    `<variable name="path" expression="json-eval($.order)"/><variable name="native" expression="\${payload.order}"/>${change}`,
    json({ order: { id: 7 } }),
  )
  expect(ctx.message.content.json()).toEqual({ order: { id: 9 } })
  expect(ctx.variables.entries()).toEqual([
    ['path', { id: 7 }],
    ['native', { id: 7 }],
  ])
})

test('an element it holds does not change with the payload', async () => {
  const change = `<enrich><source type="inline" clone="true"><v/></source><target type="body" action="child"/></enrich>`
  const ctx = await mediate(
    `<variable name="v" expression="\${payload}"/>${change}`,
    xml('<o><id>7</id></o>'),
  )
  expect(ctx.message.content.bytes.toString()).toContain('<v')
  expect((ctx.variables.get('v') as XmlElement).children.map(child => child.localName)).toEqual(['id'])
})

test('a DOUBLE is one to all that read it', async () => {
  const ctx = await mediate(
    `<variable name="v" type="DOUBLE" value="5"/>
     <property name="native" expression="\${vars.v + 1}"/>
     <property name="text" expression="\${vars.v}"/>
     <property name="path" expression="concat($var:v, '|', $var:v + 1)"/>
     <variable name="copy" type="DOUBLE" expression="\${vars.v}"/>
     <payloadFactory media-type="json"><format>{"v":$1}</format><args><arg expression="$var:v"/></args></payloadFactory>`,
    json({}),
  )
  expect(Object.fromEntries(ctx.properties.entries())).toEqual({ native: '6.0', text: '5.0', path: '5.0|6' })
  expect(String(ctx.variables.get('copy'))).toBe('5.0')
  expect(ctx.message.content.bytes.toString()).toBe('{"v":5.0}')
})

test('variables are no properties', async () => {
  const ctx = await mediate(`<variable name="v" value="1"/>
    <property name="from" expression="concat('[', get-property('v'), '|', $var:v, ']')"/>`)
  expect(ctx.properties.get('from')).toBe('[|1]')
})

test('what is not there leaves the old value', async () => {
  const ctx = await mediate(`<variable name="v" value="1"/>
    <variable name="v" expression="get-property('nowhere')"/>
    <variable name="v" expression="get-property('nowhere')" type="INTEGER"/>`)
  expect(ctx.variables.get('v')).toBe('1')
})

test('remove deletes it', async () => {
  const ctx = await mediate('<variable name="v" value="1"/><variable name="v" action="remove"/>')
  expect(ctx.variables.has('v')).toBe(false)
})

test('a result of another type is fault 0, in the words of the original', async () => {
  const ctx = await mediate('<variable name="v" expression="//id" type="INTEGER"/>', xml('<id>seven</id>'))
  expect(ctx.fault?.code).toBe(0)
  expect(ctx.fault?.message).toBe("Expression '//id' result does not match the expected data type 'INTEGER'")
})

test.each([
  ['<variable name="v"/>', 'missing: <variable> needs a value or an expression.'],
  ['<variable value="1"/>', 'missing: <variable> needs attribute name.'],
  ['<variable name="" value="1"/>', 'bad-value: attribute name is ""; expected a name.'],
  ['<variable name="v" value="x" type="INTEGER"/>', 'bad-value: "x" is no INTEGER.'],
  [
    '<variable name="v" value="1" type="OM"/>',
    'bad-value: attribute type is "OM"; expected one of STRING, BOOLEAN, INTEGER, LONG, DOUBLE, JSON, XML.',
  ],
])('%s is a finding', (fragment, finding) => {
  expect(findings(fragment)).toEqual([finding])
})
