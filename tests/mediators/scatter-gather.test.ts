import { expect, test } from 'vitest'
import { findings, json, mediate } from '../support/mediate.ts'

const way = (from: string): string =>
  `<sequence><payloadFactory media-type="json"><format>{"from": "${from}", "id": \${payload.id}}</format></payloadFactory></sequence>`

test('collects a value of each way into the payload', async () => {
  const ctx = await mediate(
    `<scatter-gather target="body" result-content-type="JSON" parallel-execution="false">
       <aggregation expression="\${payload}"/>${way('a')}${way('b')}
     </scatter-gather><respond/>`,
    json({ id: 7 }),
  )
  expect(ctx.replies).toEqual(['[{"from":"a","id":7},{"from":"b","id":7}]'])
  expect(ctx.counters.ended.answered).toBe(1)
})

test('collects into a variable and leaves the message alone', async () => {
  const ctx = await mediate(
    `<scatter-gather target="variable" target-variable="out" result-content-type="JSON">
       <aggregation expression="\${payload.from}"/>${way('a')}${way('b')}
     </scatter-gather><respond/>`,
    json({ id: 7 }),
  )
  expect(ctx.variables.get('out')).toEqual(['a', 'b'])
  expect(ctx.replies).toEqual(['{"id":7}'])
})

test('puts values into an element', async () => {
  const ctx = await mediate(
    `<scatter-gather target="body" result-content-type="XML" result-enclosing-element="all" parallel-execution="false">
       <aggregation expression="\${xpath('//v')}"/>
       <sequence><payloadFactory media-type="xml"><format><m xmlns=""><v>1</v></m></format></payloadFactory></sequence>
       <sequence><payloadFactory media-type="xml"><format><m xmlns=""><v>2</v></m></format></payloadFactory></sequence>
     </scatter-gather><respond/>`,
    json({ id: 7 }),
  )
  expect(ctx.replies[0]).toMatch(/^<all>.*1.*2.*<\/all>$/)
})

test('leaves out what the condition refuses, and what fails', async () => {
  const ctx = await mediate(
    `<scatter-gather target="body" result-content-type="JSON" parallel-execution="false">
       <aggregation expression="\${payload.from}" condition="\${payload.from == 'a'}"/>
       ${way('a')}${way('b')}<sequence><sequence key="nowhere"/></sequence>
     </scatter-gather><respond/>`,
    json({ id: 7 }),
  )
  expect(ctx.replies).toEqual(['["a"]'])
})

test('says what is missing', () => {
  expect(
    findings(
      '<scatter-gather target="variable" result-content-type="XML"><aggregation expression="${payload}"/></scatter-gather>',
    ),
  ).toEqual([
    'missing: <scatter-gather> with target="variable" needs target-variable.',
    'missing: <scatter-gather> with result-content-type="XML" needs result-enclosing-element.',
    'missing: <scatter-gather> needs at least one <sequence>.',
  ])
})
