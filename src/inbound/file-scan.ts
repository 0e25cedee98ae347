import type { Dirent } from 'node:fs'
import { lstat, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { LocalPlace } from './file-location.ts'

/** A file that waits. */
export interface WaitingFile {
  readonly path: string
  readonly name: string
  /** The folder it is in, from the one that is polled; '' for that itself. */
  readonly below: string
  readonly size: number
  readonly modifiedMs: number
}

/** Which files are wanted, and in which order. */
export interface ScanRules {
  readonly place: LocalPlace
  readonly pattern: RegExp | undefined
  /** Folders that files are moved to: nothing is taken from there. */
  readonly targets: readonly string[]
  readonly heedsLocks: boolean
  /** For how long a file must not have been modified, and the longest it may. */
  readonly minAgeMs: number
  readonly maxAgeMs: number
  readonly order: 'none' | 'Name' | 'Size' | 'Lastmodifiedtimestamp'
  readonly isAscending: boolean
}

/** What one look at a folder found. */
export interface Scan {
  readonly files: WaitingFile[]
  /** Files that a gateway has claimed, this one or another. */
  readonly claimed: string[]
  /** Folders below that cannot be read. */
  readonly problems: { readonly path: string; readonly error: unknown }[]
}

/** Ends the name of a file that is being worked on: `order.xml.5f3a9c01.myelin-taken`. */
export const TAKEN = '.myelin-taken'

/** Ends the name of a file that failed and stays. */
export const FAILED = '.fail'

const SIDECARS = [TAKEN, FAILED, '.lock']

/** Folders below folders are followed this far. */
const MAX_DEPTH = 20

/** Looks which files wait in a folder, and below it: regular files, no links. @throws Error where it cannot be read */
export async function scan(rules: ScanRules): Promise<Scan> {
  const { place } = rules
  const found: Scan = { files: [], claimed: [], problems: [] }
  if ((await stat(place.path)).isDirectory()) await enter(place.path, '', 0, rules, found)
  else await enter(dirname(place.path), '', MAX_DEPTH, { ...rules, only: basename(place.path) }, found)
  found.files.sort(comparison(rules))
  return found
}

async function enter(
  folder: string,
  below: string,
  depth: number,
  rules: ScanRules & { readonly only?: string },
  found: Scan,
): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true })
  const names = new Set(entries.map(({ name }) => name))
  for (const entry of entries) {
    const { name } = entry
    const path = join(folder, name)
    if (entry.isDirectory()) {
      if (rules.place.isDeep && depth < MAX_DEPTH && !rules.targets.includes(path))
        await enter(path, join(below, name), depth + 1, rules, found).catch(error =>
          found.problems.push({ path, error }),
        )
    } else if (entry.isFile() && name.endsWith(TAKEN)) {
      if (rules.only === undefined || name.startsWith(rules.only)) found.claimed.push(path)
    } else if (isWanted(entry, names, rules)) {
      const file = await lstat(path).catch(() => undefined)
      if (!file?.isFile()) continue
      const ageMs = Date.now() - file.mtimeMs
      if (ageMs < rules.minAgeMs || ageMs > rules.maxAgeMs) continue
      found.files.push({ path, name, below, size: file.size, modifiedMs: file.mtimeMs })
    }
  }
}

function isWanted(
  entry: Dirent,
  names: ReadonlySet<string>,
  { pattern, heedsLocks, only }: ScanRules & { readonly only?: string },
): boolean {
  const { name } = entry
  if (!entry.isFile() || SIDECARS.some(ending => name.endsWith(ending))) return false
  if (heedsLocks && names.has(`${name}.lock`)) return false
  return only === undefined ? pattern === undefined || pattern.test(name) : name === only
}

function comparison({ order, isAscending }: ScanRules): (a: WaitingFile, b: WaitingFile) => number {
  const sign = isAscending || order === 'none' ? 1 : -1
  const byName = (a: WaitingFile, b: WaitingFile): number => (a.path < b.path ? -1 : 1)
  if (order === 'Size') return (a, b) => sign * (a.size - b.size) || byName(a, b)
  if (order === 'Lastmodifiedtimestamp') return (a, b) => sign * (a.modifiedMs - b.modifiedMs) || byName(a, b)
  return (a, b) => sign * byName(a, b)
}
