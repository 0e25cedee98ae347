// The launcher and the installer, in checkouts made for the test: scripts on PATH play npm and an old Node.

import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import { type Ended, type Running, startProgram } from './cli/program.ts'

const project = fileURLToPath(new URL('..', import.meta.url))
const workshop = mkdtempSync(join(tmpdir(), 'myelin-bin-'))
afterAll(() => rmSync(workshop, { recursive: true }))

/** What the launcher starts as src/cli/index.ts: tells who runs it, and ends as its arguments say. */
const COMMAND_LINE = `
export async function main(args: readonly string[]): Promise<number> {
  console.log(JSON.stringify({ pid: process.pid, node: process.versions.node, args }))
  if (args[0] === 'exit') return Number(args[1])
  if (args[0] === 'die') process.kill(process.pid, 'SIGKILL')
  if (args[0] !== 'wait') return 0
  const signals = []
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, () => {
      signals.push(signal)
      console.log('got ' + signal)
    })
  }
  console.log('waiting')
  await new Promise(resolve => process.stdin.on('end', resolve).resume())
  console.log('all: ' + signals)
  return 3
}
`

/** What npm does, as far as it matters here: logs the call, and puts Node and the record of packages in place. */
const NPM = `#!${process.execPath}
const fs = require('node:fs')
fs.appendFileSync('npm.log', process.argv.slice(2).join(' ') + '\\n')
const behaviour = fs.existsSync('npm.behaviour') ? fs.readFileSync('npm.behaviour', 'utf8') : ''
if (behaviour === 'offline') {
  console.error('npm error network is unreachable')
  process.exit(1)
}
fs.rmSync('node_modules', { recursive: true, force: true })
fs.mkdirSync('node_modules/node/bin', { recursive: true })
fs.symlinkSync(${JSON.stringify(process.execPath)}, 'node_modules/node/bin/node')
const lock = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'))
fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify(lock))
`

/** Makes this Node look like one that does not run TypeScript; without execve it has to keep a child. */
function pretendOld(canBecomeAnother: boolean): string[] {
  const code = `
    Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } })
    ${canBecomeAnother ? '' : 'process.execve = undefined'}
  `
  return ['--import', `data:text/javascript,${encodeURIComponent(code)}`]
}

/** The old Nodes to hand over from: two played ones everywhere, and a real one where the machine has it. */
const oldNodes: { name: string; command: string[]; staysBehind: boolean }[] = [
  { name: 'an old Node', command: [process.execPath, ...pretendOld(false)], staysBehind: true },
  {
    name: 'an old Node with execve',
    command: [process.execPath, ...pretendOld(true)],
    staysBehind: false,
  },
  ...(isReallyOld('/usr/bin/node')
    ? [{ name: '/usr/bin/node', command: ['/usr/bin/node'], staysBehind: true }]
    : []),
]

function isReallyOld(node: string): boolean {
  if (!existsSync(node)) return false
  const [major = 0, minor = 0] = execFileSync(node, ['-p', 'process.versions.node'])
    .toString()
    .split('.')
    .map(Number)
  return major < 22 || (major === 22 && minor < 15)
}

/** Makes a checkout; without packages unless `isInstalled`. */
function checkout(isInstalled: boolean): string {
  const root = mkdtempSync(join(workshop, 'checkout-'))
  for (const file of ['bin/myelin', 'scripts/install.mjs']) cpSync(join(project, file), join(root, file))
  mkdirSync(join(root, 'src/cli'), { recursive: true })
  writeFileSync(join(root, 'src/cli/index.ts'), COMMAND_LINE)
  writeFileSync(join(root, 'package.json'), '{"type":"module"}')
  writeLock(root, '24.0.0')
  if (isInstalled) {
    mkdirSync(join(root, 'node_modules/node/bin'), { recursive: true })
    symlinkSync(process.execPath, join(root, 'node_modules/node/bin/node'))
  }
  return root
}

function writeLock(root: string, nodeVersion: string): void {
  const packages = {
    '': { name: 'fixture' },
    'node_modules/node': { version: nodeVersion },
    'node_modules/other-platform': { version: '1.0.0', optional: true },
  }
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages }))
}

