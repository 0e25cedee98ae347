import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { format } from '../../src/language/diagnostic.ts'
import { deployed, type Files } from '../support/mediate.ts'

// One file per case: a configuration, a line of dashes, and the findings word for word. A line `== path` starts a
// file of the configuration, `== path crlf` one with the line ends of Windows.
const FOLDER = join(import.meta.dirname, 'cases')
const cases = readdirSync(FOLDER).filter(name => name.endsWith('.txt'))

function filesOf(configuration: string): Files {
  const [before = '', ...parts] = configuration.split(/^== (\S+)( crlf)?\n/m)
  if (parts.length === 0) return { 'config.xml': before }
  const files: Record<string, string> = {}
  for (let i = 0; i < parts.length; i += 3) {
    const text = parts[i + 2]!
    files[parts[i]!] = parts[i + 1] ? text.replaceAll('\n', '\r\n') : text
  }
  return files
}

test.each(cases)('%s', name => {
  const [configuration, expected, ...more] = readFileSync(join(FOLDER, name), 'utf8').split(/^-{20,}\n/m)
  expect(expected, 'a line of dashes').toBeDefined()
  expect(more).toEqual([])
  const { diagnostics } = deployed(filesOf(configuration!))
  expect(`${diagnostics.all().map(format).join('\n\n')}\n`).toBe(expected === '' ? '\n' : expected)
})
