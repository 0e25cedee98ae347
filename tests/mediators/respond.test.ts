import { expect, test } from 'vitest'
import { json, mediate, message } from '../support/mediate.ts'

test('sends the message back, turned into a response, and ends the sequence', async () => {
  const ctx = await mediate('<respond/><property name="after" value="yes"/>', message('hello'))
  expect(ctx.replies).toEqual(['hello'])
  expect(ctx.direction).toBe('response')
  expect(ctx.properties.has('after')).toBe(false)
  expect(ctx.counters.ended.answered).toBe(1)
})

test('the message leaves in the type that messageType says', async () => {
  const ctx = await mediate(
    '<property name="messageType" value="application/xml" scope="axis2"/><respond/>',
    json({ a: 1 }),
  )
  expect(ctx.replies).toEqual(['<jsonObject><a>1</a></jsonObject>'])
})

test('a caller that takes its time is waited for', async () => {
  const answered: string[] = []
  const ctx = await mediate('<respond/><property name="after" value="yes"/>', message('hello'), {
    whenReplied: async () => {
      await Promise.resolve()
      answered.push('sent')
    },
  })
  expect(answered).toEqual(['sent'])
  expect(ctx.properties.has('after')).toBe(false)
  expect(ctx.counters.ended.answered).toBe(1)
})

test('an answer that cannot be written is a fault', async () => {
  const ctx = await mediate('<respond/>', message('hello'), {
    whenReplied: () => Promise.reject(new Error('the caller is gone')),
  })
  expect(ctx.fault?.message).toBe('the caller is gone')
})
