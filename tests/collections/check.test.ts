import { expect, test } from 'vitest'
import { checkCollection } from '../../src/collections/check-collection.ts'
import { Diagnostics, format } from '../../src/language/diagnostic.ts'
import { Source } from '../../src/language/source.ts'
import { readYaml } from '../../src/language/yaml.ts'
import { TestFolder } from '../support/certificates.ts'

/** What `validate` says about a collection: severity, code and message of each finding. */
function findings(text: string, path = 'orders.yaml'): string[] {
  const diagnostics = new Diagnostics()
  const source = new Source(path, text)
  checkCollection(readYaml(source, diagnostics)!, source, diagnostics)
  return diagnostics.all().map(({ severity, code, message }) => `${severity} ${code}: ${message}`)
}

const connection = (options: string): string => `
collection: Orders
connections:
  - name: A
${options.replace(/^/gm, '    ')}
`

test.for<[string, string]>([
  ['url: ws://localhost', ''],
  ['url: "{{ $guid }}"', 'error bad-value: connection A: '],
  ['url: ""', 'error missing: connection A: the URL is blank.'],
  ['url: localhost:80', 'error bad-value: connection A: localhost:80 is no ws:// or wss:// address.'],
  ['url: "not one"', 'error bad-value: connection A: not one is no URL.'],
  ['auth: none', 'error missing: connection needs option url.'],
  [
    'url: ws://h\nhttpVersion: 2',
    'error not-supported: connection A: a WebSocket over HTTP/2 is not supported.',
  ],
  ['url: ws://h\nhttpVersion: 1.1', ''],
  [
    'url: wss://h\nsecureSocket: { cert: none.crt }',
    'error missing-file: connection A: there is no file none.crt for secureSocket.',
  ],
  ['url: wss://h\nsecureSocket: {}', 'error missing: secureSocket needs option cert.'],
  ['url: wss://h\nsecureSocket: none.crt', 'error bad-value: connection option secureSocket takes a map.'],
  [
    'url: ws://h\ncompression: { serverMaxWindowBits: 16 }',
    'error bad-value: compression option serverMaxWindowBits takes a whole number from 9 to 15.',
  ],
  [
    'url: ws://h\ncompression: { clientMaxWindowBits: 8 }',
    'error bad-value: compression option clientMaxWindowBits takes a whole number from 9 to 15.',
  ],
  [
    'url: ws://h\nauth: { basic: { username: "", password: x } }',
    'error missing: connection A: the user name of basic is blank.',
  ],
  [
    'url: ws://h\nauth: { basic: { username: u } }',
    'error missing: connection A: the password of basic is blank.',
  ],
  ['url: ws://h\nauth: { bearer: "" }', 'error missing: connection A: the token of bearer is blank.'],
  [
    'url: ws://h\nauth: { clientCertificate: { pem: "" } }',
    'error missing: connection A: the PEM file of clientCertificate is blank.',
  ],
  [
    'url: ws://h\nauth: { clientCertificate: { pkcs12: no.p12 } }',
    'error missing-file: connection A: there is no file no.p12 for clientCertificate.',
  ],
  [
    'url: ws://h\nauth: { windows: { currentUser: true } }',
    'error not-supported: connection A: Windows authentication (NTLM, Kerberos) is not supported.',
  ],
  [
    'url: ws://h\nauth: windows',
    'error not-supported: connection A: Windows authentication (NTLM, Kerberos) is not supported.',
  ],
  [
    'url: ws://h\nauth: { bearer: "{{ who }}" }',
    'warning unknown-variable: Nothing gives variable who of the token of bearer of connection A a value; without it the connection is not opened.',
  ],
  [
    'url: ws://h\nauth: { basic: { username: u, password: "{{ who }}" } }',
    'warning unknown-variable: Nothing gives variable who of the password of basic of connection A a value; without it',
  ],
  [
    'url: ws://h\nauth: { clientCertificate: { pem: "{{ who }}" } }',
    'warning unknown-variable: Nothing gives variable who of the file of clientCertificate of connection A a value; without it',
  ],
  ['url: ws://h\nauth: { bearer: "{{ who }}" }\nheaders: { Authorization: Key 1 }', ''],
  [
    'url: ws://h\nheaders: { X-Who: "{{ who }}" }',
    'warning unknown-variable: Nothing gives variable who of header X-Who of connection A a value; it is sent as it is written.',
  ],
  ['url: ws://h\nheaders: [{ name: X-Who, value: "{{ who }}", enabled: false }]', ''],
  [
    'url: ws://h\nheaders: { X-Api-Key: "{{ who }}" }',
    'warning unknown-variable: Nothing gives variable who of header X-Api-Key of connection A a value; without it the connection is not opened.',
  ],
  [
    'url: ws://h\nsubprotocols: ["{{ who }}"]',
    'warning unknown-variable: Nothing gives variable who of a subprotocol of connection A a value; it is sent as it is written.',
  ],
  [
    'url: wss://h\nsecureSocket: { cert: "{{ who }}" }',
    'warning unknown-variable: Nothing gives variable who of secureSocket of connection A a value; it is taken as it is written.',
  ],
  [
    'url: ws://h\nexpect: { json: { list: ["{{ who }}"] } }',
    'warning unknown-variable: Nothing gives variable who of what connection A expects a value; it is compared as it is written.',
  ],
  [
    'url: ws://h\nmessages: [{ name: m, expect: { equals: "{{ who }}" } }]',
    'warning unknown-variable: Nothing gives variable who of what message m expects a value; it is compared as it is written.',
  ],
  [
    'url: ws://h\nsubprotocols: ["a b"]',
    'warning bad-value: connection A: "a b" is no subprotocol; servers may refuse it.',
  ],
  [`url: ws://h\nsubprotocols: [chat.v2, "synapse(contentType='a/b')"]`, ''],
  ['url: ws://h\ncapture: { x: "nopath" }', 'warning bad-value: nopath is no JSONPath: one begins with $.'],
  ['url: ws://h\nmessages: [{ name: " " }]', 'error missing: message has a blank name.'],
  [
    'url: ws://h\nauth: digest',
    'error bad-value: connection option auth takes inherit, none, or a map with basic, bearer or clientCertificate.',
  ],
  ['url: ws://h\nmessges: []', 'error unknown-option: connection has no option messges.'],
  [
    'url: ws://h\nmessages: [{ name: m, file: no.txt }]',
    'error missing-file: message m: there is no file no.txt.',
  ],
  [
    'url: ws://h\nmessages: [{ name: m, content: "{{ who }}" }]',
    'warning unknown-variable: Nothing gives variable who of message m a value; it is sent as it is written.',
  ],
  [
    'url: ws://h\nmessages: [{ name: m, content: x, capture: { who: $.who } }, { name: n, content: "{{ who }}" }]',
    '',
  ],
  [
    'url: ws://h\nmessages: [{ name: m, type: close, code: 1006 }]',
    'error bad-value: 1006 is no code that may be sent in a close frame.',
  ],
  [
    `url: ws://h\nmessages: [{ name: m, type: close, reason: ${'x'.repeat(124)} }]`,
    'error bad-value: A close has no more than 123 bytes.',
  ],
  [
    'url: ws://h\nmessages: [{ name: m, type: text, code: 1000 }]',
    'error bad-combination: message m is no close: option code is of those.',
  ],
  [
    'url: ws://h\nmessages: [{ name: m, content: a, file: package.json }]',
    'error bad-combination: message m has both content and file.',
  ],
  [
    'url: ws://h\nmessages: [{ name: m, type: txt }]',
    'error bad-value: message m option type takes text, binary, close or ping.',
  ],
  [
    'url: ws://h\nmessages: [{ name: m }, { name: m }]',
    'warning duplicate-name: There is a message m already; that one is meant.',
  ],
  ['url: ws://h\nexpect: { matches: "(" }', 'error bad-value: This is no regular expression: '],
  ['url: ws://h\nexpect: { jsonPath: { "$[": 1 } }', 'error bad-value: This is no JSONPath: '],
  [
    'url: ws://h\nexpect: { close: 1000, equals: x }',
    'error bad-combination: A close has a code and a reason: equals is of messages.',
  ],
])('%s', ([options, expected]) => {
  const found = findings(connection(options!))
  if (expected === '') expect(found).toEqual([])
  else expect(found).toEqual([expect.stringContaining(expected!)])
})

