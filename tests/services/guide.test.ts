// Every service in the guide runs.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Programs } from '../sdk/programs.ts'
import { findingsOf } from './serve.ts'

const page = readFileSync('docs/guide/services.md', 'utf8')
const blocks = [...page.matchAll(/^```(yaml|ts)\n(.*?)^```/gms)].map(
  ([, kind, text]) => [kind!, text!] as const,
)

test('the guide has services in YAML and TypeScript', () => {
  expect(new Set(blocks.map(([kind]) => kind))).toEqual(new Set(['yaml', 'ts']))
})

test.each(blocks)('%s block %#', (kind, text) => {
  const errors = findingsOf(`a.${kind}`, text).filter(found => / error /.test(found))
  expect(errors).toEqual([])
})

test('the types of what is streamed or bound fit every hook of messages', async () => {
  const streaming = blocks.filter(([, text]) => text.includes('streamed('))
  expect(streaming).toHaveLength(1)
  using programs = new Programs()
  programs.write('streamed.ts', streaming[0]![1])
  programs.write(
    'others.ts',
    `import { bound, service, streamed } from 'myelin'
const chunks = streamed(async (caller, chunks) => {
  for await (const chunk of chunks) await caller.writeMessage(chunk.length)
})
export const one = service({ onTextMessage: chunks, onBinaryMessage: bound('json', (caller, data: { n: number }) => data.n) })
export const two = service({ onMessage: chunks, onPing: (caller, data) => data.subarray(1) })
export const three = service({ onBinaryMessage: (caller, data) => data.subarray(1) })
// @ts-expect-error A function alone takes bytes.
export const four = service({ onBinaryMessage: (caller, data: { n: number }) => data.n })
`,
  )
  const wrong = (await programs.check()).split('\n')
  // Our own sources may have no unused parameters; the programs of others may.
  expect(wrong.filter(line => line !== '' && !line.includes('TS6133'))).toEqual([])
}, 60_000)
