import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { load } from '../../src/deployment/load.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'myelin-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

function paths(loaded: ReturnType<typeof load>): string[] {
  return loaded.files.map(({ path }) => relative(folder, path))
}

describe('folders', () => {
  test('give every XML file in and below them, in the order of the paths', () => {
    write({
      'sequences/b.xml': '<b/>',
      'sequences/a.xml': '<a/>',
      'synapse.xml': '<definitions/>',
      'api/v1/orders.xml': '<api/>',
      'notes.txt': 'no',
      'sequences/old.xml.bak': 'no',
    })
    const loaded = load([folder])
    expect(paths(loaded)).toEqual(['api/v1/orders.xml', 'sequences/a.xml', 'sequences/b.xml', 'synapse.xml'])
    expect(loaded.files[1]?.text).toBe('<a/>')
    expect(loaded.problems).toEqual([])
  })

  test('leave out what holds no artifacts, and what is hidden', () => {
    write({
      'resources/order.xml': '<order/>',
      'target/classes/a.xml': '<a/>',
      'node_modules/x/a.xml': '<a/>',
      '.git/a.xml': '<a/>',
      '.a.xml': '<a/>',
      'sequences/a.xml': '<a/>',
    })
    expect(paths(load([folder]))).toEqual(['sequences/a.xml'])
  })

  test('an empty one gives nothing', () => {
    expect(load([folder])).toEqual({ files: [], settings: undefined, problems: [] })
  })

  test('a link to a file is read like the file', () => {
    write({ 'elsewhere/target-of-link': '<a/>', 'sequences/b.xml': '<b/>' })
    symlinkSync(join(folder, 'elsewhere/target-of-link'), join(folder, 'sequences/a.xml'))
    expect(paths(load([join(folder, 'sequences')]))).toEqual(['sequences/a.xml', 'sequences/b.xml'])
  })
})

describe('settings', () => {
  test('are at the top of a folder', () => {
    write({ 'deployment.toml': '[server]', 'sub/deployment.toml': '[other]' })
    expect(load([folder]).settings?.text).toBe('[server]')
    expect(load([join(folder, 'sub')]).settings?.text).toBe('[other]')
  })

  test('may be named, and the first counts', () => {
    write({ 'mine.toml': '[mine]', 'config/deployment.toml': '[config]' })
    const [mine, config] = [join(folder, 'mine.toml'), join(folder, 'config')]
    expect(load([mine, config]).settings?.text).toBe('[mine]')
    expect(load([config, mine]).settings?.text).toBe('[config]')
  })
})

test('files are read as named, in the order given', () => {
  write({ 'b.xml': '<b/>', 'a.txt': '<a/>' })
  expect(paths(load([join(folder, 'b.xml'), join(folder, 'a.txt')]))).toEqual(['b.xml', 'a.txt'])
})

test('what is not there is told, and the rest is read', () => {
  write({ 'a.xml': '<a/>' })
  const nowhere = join(folder, 'nowhere')
  const loaded = load([nowhere, join(folder, 'a.xml')])
  expect(loaded.problems).toEqual([`${nowhere}: there is no such file or folder`])
  expect(paths(loaded)).toEqual(['a.xml'])
})

test('paths below the working directory are shown from there, others in full', () => {
  write({ 'a.xml': '<a/>' })
  expect(load([join(folder, 'a.xml')]).files[0]?.path).toBe(join(folder, 'a.xml'))
  const here = join(import.meta.dirname, '../../config')
  expect(load([here]).files.every(({ path }) => path.startsWith('config/'))).toBe(true)
})

test('a byte order mark in front is no part of the text', () => {
  write({ 'a.xml': '\ufeff<a/>' })
  expect(load([folder]).files[0]?.text).toBe('<a/>')
})