test('a finding of some environments names them', () => {
  const text = `
collection: Orders
environments:
  One: { host: localhost }
  Two: {}
connections:
  - { name: A, url: 'ws://{{ host }}/' }
`
  expect(findings(text)).toEqual([
    'warning unknown-variable: Nothing gives variable host of the URL of A a value; it is sent as it is written. (in Two)',
  ])
})

test('a connection with a blank name has no name in other findings', () => {
  expect(findings('collection: Orders\nconnections: [{ name: "", url: "" }]')).toEqual([
    'error missing: connection has a blank name.',
    'error missing: this connection: the URL is blank.',
  ])
})

test.for(['windows', 'digest', '{ basic: wrong }'])(
  'auth %s is one finding beside a wrong one of the collection',
  auth => {
    const shared = 'auth: { basic: { username: "", password: x } }'
    expect(findings(`${connection(`url: ws://h\nauth: ${auth}`)}${shared}\n`)).toEqual([
      expect.stringMatching(/Windows authentication|takes/),
    ])
  },
)

test('a variable that an earlier connection captures is known in auth, and one of its own is not', () => {
  const messages = 'messages: [{ name: m, content: x, capture: { token: $.t } }]'
  const asking = "auth: { bearer: '{{ token }}' }"
  const both = (first: string, second: string): string[] =>
    findings(`
collection: Orders
connections:
  - { name: A, url: ws://h, ${first} }
  - { name: B, url: 'ws://h/{{ token }}', ${second} }
`)
  expect(both(messages, asking)).toEqual([])
  expect(both(asking, messages)).toEqual([
    expect.stringContaining('Nothing gives variable token of the token of bearer of connection A a value'),
    expect.stringContaining('Nothing gives variable token of the URL of B a value'),
  ])
})

