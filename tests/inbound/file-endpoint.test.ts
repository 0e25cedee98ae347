import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { appendFile, mkdir, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readWhole } from '../../src/inbound/file-claim.ts'
import { toRecord } from '../../src/language/diagnostic.ts'
import { Settings } from '../../src/settings.ts'
import { eventually } from '../support/eventually.ts'
import { type Deployed, deployed, RecordingLogger } from '../support/mediate.ts'

type Parameters = Readonly<Record<string, string>>

/** A folder that an inbound endpoint takes files from, until it is disposed of. */
class Inbox implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), 'files-'))
  readonly in = join(this.root, 'in')
  readonly log = new RecordingLogger()
  #deployment: Deployed | undefined

  static async with(files: Readonly<Record<string, string>> = {}): Promise<Inbox> {
    const inbox = new Inbox()
    await mkdir(inbox.in)
    await inbox.put(files)
    return inbox
  }

  async put(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(this.in, name, '..'), { recursive: true })
      // Written beside it and moved in, so that a look never sees half of it.
      writeFileSync(join(this.root, 'part'), text)
      await rename(join(this.root, 'part'), join(this.in, name))
    }
  }

  async start(parameters: Parameters = {}, artifacts = SEEN, attributes = 'sequence="seen"'): Promise<void> {
    const given = { interval: '10', 'transport.vfs.FileURI': `file://${this.in}`, ...parameters }
    const xml = `<definitions>${inbound(given, attributes)}${artifacts}</definitions>`
    this.#deployment = deployed({ 'test.xml': xml }, new Settings(), this.log)
    expect(this.#deployment.diagnostics.errors).toBe(0)
    for (const activity of this.#deployment.activities) await activity.start()
  }

  async stop(): Promise<void> {
    for (const activity of this.#deployment?.activities ?? []) await activity.stop(1_000)
    await this.#deployment?.stop()
  }

  /** The names in a folder below the root. */
  list(folder = 'in'): string[] {
    return readdirSync(join(this.root, folder)).toSorted()
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8')
  }

  said(): string[] {
    return this.log.lines.map(({ text }) => /said = (.*)$/.exec(text)?.[1] ?? '').filter(text => text !== '')
  }

  problems(): string[] {
    return this.log.lines
      .filter(({ level }) => level === 'error')
      .map(({ text }) => text.replaceAll(this.root, ''))
  }

  /** Waits until the folder was looked at, as a probe file shows. */
  async looked(): Promise<void> {
    await this.put({ 'probe.xml': '<probe/>' })
    await eventually(() => expect(this.list().filter(name => name.startsWith('probe'))).toEqual([]))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.root, { recursive: true, force: true })
  }
}

function inbound(parameters: Parameters, attributes = 'sequence="seen"'): string {
  const written = Object.entries(parameters).map(
    ([name, value]) => `<parameter name="${name}">${value}</parameter>`,
  )
  return `<inboundEndpoint name="i" protocol="file" ${attributes}><parameters>${written.join('')}</parameters></inboundEndpoint>`
}

function saying(name: string, expression: string, then = '<drop/>'): string {
  return `<sequence name="${name}"><log level="custom"><property name="said" expression="${expression}"/></log>${then}</sequence>`
}

const SEEN = saying('seen', "concat(get-property('transport', 'FILE_NAME'), ' ', string(//a))")
const FAILING = '<sequence name="seen"><throwError type="T" errorMessage="no good"/></sequence>'

const moving = ({ root }: Inbox, more: Parameters = {}): Parameters => ({
  'transport.vfs.ActionAfterProcess': 'MOVE',
  'transport.vfs.MoveAfterProcess': `file://${root}/done`,
  'transport.vfs.ActionAfterFailure': 'MOVE',
  'transport.vfs.MoveAfterFailure': `file://${root}/failed`,
  'transport.vfs.CreateFolder': 'true',
  ...more,
})

describe('files of a folder', () => {
  test('run through the sequence by their names, and are deleted then', async () => {
    await using inbox = await Inbox.with({ 'b.xml': '<a>2</a>', 'a.xml': '<a>1</a>' })
    await inbox.start()
    await eventually(() => expect(inbox.said()).toEqual(['a.xml 1', 'b.xml 2']))
    await eventually(() => expect(inbox.list()).toEqual([]))
    await inbox.put({ 'a.xml': '<a>3</a>' })
    await eventually(() => expect(inbox.said()).toEqual(['a.xml 1', 'b.xml 2', 'a.xml 3']))
  })

  test('go through main, where no sequence is named', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a>1</a>' })
    await inbox.start({}, saying('main', '//a'), '')
    await eventually(() => expect(inbox.said()).toEqual(['1']))
  })

  test('tell by headers and properties where they came from', async () => {
    await using inbox = await Inbox.with({ 'deep/a b.xml': '<a/>' })
    const names = ['FILE_PATH', 'FILE_URI', 'FILE_LENGTH', 'RELATIVE_PATH', 'Content-Type']
    const parts = names.map(name => `get-property('transport', '${name}')`)
    const expression = `concat(${[...parts, "get-property('inbound.endpoint.name')", "get-property('isInbound')"].join(", ' ', ")})`
    await inbox.start({ 'transport.vfs.FileURI': `file://${inbox.in}/*` }, saying('seen', expression))
    await eventually(() =>
      expect(inbox.said()).toEqual([
        `${inbox.in}/deep/a b.xml file://${inbox.in}/deep/a%20b.xml 4 deep/a b.xml text/xml i true`,
      ]),
    )
  })

  test('have the content type that is given, or that of their extension', async () => {
    await using inbox = await Inbox.with({ 'a.json': '{"a": 1}', 'b.txt': 'text', 'c.csv': 'x;y' })
    await inbox.start({}, saying('seen', "get-property('transport', 'Content-Type')"))
    await eventually(() => expect(inbox.said()).toEqual(['application/json', 'text/plain', 'text/plain']))
    await inbox.stop()
    await inbox.put({ 'd.dat': '{"a": {"b": 7}}' })
    await inbox.start({ 'transport.vfs.ContentType': 'application/json' }, saying('seen', 'json-eval($.a.b)'))
    await eventually(() => expect(inbox.said().at(-1)).toBe('7'))
  })

  test('are those whose whole name matches the pattern', async () => {
    await using inbox = await Inbox.with({ 'a.xml.bak': '<a>1</a>', 'b.xml': '<a>2</a>' })
    await inbox.start({ 'transport.vfs.FileNamePattern': '.*\\.xml' })
    await eventually(() => expect(inbox.said()).toEqual(['b.xml 2']))
    expect(inbox.list()).toContain('a.xml.bak')
  })

  test.each([
    ['Size', 'true', ['c', 'a', 'b']],
    ['size', 'false', ['b', 'a', 'c']],
    ['Name', 'false', ['c', 'b', 'a']],
  ])('come in order of %s, ascending: %s', async (by, ascending, expected) => {
    await using inbox = await Inbox.with({ a: '<a> </a>', b: '<a>  </a>', c: '<a/>' })
    const order = { 'transport.vfs.FileSortAttribute': by, 'transport.vfs.FileSortAscending': ascending }
    await inbox.start({ ...order, 'transport.vfs.ContentType': 'text/xml' })
    await eventually(() => expect(inbox.said().map(text => text.trim())).toEqual(expected))
  })

  test('are taken one at a time per look, where that is asked for', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a>1</a>', 'b.xml': '<a>2</a>' })
    await inbox.start({ interval: '600000', 'transport.vfs.FileProcessCount': '1' })
    await eventually(() => expect(inbox.said()).toEqual(['a.xml 1']))
    await inbox.stop()
    expect(inbox.list()).toEqual(['b.xml'])
  })

  test('of folders below are taken with /* alone, and not from where they are moved to', async () => {
    await using inbox = await Inbox.with({ 'x/y/a.xml': '<a>1</a>', 'b.xml': '<a>2</a>' })
    await inbox.start()
    await eventually(() => expect(inbox.said()).toEqual(['b.xml 2']))
    await inbox.stop()
    await inbox.start(
      moving(inbox, {
        'transport.vfs.FileURI': `file://${inbox.in}/*`,
        'transport.vfs.MoveAfterProcess': `file://${inbox.in}/done/*`,
      }),
    )
    await eventually(() => expect(inbox.list('in/done/x/y')).toEqual(['a.xml']))
    await inbox.looked()
    expect(inbox.said().filter(text => text.startsWith('a.xml'))).toEqual(['a.xml 1'])
  })

  test('may be a single one', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a>1</a>', 'b.xml': '<a>2</a>' })
    await inbox.start({ 'transport.vfs.FileURI': `vfs:file://${inbox.in}/a.xml` })
    await eventually(() => expect(inbox.said()).toEqual(['a.xml 1']))
    await eventually(() => expect(inbox.list()).toEqual(['b.xml']))
  })

  test('run side by side when they are not sequential', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a>slow</a>', 'b.xml': '<a>quick</a>' })
    const slow = `<sequence name="seen"><filter source="//a" regex="slow"><then>
      <script language="js">java.lang.Thread.sleep(300)</script></then></filter>
      <log level="custom"><property name="said" expression="//a"/></log></sequence>`
    await inbox.start({ sequential: 'false' }, slow)
    await eventually(() => expect(inbox.said()).toEqual(['quick', 'slow']))
  })
})

