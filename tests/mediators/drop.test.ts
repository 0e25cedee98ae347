import { expect, test } from 'vitest'
import { mediate } from '../support/mediate.ts'

test('ends the message: nothing after it runs, in no sequence around it', async () => {
  const ctx = await mediate(
    `<filter xpath="true()"><then><sequence key="inner"/></then></filter><property name="after" value="yes"/>`,
    undefined,
    { artifacts: ['<sequence name="inner"><drop/><property name="inside" value="yes"/></sequence>'] },
  )
  expect(ctx.propertiesIfAny).toBeUndefined()
  expect(ctx.replies).toEqual([])
  expect(ctx.ending).toBe('dropped')
  expect(ctx.counters.ended.dropped).toBe(1)
})
