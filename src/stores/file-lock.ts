import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout as after } from 'node:timers/promises'

/** A lock of this age was left by a process that came to a sudden end: what is done under one takes milliseconds. */
const STALE_MS = 10_000
const MOST_WAITING_MS = 15_000
const AGAIN_MS = 10

/**
 * Does something while a file is there that no other process has made; one that was left behind is taken over.
 * @throws Error when others hold it for too long, or the file cannot be made
 */
export async function locked<T>(path: string, act: () => Promise<T>): Promise<T> {
  const id = randomUUID()
  const deadline = performance.now() + MOST_WAITING_MS
  while (!(await isMade(path, id))) {
    if (await isStale(path)) await takeAway(path, id)
    else if (performance.now() > deadline) throw new Error(`${path} is held by another process`)
    else await after(AGAIN_MS)
  }
  try {
    return await act()
  } finally {
    // Whoever took it over gives it back.
    if ((await contentOf(path)) === id) await rm(path, { force: true })
  }
}

async function isMade(path: string, id: string): Promise<boolean> {
  try {
    await writeFile(path, id, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function isStale(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > STALE_MS
}

/** Removes a stale lock. What another process made in its place meanwhile is put back. */
async function takeAway(path: string, id: string): Promise<void> {
  const aside = `${path}.${id}`
  try {
    await rename(path, aside)
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  if (!(await isStale(aside))) await link(aside, path).catch(() => {})
  await rm(aside, { force: true })
}

async function contentOf(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined)
}
