import { chmodSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mock } from '../../src/sdk/mock.ts'
import { mockFindings } from '../support/mocks.ts'

test.each<[what: string, yaml: string, findings: readonly string[]]>([
  [
    'options that there are none of',
    `
- websocket:
    path: /a
    on-mesage: []
    on-message:
      - patern: x
        response: y
- endpont: {}`,
    [
      '4:5 unknown-option: websocket has no option on-mesage. Did you mean on-message?',
      '6:9 unknown-option: on-message has no option patern. Did you mean pattern?',
      '6:9 missing: on-message needs pattern.',
      '8:3 unknown-option: mock file has no option endpont. Did you mean endpoint?',
    ],
  ],
  [
    'templates',
    `
- websocket:
    path: /a
    on-connect: {response: 'hi {{path-parms.x}} {{#if message}}'}
    on-message: [{pattern: a, response: '{{#ech x}}{{/if}}{{fake.nme}}{{message'}]`,
    [
      '4:32 bad-template: There is no path-parms to take a value from: path-params, query-params, json-params, header-params, message, state, now, uuid, random, fake. Did you mean path-params?',
      '4:49 bad-template: {{/if}} is missing.',
      '5:42 bad-template: There is no {{#ech}}. Did you mean each?',
      '5:52 bad-template: This {{/if}} ends nothing that was begun.',
      '5:59 bad-template: There is no fake.nme; there is fake.firstName, fake.lastName, fake.fullName, fake.email, fake.city, fake.company, fake.word, fake.phone, fake.number, fake.boolean, fake.date, fake.uuid.',
      '5:71 bad-template: This {{ has no }}.',
    ],
  ],
  [
    'patterns',
    `
- websocket:
    path: /a
    on-message:
      - {pattern: '(a', response: x}
      - {pattern: '(a', kind: regex, response: x}
      - {pattern: '{a}', kind: json, response: x}
      - {pattern: '{"a": "{{json-params.a|integr}}"}', response: x}
      - {pattern: x}
      - {pattern: x, response: y, responses: [z]}`,
    [
      '5:19 bad-pattern: This is no regular expression: it is compared as text. Say kind: text where that is meant.',
      '6:19 bad-pattern: This is no regular expression: Unterminated group.',
      '7:20 bad-pattern: This pattern is no JSON.',
      '8:27 bad-pattern: integr is no type of a hole: string, int, integer, float, double, number, bool, boolean, uuid, date.',
      '9:9 missing: A pattern needs a response, or something to set.',
      '10:46 bad-combination: There is a response already; responses has them all.',
    ],
  ],
  [
    'answers',
    `
- websocket:
    path: /a
    unmatched: clse
    push: [{every: soon, response: x}, {response: x}]
    on-message:
      - pattern: a
        responses: [{text: a, file: b}, {binary: '*'}, {file: gone.txt}, {close: 1005}, {delay: 1}]`,
    [
      '4:16 bad-value: unmatched is log, close, ignore, or a map with response or close. To answer, write it as a map: unmatched: {response: …}.',
      '5:20 bad-value: every is a time of at most a day, such as 250 (ms), 250ms, 2s or 1m.',
      '5:40 missing: push needs every.',
      '8:21 bad-combination: A response has one of text, raw, json, binary, file and close.',
      '8:50 bad-value: binary is base64, or a map with base64 or hex.',
      '8:63 unreadable-file: gone.txt cannot be read: there is no such file.',
      '8:82 bad-value: A close code is 1000 to 1003, 1007 to 1014, or 3000 to 4999.',
      '8:89 missing: A response has one of text, raw, json, binary, file and close.',
    ],
  ],
  [
    'endpoints',
    `
- endpoint:
    method: FETCH
    path: a/:id|money
    response: {status: 99, external-body: {provider: xlsx, path: a.xlsx, sheet-name: one}}
    webhook: {url: 'http://{{json-params.host}}/'}
- endpoint: {path: '/:id|money'}`,
    [
      '3:13 bad-value: method is one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS.',
      '4:11 bad-value: A path begins with /.',
      '5:24 bad-value: status is a whole number from 200 to 599.',
      '5:54 refused-option: provider xlsx is refused: spreadsheets are not read. Save the sheet as CSV and use provider: csv.',
      '5:74 refused-option: external-body option sheet-name is refused: spreadsheets are not read; save the sheet as CSV and use provider: csv.',
      '6:20 bad-value: url is an http or https address whose host has no holes.',
      '7:22 bad-value: money is no type of a parameter: string, int, integer, float, double, number, bool, boolean, uuid, date.',
    ],
  ],
  [
    'files that hold no mocks',
    'just text',
    ['1:1 bad-value: A mock file is a list of websocket and endpoint.'],
  ],
  [
    'malformed YAML',
    '- a: [',
    ['1:6 malformed-yaml: Flow sequence in block collection must be sufficiently indented and end with a ].'],
  ],
])('reports %s', (_what, yaml, findings) => {
  expect(mockFindings(yaml)).toEqual(findings)
})

test('two mocks of one path are an error, with both places', async () => {
  const mocks = [{ endpoint: { path: '/a/:x' } }, { endpoint: { path: '/a/:y' } }]
  await expect(mock(mocks)).rejects.toThrow('GET /a/:y is there already: this one would never be asked.')
})

test('a folder that cannot be read is a problem as a file is', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mocks-'))
  chmodSync(folder, 0)
  const isRoot = process.getuid?.() === 0
  // Root reads whatever there is. The folder is read before anything is waited for.
  if (isRoot) process.seteuid!(65_534)
  const served = mock(folder)
  if (isRoot) process.seteuid!(0)
  await expect(served).rejects.toThrow(`${folder}: EACCES`)
  rmdirSync(folder)
})
