import { randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** How the gateways of a user are found by commands on the same machine. */
export interface RunEntry {
  /** Where the management API is. */
  readonly url: string
  readonly pid: number
  readonly node: string
  /** What commands of the same user show. */
  readonly token: string
  /** The configuration, as absolute paths. */
  readonly paths: readonly string[]
  /** In milliseconds since 1970. */
  readonly startedAt: number
  /** The certificate of the management API, as PEM, where it has one. */
  readonly certificate?: string
  /** The process that started it, where it is one of several workers. */
  readonly server?: number
}

/** Environment variable that names the folder in place of the usual one. */
export const RUN_FOLDER = 'MYELIN_RUN_FOLDER'

/** Environment variable with a token that commands may show, in place of one that is made at the start. */
export const TOKEN_VARIABLE = 'MYELIN_MANAGEMENT_TOKEN'

/** Gives the folder for what the processes of a user leave for each other; nobody else may look into it. */
export function runFolder(): string {
  const { [RUN_FOLDER]: own, XDG_RUNTIME_DIR: ofSession } = process.env
  if (own) return own
  return ofSession ? join(ofSession, 'myelin') : join(tmpdir(), `myelin-${userInfo().uid}`)
}

/** Makes that folder where it is missing. @throws Error where others could read or change what is in it */
export function makeRunFolder(): string {
  const folder = runFolder()
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid } = userInfo()
  const found = lstatSync(folder)
  const isOurs = uid < 0 || found.uid === uid
  if (!found.isDirectory() || !isOurs || (uid >= 0 && (found.mode & 0o077) !== 0))
    throw new Error(`${folder} is not a folder of this user alone (mode 0700)`)
  return folder
}

/** Leaves an entry for a gateway; what this gives takes it away. @throws Error where it cannot be written */
export function leaveEntry(entry: RunEntry): () => void {
  const folder = makeRunFolder()
  // A process id may come again, and then the file of old must not be in the way.
  const file = join(folder, `gateway-${entry.pid}-${randomBytes(4).toString('hex')}.json`)
  writeFileSync(file, JSON.stringify(entry), { mode: 0o600, flag: 'wx' })
  return () => rmSync(file, { force: true })
}

/** Gives the gateways of this user that run, oldest first; entries of those that do not are removed. */
export function runningGateways(): RunEntry[] {
  const found: RunEntry[] = []
  for (const file of filesIn(runFolder())) {
    const entry = readEntry(file)
    if (entry && isRunning(entry.pid)) found.push(entry)
    else if (entry) rmSync(file, { force: true })
  }
  return found.toSorted((a, b) => a.startedAt - b.startedAt)
}

/** Whether there is a process of that id. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter(name => /^gateway-.*\.json$/.test(name))
      .map(name => join(folder, name))
  } catch {
    return []
  }
}

function readEntry(file: string): RunEntry | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as RunEntry
  } catch {
    // It is being written, or has just gone.
    return undefined
  }
}
