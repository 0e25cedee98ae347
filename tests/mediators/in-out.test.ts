import { expect, test } from 'vitest'
import { mediate } from '../support/mediate.ts'

const fragment = `
  <in><property name="ran" value="in"/></in>
  <out><property name="ran" value="out"/></out>
  <property name="after" value="yes"/>`

test.each([
  ['request', 'in'],
  ['response', 'out'],
] as const)('a %s runs %s alone, and goes on', async (direction, ran) => {
  const ctx = await mediate(fragment, undefined, { direction })
  expect(ctx.properties.entries()).toEqual([
    ['ran', ran],
    ['after', 'yes'],
  ])
})

test('what ends the message inside them ends it', async () => {
  const request = await mediate('<in><drop/></in><property name="after" value="yes"/>')
  expect(request.propertiesIfAny).toBeUndefined()
  const response = await mediate('<out><drop/></out><property name="after" value="yes"/>', undefined, {
    direction: 'response',
  })
  expect(response.propertiesIfAny).toBeUndefined()
})

test('empty ones go on', async () => {
  const ctx = await mediate('<in/><out/><property name="after" value="yes"/>')
  expect(ctx.properties.get('after')).toBe('yes')
})