describe('files that went through are', () => {
  test('moved, with a date in front of the name and in the folder', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a/>' })
    const formats = {
      'transport.vfs.MoveTimestampFormat': "yyyy'-'",
      'transport.vfs.SubFolderTimestampFormat': "'year' yyyy",
    }
    await inbox.start(moving(inbox, formats))
    const year = new Date().getFullYear()
    await eventually(() => expect(inbox.list(`done/year ${year}`)).toEqual([`${year}-a.xml`]))
    expect(inbox.list()).toEqual([])
  })

  test('kept, and not taken again, when the target folder is not there', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a>1</a>' })
    await inbox.start(moving(inbox, { 'transport.vfs.CreateFolder': 'false' }))
    await eventually(() => expect(inbox.list()).toEqual(['a.xml.fail']))
    await eventually(() => expect(inbox.problems()).toHaveLength(1))
    expect(inbox.problems()[0]).toMatch(
      /^\{inboundendpoint:i\} file \/in\/a\.xml failed: it went through and cannot be moved: ENOENT.*it stays as \/in\/a\.xml\.fail$/,
    )
    await inbox.put({ 'b.xml': '<a>2</a>' })
    await eventually(() => expect(inbox.said()).toEqual(['a.xml 1', 'b.xml 2']))
  })
})

