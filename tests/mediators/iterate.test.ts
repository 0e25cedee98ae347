import { expect, test } from 'vitest'
import { json, mediate, xml } from '../support/mediate.ts'

const logged = ({ logged }: { logged: readonly { text: string }[] }): string[] =>
  logged.map(({ text }) => text.replace(/^\{[^}]*\} /, ''))

const note = (name: string, expression: string): string =>
  `<log level="custom"><property name="${name}" expression="${expression}"/></log>`

const full = '<log level="full"/>'

test('elements become messages of their own', async () => {
  const ctx = await mediate(
    `<iterate expression="//item"><target><sequence>
       <log level="custom"><property name="at" expression="get-property('messageSequence')"/><property name="body" expression="$body/*[1]"/></log>
     </sequence></target></iterate>`,
    xml('<list><item><v>1</v></item><item><v>2</v></item></list>'),
  )
  expect(logged(ctx)).toEqual([
    'at = 0/2, body = <item><v>1</v></item>',
    'at = 1/2, body = <item><v>2</v></item>',
  ])
})

test('items of an array become messages of their own, scalars too', async () => {
  const ctx = await mediate(
    `<iterate expression="json-eval($.list)" id="x"><target><sequence>
       <log level="custom"><property name="at" expression="get-property('messageSequence.x')"/><property name="body" expression="json-eval($)"/></log>
     </sequence></target></iterate>`,
    json({ list: [{ a: 1 }, 'two', 3] }),
  )
  expect(logged(ctx)).toEqual(['at = 0/3, body = {"a":1}', 'at = 1/3, body = "two"', 'at = 2/3, body = 3'])
})

test('preservePayload keeps what is around the parts', async () => {
  const ctx = await mediate(
    `<iterate expression="//item" preservePayload="true" attachPath="//list"><target><sequence>${note('body', '$body/*')}</sequence></target></iterate>`,
    xml('<m><id>7</id><list><item>1</item><item>2</item></list></m>'),
  )
  expect(logged(ctx)).toEqual([
    'body = <m><id>7</id><list><item>1</item></list></m>',
    'body = <m><id>7</id><list><item>2</item></list></m>',
  ])
})

test('preservePayload in JSON puts the item at the path', async () => {
  const ctx = await mediate(
    `<iterate expression="json-eval($.list)" preservePayload="true" attachPath="json-eval($.list)"><target><sequence>${note('body', 'json-eval($)')}</sequence></target></iterate>`,
    json({ id: 7, list: [1, 2] }),
  )
  expect(logged(ctx)).toEqual(['body = {"id":7,"list":1}', 'body = {"id":7,"list":2}'])
})

test('an attachPath that selects nothing is a fault', async () => {
  const ctx = await mediate(
    `<iterate expression="//item" preservePayload="true" attachPath="//nowhere"><target><sequence>${full}</sequence></target></iterate>`,
    xml('<list><item>1</item></list>'),
  )
  expect(ctx.fault?.message).toContain('attachPath //nowhere')
})

test('nothing selected, nothing runs, and the flow stops unless continueParent', async () => {
  const target = `<target><sequence>${note('never', "'x'")}</sequence></target>`
  const stopped = await mediate(
    `<iterate expression="//none">${target}</iterate>${note('after', "'x'")}`,
    xml('<m/>'),
  )
  expect(logged(stopped)).toEqual([])
  const goesOn = await mediate(
    `<iterate expression="//none" continueParent="true">${target}</iterate>${note('after', "'x'")}`,
    xml('<m/>'),
  )
  expect(logged(goesOn)).toEqual(['after = x'])
})

test('a JSON selection that is no array is a fault', async () => {
  const ctx = await mediate(
    `<iterate expression="json-eval($.a)"><target><sequence><drop/></sequence></target></iterate>`,
    json({ a: 1 }),
  )
  expect(ctx.fault?.message).toContain('gives no array')
})

test('parts are put together again by aggregate inside the target', async () => {
  const ctx = await mediate(
    `<iterate expression="json-eval($.list)"><target><sequence>
       <aggregate><onComplete expression="json-eval($)"><respond/></onComplete></aggregate>
     </sequence></target></iterate>`,
    json({ list: [{ a: 1 }, { a: 2 }] }),
  )
  expect(ctx.replies).toEqual(['[{"a":1},{"a":2}]'])
})
