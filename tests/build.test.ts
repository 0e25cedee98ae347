// The product as it is delivered: built, installed without development packages, and started.

import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }

const execute = promisify(execFile)
const project = fileURLToPath(new URL('..', import.meta.url))
const dist = mkdtempSync(join(tmpdir(), 'myelin-build-'))
const image = join(dist, 'image')
/** A machine with a current Node on PATH, and no checkout anywhere near. */
const env = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) }

describe('the built image', () => {
  beforeAll(async () => {
    await execute(process.execPath, ['scripts/build.mjs', dist], { cwd: project })
    const options = ['--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
    await execute('npm', ['ci', ...options], { cwd: image, env })
  }, 180_000)
  afterAll(() => rmSync(dist, { recursive: true }))

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
    const { packages } = JSON.parse(readFileSync(join(image, 'package-lock.json'), 'utf8'))
    const installed = readdirSync(join(image, 'node_modules'))

    for (const name of ['typescript', 'vitest', 'node']) {
      expect(packages).not.toHaveProperty([`node_modules/${name}`])
      expect(installed).not.toContain(name)
    }
    for (const name of Object.keys(manifest.dependencies))
      expect(packages).toHaveProperty([`node_modules/${name}`])
  })

  test('has declarations and source maps that need no sources', () => {
    const entry = join(image, 'dist/cli/index')

    expect(readFileSync(`${entry}.d.ts`, 'utf8')).toContain('export declare function main')
    const { sourcesContent } = JSON.parse(readFileSync(`${entry}.js.map`, 'utf8'))
    expect(sourcesContent).toEqual([readFileSync(join(project, 'src/cli/index.ts'), 'utf8')])
  })

  test('says what to do when its packages have not been installed', async () => {
    const bare = join(dist, 'bare')
    await execute('cp', ['-R', image, bare])
    rmSync(join(bare, 'node_modules'), { recursive: true })

    const failed = await execute(join(bare, 'bin/myelin'), ['version'], { env }).catch(error => error)

    expect(failed.code).toBe(1)
    expect(failed.stderr).toMatch(/^myelin: cannot find package '.*'; run 'npm ci --omit=dev' in .*bare\n$/)
  })
})
