import type { DatabaseSync } from 'node:sqlite'

/** Pages of 4096 bytes that stay free for what comes next. */
const KEPT_PAGES = 1_024

/** So many pages are given back at once: about as long as a transaction with messages takes. */
const STEP_PAGES = 256

/** A file of an earlier version is made anew where not more pages than these hold something. */
const FEW_PAGES = 2_048

/** Gives room of the file back to the disk that nothing stands in any more. */
export class EmbeddedRoom {
  readonly #db: DatabaseSync
  #isGivingBack = false

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  /**
   * Gives a little of it back where more than half of the file is free; says whether there is more.
   * @throws Error where another process writes, or the disk fails; nothing is lost then
   */
  giveBack(): boolean {
    if (this.#db.isTransaction) return false
    const free = this.#read('freelist_count')
    const used = this.#read('page_count') - free
    this.#isGivingBack = this.#isGivingBack
      ? free > Math.max(KEPT_PAGES, used / 2)
      : free > Math.max(2 * KEPT_PAGES, used)
    if (!this.#isGivingBack) return false
    const isIncremental = this.#read('auto_vacuum') === 2
    if (!isIncremental && used > FEW_PAGES) return false
    this.#atOnce(isIncremental ? `PRAGMA incremental_vacuum(${STEP_PAGES})` : 'VACUUM')
    const isOver = this.#read('freelist_count') <= Math.max(KEPT_PAGES, used / 2)
    // Only then the files are shorter.
    if (isOver) this.#atOnce('PRAGMA wal_checkpoint(TRUNCATE)')
    this.#isGivingBack = !isOver
    return !isOver
  }

  /** Does something without waiting for other processes: messages come first. */
  #atOnce(statement: string): void {
    const waitMs = this.#read('busy_timeout', 'timeout')
    this.#db.exec('PRAGMA busy_timeout = 0')
    try {
      this.#db.exec(statement)
    } finally {
      this.#db.exec(`PRAGMA busy_timeout = ${waitMs}`)
    }
  }

  #read(name: string, column = name): number {
    return Number(this.#db.prepare(`PRAGMA ${name}`).get()?.[column])
  }
}
