// What callers get while a message store is full, and where its limits come from.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Gateway, loadConfiguration } from '../../src/gateway.ts'
import { isReadable } from '../../src/stores/readable-store.ts'
import { TestFolder } from '../support/certificates.ts'
import { startGateway } from '../support/gateway.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { contextWith } from './kinds.ts'

const MOST = '<parameter name="store.max.messages">1</parameter>'
const ANSWERS = '<payloadFactory media-type="text"><format>sorry</format><args/></payloadFactory><respond/>'

function storing(name: string, kind: string, fault = '<log/>'): string {
  return `<messageStore name="${name}" ${kind}>${MOST}</messageStore>
    <proxy name="${name}"><target>
      <inSequence><store messageStore="${name}"/></inSequence>
      <faultSequence>${fault}</faultSequence>
    </target></proxy>`
}

test('the caller of a full store gets 503 and a time to wait, in a fault sequence too', async () => {
  using folder = new TestFolder()
  await using gateway = await startGateway({
    xml:
      storing('memory', '') + storing('file', 'class="myelin.embedded"') + storing('answered', '', ANSWERS),
    settings: { 'myelin.data_folder': folder.path },
  })
  const post = (name: string): Promise<Response> =>
    fetch(gateway.url('http', name), { method: 'POST', body: 'x', headers: { 'Content-Type': 'text/plain' } })
  for (const name of ['memory', 'file']) {
    expect((await post(name)).status).toBe(202)
    const refused = await post(name)
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('2')
    expect(await refused.json()).toMatchObject({ code: 306000, message: 'the message cannot be stored now' })
  }
  expect((await post('answered')).status).toBe(202)
  const answered = await post('answered')
  expect([answered.status, await answered.text()]).toEqual([503, 'sorry'])
})

describe('a parameter that names an entry', () => {
  /** Deploys a store whose limit is the value of an entry. */
  function deploy(folder: TestFolder, key: string): { gateway: Gateway; codes: string[] } {
    mkdirSync(join(folder.path, 'registry', 'conf'), { recursive: true })
    folder.write('registry/conf/limit.txt', ' 2\n')
    const xml = `<messageStore name="Orders"><parameter name="store.max.messages" key="${key}"/></messageStore>
      <localEntry key="most">2</localEntry><localEntry key="word">two</localEntry>
      <localEntry key="file" src="file:registry/conf/limit.txt"/>`
    folder.write('all.xml', `<definitions xmlns="http://ws.apache.org/ns/synapse">${xml}</definitions>`)
    const gateway = new Gateway(loadConfiguration([folder.path]), new RecordingLogger())
    const codes = gateway.diagnostics.all().map(({ code, message }) => `${code}: ${message}`)
    return { gateway, codes }
  }

  test.each(['most', 'file', 'conf:/limit.txt'])('has its value: %s', async key => {
    using folder = new TestFolder()
    const { gateway, codes } = deploy(folder, key)
    expect(codes).toEqual([])
    const store = gateway.stores.find(({ name }) => name === 'Orders')!
    expect(isReadable(store)).toBe(true)
    for (const text of ['a', 'b']) await store.put(contextWith(text))
    expect(() => store.put(contextWith('c'))).toThrow('it holds 2 messages')
  })

  test.each([
    [
      'gone',
      'missing-entry: There is no entry named gone; parameter store.max.messages counts as not given.',
    ],
    ['word', 'bad-value: parameter store.max.messages is "two"; expected a whole number of at least 1.'],
  ])('that is of no use is told: %s', (key, finding) => {
    using folder = new TestFolder()
    expect(deploy(folder, key).codes).toEqual([finding])
  })
})
