import type { Resource } from '../language/declare.ts'
import type { ThrottleGrant, ThrottlePolicy, ThrottleRule } from './throttle-policy.ts'

/** Who asks. */
export interface Caller {
  readonly address: string
  readonly domain: string | undefined
}

/** How many requests are under way at the throttles of one id. */
export class ConcurrentRequests implements Resource {
  #count = 0
  /** Takes one back; made once, to be kept by messages. */
  readonly release: () => void = () => {
    this.#count--
  }

  /** Takes one place of so many, if there is one. */
  enter(places: number): boolean {
    if (this.#count >= places) return false
    this.#count++
    return true
  }

  async stop(): Promise<void> {}
}

interface Window {
  count: number
  endsAt: number
  refusesUntil: number
}

/** What the callers of each rule have used up, for the throttles of one id in one artifact. */
export class RequestWindows implements Resource {
  readonly #windows = new Map<string, Window>()

  /**
   * Counts a request, and tells whether the policy lets it through.
   *
   * Compatibility: all callers of a rule share one count. It starts with the first request; one too many has all of
   * them refused until the prohibited time is over, or the window, and the count starts again then.
   */
  takes({ rules }: ThrottlePolicy, caller: Caller, now = performance.now()): boolean {
    const rule = ruleFor(rules, caller)
    return !rule || this.grants(rule.grant, rule.key, now)
  }

  /** Counts a request of a rule, by its key. */
  grants(grant: ThrottleGrant, key: string, now: number): boolean {
    if (grant.kind !== 'limit') return grant.kind === 'allow'
    const { maxCount, windowMs, prohibitMs } = grant
    const window = this.#windows.get(key)
    if (window && now < window.refusesUntil) return false
    if (!window || window.refusesUntil > 0 || now >= window.endsAt) {
      if (maxCount < 1) return false
      this.#windows.set(key, { count: 1, endsAt: now + windowMs, refusesUntil: 0 })
      return true
    }
    window.count++
    if (window.count <= maxCount) return true
    window.refusesUntil = prohibitMs > 0 ? now + prohibitMs : window.endsAt
    return false
  }

  async stop(): Promise<void> {
    this.#windows.clear()
  }
}

/** Gives the rule a caller falls under: one for the domain comes before those for addresses, the one for others is the last of its kind. */
export function ruleFor(
  rules: readonly ThrottleRule[],
  { address, domain }: Caller,
): ThrottleRule | undefined {
  const byDomain = domain === undefined ? undefined : find(rules, 'DOMAIN', domain)
  return byDomain ?? find(rules, 'IP', address)
}

function find(
  rules: readonly ThrottleRule[],
  type: ThrottleRule['type'],
  caller: string,
): ThrottleRule | undefined {
  let other: ThrottleRule | undefined
  for (const rule of rules) {
    if (rule.type !== type) continue
    if (rule.isOther) other ??= rule
    else if (rule.matches(caller)) return rule
  }
  return other
}
