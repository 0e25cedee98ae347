import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Finds the first of some programs on the PATH; undefined where there is none of them. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names.flatMap(name => folders.map(folder => join(folder, name))).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** How a program ended, and what it wrote. */
export interface Ran {
  readonly code: number | null
  readonly out: string
  readonly errors: string
}

/** Runs a program to its end, with a text as its input. */
export function runProgram(
  program: string,
  args: readonly string[],
  input: string | Buffer = '',
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe' })
    const texts = { out: '', errors: '' }
    child.stdout.setEncoding('utf8').on('data', chunk => {
      texts.out += chunk
    })
    child.stderr.setEncoding('utf8').on('data', chunk => {
      texts.errors += chunk
    })
    child.on('error', reject)
    child.on('close', code => resolve({ code, ...texts }))
    // A program may end without having read all there was.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
