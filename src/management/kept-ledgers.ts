import { appendFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Ledger } from '../core/ledger.ts'
import { makeRunFolder, runFolder } from './run-folder.ts'

/** The last ledger of a process that has stopped, and how it was reached. */
export interface KeptLedger extends Ledger {
  readonly pid: number
  /** Where its management API was; undefined where it had none. */
  readonly url: string | undefined
  readonly paths: readonly string[]
}

const FILE = 'ledger.jsonl'

/** From this size on the older half of a file is left out. */
const MAX_BYTES = 1024 * 1024

/**
 * Keeps the ledger of a process that stops: in the folder of its user, and in the data folder where there is one.
 * @throws Error where it cannot be written; what can be written is
 */
export function keepLedger(ledger: KeptLedger, dataFolder: string): void {
  const line = `${JSON.stringify(ledger)}\n`
  try {
    append(join(makeRunFolder(), FILE), line)
  } finally {
    if (existsSync(dataFolder)) append(join(dataFolder, FILE), line)
  }
}

/** Gives the kept ledgers, the newest last; of the folder of this user where no file is named. */
export function keptLedgers(file: string = join(runFolder(), FILE)): KeptLedger[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8').split('\n').flatMap(parsed)
}

function parsed(line: string): KeptLedger[] {
  try {
    return [JSON.parse(line) as KeptLedger]
  } catch {
    return []
  }
}

function append(file: string, line: string): void {
  appendFileSync(file, line, { mode: 0o600 })
  if (statSync(file).size <= MAX_BYTES) return
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const newer = `${file}.${process.pid}`
  writeFileSync(newer, `${lines.slice(lines.length >> 1).join('\n')}\n`, { mode: 0o600 })
  renameSync(newer, file)
}
