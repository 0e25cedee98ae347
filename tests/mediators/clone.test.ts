import { expect, test } from 'vitest'
import { findings, json, mediate, xml } from '../support/mediate.ts'

const logged = ({ logged }: { logged: readonly { text: string }[] }): string[] =>
  logged.map(({ text }) => text.replace(/^\{[^}]*\} /, ''))

const note = (text: string, expression = "get-property('messageSequence')"): string =>
  `<log level="custom" separator=" "><property name="${text}" expression="${expression}"/></log>`

test('each target gets a copy, numbered from 0, and the message itself ends', async () => {
  const ctx = await mediate(
    `<clone><target><sequence>${note('a')}</sequence></target><target><sequence>${note('b')}</sequence></target></clone>${note('after')}`,
    json({ n: 1 }),
  )
  expect(logged(ctx)).toEqual(['a = 0/2', 'b = 1/2'])
  expect(ctx.ends).toBe(1)
})

test('with continueParent the message goes on as it was', async () => {
  const ctx = await mediate(
    `<property name="p" value="kept"/>
     <clone continueParent="true"><target><sequence>
       <property name="p" value="changed"/>${note('branch', "get-property('p')")}
     </sequence></target></clone>${note('parent', "get-property('p')")}`,
  )
  expect(logged(ctx).sort()).toEqual(['branch = changed', 'parent = kept'])
})

test('a fault stays in its branch and runs the fault sequence around the clone', async () => {
  const ctx = await mediate(
    `<clone>
       <target sequence="nowhere-to-be-found"/>
       <target><sequence>${note('other')}</sequence></target>
     </clone>`,
    undefined,
    {
      artifacts: [`<sequence name="caught">${note('caught', "get-property('ERROR_MESSAGE')")}</sequence>`],
      attributes: 'onError="caught"',
    },
  )
  expect(
    logged(ctx)
      .filter(line => !line.startsWith('ERROR_CODE'))
      .sort(),
  ).toEqual(['caught = Sequence named nowhere-to-be-found cannot be found', 'other = 1/2'])
})

test('a branch may answer', async () => {
  const ctx = await mediate(`<clone><target><sequence><respond/></sequence></target></clone>`, json({ n: 1 }))
  expect(ctx.replies).toEqual(['{"n":1}'])
  expect(ctx.counters.ended.answered).toBe(1)
  expect(ctx.counters.inFlight).toBe(0)
})

test('iterations make copies for one target', async () => {
  const ctx = await mediate(
    `<clone iterations="{json-eval($.n)}" sequential="true"><target><sequence>${note('copy', "get-property('CLONED_ITERATION_INDEX')")}</sequence></target></clone>`,
    json({ n: 3 }),
  )
  expect(logged(ctx)).toEqual(['copy = 1', 'copy = 2', 'copy = 3'])
})

test('iterations that are no number are a fault', async () => {
  const ctx = await mediate(
    `<clone iterations="{json-eval($.n)}"><target><sequence><drop/></sequence></target></clone>`,
    json({ n: 'many' }),
  )
  expect(ctx.fault?.message).toContain('iterations is "many"')
})

test('what one branch does to its payload the others do not see', async () => {
  const ctx = await mediate(
    `<clone sequential="true">
       <target><sequence><header name="Action" value="x"/><property name="p" scope="transport" value="1"/>${note('a', '//n')}</sequence></target>
       <target><sequence>${note('b', '$trp:p')}</sequence></target>
     </clone>`,
    xml('<m><n>1</n></m>'),
  )
  expect(logged(ctx)).toEqual(['a = 1', 'b = null'])
})

test('a clone without a target is an error', () => {
  expect(findings('<clone/>')).toEqual(['missing: <clone> needs at least one <target>.'])
})
