// What is wrong with a service is found before it runs, with file, line and caret in every notation.

import { describe, expect, test } from 'vitest'
import { findingsOf } from './serve.ts'

const only = (name: string, text: string): string => {
  const found = findingsOf(name, text)
  expect(found).toHaveLength(1)
  return found[0]!.replaceAll(/\/tmp\/[^/\s]+\//g, '')
}

describe('onMessage beside onTextMessage', () => {
  test.each([
    [
      'a.xml',
      '<service xmlns="urn:myelin" name="a">\n  <onMessage><respond/></onMessage>\n  <onTextMessage><respond/></onTextMessage>\n</service>',
      'a.xml:3:3',
      'a.xml:2:3',
    ],
    ['a.yaml', 'name: a\nonMessage: [respond]\nonTextMessage: [respond]\n', 'a.yaml:3:1', 'a.yaml:2:1'],
    [
      'a.ts',
      "export default {\n  name: 'a',\n  onMessage: () => 1,\n  onTextMessage: () => 2,\n}\n",
      'a.ts:4:3',
      'a.ts:3:3',
    ],
  ])('%s names both places', (name, text, second, first) => {
    const found = only(name, text)
    expect(found).toContain(`${second} error mixed-hooks`)
    expect(found).toContain(`onMessage is at ${first}`)
    expect(found).toContain('^')
  })
})

test.each([
  ['unknown hooks', 'onMesage: [respond]', /1:1 error unknown-hook[\s\S]*Did you mean onMessage\?/],
  [
    'the error hook of no route',
    'dispatcherKey: e\nonFooError: [respond]\nonMessage: [respond]',
    /2:1 error unknown-hook/,
  ],
  [
    'routes without a key',
    'routes: {a: [respond]}',
    /1:10 error bad-combination[\s\S]*needs a dispatcherKey/,
  ],
  [
    'a stream id without a key',
    'dispatcherStreamId: id\nonMessage: [respond]',
    /dispatcherStreamId needs a dispatcherKey/,
  ],
  [
    'options it lacks',
    'onMessage: [respond]\nidleTimeot: 3',
    /2:1 error unknown-attribute[\s\S]*Did you mean idleTimeout\?/,
  ],
  ['options that are refused', 'onMessage: [respond]\nauth: x', /2:1 error not-supported[\s\S]*onUpgrade/],
  [
    'refused options of listeners',
    'onMessage: [respond]\nlisten: {port: 1, secureSocket: {certValidation: {}}}',
    /not-supported[\s\S]*revoked/,
  ],
  ['wrong values', 'onMessage: [respond]\nidleTimeout: soon', /2:14 error bad-value[\s\S]*a number/],
  [
    'wrong paths',
    'upgradePath: /[a:what]\nonMessage: [respond]',
    /upgradePath is "\/\[a:what\]": what is no type/,
  ],
  [
    'mediators that are none',
    'onMessage:\n  - respnd: {}',
    /2:5 error unknown-mediator[\s\S]*Did you mean respond\?/,
  ],
  [
    'attributes that a mediator lacks',
    'onMessage:\n  - log: {levl: full}',
    /2:11 error unknown-attribute[\s\S]*Did you mean level\?/,
  ],
  ['a negative closure timeout', 'onMessage: [respond]\nconnectionClosureTimeout: -2', /bad-value/],
  ['YAML that is none', 'onMessage: [respond', /malformed-yaml/],
  ['a file that is no service', 'a: 1', /unknown-artifact/],
])('YAML: %s', (_what, text, expected) => {
  expect(findingsOf('a.yaml', text).join('\n')).toMatch(expected)
})

test('duplicate routes name both places', () => {
  const found = only(
    'a.xml',
    '<service xmlns="urn:myelin" name="a" dispatcherKey="e">\n<route key="x"><drop/></route>\n<route key="x"><respond/></route></service>',
  )
  expect(found).toMatch(/a\.xml:3:13 error duplicate-route[\s\S]*The first is at a\.xml:2:13/)
})

test.each([
  ['that cannot be loaded', 'export default {', /error bad-module/],
  ['without a default export', 'export const a = 1', /bad-module[\s\S]*no default export/],
  ['that exports no service', 'export default 5', /bad-module[\s\S]*no service/],
  [
    'with an option of the wrong kind',
    "export default { name: 'a', onMessage: () => 1,\n  idleTimeout: 'soon' }",
    /a\.ts:2:3 error bad-value/,
  ],
])('modules %s', (_what, text, expected) => {
  expect(findingsOf('a.ts', text).join('\n')).toMatch(expected)
})
