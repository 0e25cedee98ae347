// The product as it is delivered: built, installed without development packages, packed for others, and used by them.

import { execFile } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { startProgram } from './cli/program.ts'
import { startUpper } from './support/backends.ts'

const execute = promisify(execFile)
const checkout = fileURLToPath(new URL('..', import.meta.url))
const packages = join(checkout, 'node_modules')
const folder = mkdtempSync(join(tmpdir(), 'myelin-build-'))
const dist = join(folder, 'dist')
const image = join(dist, 'image')
const project = join(folder, 'project')
const installed = join(project, 'node_modules', 'myelin')
/** A machine with a current Node on PATH, and no checkout anywhere near. */
const env = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) }

const MAX_PACKED_BYTES = 3 * 1024 * 1024

let packed = ''

beforeAll(async () => {
  await execute(process.execPath, ['scripts/build.mjs', dist], { cwd: checkout })
  const options = ['--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  const [, file] = await Promise.all([execute('npm', ['ci', ...options], { cwd: image, env }), pack()])
  packed = file
  await install()
}, 180_000)
afterAll(() => rmSync(folder, { recursive: true }))

async function pack(): Promise<string> {
  const args = ['pack', '--json', '--pack-destination', folder]
  const { stdout } = await execute('npm', args, { cwd: image, env })
  return join(folder, saidOf<{ filename: string }>(stdout).filename)
}

/** Gives what npm says of the one package, which versions of it say differently. */
function saidOf<T>(stdout: string): T {
  const said = JSON.parse(stdout) as T[] | Record<string, T>
  return Object.values(said)[0]!
}

function unpackInto(target: string): Promise<unknown> {
  mkdirSync(target, { recursive: true })
  return execute('tar', ['-xzf', packed, '--strip-components=1', '-C', target])
}

/** Unpacks the package into an empty project, beside what it depends on: there may be no network. */
async function install(): Promise<void> {
  await unpackInto(installed)
  const beside = dirname(installed)
  for (const name of Object.keys(manifest.dependencies)) link(join(image, 'node_modules', name), beside, name)
  for (const name of ['@types/node', 'undici-types']) link(join(packages, name), beside, name)
  link('../myelin/bin/myelin', beside, '.bin/myelin')
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }')
}

function link(target: string, beside: string, name: string): void {
  mkdirSync(dirname(join(beside, name)), { recursive: true })
  symlinkSync(target, join(beside, name))
}

function write(name: string, text: string): string {
  const file = join(project, name)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}

describe('the built image', () => {
  test('prints its version', async () => {
    const { stdout } = await execute(join(image, 'bin/myelin'), ['version'], { cwd: tmpdir(), env })

    expect(stdout).toBe(`myelin ${manifest.version} (node ${process.version})\n`)
  })

  test('is the program, its configuration and what belongs to it, and no sources', () => {
    expect(readdirSync(image).sort()).toEqual(
      [
        'LICENSE',
        'README.md',
        'bin',
        'config',
        'dist',
        'node_modules',
        'package-lock.json',
        'package.json',
      ].sort(),
    )
    const sources = readdirSync(join(image, 'dist'), { recursive: true, encoding: 'utf8' }).filter(
      file => file.endsWith('.ts') && !file.endsWith('.d.ts'),
    )
    expect(sources).toEqual([])
    expect(existsSync(join(image, 'dist/image'))).toBe(false)
  })

  test('has no development packages', () => {
    const { packages: locked } = JSON.parse(readFileSync(join(image, 'package-lock.json'), 'utf8'))
    const there = readdirSync(join(image, 'node_modules'))

    for (const name of ['typescript', 'vitest', 'node']) {
      expect(locked).not.toHaveProperty([`node_modules/${name}`])
      expect(there).not.toContain(name)
    }
    for (const name of Object.keys(manifest.dependencies))
      expect(locked).toHaveProperty([`node_modules/${name}`])
  })

  test('has declarations and source maps that need no sources', () => {
    const entry = join(image, 'dist/cli/index')

    expect(readFileSync(`${entry}.d.ts`, 'utf8')).toContain('export declare function main')
    const { sourcesContent } = JSON.parse(readFileSync(`${entry}.js.map`, 'utf8'))
    expect(sourcesContent).toEqual([readFileSync(join(checkout, 'src/cli/index.ts'), 'utf8')])
  })
})

