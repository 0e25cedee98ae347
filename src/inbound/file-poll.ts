import { unlink } from 'node:fs/promises'
import type { Logger } from '../core/logger.ts'
import { pause } from '../sequences/repeating.ts'
import { claim, claimedMs, giveBack, markFailed, moveTo, readWhole, type Target } from './file-claim.ts'
import { type ScanRules, scan, type WaitingFile } from './file-scan.ts'

/** How files are taken from a folder, and what becomes of them. */
export interface PollRules extends ScanRules {
  readonly intervalMs: number
  /** Whether a file waits for the one before. */
  readonly isSequential: boolean
  readonly maxBytes: number
  readonly pauseMs: number
  readonly maxPerLook: number
  /** How old the claim of a gateway that is gone has to be for the file to be taken again; undefined never. */
  readonly releaseMs: number | undefined
  /** Where files go that went through. */
  readonly processed: Target | 'delete'
  /** Where files go that failed; they stay where there is none. */
  readonly failed: Target | 'delete' | undefined
}

/** Runs the message of a file. @returns why it failed, undefined when it went through */
export type Inject = (file: WaitingFile, bytes: Buffer) => Promise<string | undefined>

/** A file that keeps its size and date for this long is complete. */
const SETTLE_MS = 1000

/** How many files may be under way at once, where they do not wait for each other. */
const AT_ONCE = 20

/** How many complaints are remembered, so that none is made at each look. */
const MAX_COMPLAINTS = 1000

/**
 * Takes the files of a folder, look by look. A file is taken once it looks the same twice, and claimed before it is
 * read: whatever becomes of it then, it is not taken again.
 */
export class FilePoll {
  readonly #rules: PollRules
  readonly #inject: Inject
  readonly #log: Logger
  readonly #label: string
  readonly #mine = new Set<string>()
  readonly #complaints = new Set<string>()
  #active = 0
  #seen = new Map<string, WaitingFile>()
  #isFirst = true

  constructor(rules: PollRules, inject: Inject, { log, label }: { log: Logger; label: string }) {
    this.#rules = rules
    this.#inject = inject
    this.#log = log
    this.#label = label
  }

  /** Looks once, and deals with what is there; ends early when the signal says so. */
  async run(signal: AbortSignal): Promise<void> {
    const isAllSettled = await this.#look(signal)
    if (isAllSettled || this.#rules.intervalMs <= SETTLE_MS) return
    if (await pause(SETTLE_MS, signal)) await this.#look(signal)
  }

  /** @returns whether no file has to be looked at again before it is taken */
  async #look(signal: AbortSignal): Promise<boolean> {
    const found = await scan(this.#rules).catch(error => this.#complain(this.#rules.place.path, error))
    if (!found) return true
    this.#complaints.delete(this.#rules.place.path)
    for (const { path, error } of found.problems) this.#complain(path, error)
    await this.#release(found.claimed)
    const settled = found.files.filter(file => this.#isSettled(file))
    this.#seen = new Map(found.files.map(file => [file.path, file]))
    await this.#takeAll(settled.filter(file => this.#fits(file)).slice(0, this.#rules.maxPerLook), signal)
    return settled.length === found.files.length
  }

  #isSettled({ path, size, modifiedMs }: WaitingFile): boolean {
    const before = this.#seen.get(path)
    return before?.size === size && before.modifiedMs === modifiedMs
  }

  #fits({ path, size }: WaitingFile): boolean {
    const { maxBytes } = this.#rules
    if (size <= maxBytes) return true
    this.#complain(path, new Error(`it has ${size} bytes, more than the ${maxBytes} it may have; it stays`))
    return false
  }

  async #takeAll(files: readonly WaitingFile[], signal: AbortSignal): Promise<void> {
    const { isSequential, pauseMs } = this.#rules
    const running = new Set<Promise<void>>()
    for (const [i, file] of files.entries()) {
      if (i > 0 && pauseMs > 0) await pause(pauseMs, signal)
      if (signal.aborted || this.#active >= AT_ONCE) break
      const work = this.#take(file)
      if (isSequential) await work
      else {
        running.add(work)
        void work.then(() => running.delete(work))
      }
    }
    await Promise.all(running)
  }

  /** Never rejects: what goes wrong with a file is logged, and the others go on. */
  async #take(file: WaitingFile): Promise<void> {
    this.#active++
    const taken = await claim(file).catch(error => this.#complain(file.path, error))
    if (taken !== undefined) {
      this.#mine.add(taken)
      try {
        await this.#settle(file, taken, await this.#process(file, taken))
      } catch (error) {
        this.#log.error({}, `${this.#label}file ${file.path} is left as ${taken}: ${reasonOf(error)}`)
      }
      this.#mine.delete(taken)
    }
    this.#active--
  }

  async #process(file: WaitingFile, taken: string): Promise<string | undefined> {
    try {
      return await this.#inject(file, await readWhole(taken, this.#rules.maxBytes))
    } catch (error) {
      return reasonOf(error)
    }
  }

  async #settle(file: WaitingFile, taken: string, failure: string | undefined): Promise<void> {
    const { processed, failed } = this.#rules
    const target = failure === undefined ? processed : failed
    let reason = failure
    if (target) {
      try {
        if (target === 'delete') await unlink(taken)
        else await moveTo(taken, file, target)
        if (failure !== undefined) this.#log.error({}, `${this.#label}file ${file.path} failed: ${failure}`)
        return
      } catch (error) {
        const what = target === 'delete' ? 'deleted' : 'moved'
        const outcome = failure === undefined ? 'it went through' : `it failed (${failure})`
        reason = `${outcome} and cannot be ${what}: ${reasonOf(error)}`
      }
    }
    const kept = await markFailed(taken, file)
    this.#log.error({}, `${this.#label}file ${file.path} failed: ${reason}; it stays as ${kept}`)
  }

  /** Deals with files that a gateway claimed and did not finish with. */
  async #release(claimed: readonly string[]): Promise<void> {
    const { releaseMs } = this.#rules
    const others = claimed.filter(path => !this.#mine.has(path))
    if (releaseMs !== undefined) {
      for (const path of others) {
        const sinceMs = await claimedMs(path).catch(() => undefined)
        if (sinceMs === undefined || Date.now() - sinceMs < releaseMs) continue
        await giveBack(path).catch(error => this.#complain(path, error))
      }
    } else if (this.#isFirst && others.length > 0) {
      this.#log.warn(
        { files: others.slice(0, 10) },
        `${this.#label}${others.length} file(s) were claimed before and not finished with, such as ${others[0]}: rename one to have it taken again`,
      )
    }
    this.#isFirst = false
  }

  /** Says once what is wrong with a file or folder. */
  #complain(path: string, error: unknown): undefined {
    if (this.#complaints.has(path)) return
    if (this.#complaints.size >= MAX_COMPLAINTS) this.#complaints.clear()
    this.#complaints.add(path)
    this.#log.error({}, `${this.#label}${path} cannot be taken: ${reasonOf(error)}`)
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
