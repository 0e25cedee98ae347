import { expect, test } from 'vitest'
import { findings, mediate } from '../support/mediate.ts'

test('sets and removes its properties in the order written, and goes on', async () => {
  const ctx = await mediate(`
    <propertyGroup description="what the backend wants">
      <property name="a" value="1"/>
      <property name="b" expression="concat($ctx:a, '2')"/>
      <property name="HTTP_SC" value="202" scope="axis2"/>
      <property name="a" action="remove"/>
    </propertyGroup>
    <property name="after" value="yes"/>`)
  expect(ctx.properties.entries()).toEqual([
    ['b', '12'],
    ['after', 'yes'],
  ])
  expect(ctx.transport.status).toBe(202)
})

test('an empty group does nothing', async () => {
  expect((await mediate('<propertyGroup/>')).propertiesIfAny).toBeUndefined()
})

test('each property is checked as one that stands alone', () => {
  expect(
    findings(`<propertyGroup>
      <property name="a"/>
      <property name="b" value="x" type="INTEGER"/>
      <property name="c" value="1" group="2"/>
    </propertyGroup>`),
  ).toEqual([
    'missing: <property> needs a value, an expression or an element.',
    'bad-value: "x" is no INTEGER.',
    'bad-combination: Attribute group needs attribute pattern.',
  ])
})

test('it takes nothing but properties', () => {
  expect(findings('<propertyGroup><log/></propertyGroup>')).toEqual([
    'unknown-element: <propertyGroup> takes no <log>; it has no effect.',
    'unknown-element: <propertyGroup> takes no <log>.',
  ])
})
