import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { load } from '../../src/deployment/load.ts'
import { ResourceRegistry } from '../../src/deployment/registry.ts'
import { Gateway, loadConfiguration } from '../../src/gateway.ts'
import { toRecord } from '../../src/language/diagnostic.ts'
import { Message } from '../../src/message/message.ts'
import { RecordingLogger } from '../support/mediate.ts'

let root: string
let folder: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'myelin-'))
  folder = join(root, 'project')
  mkdirSync(folder)
})
afterEach(() => {
  rmSync(root, { recursive: true })
})

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
}

function find(key: string): string | undefined {
  return new ResourceRegistry(load([folder]).places).find(key)?.text
}

/** Runs a sequence of the project; gives what it logged and what was found wrong. */
async function run(name = 'main'): Promise<{ logged: string[]; found: string[] }> {
  const log = new RecordingLogger(level => level !== 'debug')
  const gateway = new Gateway(loadConfiguration([folder]), log)
  await gateway.runSequence(name, Message.empty(), () => {})
  await gateway.stop(0)
  return {
    logged: log.lines.map(({ text }) => text),
    found: gateway.diagnostics
      .all()
      .map(toRecord)
      .map(({ code, message }) => `${code}: ${message}`),
  }
}

const LOG = (text: string): string => `<log level="custom"><property name="said" value="${text}"/></log>`

describe('keys are files of the project', () => {
  test('in the layout of a server', () => {
    write({
      'registry/config/a/b.txt': 'conf',
      'registry/governance/a.txt': 'gov',
      'registry/local/a.txt': 'local',
      'registry/governance/mi-resources/a.txt': 'resources',
    })
    expect(find('conf:/a/b.txt')).toBe('conf')
    expect(find('conf:a/b.txt')).toBe('conf')
    expect(find('gov:/a.txt')).toBe('gov')
    expect(find('/_system/governance/a.txt')).toBe('gov')
    expect(find('local:/a.txt')).toBe('local')
    expect(find('resources:a.txt')).toBe('resources')
    expect(find('a.txt')).toBe('gov')
  })

  test('in the layout of an MI project', () => {
    write({
      'src/main/wso2mi/artifacts/sequences/a.xml': '<sequence name="a"/>',
      'src/main/wso2mi/resources/xslt/a.xslt': 'xslt',
      'src/main/wso2mi/resources/registry/gov/a.txt': 'gov',
      'src/main/wso2mi/resources/registry/conf/a.txt': 'conf',
    })
    expect(find('resources:xslt/a.xslt')).toBe('xslt')
    expect(find('gov:/a.txt')).toBe('gov')
    expect(find('conf:/a.txt')).toBe('conf')
  })

  test('in the resources folder beside the artifacts, for a file named by itself too', () => {
    write({ 'sequences/a.xml': '<sequence name="a"/>', 'resources/a.json': '{}' })
    expect(find('resources:a.json')).toBe('{}')
    expect(find('file:resources/a.json')).toBe('{}')
    const { places } = load([join(folder, 'sequences/a.xml')])
    expect(new ResourceRegistry(places).find('resources:a.json')?.mediaType).toBe('application/json')
  })

  test('with properties and a media type beside them', () => {
    write({
      'registry/config/a.txt': '{"a":1}',
      'registry/config/a.txt.properties': '# of a\nowner = Ada\nplace:London\n',
      'registry/config/.metadata/a.txt.meta': 'mediaType=application/json\n',
    })
    const entry = new ResourceRegistry(load([folder]).places).find('conf:/a.txt')
    expect(entry?.mediaType).toBe('application/json')
    expect(entry?.property('owner')).toBe('Ada')
    expect(entry?.property('place')).toBe('London')
    expect(entry?.property('other')).toBeUndefined()
  })

  test('and XML where they hold XML', () => {
    write({ 'resources/a.xml': '<a><b>1</b></a>', 'resources/b.xml': '<a>', 'resources/c.txt': 'text' })
    const registry = new ResourceRegistry(load([folder]).places)
    expect(registry.find('resources:a.xml')?.xml()?.text).toBe('1')
    expect(registry.find('resources:b.xml')?.xml()).toBeUndefined()
    expect(registry.find('resources:c.txt')?.xml()).toBeUndefined()
  })
})