describe('a file that fails', () => {
  test('is moved', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a/>' })
    await inbox.start(moving(inbox), FAILING)
    await eventually(() => expect(inbox.list('failed')).toEqual(['a.xml']))
    await eventually(() =>
      expect(inbox.problems()).toContain('{inboundendpoint:i} file /in/a.xml failed: no good'),
    )
  })

  test('stays under another name where nothing is said, and is not taken again', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a/>' })
    await inbox.start({}, FAILING)
    await eventually(() => expect(inbox.list()).toEqual(['a.xml.fail']))
    await inbox.put({ 'a.xml': '<b/>' })
    await eventually(() => expect(inbox.list()).toHaveLength(2))
    await eventually(() => expect(inbox.list().every(name => name.endsWith('.fail'))).toBe(true))
    expect(inbox.read('in/a.xml.fail')).toBe('<a/>')
  })

  test('is deleted where that is said', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a/>' })
    await inbox.start({ 'transport.vfs.ActionAfterFailure': 'DELETE' }, FAILING)
    await eventually(() => expect(inbox.list()).toEqual([]))
  })

  test('went through when a fault sequence deals with the fault', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a/>' })
    const handler = saying('handled', "get-property('ERROR_MESSAGE')")
    await inbox.start(moving(inbox), FAILING + handler, 'sequence="seen" onError="handled"')
    await eventually(() => expect(inbox.list('done')).toEqual(['a.xml']))
    expect(inbox.said()).toEqual(['no good'])
  })

  test('failed when that sets SET_ROLLBACK_ONLY', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a/>' })
    const handler = '<sequence name="handled"><property name="SET_ROLLBACK_ONLY" value="true"/></sequence>'
    await inbox.start(moving(inbox), FAILING + handler, 'sequence="seen" onError="handled"')
    await eventually(() => expect(inbox.list('failed')).toEqual(['a.xml']))
  })

  test('fails when its payload cannot be read', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a' })
    await inbox.start(moving(inbox), saying('seen', '//a'))
    await eventually(() => expect(inbox.list('failed')).toEqual(['a.xml']))
  })

  test('fails when its sequence does not exist', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a/>' })
    await inbox.start({}, '')
    await eventually(() => expect(inbox.list()).toEqual(['a.xml.fail']))
  })
})