describe('the package', () => {
  test('is the program, what belongs to it, and nothing to develop it with', () => {
    expect(readdirSync(installed).sort()).toEqual(
      ['LICENSE', 'README.md', 'bin', 'config', 'dist', 'package.json'].sort(),
    )
    const files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
    expect(files.filter(file => /(?<!\.d)\.ts$|\.map$|\.test\./.test(file))).toEqual([])
    expect(statSync(packed).size).toBeLessThan(MAX_PACKED_BYTES)
  })

  test('may be published, and runs nothing when it is installed', () => {
    const own = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
    expect(own).not.toHaveProperty('private')
    expect(own).not.toHaveProperty('scripts')
    expect(JSON.stringify(own.exports)).not.toContain('src/')
  })

  test('says what to do when what it depends on is not there', async () => {
    const bare = join(folder, 'bare')
    await unpackInto(bare)

    const failed = await execute(join(bare, 'bin/myelin'), ['version'], { env }).catch(error => error)

    expect(failed.code).toBe(1)
    expect(failed.stderr).toMatch(/^myelin: cannot find package '.*'; run 'npm ci --omit=dev' in .*bare\n$/)
  })

  test('is imported by plain JavaScript: clients, services and mocks', async () => {
    await using backend = await startUpper()
    const program = write(
      'program.js',
      `import { connect, ConnectionClosureError, mock, serve, service } from 'myelin'
      const client = await connect(process.argv[2])
      await client.writeMessage('text message')
      console.log(await client.readMessage())
      await client.close()
      await client.readMessage().catch(error => console.log(error instanceof ConnectionClosureError, error.code))
      const server = await serve(service({ onMessage: (caller, data) => data + '!' }), { log: 'silent' })
      const mocks = await mock([{ websocket: { path: '/a', 'on-message': [{ pattern: 'ping', response: 'pong' }] } }])
      for (const [url, text] of [[server.url, 'hello'], [mocks.url + '/a', 'ping']]) {
        const other = await connect(url)
        await other.writeMessage(text)
        console.log(await other.readMessage())
      }
      await Promise.all([server.kill(), mocks.stop()])`,
    )
    const { stdout, stderr } = await execute(process.execPath, [program, backend.url], { cwd: project, env })
    expect(stderr).toBe('')
    expect(stdout).toBe('TEXT MESSAGE\ntrue CONNECTION_CLOSED\nhello!\npong\n')
  })

  test('is started by npx', async () => {
    const { stdout } = await execute('npx', ['--no-install', 'myelin', 'version'], { cwd: project, env })
    expect(stdout).toMatch(/^myelin \d/)
  })

  test('runs services in TypeScript that stand in config/services', async () => {
    write(
      'config/deployment.toml',
      '[transport.http]\nlistener.port = 0\n[management_api]\nenable = false\n[management.probe]\nenable = false\n',
    )
    write(
      'config/services/greeter.ts',
      `import { type Caller, close, service } from 'myelin'
      import { greeting } from '../../greeting.ts'

      export default service({
        basePath: '/greeter',
        onOpen: async (caller: Caller): Promise<void> => {
          await caller.writeMessage(greeting)
        },
        onMessage: (_caller: Caller, data: string) => (data === 'bye' ? close.normal() : { length: data.length }),
      })`,
    )
    write('greeting.ts', `export const greeting: string = 'welcome'`)
    // What npx starts; npx itself would stay in between.
    const program = join(project, 'node_modules/.bin/myelin')
    await using gateway = startProgram(program, ['run'], env, project)
    const [, url = ''] = await gateway.prints(/service greeter at (ws:[^"]*)/)
    await gateway.prints(/"ready"/)
    await using client = startProgram(program, ['ws', url], env, project)
    client.type('hello')
    await client.prints(/^< \{"length":5\}$/m)
    client.type('bye')
    const { stdout, code } = await client.ended()
    expect(stdout.split('\n').filter(line => line.startsWith('<'))).toEqual([
      '< welcome',
      '< {"length":5}',
      '< close 1000 Normal closure',
    ])
    expect(code).toBe(0)
  })

  test('has types that are checked, its own and those of whoever uses it', async () => {
    write(
      'program.ts',
      `import { type Client, type ClientOptions, connect, mock, type ServiceServer, serve, service, type StandardSchema, WebSocketError } from 'myelin'
      interface Order { readonly id: number }
      declare const schema: StandardSchema<Order>
      const options: ClientOptions = { subProtocols: ['a'], retryConfig: { maxCount: 3, retryOn: ['loss', 1012] } }
      export async function run(): Promise<number> {
        await using client: Client = await connect(['ws://localhost:1', 'ws://localhost:2'], options)
        const order: Order = await client.readMessage(schema)
        const half: number = await client.readMessage(value => Number(value) / 2)
        const text: string = await client.readMessage<string>()
        for await (const message of client) console.log(message.length, text)
        // @ts-expect-error there is no such option
        await connect('ws://localhost:1', { subProtocol: ['a'] })
        // @ts-expect-error a schema says what is read
        const wrong: string = await client.readMessage(schema)
        const closeCode: number | undefined = new WebSocketError(wrong).closeCode
        return order.id + half + (closeCode ?? 0)
      }
      export async function services(): Promise<number> {
        const echo = service({ basePath: '/echo', onMessage: (caller, data: string) => (caller.isOpen ? data : undefined) })
        await using server: ServiceServer = await serve(echo, { start: false })
        await server.attach({ onTextMessage: async (caller, data: string) => caller.writeTextMessage(data) })
        await server.detach(echo)
        // @ts-expect-error there is no such option
        await serve(echo, { ports: 1 })
        await using mocks = await mock([{ websocket: { path: '/a' } }])
        return server.port + mocks.unmatched.length
      }`,
    )
    write(
      'tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          allowImportingTsExtensions: true,
          target: 'es2024',
          lib: ['es2024', 'esnext.disposable'],
          module: 'nodenext',
          types: ['node'],
          skipLibCheck: false,
        },
        include: ['program.ts', 'config/services'],
      }),
    )
    const tsc = join(packages, 'typescript', 'bin', 'tsc')
    const { stdout } = await execute(process.execPath, [tsc, '-p', '.'], { cwd: project, env }).catch(
      error => error,
    )
    expect(stdout).toBe('')
  }, 60_000)
})

test('a checkout that was built is packed without its sources', async () => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const { stdout } = await execute('npm', args, { cwd: checkout, env })
  const { files } = saidOf<{ files: readonly { path: string }[] }>(stdout)
  const folders = new Set(files.map(({ path }) => path.split('/')[0]))
  for (const name of ['src', 'tests', 'docs', 'benchmarks', 'scripts', 'node_modules'])
    expect(folders).not.toContain(name)
  expect(folders).toContain('bin')
}, 60_000)
