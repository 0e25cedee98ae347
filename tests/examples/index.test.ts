// What a newcomer finds: an index with everything in it, and commands at the top of each example that name what is there.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const examples = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
  .filter(file => /\.(?:ts|ya?ml|xml|html)$/.test(file))
  .sort()
const runnable = examples.filter(file => !file.endsWith('.html'))
const read = (file: string): string => readFileSync(join(root, 'examples', file), 'utf8')

/** The comment that a file begins with. */
function introduction(file: string): string {
  return /^(?:<!--[\s\S]*?-->|(?:(?:\/\/|#).*\n)+)/.exec(read(file))?.[0] ?? ''
}

test('the index has all of them, and its links lead somewhere', () => {
  const links = [...read('README.md').matchAll(/\]\(([^)]+)\)/g)].map(match => match[1]!)
  expect(links.filter(link => !existsSync(join(root, 'examples', link)))).toEqual([])
  expect(examples.filter(file => !links.includes(file))).toEqual([])
})

test('an application has 60 lines at most', () => {
  const long = examples
    .filter(file => file.startsWith('applications/'))
    .filter(file => read(file).trimEnd().split('\n').length > 60)
  expect(long).toEqual([])
})

describe('each says how it is run', () => {
  test.each(runnable)('%s', file => {
    const text = introduction(file)
    expect(text).toContain(`examples/${file}`)
    expect(text).toMatch(/(?:bin\/myelin|node --conditions=myelin-source) /)
    const named = [...text.matchAll(/examples\/[\w./-]+/g)].map(match => match[0])
    const missing = named.filter(path => !/\.(?:key|crt)$/.test(path) && !existsSync(join(root, path)))
    expect(missing).toEqual([])
  })
})

test('each service has a twin in YAML, or the index says why it has none', () => {
  const alone = runnable
    .filter(file => file.endsWith('.ts') && !examples.includes(file.replace(/ts$/, 'yaml')))
    .filter(file => !new RegExp(`\\(${file}\\) \\| none: `).test(read('README.md')))
  expect(alone).toEqual([])
})
