import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { Content } from '../../src/message/content.ts'
import { Message } from '../../src/message/message.ts'
import { mediate } from '../support/mediate.ts'

/** Other sequences. */
const OTHERS = [
  '<sequence name="reads"><log level="full"/></sequence>',
  '<sequence name="runs"><filter xpath="1 = 1"><then sequence="reads"/></filter></sequence>',
  '<sequence name="guarded" onError="reads"><throwError errorMessage="x"/></sequence>',
  '<sequence name="blind"><filter xpath="$ctx:a"><then><sequence key="blind"/></then></filter></sequence>',
]

/** A payload that is arriving, and how often it was read in. */
function arriving(): { readonly message: Message; readonly reads: () => number } {
  let reads = 0
  const body = {
    length: undefined,
    stream: () => Readable.from([Buffer.from('<a/>')]),
    async collect() {
      reads++
      return Buffer.from('<a/>')
    },
  }
  return { message: new Message(Content.arriving(body, 'application/xml')), reads: () => reads }
}

test.each([
  ['', false],
  ['<drop/>', false],
  ['<log/>', false],
  ['<log level="custom"><property name="a" expression="$ctx:a"/></log>', false],
  ['<log level="custom"><property name="a" expression="//a"/></log>', true],
  ['<log level="full"/>', true],
  ['<log level="headers"/>', true],
  ['<log level="custom" logFullPayload="true"/>', true],
  [`<property name="a" expression="get-property('transport', 'a')"/>`, false],
  [`<property name="a" expression="get-property('MESSAGE_FORMAT')"/>`, true],
  ['<property name="a" expression="json-eval($.a)"/>', true],
  ['<property name="a" expression="json-eval($ctx:a.b)"/>', false],
  ['<property name="{//a}" value="1"/>', true],
  ['<property name="a" expression="$body/*"/>', true],
  ['<propertyGroup><property name="a" expression="//a"/></propertyGroup>', true],
  ['<variable name="a" expression="//a"/>', true],
  ['<filter xpath="$ctx:a"><then/><else><log level="full"/></else></filter>', true],
  ['<filter xpath="$ctx:a"><then><log level="full"/></then></filter>', false],
  ['<filter source="//a" regex="a"/>', true],
  [`<switch source="'a'"><case regex="a"><log level="full"/></case></switch>`, true],
  [`<switch source="'b'"><case regex="a"><log level="full"/></case></switch>`, false],
  [`<sequence key="{'reads'}"/>`, true],
  ['<sequence key="runs"/>', true],
  ['<sequence key="guarded"/>', true],
  ['<sequence key="blind"/>', false],
])('%s reads a payload that is arriving: %s', async (fragment, expected) => {
  const { message, reads } = arriving()
  await mediate(fragment, message, { artifacts: OTHERS })
  expect(reads()).toBe(expected ? 1 : 0)
})
