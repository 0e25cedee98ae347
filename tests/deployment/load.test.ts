import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { load } from '../../src/deployment/load.ts'
import { ResourceRegistry } from '../../src/deployment/registry.ts'

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
      'sequences/b.xml': '<sequence name="b"/>',
      'sequences/a.xml': '<sequence name="a"/>',
      'synapse.xml': '<definitions/>',
      'api/v1/orders.xml': '<api/>',
      'notes.txt': 'no',
      'sequences/old.xml.bak': 'no',
    })
    const loaded = load([folder])
    expect(paths(loaded)).toEqual(['api/v1/orders.xml', 'sequences/a.xml', 'sequences/b.xml', 'synapse.xml'])
    expect(loaded.files[1]?.text).toBe('<sequence name="a"/>')
    expect(loaded.problems).toEqual([])
  })

  test('leave out what holds no artifacts, and what is hidden', () => {
    write({
      'resources/order.xml': '<order/>',
      'target/classes/a.xml': '<a/>',
      'node_modules/x/a.xml': '<a/>',
      '.git/a.xml': '<a/>',
      '.a.xml': '<a/>',
      'sequences/a.xml': '<sequence name="a"/>',
    })
    expect(paths(load([folder]))).toEqual(['sequences/a.xml'])
  })

  test('an empty one gives nothing', () => {
    expect(load([folder])).toMatchObject({
      files: [],
      settings: undefined,
      problems: [],
      archives: [],
      skipped: [],
    })
  })

  test('a link to a file is read like the file', () => {
    write({ 'elsewhere/target-of-link': '<sequence name="a"/>', 'sequences/b.xml': '<sequence name="b"/>' })
    symlinkSync(join(folder, 'elsewhere/target-of-link'), join(folder, 'sequences/a.xml'))
    expect(paths(load([join(folder, 'sequences')]))).toEqual(['sequences/a.xml', 'sequences/b.xml'])
  })
})

describe('what is no artifact is left aside, with the reason', () => {
  const skipped = (): string[] =>
    load([folder]).skipped.map(({ path, reason }) => `${relative(folder, path)}: ${reason}`)

  test('files of projects, builds and tests', () => {
    write({
      'pom.xml': '<project xmlns="http://maven.apache.org/POM/4.0.0"/>',
      'api/artifact.xml': '<artifacts/>',
      'target/classes/a.xml': '<sequence name="a"/>',
      'src/test/wso2mi/a.xml': '<sequence name="a"/>',
      'src/main/synapse-config/sequences/a.xml': '<sequence name="a"/>',
    })
    expect(paths(load([folder]))).toEqual(['src/main/synapse-config/sequences/a.xml'])
    expect(skipped()).toEqual([
      'api/artifact.xml: a file of the project',
      'pom.xml: a file of the project',
      'src/test: tests',
      'target: output of a build',
    ])
  })

  test('files with another root element, but not those that look like a mistake', () => {
    write({
      'log4j2.xml': '<?xml version="1.0"?><!-- <sequence> --><Configuration status="WARN"/>',
      'web.xml': '<web-app xmlns="http://xmlns.jcp.org/xml/ns/javaee"/>',
      'prefixed.xml': '<x:sequence xmlns:x="urn:other"/>',
      'mistyped.xml': '<sequnce name="a"/>',
      'later.xml': '<wonder xmlns="http://ws.apache.org/ns/synapse"/>',
      'broken.xml': '<sequence name="a">',
    })
    expect(paths(load([folder]))).toEqual(['broken.xml', 'later.xml', 'mistyped.xml'])
    expect(skipped()).toEqual([
      'log4j2.xml: no artifact: <Configuration>',
      'prefixed.xml: no artifact: <sequence>',
      'web.xml: no artifact: <web-app>',
    ])
  })

  test('whatever stands in front of the root element', () => {
    const comments = '<!-- <sequence> -->\n'.repeat(200)
    write({
      'a.xml': `<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "b">]>${comments}<Server a=">"/>`,
      'b.xml': `${comments}<sequence name="b"/>`,
      'c.xml': comments,
      'd.xml': ' '.repeat(50_000),
    })
    expect(paths(load([folder]))).toEqual(['b.xml', 'c.xml', 'd.xml'])
    expect(skipped()).toEqual(['a.xml: no artifact: <Server>'])
  })

  test('a file named by itself is read, whatever it holds', () => {
    write({ 'pom.xml': '<project/>' })
    expect(paths(load([join(folder, 'pom.xml')]))).toEqual(['pom.xml'])
  })
})

describe('projects', () => {
  test('of MI: artifacts by kind, and the settings of the server', () => {
    write({
      'src/main/wso2mi/artifacts/apis/orders.xml': '<api/>',
      'src/main/wso2mi/artifacts/sequences/a.xml': '<sequence name="a"/>',
      'src/main/wso2mi/resources/registry/gov/b.xml': '<sequence name="b"/>',
      'deployment/deployment.toml': '[server]',
    })
    const loaded = load([folder])
    expect(paths(loaded)).toEqual([
      'src/main/wso2mi/artifacts/apis/orders.xml',
      'src/main/wso2mi/artifacts/sequences/a.xml',
    ])
    expect(loaded.settings?.text).toBe('[server]')
  })

  test('of several modules: the resources that artifact.xml lists are none of the artifacts', () => {
    write({
      'configs/src/main/synapse-config/sequences/a.xml': '<sequence name="a"/>',
      'resources-of-it/artifact.xml': `<artifacts><artifact name="b" type="registry/resource">
        <item><file>b.xml</file><path>/_system/governance/seq</path></item></artifact></artifacts>`,
      'resources-of-it/b.xml': '<sequence name="b"/>',
    })
    const loaded = load([folder])
    expect(paths(loaded)).toEqual(['configs/src/main/synapse-config/sequences/a.xml'])
    const found = new ResourceRegistry(loaded.places).find('gov:/seq/b.xml')
    expect(found?.text).toBe('<sequence name="b"/>')
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
  write({ 'a.xml': '\ufeff<sequence name="a"/>' })
  expect(load([folder]).files[0]?.text).toBe('<sequence name="a"/>')
})