describe('what is written to a resource', () => {
  test('stands in front of the file, which stays as it is', () => {
    write({
      'registry/config/a.txt': '{"a":1}',
      'registry/config/a.txt.properties': 'owner = Ada\nplace:London\n',
      'registry/config/.metadata/a.txt.meta': 'mediaType=application/json\n',
    })
    const registry = new ResourceRegistry(load([folder]).places)
    registry.find('conf:/a.txt')
    registry.put('/_system/config/a.txt', { property: 'owner', value: 'Eve' })
    expect(registry.find('conf:/a.txt')?.text).toBe('{"a":1}')
    registry.put('conf:/a.txt', { text: '{"a":2}' })
    const entry = registry.find('conf:/a.txt')!
    expect([entry.text, entry.mediaType]).toEqual(['{"a":2}', 'application/json'])
    expect([entry.property('owner'), entry.property('place')]).toEqual(['Eve', 'London'])
    expect(readFileSync(join(folder, 'registry/config/a.txt'), 'utf8')).toBe('{"a":1}')
  })
})

describe('no key leads out of the project', () => {
  test.each([
    'conf:/../../secret.txt',
    'conf:/a/../../../secret.txt',
    'resources:..\\..\\secret.txt',
    'file:../secret.txt',
    '../secret.txt',
    '/_system/config/../../../secret.txt',
    'file:http://localhost/secret.txt',
    'conf:/',
    '',
  ])('%s', key => {
    writeFileSync(join(root, 'secret.txt'), 'secret')
    write({ 'registry/config/a/x.txt': 'x', 'resources/x.txt': 'x' })
    expect(find(key)).toBeUndefined()
  })

  test('nor does an absolute path, or a link', () => {
    writeFileSync(join(root, 'secret.txt'), 'secret')
    write({ 'resources/x.txt': 'x' })
    symlinkSync(join(root, 'secret.txt'), join(folder, 'resources/link.txt'))
    expect(find(`file:${join(root, 'secret.txt')}`)).toBeUndefined()
    expect(find('resources:link.txt')).toBeUndefined()
    expect(find(`file:${join(folder, 'resources/x.txt')}`)).toBe('x')
  })
})

describe('sequences in the registry', () => {
  test('run where a key refers to them, and call each other in circles without harm', async () => {
    write({
      'main.xml': '<sequence name="main"><sequence key="conf:/audit.xml"/></sequence>',
      'registry/config/audit.xml': `<sequence>${LOG('audited')}<sequence key="gov:/next"/></sequence>`,
      'registry/governance/next': `<sequence name="other" xmlns="http://ws.apache.org/ns/synapse">${LOG('next')}</sequence>`,
    })
    const { logged, found } = await run()
    expect(found).toEqual([])
    expect(logged.join()).toMatch(/said = audited.*said = next/s)
  })

  test('with errors are reported at their own place, and reaching them is a fault', async () => {
    write({
      'main.xml': '<sequence name="main"><sequence key="conf:/audit.xml"/></sequence>',
      'registry/config/audit.xml': '<sequence><lgo/></sequence>',
    })
    const { logged, found } = await run()
    expect(found).toEqual(['unknown-mediator: <lgo> is no mediator.'])
    expect(logged.join()).toContain('was left out because of its errors')
  })

  test('that are not there are a warning, and a fault when reached', async () => {
    write({ 'main.xml': '<sequence name="main"><sequence key="conf:/audit.xml"/></sequence>' })
    const { logged, found } = await run()
    expect(found).toEqual([
      'missing-sequence: There is no sequence named conf:/audit.xml; reaching it is a fault.',
    ])
    expect(logged.join()).toContain('Sequence named conf:/audit.xml cannot be found')
  })

  test('are found by a name computed for each message', async () => {
    write({
      'main.xml': `<sequence name="main"><property name="which" value="conf:/audit.xml"/>
        <sequence key="{get-property('which')}"/></sequence>`,
      'registry/config/audit.xml': `<sequence>${LOG('audited')}</sequence>`,
    })
    expect((await run()).logged.join()).toContain('said = audited')
  })
})

describe('local entries', () => {
  test('may hold a sequence', async () => {
    write({
      'main.xml': '<sequence name="main"><sequence key="audit"/></sequence>',
      'z.xml': `<localEntry key="audit"><sequence name="x">${LOG('audited')}</sequence></localEntry>`,
    })
    const { logged, found } = await run()
    expect(found).toEqual([])
    expect(logged.join()).toContain('said = audited')
  })
})
