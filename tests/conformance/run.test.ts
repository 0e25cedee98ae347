import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'cases-'))
afterAll(() => rmSync(folder, { recursive: true }))

const sequence =
  '<sequence xmlns="http://ws.apache.org/ns/synapse" name="empty" trace="disable"></sequence>\n'
mkdirSync(join(folder, 'scenarios', 'cases'), { recursive: true })
mkdirSync(join(folder, 'corpus', 'some'), { recursive: true })
writeFileSync(join(folder, 'corpus', 'some', 'empty.xml'), sequence)
writeFileSync(
  join(folder, 'scenarios', 'cases', 'all.yaml'),
  `cases:
  - { id: good, area: one, confidence: high, config: [{ corpus: some/empty.xml }], steps: [{ wait_ms: 1 }] }
  - { id: bad, area: one, confidence: high, steps: [{ expect_log: { contains: [x], within_ms: 1 } }] }
  - { id: doubtful, area: two, confidence: medium, registry: { "conf:/a/b.txt": text }, steps: [{ wait_ms: 1 }] }
  - { id: outside, area: two, registry: { "gov:/../../b.txt": text } }
`,
)

async function run(...args: string[]): Promise<{ code: number; lines: string[]; errors: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run.ts'), ...args])
  let [output, errors] = ['', '']
  child.stdout.on('data', data => (output += data))
  child.stderr.on('data', data => (errors += data))
  const code = await new Promise<number>(resolve => child.on('close', resolve))
  return {
    code,
    lines: output
      .trimEnd()
      .replace(/, \d+ ms\)/g, ')')
      .split('\n'),
    errors,
  }
}

test('prints a line per case, why it failed, and totals', async () => {
  const { code, lines } = await run(join(folder, 'scenarios'))

  expect(code).toBe(0)
  expect(lines).toEqual([
    'PASS good (one, high)',
    'FAIL bad (one, high)',
    '     step 1 (expect_log): expected x in the log at least 1 times, found it 0 times (within 1 ms)',
    'PASS doubtful (two, medium)',
    'FAIL outside (two, medium)',
    '     before the first step: registry path gov:/../../b.txt leads out of the registry',
    '',
    'one                   1 of    2   50.0 %',
    'two                   1 of    2   50.0 %',
    'all                   2 of    4   50.0 %',
    'confidence high       1 of    2   50.0 %',
  ])
})

test('selects cases, and asks for a share of them', async () => {
  const of = (...args: string[]) => run(join(folder, 'scenarios', 'cases', 'all.yaml'), ...args)

  const selected = await of('--case', 'good', '--min', '97')
  expect(selected.code).toBe(0)
  expect(selected.lines[0]).toBe('PASS good (one, high)')

  const few = await of('--area', 'one', '--confidence', 'high', '--min', '97', '--json')
  expect(few.code).toBe(1)
  expect(JSON.parse(few.lines.join('\n'))).toMatchObject([
    { id: 'good', passed: true },
    { id: 'bad', passed: false, diagnostics: [], log: [] },
  ])
})

test('says how it is called', async () => {
  expect(await run()).toMatchObject({ code: 2, errors: expect.stringContaining('Usage') })
  expect(await run('/nowhere')).toMatchObject({ code: 2, errors: expect.stringContaining('no such file') })
  expect(await run(folder, '--case', 'none')).toMatchObject({ code: 2 })
})