describe('a file is left alone', () => {
  test('while it grows', async () => {
    await using inbox = await Inbox.with()
    await inbox.start()
    const path = join(inbox.in, 'a.xml')
    writeFileSync(path, '<a>')
    for (let i = 0; i < 100; i++) {
      await appendFile(path, '1')
      expect(existsSync(path)).toBe(true)
    }
    await appendFile(path, '</a>')
    await eventually(() => expect(inbox.said()).toEqual([`a.xml ${'1'.repeat(100)}`]))
  })

  test('when it is larger than it may be, and that is said once', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a>123456789012</a>' })
    await inbox.start({ 'transport.vfs.FileSizeLimit': '10' })
    await inbox.looked()
    await inbox.looked()
    expect(inbox.list()).toEqual(['a.xml'])
    expect(inbox.problems()).toEqual([
      '{inboundendpoint:i} /in/a.xml cannot be taken: it has 19 bytes, more than the 10 it may have; it stays',
    ])
  })

  test('when it is a link, or a folder', async () => {
    await using inbox = await Inbox.with()
    writeFileSync(join(inbox.root, 'secret.xml'), '<a>secret</a>')
    symlinkSync(join(inbox.root, 'secret.xml'), join(inbox.in, 'a.xml'))
    symlinkSync(inbox.root, join(inbox.in, 'all'))
    await mkdir(join(inbox.in, 'b.xml'))
    await inbox.start({ 'transport.vfs.FileURI': `file://${inbox.in}/*` })
    await inbox.looked()
    expect(inbox.said()).toEqual(['probe.xml '])
    expect(inbox.list()).toEqual(['a.xml', 'all', 'b.xml'])
  })

  test('when it has become a pipe, which nobody waits for', async () => {
    await using inbox = await Inbox.with()
    const pipe = join(inbox.root, 'pipe')
    execFileSync('mkfifo', [pipe])
    await expect(readWhole(pipe, 10)).rejects.toThrow('it is no regular file')
  })

  test('while there is a lock beside it, unless locking is disabled', async () => {
    await using inbox = await Inbox.with({ 'a.xml': '<a>1</a>', 'a.xml.lock': '' })
    await inbox.start()
    await inbox.looked()
    expect(inbox.list()).toEqual(['a.xml', 'a.xml.lock'])
    await inbox.stop()
    await inbox.start({ 'transport.vfs.Locking': 'disable' })
    await eventually(() => expect(inbox.list()).toEqual(['a.xml.lock']))
  })

  test('when it was modified too shortly, or too long ago', async () => {
    await using inbox = await Inbox.with({ 'new.xml': '<a>1</a>' })
    const old = async (): Promise<void> => {
      await inbox.put({ 'part/old.xml': '<a>2</a>' })
      utimesSync(join(inbox.in, 'part/old.xml'), 0, 0)
      await rename(join(inbox.in, 'part/old.xml'), join(inbox.in, 'old.xml'))
    }
    await old()
    await inbox.start({ 'transport.vfs.MinimumAge': '3600' })
    await eventually(() => expect(inbox.said()).toEqual(['old.xml 2']))
    await inbox.stop()
    await old()
    await inbox.start({ 'transport.vfs.MaximumAge': '3600' })
    await eventually(() => expect(inbox.said()).toEqual(['old.xml 2', 'new.xml 1']))
    expect(inbox.list()).toContain('old.xml')
  })

  test('when a process ended while it was at work on it, unless it is to be released', async () => {
    const claimed = 'a.xml.0123abcd.myelin-taken'
    await using inbox = await Inbox.with({ [claimed]: '<a>1</a>' })
    await inbox.start()
    await inbox.looked()
    expect(inbox.list()).toEqual([claimed])
    const warnings = inbox.log.lines.filter(({ level }) => level === 'warn')
    expect(warnings.map(({ text }) => text.replaceAll(inbox.root, ''))).toEqual([
      `{inboundendpoint:i} 1 file(s) were claimed before and not finished with, such as /in/${claimed}: rename one to have it taken again`,
    ])
    await inbox.stop()
    await inbox.start({
      'transport.vfs.AutoLockRelease': 'true',
      'transport.vfs.AutoLockReleaseInterval': '1',
    })
    await eventually(() => expect(inbox.said()).toContain('a.xml 1'))
  })
})

