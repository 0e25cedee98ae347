import type { ClusterCounters } from '../cluster/cluster-counters.ts'
import type { SharedKeys } from '../core/cluster.ts'
import type { Logger } from '../core/logger.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Resource } from '../language/declare.ts'
import { type Caller, RequestWindows, ruleFor } from './throttle-counters.ts'
import type { ThrottleGrant, ThrottlePolicy } from './throttle-policy.ts'

type Limit = Extract<ThrottleGrant, { readonly kind: 'limit' }>

/** What shared windows work with. */
export interface SharedWindowsOptions {
  /** What the names of their keys begin with: the same in all processes. */
  readonly name: string
  readonly keys: SharedKeys
  readonly counters: ClusterCounters
  readonly log: Logger
}

/**
 * What the callers of each rule have used up in all processes together. Where the shared keys cannot be reached each
 * process counts by itself.
 *
 * Compatibility: as in the original, where the members of a cluster tell each other their counts now and then.
 */
export class SharedWindows implements Resource {
  readonly #name: string
  readonly #keys: SharedKeys
  readonly #counters: ClusterCounters
  readonly #log: Logger
  readonly #here = new RequestWindows()
  /** Until when callers of a rule are refused, by its key, as far as is known here. */
  readonly #refused = new Map<string, number>()
  #isAlone = false

  constructor({ name, keys, counters, log }: SharedWindowsOptions) {
    this.#name = name
    this.#keys = keys
    this.#counters = counters
    this.#log = log
  }

  /** Counts a request, and tells whether the policy lets it through. It does not reject. */
  takes(policy: ThrottlePolicy, caller: Caller): MaybePromise<boolean> {
    const rule = ruleFor(policy.rules, caller)
    if (!rule) return true
    const { grant, key } = rule
    if (grant.kind !== 'limit') return grant.kind === 'allow'
    const until = this.#refused.get(key)
    if (until !== undefined) {
      if (performance.now() < until) return false
      this.#refused.delete(key)
    }
    if (grant.maxCount < 1) return false
    return this.#keys.isThere ? this.#count(key, grant) : this.#countHere(key, grant)
  }

  async stop(): Promise<void> {
    this.#refused.clear()
    await this.#here.stop()
  }

  async #count(key: string, grant: Limit): Promise<boolean> {
    const { maxCount, windowMs, prohibitMs } = grant
    // A policy that counts otherwise has a count of its own.
    const name = `${this.#name} ${key} ${maxCount}/${windowMs}/${prohibitMs}`
    try {
      const endsAt = prohibitMs > 0 ? await this.#keys.get(`${name} refused`) : undefined
      if (endsAt) return this.#refuse(key, Math.min(prohibitMs, Number(endsAt.toString()) - Date.now()))
      const { count, leftMs } = await this.#keys.count(name, windowMs)
      this.#noteAlone(false)
      if (count <= maxCount) return true
      if (prohibitMs === 0) return this.#refuse(key, leftMs)
      this.#refuse(key, prohibitMs)
      // Counting starts anew when it is over.
      await this.#keys.set(`${name} refused`, Buffer.from(String(Date.now() + prohibitMs)), prohibitMs)
      await this.#keys.delete(name)
      return false
    } catch {
      return this.#countHere(key, grant)
    }
  }

  #refuse(key: string, forMs: number): false {
    this.#refused.set(key, performance.now() + forMs)
    return false
  }

  #countHere(key: string, grant: Limit): boolean {
    this.#counters.countedAlone++
    this.#noteAlone(true)
    return this.#here.grants(grant, key, performance.now())
  }

  #noteAlone(isAlone: boolean): void {
    if (isAlone === this.#isAlone) return
    this.#isAlone = isAlone
    if (isAlone)
      this.#log.warn(
        {},
        `${this.#name}: shared counts are out of reach, each process allows as much for itself`,
      )
    else this.#log.info({}, `${this.#name}: requests are counted over all processes again`)
  }
}
