// Writes docs/reference from what the sources declare. With --check nothing is written: stale files are named, and
// the exit code is 1 when there are any.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { referencePages } from './docs/pages.ts'

const folder = join(import.meta.dirname, '..', 'docs', 'reference')
const pages = referencePages()
const stale = [...pages.keys(), ...present()]
  .filter((file, i, all) => all.indexOf(file) === i && read(file) !== pages.get(file))
  .sort()

if (process.argv.includes('--check')) {
  for (const file of stale) console.log(`docs/reference/${file} is stale; write it with: npm run docs`)
  if (stale.length > 0) process.exitCode = 1
} else {
  for (const file of stale) write(file, pages.get(file))
  console.log(`docs/reference: ${pages.size} pages, ${stale.length} of them changed`)
}

function present(): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
    return entries
      .filter(entry => entry.isFile())
      .map(entry =>
        join(entry.parentPath, entry.name)
          .slice(folder.length + 1)
          .replaceAll('\\', '/'),
      )
  } catch {
    return []
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(join(folder, file), 'utf8')
  } catch {
    return undefined
  }
}

/** Writes a page, or takes away one that no source declares. */
function write(file: string, text: string | undefined): void {
  const path = join(folder, file)
  if (text === undefined) rmSync(path)
  else {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
}
