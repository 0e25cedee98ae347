import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { main } from '../../src/cli/index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'myelin-'))
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(folder, { recursive: true })
})

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

/** Calls the program; gives what it printed, with paths below the folder. */
async function call(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = []
  const err: string[] = []
  vi.spyOn(console, 'log').mockImplementation(text => void out.push(String(text)))
  vi.spyOn(console, 'error').mockImplementation(text => void err.push(String(text)))
  const code = await main(['validate', ...args, folder])
  const shown = (lines: readonly string[]): string =>
    lines.join('\n').replaceAll(`${folder}/`, '').replaceAll(folder, '.')
  return { code, out: shown(out), err: shown(err) }
}

describe('validate --json', () => {
  test('prints one array of findings with their places', async () => {
    write({ 'a.xml': '<sequence name="main">\n  <lgo/>\n</sequence>' })
    const { code, out } = await call('--json')
    const found = JSON.parse(out) as unknown[]
    expect(code).toBe(1)
    expect(found[0]).toEqual({
      file: 'a.xml',
      line: 2,
      column: 3,
      severity: 'error',
      code: 'unknown-mediator',
      message: '<lgo> is no mediator.',
      hint: 'Did you mean log?',
    })
  })

  test('prints an empty array where there is nothing to say', async () => {
    write({ 'a.xml': '<sequence name="main"><drop/></sequence>' })
    expect(await call('--json')).toEqual({ code: 0, out: '[]', err: '' })
  })
})

describe('validate notes', () => {
  test('sequences that nothing refers to', async () => {
    write({
      'used.xml': '<sequence name="used"><drop/></sequence>',
      'dead.xml': '<sequence name="dead"><drop/></sequence>',
      'main.xml': '<sequence name="main"><sequence key="used"/></sequence>',
    })
    const { code, err, out } = await call()
    expect(code).toBe(0)
    expect(err).toContain('dead.xml:1:17 note unused-sequence\n  Nothing refers to sequence dead.')
    expect(err).not.toContain('used.xml:')
    expect(out).toBe('3 files, 0 errors, 0 warnings, 1 note')
  })

  test('none of them where names are computed', async () => {
    write({
      'dead.xml': '<sequence name="dead"><drop/></sequence>',
      'main.xml': `<sequence name="main"><sequence key="{get-property('which')}"/></sequence>`,
    })
    expect((await call()).err).toBe('')
  })

  test('what never runs', async () => {
    write({
      'main.xml': `<sequence name="main"><switch source="get-property('a')">
        <case regex="a"><respond/><log/></case><case regex="b"/><case regex="a"/></switch></sequence>`,
    })
    const { err } = await call()
    expect(err).toContain('<log> never runs: <respond> before it ends the sequence.')
    expect(err).toContain('This <case> never runs: one before it has the pattern a too.')
  })
})

describe('validate --report', () => {
  test('looks at each file by itself, and says by folder what runs and why the rest does not', async () => {
    write({
      'one/a.xml': '<sequence name="same"><log/></sequence>',
      'one/b.xml': '<sequence name="same"><sequence key="nowhere"/></sequence>',
      'two/c.xml': '<sequence name="c"><ejb/></sequence>',
      'two/d.xml': '<sequence name="d"><ejb/><ejb/></sequence>',
      'two/e.xml': '<sequence name="e"><class name="com.example.Mine"/></sequence>',
      'pom.xml': '<project xmlns="http://maven.apache.org/POM/4.0.0"/>',
    })
    const { code, out, err } = await call('--report')
    expect(code).toBe(1)
    expect(err).toBe('')
    const lines = out.split('\n')
    expect(lines.slice(0, 3)).toEqual(['one', '       2  deploys unchanged', ''])
    expect(lines.slice(3, 7)).toEqual([
      'two',
      '       1  needs a mapping',
      '       2  not supported',
      '  because of',
    ])
    expect(lines[7]).toMatch(/^ {7}2 {2}not-supported: <ejb> is not supported/)
    expect(lines.join('\n')).toContain('All folders\n       2  deploys unchanged')
    expect(lines.slice(-3)).toEqual([
      '       1  a file of the project',
      '',
      '2 of 5 files deploy unchanged (40 %)',
    ])
  })

  test('succeeds where everything runs', async () => {
    write({ 'a.xml': '<sequence name="a"><log/></sequence>' })
    expect((await call('--report')).code).toBe(0)
  })

  test('prints the findings of all files as JSON', async () => {
    write({
      'a.xml': '<sequence name="s"><ejb/></sequence>',
      'b.xml': '<sequence name="s"><ejb/></sequence>',
    })
    const { out } = await call('--report', '--json')
    const codes = (JSON.parse(out) as { code: string }[]).map(({ code }) => code)
    expect(codes).toEqual(['not-supported', 'not-supported'])
  })
})

test('a path that is not there is a problem', async () => {
  const { code, err } = await call('--json', join(folder, 'nowhere'))
  expect(code).toBe(1)
  expect(err).toContain('nowhere: there is no such file or folder')
})