/** A PATH with the played npm and, as `node`, an old one. */
const oldMachine = join(workshop, 'old-machine')
mkdirSync(oldMachine)
// Whatever kind of modules a package.json further up asks for.
writeFileSync(join(oldMachine, 'package.json'), '{"type":"commonjs"}')
writeFileSync(join(oldMachine, 'npm'), NPM, { mode: 0o755 })
const quoted = [process.execPath, ...pretendOld(false)].map(word => `'${word.replaceAll("'", "'\\''")}'`)
writeFileSync(join(oldMachine, 'node'), `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`, { mode: 0o755 })
const oldMachineEnv = { ...process.env, PATH: [oldMachine, '/usr/bin', '/bin'].join(delimiter) }

function npmCalls(root: string): string[] {
  const log = join(root, 'npm.log')
  return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []
}

async function end(running: Running): Promise<Ended> {
  await using program = running
  program.endInput()
  return await program.ended()
}

function facts(stdout: string): { pid: number; node: string; args: string[] } {
  return JSON.parse(stdout.split('\n')[0] ?? '')
}

describe('bin/myelin', () => {
  test('runs from anywhere, through symbolic links, with its arguments as they are', async () => {
    const root = checkout(true)
    mkdirSync(join(root, 'elsewhere'))
    symlinkSync('../bin/myelin', join(root, 'elsewhere/relative'))
    symlinkSync(join(root, 'elsewhere/relative'), join(root, 'elsewhere/absolute link'))

    const { code, stdout } = await end(
      startProgram(join(root, 'elsewhere/absolute link'), ['a b', '', "it's", '$HOME']),
    )

    expect(facts(stdout)).toMatchObject({ node: process.versions.node, args: ['a b', '', "it's", '$HOME'] })
    expect(code).toBe(0)
  })

  test('leaves no second process behind when started directly', async () => {
    await using program = startProgram(join(checkout(true), 'bin/myelin'), [], oldMachineEnv)
    program.endInput()

    const { stdout } = await program.ended()

    expect(facts(stdout)).toMatchObject({ pid: program.pid, node: process.versions.node })
  })

  test('says what is needed where there is no Node at all', async () => {
    const path = mkdtempSync(join(workshop, 'path-'))
    const dirname = ['/usr/bin/dirname', '/bin/dirname'].find(file => existsSync(file))
    symlinkSync(dirname ?? '', join(path, 'dirname'))

    const { code, stderr } = await end(startProgram(join(checkout(false), 'bin/myelin'), [], { PATH: path }))

    expect(stderr).toBe('myelin: there is no Node.js on PATH; install Node.js 24 or newer\n')
    expect(code).toBe(1)
  })

  test('an old Node with nothing to hand over to says what is needed', async () => {
    const root = checkout(false)
    rmSync(join(root, 'package-lock.json'))
    rmSync(join(root, 'scripts'), { recursive: true })

    const { code, stderr } = await end(startProgram(join(root, 'bin/myelin'), [], oldMachineEnv))

    expect(stderr).toBe(
      'myelin: this is Node.js 20.0.0, and Myelin needs 24 or newer; put a newer node on PATH\n',
    )
    expect(code).toBe(1)
  })

  test('an old Node among the packages ends it as well, at once', async () => {
    const root = checkout(true)
    const node = join(root, 'node_modules/node/bin/node')
    rmSync(node)
    cpSync(join(oldMachine, 'node'), node)

    const { code, stderr } = await end(startProgram(join(root, 'bin/myelin'), [], oldMachineEnv))

    expect(stderr).toBe(
      `myelin: ${node} is Node.js 20.0.0, and Myelin needs 24 or newer; run 'npm ci' in ${root}\n`,
    )
    expect(code).toBe(1)
  })

  test('installs what is missing, and then runs on the Node that came with it', async () => {
    const root = checkout(false)
    await using program = startProgram(join(root, 'bin/myelin'), ['x'], oldMachineEnv)
    program.endInput()

    const { stdout, stderr } = await program.ended()

    expect(facts(stdout)).toEqual({ pid: program.pid, node: process.versions.node, args: ['x'] })
    expect(stderr).toBe('myelin: installing the dependencies named in package-lock.json\n')
    expect(npmCalls(root)).toHaveLength(1)
  })

  describe.for(oldNodes)('on $name', ({ command: [node = '', ...options], staysBehind }) => {
    const start = (root: string, ...args: string[]): Running =>
      startProgram(node, [...options, join(root, 'bin/myelin'), ...args], oldMachineEnv)

    test('hands over to the Node of the project', async () => {
      await using program = start(checkout(true), 'a b', '')
      program.endInput()

      const { stdout } = await program.ended()

      const { pid, node: version, args } = facts(stdout)
      expect({ version, args }).toEqual({ version: process.versions.node, args: ['a b', ''] })
      expect(pid === program.pid).toBe(!staysBehind)
    })

    test('installs first where that Node is missing', async () => {
      const root = checkout(false)

      const { stdout, stderr } = await end(start(root))

      expect(facts(stdout).node).toBe(process.versions.node)
      expect(stderr).toBe('myelin: installing the dependencies named in package-lock.json\n')
      expect(npmCalls(root)).toHaveLength(1)
    })

    test('ends with the exit code of the command', async () => {
      expect(await end(start(checkout(true), 'exit', '7'))).toMatchObject({ code: 7, signal: null })
    })

    test('ends by the signal that ended the command', async () => {
      expect(await end(start(checkout(true), 'die'))).toMatchObject({ code: null, signal: 'SIGKILL' })
    })

    test('passes every signal on, once', async () => {
      await using program = start(checkout(true), 'wait')
      await program.prints(/^waiting$/m)
      for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
        program.kill(signal)
        await program.prints(new RegExp(`^got ${signal}$`, 'm'))
      }
      program.endInput()

      const { code, stdout } = await program.ended()

      expect(stdout).toMatch(/^all: SIGTERM,SIGINT,SIGHUP$/m)
      expect(code).toBe(3)
    })
  })
})

