import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { unpack } from '../../src/deployment/archive.ts'
import { type Loaded, load, readArchives } from '../../src/deployment/load.ts'
import { ResourceRegistry } from '../../src/deployment/registry.ts'
import { Gateway, loadWithArchives } from '../../src/gateway.ts'
import { Message } from '../../src/message/message.ts'
import { RecordingLogger } from '../support/mediate.ts'
import { zip } from './zip.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'myelin-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

type Files = Readonly<Record<string, string | Buffer>>

/** A part of an application: its folder, with what describes it. */
function part(name: string, type: string, file: string, content: string): Files {
  return {
    [`${name}_1.0.0/artifact.xml`]: `<artifact name="${name}" version="1.0.0" type="${type}" serverRole="EnterpriseServiceBus"><file>${file}</file></artifact>`,
    [`${name}_1.0.0/${file}`]: content,
  }
}

function list(dependencies: Readonly<Record<string, string>>): string {
  return `<artifacts><artifact name="App" version="1.0.0" type="carbon/application">${Object.entries(
    dependencies,
  )
    .map(
      ([name, role]) =>
        `<dependency artifact="${name}" version="1.0.0" include="true" serverRole="${role}"/>`,
    )
    .join('')}</artifact></artifacts>`
}

const BUS = 'EnterpriseServiceBus'

function write(name: string, files: Files): string {
  const path = join(folder, name)
  writeFileSync(path, zip(files))
  return path
}

async function read(files: Files): Promise<Loaded> {
  return readArchives(load([write('App_1.0.0.car', files)]))
}

describe('a composite application', () => {
  test('gives its artifacts, in the order listed', async () => {
    const { files, problems } = await read({
      'artifacts.xml': list({ b: BUS, a: 'EnterpriseIntegrator' }),
      ...part('a', 'synapse/sequence', 'a-1.0.0.xml', '<sequence name="a"/>'),
      ...part('b', 'synapse/endpoint', 'b-1.0.0.xml', '<endpoint name="b"/>'),
    })
    expect(problems).toEqual([])
    expect(files.map(({ text }) => text)).toEqual(['<endpoint name="b"/>', '<sequence name="a"/>'])
    expect(files[0]?.path).toMatch(/App_1\.0\.0\.car!\/b_1\.0\.0\/b-1\.0\.0\.xml$/)
  })

  test('is described by metadata.xml where it has both', async () => {
    const { files } = await read({
      'metadata.xml': list({ a: BUS }),
      'artifacts.xml': list({ b: BUS }),
      ...part('a', 'synapse/sequence', 'a.xml', '<sequence name="a"/>'),
      ...part('b', 'synapse/sequence', 'b.xml', '<sequence name="b"/>'),
    })
    expect(files.map(({ text }) => text)).toEqual(['<sequence name="a"/>'])
  })

  test('leaves aside what is for another server or runs Java, and says so', async () => {
    const { files, skipped } = await read({
      'artifacts.xml': list({ data: 'DataAnalyticsServer', jar: BUS, gone: BUS }),
      ...part('data', 'synapse/sequence', 'a.xml', '<sequence name="a"/>'),
      ...part('jar', 'lib/synapse/mediator', 'm.jar', 'PK'),
    })
    expect(files).toEqual([])
    expect(skipped.map(({ reason }) => reason)).toEqual([
      'its server role is DataAnalyticsServer',
      'parts of type lib/synapse/mediator do not run',
      'it has no artifact.xml',
    ])
  })

  test('brings resources along, with their types and properties', async () => {
    const { places } = await read({
      'artifacts.xml': list({ r: BUS }),
      ...part(
        'r',
        'registry/resource',
        'registry-info.xml',
        `<resources>
          <item><file>a.xslt</file><path>/_system/governance/xslt</path><mediaType>application/xslt+xml</mediaType>
            <properties><property key="owner" value="Ada"/></properties></item>
          <collection><directory>all</directory><path>/_system/config/all</path></collection>
        </resources>`,
      ),
      'r_1.0.0/resources/a.xslt': '<xslt/>',
      'r_1.0.0/resources/all/x/b.txt': 'b',
    })
    const registry = new ResourceRegistry(places)
    expect(registry.find('gov:/xslt/a.xslt')).toMatchObject({
      mediaType: 'application/xslt+xml',
      text: '<xslt/>',
    })
    expect(registry.find('gov:/xslt/a.xslt')?.property('owner')).toBe('Ada')
    expect(registry.find('conf:/all/x/b.txt')?.text).toBe('b')
  })

  test('is found in a folder, and its main takes the place of that in files', async () => {
    const log = (text: string): string =>
      `<sequence name="main"><log level="custom"><property name="said" value="${text}"/></log></sequence>`
    writeFileSync(join(folder, 'main.xml'), log('file'))
    write('App.car', {
      'artifacts.xml': list({ main: BUS }),
      ...part('main', 'synapse/sequence', 'main-1.0.0.xml', log('archive')),
    })
    const logger = new RecordingLogger()
    const gateway = new Gateway(await loadWithArchives([folder]), logger)
    expect(gateway.diagnostics.all()).toEqual([])
    await gateway.runSequence('main', Message.empty(), () => {})
    expect(logger.lines.map(({ text }) => text).join()).toContain('said = archive')
  })
})

describe('an archive that cannot be read is a problem, and nothing else', () => {
  test('no archive', async () => {
    writeFileSync(join(folder, 'a.car'), 'no zip')
    writeFileSync(join(folder, 'a.xml'), '<sequence name="a"/>')
    const { files, problems } = await readArchives(load([folder]))
    expect(files).toHaveLength(1)
    expect(problems).toHaveLength(1)
  })

  test('an archive of something else', async () => {
    expect((await read({ 'readme.txt': 'hi' })).problems[0]).toContain('is no composite application')
  })

  test.each(['../evil.xml', '/evil.xml', 'a/../../evil.xml'])('a file named %s', async name => {
    const { problems, files } = await read({ 'artifacts.xml': list({}), [name]: '<sequence name="a"/>' })
    expect(problems).toHaveLength(1)
    expect(files).toEqual([])
  })

  test('a list that is no XML', async () => {
    expect((await read({ 'artifacts.xml': '<artifacts>' })).problems).toHaveLength(1)
  })

  test('too many files, or too much once unpacked, whatever it claims', async () => {
    const path = write('big.car', { a: Buffer.alloc(5_000), b: Buffer.alloc(5_000) })
    await expect(unpack(path, { entries: 1, bytes: 1_000_000 })).rejects.toThrow(
      'it holds 2 files; at most 1 are read',
    )
    await expect(unpack(path, { entries: 9, bytes: 9_000 })).rejects.toThrow('too large once unpacked')
    const lying = join(folder, 'lying.car')
    writeFileSync(lying, zip({ a: Buffer.alloc(5_000_000) }, 10))
    await expect(unpack(lying, { entries: 9, bytes: 1_000 })).rejects.toThrow()
    expect((await unpack(path)).size).toBe(2)
  })
})