test('a credential that the environment of the process lacks is found where it stands', () => {
  const diagnostics = new Diagnostics()
  const source = new Source(
    'orders.yaml',
    `collection: Orders
variables: { token: { environment: NOT_THERE_TOKEN, secret: true } }
connections:
  - name: A
    url: ws://h
    auth: { bearer: "{{ token }}" }
`,
  )
  checkCollection(readYaml(source, diagnostics)!, source, diagnostics)
  expect(diagnostics.all().map(format)).toEqual([
    expect.stringMatching(
      /^orders\.yaml:6:11 warning [\s\S]*Set NOT_THERE_TOKEN in the environment of the process/,
    ),
  ])
})

test('paths of files begin at the folder of the collection', () => {
  using folder = new TestFolder()
  folder.write('there.bin', 'x')
  const text = connection('url: ws://h\nmessages: [{ name: m, type: binary, file: there.bin }]')
  expect(findings(text, `${folder.path}/orders.yaml`)).toEqual([])
})

test('a finding has its place, and a hint', () => {
  const diagnostics = new Diagnostics()
  const source = new Source(
    'orders.yaml',
    'collection: Orders\nconnections:\n  - name: A\n    ulr: ws://h\n    url: ws://h\n',
  )
  checkCollection(readYaml(source, diagnostics)!, source, diagnostics)
  expect(diagnostics.all().map(format)).toEqual([
    [
      'orders.yaml:4:5 error unknown-option',
      '  connection has no option ulr.',
      '  4 |     ulr: ws://h',
      '    |     ^^^',
      '  Did you mean url?',
    ].join('\n'),
  ])
})
