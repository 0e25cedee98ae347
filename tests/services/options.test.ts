// An option that a service does not have is an error, whatever the service is written in.

import { describe, expect, test } from 'vitest'
import { buildGateway } from '../support/gateway.ts'
import { findingsOf } from './serve.ts'

const found = (name: string, text: string): string =>
  findingsOf(name, text)
    .join('\n')
    .replaceAll(/\/tmp\/[^/\s]+\//g, '')

describe.each([
  ['near another', 'idelTimeout', /Did you mean idleTimeout\?/],
  ['like no other', 'frobnicate', /service has no option frobnicate\./],
  ['that hooks have', 'schema', /service has no option schema/],
  ['of a listener', 'mutualSsl', /service has no option mutualSsl/],
  ['meant for listen', 'host', /It is/],
])('an option %s', (_what, option, expected) => {
  test.each([
    [
      'a.xml',
      `<service xmlns="urn:myelin" name="a"\n  ${option}="3"><onMessage><respond/></onMessage></service>`,
    ],
    ['a.yaml', `name: a\n  \nonMessage: [respond]\n`.replace('  \n', `${option}: 3\n`)],
    ['a.ts', `export default { name: 'a',\n  ${option}: 3,\n  onMessage: () => 1 }`],
  ])('%s', (name, text) => {
    const findings = found(name, text)
    expect(findings).toMatch(new RegExp(`^${name.replace('.', '\\.')}:2:[13] error unknown-option`))
    expect(findings).toMatch(expected)
    expect(findings).not.toContain('unknown-attribute')
  })
})

test.each([
  [
    'a.xml',
    '<service xmlns="urn:myelin" name="a"><onMessage><respond/></onMessage>\n<lisen port="0"/></service>',
  ],
  ['a.yaml', 'name: a\nlisen: {port: 0}\nonMessage: [respond]'],
  ['a.ts', "export default { name: 'a',\nlisen: { port: 0 },\nonMessage: () => 1 }"],
])('%s: an element, or a map, that there is not', (name, text) => {
  expect(found(name, text)).toMatch(/:2:1 error unknown-option[\s\S]*Did you mean listen\?/)
})

test.each([
  [
    'a.xml',
    '<service xmlns="urn:myelin" name="a"><onMessage><respond/></onMessage>\n<listen\nprot="0"/></service>',
  ],
  ['a.yaml', 'name: a\nlisten:\n  prot: 0\nonMessage: [respond]'],
  ['a.ts', "export default { name: 'a',\nlisten: {\n  prot: 0 },\nonMessage: () => 1 }"],
])('%s: an option of listen that there is not', (name, text) => {
  expect(found(name, text)).toMatch(
    /:3:[13] error unknown-option[\s\S]*listen has no option prot[\s\S]*Did you mean port\?/,
  )
})

test('a function that is no hook is an option that there is not', () => {
  expect(found('a.ts', "export default { name: 'a', onMessage: () => 1,\nonmessage() {} }")).toMatch(
    /:2:1 error unknown-option[\s\S]*Did you mean onMessage\?/,
  )
})

test('what has an unknown option is not deployed; its neighbour is', () => {
  const text =
    'services:\n- {name: a, basePath: /a, onMessage: [respond], fooBar: 1}\n- {name: b, basePath: /b, onMessage: [respond]}'
  const { gateway } = buildGateway({ files: { 'a.yaml': text } })
  expect(gateway.models.map(({ name }) => name)).toEqual(['b'])
})
