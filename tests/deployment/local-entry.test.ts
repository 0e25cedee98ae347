import { describe, expect, test } from 'vitest'
import { toRecord } from '../../src/language/diagnostic.ts'
import { deployed } from '../support/mediate.ts'

function entry(xml: string, key = 'e') {
  const { deployment, diagnostics } = deployed({ 'e.xml': xml })
  return { entry: deployment.entry(key), found: diagnostics.all().map(toRecord) }
}

describe('a local entry holds', () => {
  test('inline text, CDATA included', () => {
    expect(entry('<localEntry key="e">hello</localEntry>').entry?.text).toBe('hello')
    expect(entry('<localEntry key="e"><![CDATA[<a/> & b]]></localEntry>').entry?.text).toBe('<a/> & b')
    expect(entry('<localEntry key="e"/>').entry?.text).toBe('')
  })

  test('one inline element, beside a description', () => {
    const { entry: made } = entry(
      '<localEntry key="e" xmlns:p="urn:p"><description>x</description><p:a b="1"><c/></p:a></localEntry>',
    )
    expect(made?.xml()?.namespaceURI).toBe('urn:p')
    expect(made?.text).toContain('<c/>')
    expect(made?.mediaType).toBe('application/xml')
  })

  test('nothing that is fetched: a warning, and there is no such entry', () => {
    const { entry: made, found } = entry('<localEntry key="e" src="http://localhost/a.xsd"/>')
    expect(found.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['warning no-effect'])
    expect(made).toBeUndefined()
  })

  test('no file that is not there: the same', () => {
    const { entry: made, found } = entry('<localEntry key="e" src="file:nowhere.xml"/>')
    expect(found.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['warning missing-entry'])
    expect(made).toBeUndefined()
  })
})

test('an entry and a sequence cannot share a name, and an entry needs a key', () => {
  const { diagnostics } = deployed({
    'a.xml': '<sequence name="e"/>',
    'b.xml': '<localEntry key="e">x</localEntry>',
    'c.xml': '<localEntry>x</localEntry>',
  })
  expect(diagnostics.all().map(({ code }) => code)).toEqual(['duplicate-name', 'missing'])
})

test('an endpoint in an entry can be sent to', () => {
  const { diagnostics, deployment } = deployed({
    'a.xml': '<sequence name="a"><send><endpoint key="e"/></send></sequence>',
    'b.xml': '<localEntry key="e"><endpoint><address uri="ws://localhost:1/"/></endpoint></localEntry>',
  })
  expect(diagnostics.all()).toEqual([])
  expect(deployment.endpoint('e')?.name).toBe('e')
})

test('what belongs to the server is accepted, and says that it does nothing', () => {
  const { diagnostics, artifacts } = deployed({
    'synapse.xml': `<definitions xmlns="http://ws.apache.org/ns/synapse">
      <description>all</description>
      <registry provider="org.wso2.Registry"><parameter name="cachableDuration">15000</parameter></registry>
      <taskManager provider="org.wso2.Tasks"><parameter name="x"/></taskManager>
      <import name="gmail" package="org.wso2.carbon.connector" status="enabled"/>
      <priorityExecutor name="p"><queues><queue size="1" priority="1"/></queues><threads max="1"/></priorityExecutor>
    </definitions>`,
  })
  expect(artifacts.map(({ kind }) => kind)).toEqual(['registry', 'taskManager', 'import', 'priorityExecutor'])
  expect(diagnostics.all().map(({ severity, code }) => `${severity} ${code}`)).toEqual([
    'note no-effect',
    'note no-effect',
    'warning no-effect',
    'warning no-effect',
  ])
})
