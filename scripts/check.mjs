// Everything that must hold before a change is pushed, apart from the tests: types, style, import directions, docs.
// The parts only read, so they run side by side.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tool = (...path) => join(root, 'node_modules', ...path)
const docs = join(root, 'scripts', 'docs.ts')

const parts = [
  { name: 'types', args: [tool('typescript', 'bin', 'tsc'), '--noEmit'] },
  { name: 'style', args: [tool('@biomejs', 'biome', 'bin', 'biome'), 'check', '--max-diagnostics=50'] },
  { name: 'imports', args: [tool('vitest', 'vitest.mjs'), 'run', 'tests/architecture.test.ts'] },
  ...(existsSync(docs) ? [{ name: 'docs', args: [docs, '--check'] }] : []),
]

const passed = await Promise.all(parts.map(check))
if (passed.includes(false)) process.exitCode = 1

/** Runs one part; prints a line about it, and what it said when it fails. */
async function check({ name, args }) {
  const startedMs = performance.now()
  const { code, output } = await run(args)
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'}  ${name} (${seconds} s)`)
  if (code !== 0) console.log(`${output.trimEnd()}\n`)
  return code === 0
}

function run(args) {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', text => (output += text))
    child.on('error', fail)
    child.on('close', code => done({ code, output }))
  })
}
