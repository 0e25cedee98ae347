import { expect, test } from 'vitest'
import type { Collection } from '../../src/collections/collection.ts'
import { collectionText } from '../../src/collections/collection-text.ts'
import { exportPororoca } from '../../src/collections/pororoca-export.ts'
import { readCollection } from '../../src/collections/read-collection.ts'
import { withoutSecrets } from '../../src/collections/secrets.ts'
import { Diagnostics, format } from '../../src/language/diagnostic.ts'
import { Source } from '../../src/language/source.ts'
import { pororocaFile } from './pororoca-file.ts'

/** Reads a file that is right. */
function read(text: string): Collection {
  const diagnostics = new Diagnostics()
  const collection = readCollection(new Source('file', text), diagnostics)
  expect(
    diagnostics
      .all()
      .filter(({ severity }) => severity === 'error')
      .map(format),
  ).toEqual([])
  return collection!
}

/** Imports a file, writes it as a collection, reads that, and exports it. */
function roundTrip(file: unknown): unknown {
  const written = collectionText(read(JSON.stringify(file)))
  return exportPororoca(read(written)).content
}

test('a file is equal after it was imported, written as YAML, read and exported', () => {
  expect(roundTrip(pororocaFile)).toStrictEqual(pororocaFile)
})

test('a file is equal after it was imported and exported at once', () => {
  expect(exportPororoca(read(JSON.stringify(pororocaFile, null, 2))).content).toStrictEqual(pororocaFile)
})

test.for<[string, object]>([
  ['nothing but its name', { schema: 'Pororoca/1', name: 'Bare' }],
  ['what is empty', { ...pororocaFile, variables: [], environments: [], folders: [], requests: [] }],
  ['ids of older versions', { ...pororocaFile, requests: [{ requestType: 'http', id: 'x', name: 'y' }] }],
])('a file with %s is equal too', ([, file]) => {
  expect(roundTrip(file)).toStrictEqual(file)
})

test('what was changed after the import is exported', () => {
  const collection = read(collectionText(read(JSON.stringify(pororocaFile))))
  const [two, inherits, ...others] = collection.items
  if (inherits?.kind !== 'connection') throw new Error('there is no such connection')
  const changed = { ...inherits, headers: [{ name: 'X-New', value: '1', isEnabled: true }] }

  const { requests } = exportPororoca({ ...collection, items: [two!, changed, ...others] }).content

  expect((requests as unknown[])[1]).toMatchObject({ headers: [{ enabled: true, key: 'X-New', value: '1' }] })
})

test('secrets are left out: secret variables, and what is written where a template could stand', () => {
  const collection = read(`
collection: Secret
variables:
  open: shown
  token: { value: abc, secret: true }
auth: { bearer: written-out }
connections:
  - { name: a, url: 'ws://h', auth: { basic: { username: me, password: '{{ token }}' } } }
  - { name: b, url: 'ws://h', auth: { clientCertificate: { pkcs12: c.p12, password: pass } } }
`)

  const { collection: censored, left } = withoutSecrets(collection)
  const text = JSON.stringify(exportPororoca(censored).content)

  expect(left).toBe(3)
  expect(text).not.toMatch(/abc|written-out|"pass"/)
  expect(text).toMatch(/shown.*\{\{ token \}\}/)
})

test('what such a file cannot say is told', () => {
  const { notes, content } = exportPororoca(
    read(`
collection: More
connections:
  - name: a
    url: ws://h
    messages:
      - { name: p, type: ping }
      - { name: c, type: close, code: 4000 }
      - { name: h, type: binary, content: ff00, encoding: hex, expect: { contains: x } }
`),
  )

  expect(notes).toEqual([
    'message p of a is left out: a Pororoca file has no pings',
    'message c of a: code 4000 becomes 1000',
    'message h of a: its content is text there, not hex',
    'message h of a: what is expected and captured is left out',
  ])
  expect((content.requests as { clientMessages: unknown[] }[])[0]!.clientMessages).toHaveLength(2)
})

test.for([
  ['{"schema": "Pororoca/1", "requests": [1]}', 'an entry of requests is no object'],
  ['{"schema": "Pororoca/1", "requests": {}}', 'requests is no list'],
  [
    '{"schema": "Pororoca/1", "requests": [{"requestType": "websocket", "customAuth": {"mode": "x"}}]}',
    'an authentication has the mode "x"',
  ],
  [
    '{"schema": "Pororoca/1", "requests": [{"requestType": "websocket", "clientMessages": [{"messageType": 3}]}]}',
    'a message is of the type 3',
  ],
])('%s cannot be imported', ([text, what]) => {
  const diagnostics = new Diagnostics()
  readCollection(new Source('file', text!), diagnostics)
  expect(diagnostics.all().map(({ message }) => message)).toEqual([`file cannot be imported: ${what}.`])
})
