// The programs in docs/guide/sdk.md: all are what the compiler takes, and those with an output print it.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { clientOptions } from '../../src/language/options/options-sdk.ts'
import * as errors from '../../src/services/web-socket-error.ts'
import { startUpper } from '../support/backends.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { Programs } from './programs.ts'

const guide = readFileSync(resolve(import.meta.dirname, '../../docs/guide/sdk.md'), 'utf8')
const client = guide.split(/^## /m).find(part => part.startsWith('A client'))!
const programs = [...client.matchAll(/^```ts\n(.*?)^```\n(?:\n```text\n(.*?)^```)?/gms)].map(
  ([, text = '', output], i) => ({ name: `program-${i + 1}.ts`, text, output }),
)

test('all programs are what the compiler takes, and what it does not take is found', async () => {
  using folder = new Programs()
  for (const { name, text } of programs) folder.write(name, text)
  folder.write('wrong.ts', programs[0]!.text.replace('writeMessage', 'writeMessages'))
  expect(await folder.check()).toMatch(/^wrong\.ts.* Property 'writeMessages' does not exist.*\n$/)
})

test.each(programs.filter(({ output }) => output !== undefined))('$name prints what is said', async each => {
  await using server = await startUpper()
  await using refusing = await HttpBackend.start(() => ({ status: 404, body: 'not here' }))
  using folder = new Programs()
  const text = each.text
    .replaceAll('ws://localhost:8082/websocket', server.url)
    .replaceAll('ws://localhost:8083/nowhere', refusing.url.replace('http', 'ws'))
  folder.write(each.name, text)
  expect(await folder.run(each.name)).toBe(each.output)
})

test('it has every option of a client', () => {
  const places = ['connect', 'retryConfig', 'secureSocket', 'auth', 'auth.jwt', 'auth.oauth2']
  const names = clientOptions
    .filter(({ where, status }) => places.includes(where) && status !== 'refused')
    .map(({ option }) => option)
  expect(names.filter(name => !client.includes(`\`${name}\``))).toEqual([])
})

test('it has every error with its code', () => {
  const rows = Object.entries(errors).map(([name, kind]) => {
    const { code } = new kind('text')
    return name === 'WebSocketError' ? `\`${name}\`` : `| \`${name}\` | \`${code}\` |`
  })
  expect(rows.filter(row => !client.includes(row))).toEqual([])
})

test('there are programs with and without an output', () => {
  expect(programs.filter(({ output }) => output !== undefined).length).toBeGreaterThan(6)
  expect(programs.length).toBeGreaterThan(7)
})
