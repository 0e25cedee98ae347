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
    /1:10 error route-without-key[\s\S]*needs a dispatcherKey/,
  ],
  [
    'a stream id without a key',
    'dispatcherStreamId: id\nonMessage: [respond]',
    /1:1 error stream-id-without-key[\s\S]*dispatcherStreamId needs a dispatcherKey/,
  ],
  [
    'options it lacks',
    'onMessage: [respond]\nidleTimeot: 3',
    /2:1 error unknown-option[\s\S]*Did you mean idleTimeout\?/,
  ],
  [
    'options that are refused',
    'onMessage: [respond]\nauth: {ldap: {}}',
    /2:8 error not-supported[\s\S]*fileUserStoreConfig/,
  ],
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

test.each([
  [
    'a.xml',
    '<service xmlns="urn:myelin" name="a" idleTimout="3"><query name="a" type="integer"/><onMesage><respond/></onMesage><onMessage><respnd/></onMessage><onTextMessage><respond/></onTextMessage></service>',
  ],
  [
    'a.yaml',
    'idleTimout: 3\nquery: {a: integer}\nonMesage: [respond]\nonMessage: [respnd]\nonTextMessage: [respond]\n',
  ],
  [
    'a.ts',
    "export default { idleTimout: 3, query: { a: 'integer' }, onMesage() {}, onMessage: ['respnd'], onTextMessage() {} }",
  ],
])('%s: all that is wrong is said at once', (name, text) => {
  const found = findingsOf(name, text).map(each => / error ([\w-]+)/.exec(each)?.[1])
  expect(found.toSorted()).toEqual(
    expect.arrayContaining(['bad-value', 'mixed-hooks', 'unknown-hook', 'unknown-option']),
  )
  expect(new Set(found).size).toBe(found.length)
})

const TWICE = {
  'a.xml':
    '<service xmlns="urn:myelin" name="a">\n  <onUpgrade><drop/></onUpgrade>\n  <onUpgrade><drop/></onUpgrade>\n  <onMessage><respond/></onMessage>\n</service>',
  'a.yaml': 'name: a\nonUpgrade: [drop]\non-upgrade: [drop]\nonMessage: [respond]\n',
  'a.ts': "export default {\n  name: 'a', 'on-upgrade': () => 1,\n\n  onUpgrade() {},\n}\n",
}

test.each([
  ['a.xml', /a\.xml:3:3 error repeated-hook[\s\S]*The first is at a\.xml:2:3/],
  ['a.yaml', /a\.yaml:3:1 error repeated-hook[\s\S]*The first is at a\.yaml:2:1/],
  ['a.ts', /a\.ts:4:3 error repeated-hook[\s\S]*The first is at a\.ts:2:14/],
] as const)('%s: a second onUpgrade names both places', (name, expected) => {
  expect(only(name, TWICE[name])).toMatch(expected)
})

test('YAML: a key that is there twice names both places', () => {
  expect(only('a.yaml', 'onUpgrade: [drop]\nonMessage: [respond]\nonUpgrade: [drop]\n')).toMatch(
    /a\.yaml:3:1 error duplicate-key[\s\S]*The first is here: a\.yaml:1:1/,
  )
})

describe('streams beside other things', () => {
  test.each([
    [
      'a.xml',
      '<service xmlns="urn:myelin" name="a"\n dispatcherKey="event">\n<onMessage stream="true"><respond/></onMessage></service>',
      /a\.xml:3:1 error mixed-stream[\s\S]*dispatcherKey is at a\.xml:2:2/,
    ],
    [
      'a.yaml',
      'dispatcherKey: event\nonMessage: {stream: true, steps: [respond]}',
      /a\.yaml:2:1 error mixed-stream[\s\S]*dispatcherKey is at a\.yaml:1:1/,
    ],
    [
      'a.ts',
      "export default {\n  dispatcherKey: 'event',\n  stream: true,\n  onMessage() {},\n}",
      /a\.ts:4:3 error mixed-stream[\s\S]*dispatcherKey is at a\.ts:2:3/,
    ],
    ['a.yaml', 'onMessage: {stream: true, as: json, steps: [respond]}', /mixed-stream[\s\S]*read as json/],
    ['a.yaml', 'onOpen: {stream: true, steps: [respond]}\nonMessage: [respond]', /1:1 error mixed-stream/],
    [
      'a.yaml',
      'stream: true\nonMessage: [respond]\nparameters: {ws.concurrency.max: 4, ws.concurrency.key: json-eval($.a)}',
      /mixed-stream[\s\S]*ws\.concurrency/,
    ],
    [
      'a.yaml',
      'stream: true\nonMessage: [respond]\nparameters: {ws.limit.messages.per.second: 4}',
      /mixed-stream[\s\S]*limits/,
    ],
    ['a.ts', 'export default { *onUpgrade() {} }', /a\.ts:1:19 error mixed-stream[\s\S]*no stream/],
    [
      'a.ts',
      "export default { onMessage: [async function* () {}, 'respond'] }",
      /mixed-stream[\s\S]*never runs[\s\S]*It is at a\.ts:1:18/,
    ],
  ])('%s %s', (name, text, expected) => {
    expect(only(name, text)).toMatch(expected)
  })
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
