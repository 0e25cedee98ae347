import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, mkdir, open, rename, rm, stat, unlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { DateFormat } from '../expressions/date-format.ts'
import type { LocalPlace } from './file-location.ts'
import { FAILED, TAKEN, type WaitingFile } from './file-scan.ts'

/** Where a file goes that is done with. */
export interface Target {
  readonly place: LocalPlace
  readonly prefix: DateFormat | undefined
  readonly subFolder: DateFormat | undefined
  readonly makesFolder: boolean
  readonly touches: boolean
}

/**
 * Claims a file by giving it a name nobody else takes, which only one can do. Gives its path then; undefined where
 * somebody was faster.
 */
export async function claim({ path }: WaitingFile): Promise<string | undefined> {
  const taken = `${path}.${randomBytes(4).toString('hex')}${TAKEN}`
  try {
    await rename(path, taken)
    return taken
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Follows no link, and does not wait for somebody to write to a pipe. Not every system knows these. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Reads a file that was claimed. @throws Error when it is no regular file, or larger than it may be */
export async function readWhole(path: string, maxBytes: number): Promise<Buffer> {
  const file = await open(path, READ)
  try {
    const stats = await file.stat()
    if (!stats.isFile()) throw new Error('it is no regular file')
    const { size } = stats
    if (size > maxBytes) throw new Error(`it has ${size} bytes, more than the ${maxBytes} it may have`)
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** Moves a claimed file to its target, under its own name. Compatibility: a file of that name there is replaced. */
export async function moveTo(taken: string, { name, below }: WaitingFile, target: Target): Promise<void> {
  const { place, prefix, subFolder, makesFolder, touches } = target
  const now = new Date()
  const folder = join(place.path, subFolder?.format(now) ?? '', place.isDeep ? below : '')
  if (makesFolder || (await stat(place.path)).isDirectory()) await mkdir(folder, { recursive: true })
  const moved = join(folder, `${prefix?.format(now).replace(/[/\\]/g, '-') ?? ''}${name}`)
  try {
    await rename(taken, moved)
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error
    await copyOver(taken, moved)
  }
  // A file of somebody else keeps its time.
  if (touches) await utimes(moved, now, now).catch(() => {})
}

/** To another file system: under another name first, so that nobody sees half a file. */
async function copyOver(taken: string, moved: string): Promise<void> {
  const part = `${moved}.${randomBytes(4).toString('hex')}.part`
  try {
    await copyFile(taken, part, constants.COPYFILE_EXCL)
    await rename(part, moved)
  } catch (error) {
    await rm(part, { force: true })
    throw error
  }
  await unlink(taken)
}

/** Gives a claimed file the name that says it failed. @returns its path */
export async function markFailed(taken: string, { path }: WaitingFile): Promise<string> {
  const failed = `${path}${FAILED}`
  if (await renamed(taken, failed)) return failed
  const other = `${path}.${randomBytes(4).toString('hex')}${FAILED}`
  await rename(taken, other)
  return other
}

/** Gives a claimed file its name back, unless there is another of that name by now. */
export async function giveBack(taken: string): Promise<boolean> {
  return renamed(taken, taken.replace(CLAIM, ''))
}

/** When a file was claimed, in milliseconds since 1970. */
export async function claimedMs(taken: string): Promise<number> {
  return (await stat(taken)).ctimeMs
}

const CLAIM = new RegExp(`\\.[0-9a-f]{8}${TAKEN.replace('.', '\\.')}$`)

/** Renames, and replaces nothing. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    // Not every file system has links.
    if (await exists(to)) return false
    await rename(from, to)
    return true
  }
  await unlink(from)
  return true
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
