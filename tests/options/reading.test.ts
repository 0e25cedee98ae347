// Each option of mock files and collections that is honoured is one that somebody reads, where it is said to stand.

import { afterEach, expect, test, vi } from 'vitest'
import { ItemReader } from '../../src/collections/item-reader.ts'
import { readCollection } from '../../src/collections/read-collection.ts'
import { Diagnostics, format } from '../../src/language/diagnostic.ts'
import { optionEntries } from '../../src/language/options/index.ts'
import { Source } from '../../src/language/source.ts'
import { readYaml, type YamlMap, type YamlNode } from '../../src/language/yaml.ts'
import { MockFields } from '../../src/mocks/mock-reading.ts'
import { readMocks } from '../../src/mocks/read-mocks.ts'
import { TestFolder } from '../support/certificates.ts'

const MOCKS = `
- listen: {port: 0, host: localhost}
- websocket:
    path: /a/:b
    host: a.example
    query: {c: int}
    strict: false
    match: all
    subprotocols: [x]
    auth: {username: u, password: p}
    rate-limit: {window-ms: 1000, max-requests: 5, key-fn: remote-addr}
    latency: {min-ms: 1, max-ms: 2, failure-rate: 0, timeout-rate: 0, timeout-ms: 5}
    state: {n: 0}
    on-connect:
      responses: [{text: a, delay: 1}, {raw: b}, {json: {a: 1}}, {binary: {base64: AQ==}}, {file: f.json}]
      in-turn: true
      set: {n: 1}
    on-message:
      - pattern: a
        response: b
        kind: text
        match: exact
        after: 1
        set: {n: 2}
        when: {n: 1}
      - {pattern: b, responses: [{binary: {hex: "01"}}, {close: {code: 4000, reason: x}}], in-turn: true}
    push:
      - {every: 1s, after: 1, times: 2, response: a, when: {n: 1}}
      - {every: 1s, responses: [a], in-turn: true}
    unmatched: {response: a, close: {code: 1008}}
- websocket:
    path: /e
    on-connect: {response: a}
    unmatched: {responses: [a]}
- endpoint:
    path: /c
    host: a.example
    query: {c: int}
    method: POST
    strict: true
    auth: {bearer: t}
    rate-limit: {max-requests: 5}
    latency: {min-ms: 1}
    webhook: {url: "http://localhost/h", method: POST, headers: {a: b}, body: x, if: "a = a", sleep-time: 1}
    response: {status: 201, headers: {a: b}, body: x, webhook: {url: "http://localhost/h"}}
- endpoint: {path: /d, response: {external-body: {provider: json, path: f.json}}}
`

/** Which place of the registry a map has, by the key it stands behind. */
const MOCK_PLACES: Readonly<Record<string, string>> = {
  'on-message': 'pattern',
  response: 'response',
  responses: 'response',
}
const FREE: ReadonlySet<string> = new Set(['set', 'when', 'state', 'query', 'headers', 'json', 'body'])

const COLLECTION = `
collection: A
id: 0a0a0a0a-0000-4000-8000-000000000000
createdAt: 2026-01-01T00:00:00.0000000+00:00
headers: [{name: a, value: b, enabled: true, pororoca: {}, pororocaWithout: []}]
auth:
  basic: {username: a, password: b}
  pororoca: {}
  pororocaWithout: []
pororoca: {}
pororocaWithout: []
variables: [{name: v, value: w, enabled: true, secret: false, pororoca: {}, pororocaWithout: []}, {name: e, environment: HOME}]
environments:
  - name: Local
    current: true
    insecure: true
    id: 0a0a0a0a-0000-4000-8000-000000000001
    createdAt: 2026-01-01T00:00:00.0000000+00:00
    variables: []
    pororoca: {}
    pororocaWithout: []
folders:
  - name: F
    folders: [{name: G}]
    pororoca: {}
    pororocaWithout: []
    connections:
      - {name: B, url: "ws://localhost", auth: {windows: {currentUser: false, login: a, password: b, domain: c}}}
      - {name: C, url: "ws://localhost", auth: {clientCertificate: {pem: a.pem, keyFile: b.pem, password: c, pororoca: {}, pororocaWithout: []}}}
      - {name: D, url: "ws://localhost", auth: {clientCertificate: {pkcs12: a.p12}}}
connections:
  - name: E
    url: ws://localhost
    headers: [{name: a, value: b}]
    auth: {bearer: t}
    subprotocols: [{name: a, enabled: false}]
    httpVersion: 1.1
    reconnect: {maxCount: 1, interval: 1, backOffFactor: 2, maxWaitInterval: 5, retryOn: [loss]}
    compression:
      clientMaxWindowBits: 10
      serverMaxWindowBits: 10
      clientContextTakeover: true
      serverContextTakeover: true
      thresholdBytes: 5
      pororoca: {}
      pororocaWithout: []
    secureSocket: {cert: a.pem}
    capture: {a: {jsonPath: $.a}}
    expect: [{type: text, within: 1}]
    pororoca: {}
    pororocaWithout: []
    messages:
      - {name: a, type: text, content: b, syntax: json, compress: false, pororoca: {}, pororocaWithout: []}
      - {name: b, type: binary, file: a.bin}
      - {name: d, type: binary, content: AQ==, encoding: base64}
      - {name: c, type: close, code: 4000, reason: x}
      - name: e
        content: x
        capture: {a: {matches: "(a)"}, b: {jsonPath: $.a}}
        expect:
          - {type: text, equals: a, within: 1, skipOthers: true}
          - {contains: a}
          - {matches: a}
          - {json: {a: 1}}
          - {jsonPath: {$.a: 1}}
          - {type: binary, equalsFile: a.bin}
          - {close: 1000, reason: a}
`