describe('two gateways at one folder', () => {
  test('take each file once', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `${String(i).padStart(2, '0')}.xml`)
    await using inbox = await Inbox.with(Object.fromEntries(names.map(name => [name, '<a/>'])))
    const xml = `<definitions>${inbound({ interval: '1', sequential: 'false', 'transport.vfs.FileURI': inbox.in })}${SEEN}</definitions>`
    const others = [1, 2, 3].map(() => deployed({ 'test.xml': xml }, new Settings(), inbox.log))
    await Promise.all(others.flatMap(({ activities }) => activities.map(activity => activity.start())))
    await eventually(() => expect(inbox.list()).toEqual([]))
    for (const { activities } of others) for (const activity of activities) await activity.stop(1_000)
    expect(
      inbox
        .said()
        .map(text => text.trim())
        .toSorted(),
    ).toEqual(names)
    expect(inbox.problems()).toEqual([])
  })
})

describe('a folder that is not there', () => {
  test('is said once, and files are taken when it comes', async () => {
    await using inbox = await Inbox.with()
    await inbox.start({ 'transport.vfs.FileURI': `${inbox.in}/later` })
    await eventually(() => expect(inbox.problems()).toHaveLength(1))
    expect(inbox.problems()[0]).toMatch(/^\{inboundendpoint:i\} \/in\/later cannot be taken: ENOENT/)
    await inbox.put({ 'later/a.xml': '<a>1</a>' })
    await eventually(() => expect(inbox.said()).toEqual(['a.xml 1']))
    expect(inbox.problems()).toHaveLength(1)
  })
})

test('a suspended one does nothing', async () => {
  const { activities, diagnostics } = deployed({
    'test.xml': `<definitions>${inbound({ interval: '1', 'transport.vfs.FileURI': 'file:///in' }, 'sequence="seen" suspend="true"')}${SEEN}</definitions>`,
  })
  expect(diagnostics.all()).toEqual([])
  expect(activities).toEqual([])
})

describe('what is wrong with its parameters', () => {
  const findings = (parameters: Parameters): string[] => {
    const given = { interval: '1000', 'transport.vfs.FileURI': 'file:///in', ...parameters }
    return deployed({ 'test.xml': `<definitions>${inbound(given)}${SEEN}</definitions>` })
      .diagnostics.all()
      .map(toRecord)
      .map(({ severity, code, message }) => `${severity} ${code}: ${message}`)
  }

  test.each([
    [
      { 'transport.vfs.FileURI': 'vfs:sftp://user:password@host/in' },
      'error not-supported: Files over sftp are not supported, and parameter transport.vfs.FileURI asks for it.',
    ],
    [
      { 'transport.vfs.ActionAfterProcess': 'MOVE', 'transport.vfs.MoveAfterProcess': 'smb://host/done' },
      'error not-supported: Files over smb are not supported, and parameter transport.vfs.MoveAfterProcess asks for it.',
    ],
    [
      { 'transport.vfs.FileURI': 'file:///' },
      'error bad-value: parameter transport.vfs.FileURI is "file:///"; expected a folder such as file:///var/in.',
    ],
    [
      { 'transport.vfs.ActionAfterProcess': 'MOVE', 'transport.vfs.MoveAfterProcess': '/in/' },
      'error bad-combination: Parameter transport.vfs.MoveAfterProcess names the folder files are taken from; they would be taken again.',
    ],
    [
      { 'transport.vfs.ActionAfterProcess': 'NONE' },
      'warning no-effect: ActionAfterProcess is NONE; files are deleted, as by everything but MOVE.',
    ],
    [
      { 'transport.vfs.ActionAfterFailure': 'MOVE' },
      'warning no-effect: ActionAfterFailure is MOVE, and no MoveAfterFailure says where to; files stay.',
    ],
    [
      { 'transport.vfs.MoveAfterProcess': '/done' },
      'warning no-effect: Parameter transport.vfs.MoveAfterProcess has no effect: ActionAfterProcess is not MOVE.',
    ],
    [
      { 'transport.vfs.MoveTimestampFormat': 'bbb' },
      'error bad-value: parameter transport.vfs.MoveTimestampFormat is "bbb"; expected a date pattern (the letter b means nothing in the date pattern bbb).',
    ],
    [{ interval: '0' }, 'error bad-value: parameter interval is "0"; expected a whole number of at least 1.'],
  ])('%o', (parameters, expected) => {
    expect(findings(parameters)).toContain(expected)
  })

  test('an interval and a folder are needed', () => {
    const found = deployed({ 'test.xml': '<inboundEndpoint name="i" protocol="file"/>' }).diagnostics.all()
    expect(found.map(({ message }) => message)).toEqual([
      '<inboundEndpoint> needs parameter interval.',
      '<inboundEndpoint> needs parameter transport.vfs.FileURI.',
    ])
  })
})
