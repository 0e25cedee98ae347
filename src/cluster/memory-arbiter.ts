import { type Claim, type Progress, SCHEDULE_TTL_MS, type ScheduleState } from './arbiter.ts'

interface Lease {
  holder: string
  untilMs: number
}

interface Schedule {
  plan: string
  count: number
  dueMs: number | undefined
  busy: Lease | undefined
  seenMs: number
  /** Who joined it and is there. */
  readonly members: Set<string>
}

/** What an `Arbiter` decides by, for processes that this one looks after: all in memory, each named by who asks. */
export class MemoryArbiter {
  readonly #leases = new Map<string, Lease>()
  readonly #schedules = new Map<string, Schedule>()

  hold(who: string, name: string, ttlMs: number): boolean {
    const nowMs = Date.now()
    const lease = this.#leases.get(name)
    if (lease && lease.holder !== who && lease.untilMs > nowMs) return false
    this.#leases.set(name, { holder: who, untilMs: nowMs + ttlMs })
    return true
  }

  release(who: string, name: string): void {
    if (this.#leases.get(name)?.holder === who) this.#leases.delete(name)
  }

  join(who: string, name: string, plan: string, known: Progress, replaces: boolean): ScheduleState {
    const nowMs = Date.now()
    const there = this.#schedules.get(name)
    const isKnown = there && there.seenMs + SCHEDULE_TTL_MS > nowMs && (there.plan === plan || !replaces)
    if (!isKnown) {
      const { count, dueMs } = known
      this.#schedules.set(name, { plan, count, dueMs, busy: undefined, seenMs: nowMs, members: new Set() })
    }
    const state = this.#stateOf(name, plan, nowMs)
    if (!state.isOther) this.#schedules.get(name)!.members.add(who)
    return state
  }

  claim(
    who: string,
    name: string,
    plan: string,
    { count, nextMs, busyMs }: Claim,
  ): ScheduleState & { isMine: boolean } {
    const nowMs = Date.now()
    const schedule = this.#schedules.get(name)
    const isMine =
      schedule !== undefined &&
      schedule.plan === plan &&
      schedule.count === count &&
      schedule.dueMs !== undefined &&
      schedule.dueMs <= nowMs &&
      (schedule.busy?.untilMs ?? 0) <= nowMs
    if (isMine) {
      schedule.count++
      schedule.dueMs = nextMs
      schedule.busy = busyMs > 0 ? { holder: who, untilMs: nowMs + busyMs } : undefined
    }
    return { ...this.#stateOf(name, plan, nowMs), isMine }
  }

  keepOn(who: string, name: string, plan: string, busyMs: number): boolean {
    const schedule = this.#schedules.get(name)
    if (schedule?.plan !== plan || schedule.busy?.holder !== who) return false
    schedule.busy.untilMs = Date.now() + busyMs
    schedule.seenMs = Date.now()
    return true
  }

  finish(who: string, name: string, plan: string, dueMs: number | undefined): void {
    const schedule = this.#schedules.get(name)
    if (schedule?.plan !== plan || schedule.busy?.holder !== who) return
    schedule.busy = undefined
    schedule.dueMs = dueMs
  }

  leave(who: string, name: string, plan: string): void {
    const schedule = this.#schedules.get(name)
    if (schedule?.plan !== plan) return
    schedule.members.delete(who)
    if (schedule.members.size === 0) this.#schedules.delete(name)
  }

  /** Takes away all that a process holds, which is gone. */
  bury(who: string): void {
    for (const [name, { holder }] of this.#leases) if (holder === who) this.#leases.delete(name)
    for (const schedule of this.#schedules.values()) {
      schedule.members.delete(who)
      if (schedule.busy?.holder === who) schedule.busy = undefined
    }
  }

  #stateOf(name: string, plan: string, nowMs: number): ScheduleState {
    const schedule = this.#schedules.get(name)
    const isOther = schedule?.plan !== plan
    if (!schedule || isOther) return { isOther, count: 0, dueMs: undefined, busyUntilMs: 0, nowMs }
    schedule.seenMs = nowMs
    const { count, dueMs, busy } = schedule
    return { isOther, count, dueMs, busyUntilMs: busy?.untilMs ?? 0, nowMs }
  }
}
