import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { runMyelin } from '../cli/program.ts'

/** The places named in the case `ten-mistakes.txt`. */
const TEN = [
  'endpoints/Prices.xml:2:19 bad-value',
  'inbound-endpoints/Clients.xml:4:43 bad-value',
  'inbound-endpoints/Clients.xml:5:26 unknown-parameter',
  'inbound-endpoints/Clients.xml:6:51 bad-value',
  'sequences/failed.xml:5:1 malformed-xml',
  'sequences/flow.xml:3:9 unknown-mediator',
  'sequences/flow.xml:4:25 bad-value',
  'sequences/flow.xml:6:24 unknown-attribute',
  'sequences/flow.xml:11:26 bad-value',
  'sequences/flow.xml:13:9 missing',
]

test('ten mistakes in four files are ten findings in one run, each at its place', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'myelin-'))
  try {
    const text = readFileSync(join(import.meta.dirname, 'cases/ten-mistakes.txt'), 'utf8')
    const [, ...parts] = text.split(/^-{20,}\n/m)[0]!.split(/^== (\S+)\n/m)
    for (let i = 0; i < parts.length; i += 2) {
      const path = join(folder, parts[i]!)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, parts[i + 1]!)
    }
    const { code, stdout } = await runMyelin(['validate', folder, '--json'])
    const found = JSON.parse(stdout) as Record<'file' | 'line' | 'column' | 'code' | 'severity', string>[]
    expect(
      found.map(
        ({ file, line, column, code }) => `${file.slice(folder.length + 1)}:${line}:${column} ${code}`,
      ),
    ).toEqual(TEN)
    expect(new Set(found.map(({ severity }) => severity))).toEqual(new Set(['error']))
    expect(code).toBe(1)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
