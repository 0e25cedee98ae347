import { expect, test } from 'vitest'
import { deployed } from '../support/mediate.ts'

/** Whether the messages of a proxy have to be collected before its in sequence runs. */
function needsContent(fragment: string, ...artifacts: readonly string[]): boolean {
  const { services, diagnostics } = deployed({
    'in.xml': `<sequence name="in">${fragment}</sequence>`,
    'p.xml': '<proxy name="p"><target inSequence="in"/></proxy>',
    ...Object.fromEntries(artifacts.map((text, i) => [`${i}.xml`, text])),
  })
  expect(diagnostics.errors).toBe(0)
  return services[0]!.service.on.message!.needsContent
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
  ['<respond/>', false],
  ['<send buildmessage="true"><endpoint><address uri="ws://localhost:1"/></endpoint></send>', true],
  ['<send><endpoint><address uri="ws://localhost:1"/></endpoint></send>', false],
  ['<filter xpath="$ctx:a"><then/><else><log level="full"/></else></filter>', true],
  ['<filter source="//a" regex="a"/>', true],
  [`<switch source="$ctx:a"><case regex="a"><in><log level="full"/></in></case></switch>`, true],
  [`<sequence key="{$ctx:a}"/>`, true],
])('%s needs content: %s', (fragment, expected) => {
  expect(needsContent(fragment)).toBe(expected)
})

test('a sequence needs what the sequences it runs need, in any order of the files', () => {
  const reads = '<sequence name="reads"><log level="full"/></sequence>'
  const runs = '<sequence name="runs"><filter xpath="$ctx:a"><then sequence="reads"/></filter></sequence>'
  expect(needsContent('<sequence key="runs"/>', reads, runs)).toBe(true)
  expect(needsContent('<sequence key="runs"/>', runs, reads)).toBe(true)
})

test('a sequence needs what its onError needs', () => {
  const guarded = '<sequence name="guarded" onError="reads"><drop/></sequence>'
  const reads = '<sequence name="reads"><log level="full"/></sequence>'
  expect(needsContent('<sequence key="guarded"/>', guarded, reads)).toBe(true)
})

test('a circle of sequences that read nothing needs nothing', () => {
  const a = '<sequence name="a"><sequence key="b"/></sequence>'
  const b = '<sequence name="b"><sequence key="a"/></sequence>'
  expect(needsContent('<sequence key="a"/>', a, b)).toBe(false)
})
