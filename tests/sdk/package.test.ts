// The package as others install it: built, packed, unpacked into an empty project, and used by plain Node and tsc.

import { execFile } from 'node:child_process'
import {
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
import { startUpper } from '../support/backends.ts'

const execute = promisify(execFile)
const checkout = fileURLToPath(new URL('../..', import.meta.url))
const packages = join(checkout, 'node_modules')
const folder = mkdtempSync(join(tmpdir(), 'myelin-package-'))
const project = join(folder, 'project')
const installed = join(project, 'node_modules', 'myelin')
const env = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) }

const MAX_PACKED_BYTES = 3 * 1024 * 1024

let packed = ''

/** Unpacks the package beside the packages it depends on, which are those of the checkout: there may be no network. */
async function installInto(target: string): Promise<void> {
  mkdirSync(target, { recursive: true })
  await execute('tar', ['-xzf', packed, '--strip-components=1', '-C', target])
  const { dependencies } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'))
  for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types']) {
    const link = join(dirname(target), name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(packages, name), link)
  }
}

beforeAll(async () => {
  const dist = join(folder, 'dist')
  await execute(process.execPath, ['scripts/build.mjs', dist], { cwd: checkout })
  const image = join(dist, 'image')
  const { stdout } = await execute('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: image,
    env,
  })
  const said = JSON.parse(stdout)
  const [{ filename }] = Array.isArray(said) ? said : (Object.values(said) as { filename: string }[])
  packed = join(folder, filename)
  await installInto(installed)
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
}, 180_000)
afterAll(() => rmSync(folder, { recursive: true }))

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
    const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))
    expect(manifest).not.toHaveProperty('private')
    expect(manifest).not.toHaveProperty('scripts')
    expect(JSON.stringify(manifest.exports)).not.toContain('src/')
  })

  test('has a program that starts', async () => {
    const { stdout } = await execute(join(installed, 'bin/myelin'), ['version'], { cwd: project, env })
    expect(stdout).toMatch(/^myelin \d/)
  })

  test('is imported by plain JavaScript', async () => {
    await using backend = await startUpper()
    const program = join(project, 'program.js')
    writeFileSync(
      program,
      `import { connect, ConnectionClosureError } from 'myelin'
      const client = await connect(process.argv[2])
      await client.writeMessage('text message')
      console.log(await client.readMessage())
      await client.close()
      await client.readMessage().catch(error => console.log(error instanceof ConnectionClosureError, error.code))`,
    )
    const { stdout, stderr } = await execute(process.execPath, [program, backend.url], { cwd: project, env })
    expect(stderr).toBe('')
    expect(stdout).toBe('TEXT MESSAGE\ntrue CONNECTION_CLOSED\n')
  })

  test('has types that are checked, its own and those of whoever uses it', async () => {
    writeFileSync(
      join(project, 'program.ts'),
      `import { type Client, type ClientOptions, connect, type StandardSchema, WebSocketError } from 'myelin'
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
      }`,
    )
    writeFileSync(
      join(project, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          strict: true,
          noEmit: true,
          target: 'es2024',
          lib: ['es2024', 'esnext.disposable'],
          module: 'nodenext',
          types: ['node'],
          skipLibCheck: false,
        },
        files: ['program.ts'],
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
  const { stdout } = await execute('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: checkout,
    env,
  })
  const said = JSON.parse(stdout)
  const [{ files }] = Array.isArray(said) ? said : (Object.values(said) as { files: { path: string }[] }[])
  const folders = new Set((files as { path: string }[]).map(({ path }) => path.split('/')[0]))
  for (const name of ['src', 'tests', 'docs', 'benchmarks', 'scripts', 'node_modules'])
    expect(folders).not.toContain(name)
  expect(folders).toContain('bin')
}, 60_000)
