import { type FSWatcher, lstatSync, readlinkSync, watch } from 'node:fs'
import { dirname, parse, resolve, sep } from 'node:path'
import type { Logger } from '../core/logger.ts'
import type { ListenerTlsOptions, TlsSource } from '../websocket/options.ts'
import { certificateLine, dateConcern, digestOf } from './listener-tls.ts'

/** What a watch of certificates tells, and whom. */
export interface CertificateWatchOptions {
  /** Names the listener in the log: `port 8443`. */
  readonly where: string
  readonly log: Logger
  /** Takes the new certificates. */
  readonly use: (tls: ListenerTlsOptions) => void
}

/** Several files are written one after the other: this long after the first change they are read. */
const SETTLE_MS = 200

/** What cannot be read then may be half written: it is read once more after this, before anybody is told. */
const AGAIN_MS = 1_000

/** Not every file system tells of changes, and a folder may be gone for a while: files are looked at this often. */
const LOOK_MS = 30_000

/**
 * Watches the files of key stores and trust stores, and hands over what is in them when it changes. Files may be
 * written in place, renamed over, or swapped by a symbolic link, as Kubernetes does. While what is in them cannot be
 * used, what was there before goes on to be served.
 */
export class CertificateWatch {
  readonly #source: TlsSource
  readonly #options: CertificateWatchOptions
  readonly #looking: NodeJS.Timeout
  #watchers: FSWatcher[] = []
  #timer: NodeJS.Timeout | undefined
  #served: string
  /** The contents that could not be used, and whether that was told. */
  #broken: { readonly digest: string; readonly isTold: boolean } | undefined
  #isClosed = false

  constructor(source: TlsSource, options: CertificateWatchOptions) {
    this.#source = source
    this.#options = options
    this.#served = source.digest
    this.#arm()
    // They may have changed since they were read.
    this.#check(SETTLE_MS)
    this.#looking = setInterval(() => this.#check(0), LOOK_MS).unref()
  }

  /** Watches no more. */
  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    clearInterval(this.#looking)
    this.#disarm()
  }

  #arm(): void {
    this.#disarm()
    const folders = new Set(this.#source.files.flatMap(foldersOf))
    for (const folder of folders) {
      try {
        const watcher = watch(folder, { persistent: false }, () => this.#check(SETTLE_MS))
        watcher.on('error', () => watcher.close())
        this.#watchers.push(watcher)
      } catch (error) {
        const { log, where } = this.#options
        log.debug(
          { folder, err: error },
          `${where}: ${folder} cannot be watched; it is looked at now and then`,
        )
      }
    }
  }

  #disarm(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close()
  }

  #check(afterMs: number): void {
    if (this.#isClosed || this.#timer !== undefined) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      // Links may lead elsewhere now, and a folder that was made anew is another one.
      this.#arm()
      this.#reload()
    }, afterMs).unref()
  }

  #reload(): void {
    const digest = digestOf(this.#source.files)
    if (digest === this.#served) {
      this.#broken = undefined
      return
    }
    const { log, where, use } = this.#options
    try {
      const tls = this.#source.read()
      use(tls)
      this.#served = digest
      this.#broken = undefined
      log.info({ files: this.#source.files }, `${where} now serves ${certificateLine(tls)}`)
      const concern = dateConcern(tls, this.#source.files[0]!)
      if (concern !== undefined) log.warn({}, `${where}: ${concern}`)
    } catch (error) {
      this.#couldNot(digest, error as Error)
    }
  }

  #couldNot(digest: string, error: Error): void {
    const isKnown = this.#broken?.digest === digest
    if (isKnown && this.#broken!.isTold) return
    this.#broken = { digest, isTold: isKnown }
    if (!isKnown) {
      this.#check(AGAIN_MS)
      return
    }
    const { log, where } = this.#options
    log.error({ err: error }, `${where} goes on with the certificate it has: ${error.message}`)
  }
}

/** Lists the folders in which a file may be changed: its own, and those of the links on the way to it. */
function foldersOf(file: string): string[] {
  const folders: string[] = []
  let path = resolve(file)
  try {
    while (folders.length < MAX_LINKS) {
      const link = firstLinkOf(path)
      folders.push(dirname(link ?? path))
      if (link === undefined) break
      path = resolve(dirname(link), readlinkSync(link)) + path.slice(link.length)
    }
  } catch {
    // A link that went away just now, or that may not be read: what was found so far is watched.
  }
  return folders
}

const MAX_LINKS = 40

function firstLinkOf(path: string): string | undefined {
  const { root } = parse(path)
  let current = root
  for (const part of path.slice(root.length).split(sep)) {
    current = resolve(current, part)
    if (lstatSync(current, { throwIfNoEntry: false })?.isSymbolicLink()) return current
  }
  return undefined
}