const COLLECTION_PLACES: Readonly<Record<string, string>> = {
  '': 'collection',
  folders: 'collection folder',
  connections: 'collection connection',
  variables: 'collection variable',
  environments: 'collection environment',
  headers: 'collection param',
  subprotocols: 'collection param',
  auth: 'collection auth',
  basic: 'collection basic auth',
  clientCertificate: 'collection client certificate',
  windows: 'collection windows auth',
  compression: 'collection compression',
  messages: 'collection message',
  expect: 'collection expectation',
  secureSocket: 'collection secureSocket',
  reconnect: 'collection reconnect',
}

/** Every key of a file that has a place in the registry, with the value behind it. */
function* keysOf(
  node: YamlNode,
  place: string | undefined,
  placeOf: (key: string, place: string | undefined) => string | undefined,
): Generator<readonly [where: string, key: string, value: YamlNode]> {
  if (node.kind === 'list') for (const item of node.items) yield* keysOf(item, place, placeOf)
  if (node.kind !== 'map') return
  for (const { key, value } of (node as YamlMap).entries) {
    if (place !== undefined) yield [place, key, value]
    yield* keysOf(value, placeOf(key, place), placeOf)
  }
}

afterEach(() => vi.restoreAllMocks())

const honoured = (at: RegExp): string[] =>
  [
    ...new Set(
      optionEntries
        .filter(({ where, status }) => status === 'honoured' && at.test(where))
        .map(({ where, option }) => `${where}: ${option}`),
    ),
  ].sort()

test('of mock files', () => {
  using folder = new TestFolder()
  folder.write('f.json', '{}')
  const source = new Source(`${folder.path}/mocks.yml`, MOCKS)
  const diagnostics = new Diagnostics()
  const read = vi.spyOn(MockFields.prototype, 'get')
  readMocks(source, diagnostics)
  expect(diagnostics.all().map(format)).toEqual([])
  const asked = new Set(
    read.mock.results.flatMap(({ value }) => (value ? [(value as YamlNode).span.start] : [])),
  )
  let isHttp = false
  const seen: string[] = []
  for (const [where, key, value] of keysOf(readYaml(source, diagnostics)!, 'mock item', (key, place) => {
    if (place === 'mock item') isHttp = key === 'endpoint'
    if (place === undefined || FREE.has(key)) return undefined
    const own = MOCK_PLACES[key] ?? key
    return `mock ${own === 'response' && isHttp ? 'http response' : own}`
  }))
    if (asked.has(value.span.start)) seen.push(`${where}: ${key}`)
  const others =
    /^mock (?:(?:template|pattern hole|path|command|server|file|library|environment):|.*: strict$)/
  expect([...new Set(seen)].sort()).toEqual(honoured(/^mock /).filter(each => !others.test(each)))
})

test('of collections', () => {
  const source = new Source('a.yaml', COLLECTION)
  const diagnostics = new Diagnostics()
  const read = vi.spyOn(ItemReader.prototype, 'entry')
  readCollection(source, diagnostics)
  expect(diagnostics.all().map(format)).toEqual([])
  const asked = new Set(
    read.mock.results.flatMap(({ value }) =>
      value ? [(value as { value: YamlNode }).value.span.start] : [],
    ),
  )
  const seen: string[] = []
  const free = new Set(['pororoca', 'json', 'jsonPath'])
  for (const [where, key, value] of keysOf(readYaml(source, diagnostics)!, 'collection', (key, place) => {
    if (place === undefined || free.has(key)) return undefined
    if (key === 'capture') return 'captures'
    return place === 'captures' ? 'collection capture' : COLLECTION_PLACES[key]
  }))
    if (asked.has(value.span.start)) seen.push(`${where}: ${key}`)
  const others = new Set([...READ_OTHERWISE.map(([option]) => option), ...VALUES])
  const all = honoured(/^collection(?!.*(?:import|export))/)
  expect([...new Set(seen)].sort()).toEqual(all.filter(each => !others.has(each)))
})

/** What stands as a value, and how messages may be. */
const VALUES: ReadonlySet<string> = new Set([
  'collection auth: inherit',
  'collection auth: none',
  'collection message: binary messages',
])

/** What is read in another way: an example that is wrong, and what is said of it. */
const READ_OTHERWISE: readonly (readonly [option: string, connection: string, said: string])[] = [
  ['collection param: name', 'headers: [{name: [], value: b}]', 'name'],
  ['collection variable: name', '', 'variable'],
  ...['maxCount', 'interval', 'backOffFactor', 'maxWaitInterval', 'retryOn'].map(
    name => [`collection reconnect: ${name}`, `reconnect: {${name}: [x]}`, name] as const,
  ),
]

test.each(READ_OTHERWISE)('of collections: %s', (_option, connection, said) => {
  const variables = connection === '' ? 'variables: [{name: [], value: x}]\n' : ''
  const text = `collection: A\n${variables}connections:\n  - {name: A, url: "ws://localhost", ${connection}}\n`
  const diagnostics = new Diagnostics()
  readCollection(new Source('a.yaml', text), diagnostics)
  expect(diagnostics.all().map(format).join('\n')).toContain(said)
})