describe('scripts/install.mjs', () => {
  const install = (root: string): Promise<Ended> =>
    end(startProgram(process.execPath, [join(root, 'scripts/install.mjs')], oldMachineEnv))

  test('installs once, and again when package-lock.json changes', async () => {
    const root = checkout(false)

    await install(root)
    const { stderr } = await install(root)
    expect(stderr).toBe('')
    expect(npmCalls(root)).toEqual(['ci --include=dev --no-audit --no-fund --loglevel=error'])

    writeLock(root, '24.0.1')
    await install(root)
    expect(npmCalls(root)).toHaveLength(2)
  })

  test('accepts what npm was told to install by hand', async () => {
    const root = checkout(true)
    cpSync(join(root, 'package-lock.json'), join(root, 'node_modules/.package-lock.json'))

    expect(await install(root)).toMatchObject({ code: 0, stderr: '' })
    expect(npmCalls(root)).toEqual([])
  })

  test('started several times at once, installs once', async () => {
    const root = checkout(false)

    const ends = await Promise.all([install(root), install(root), install(root)])

    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0])
    expect(npmCalls(root)).toHaveLength(1)
    expect(existsSync(join(root, '.cache/install.lock'))).toBe(false)
  })

  test('does not wait for an installation that was killed', async () => {
    const root = checkout(false)
    const lock = join(root, '.cache/install.lock')
    mkdirSync(lock, { recursive: true })
    const aMinuteAgo = new Date(Date.now() - 60_000)
    utimesSync(lock, aMinuteAgo, aMinuteAgo)

    expect((await install(root)).code).toBe(0)
    expect(npmCalls(root)).toHaveLength(1)
  })

  test('shows what npm said when it fails, and tries again the next time', async () => {
    const root = checkout(false)
    writeFileSync(join(root, 'npm.behaviour'), 'offline')

    const failed = await install(root)
    rmSync(join(root, 'npm.behaviour'))

    expect(failed.code).toBe(1)
    expect(failed.stderr).toContain(
      "npm error network is unreachable\nmyelin: 'npm ci' ended with code 1; its messages are above\n",
    )
    expect((await install(root)).code).toBe(0)
  })
})
