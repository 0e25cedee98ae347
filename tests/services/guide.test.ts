// Every service in the guide runs.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
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
