import { expect, test } from 'vitest'
import { json } from '../support/mediate.ts'
import { Serving } from '../support/serving.ts'

const OUT =
  '<property name="direction" expression="get-property(\'RESPONSE\')"/><property name="out" value="yes"/><send/>'

test('a request becomes its own response, and runs through the out sequence', async () => {
  await using service = new Serving('<loopback/><property name="after" value="yes"/>', { out: OUT })
  const ctx = await service.take(json({ a: 1 }))
  expect(ctx.replies).toEqual(['{"a":1}'])
  expect(ctx.direction).toBe('response')
  expect(ctx.properties.get('out')).toBe('yes')
  expect(ctx.properties.has('after')).toBe(false)
})

test('without an out sequence it goes back as it is', async () => {
  await using service = new Serving('<loopback/>')
  expect((await service.take(json({ a: 1 }))).replies).toEqual(['{"a":1}'])
})

test('a response ends', async () => {
  await using service = new Serving(
    '<property name="RESPONSE" value="true"/><loopback/><property name="after" value="yes"/>',
    { out: OUT },
  )
  const ctx = await service.take(json({ a: 1 }))
  expect(ctx.replies).toEqual([])
  expect(ctx.properties.has('after')).toBe(false)
})

test('a fault in the out sequence runs the fault sequence once', async () => {
  await using service = new Serving('<loopback/>', {
    out: '<throwError type="MINE"/>',
    fault: '<log level="custom"><property name="FAULT" expression="$ctx:ERROR_CODE"/></log>',
  })
  await service.take(json({}))
  expect(service.logged.filter(({ text }) => text.includes('FAULT = MINE'))).toHaveLength(1)
})
