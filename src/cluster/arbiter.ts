/** Decides between the processes of a cluster. Each call rejects, soon, when it cannot be reached. */
export interface Arbiter {
  /** Takes something for this process for so long from now on, or keeps it; false where another process has it. */
  hold(name: string, ttlMs: number): Promise<boolean>
  /** Gives up what this process holds. */
  release(name: string): Promise<void>
  /** Gives its clock, in milliseconds since 1970: all processes go by it. */
  now(): Promise<number>
  /**
   * Has a schedule last from now on, and gives where it is. Where there is none of the name, or where `replaces` is
   * set and there is one with another plan, it begins as the process knows it.
   */
  join(schedule: string, plan: string, known: Progress, replaces: boolean): Promise<ScheduleState>
  /** Takes up the next run of a schedule, and says when the one after is due; only one process gets to. */
  claim(schedule: string, plan: string, claim: Claim): Promise<ScheduleState & { readonly isMine: boolean }>
  /** Keeps a run this process took up from being taken for lost; false where it was. */
  keepOn(schedule: string, plan: string, busyMs: number): Promise<boolean>
  /** Says that a run this process took up is over, and when the next one is due. */
  finish(schedule: string, plan: string, dueMs: number | undefined): Promise<void>
  /** Leaves a schedule; with the last process of those that joined it goes what is known of it. */
  leave(schedule: string, plan: string): Promise<void>
}

/** How far a schedule has come. */
export interface Progress {
  /** How often it has run. */
  readonly count: number
  /** When it runs next, by the clock of the arbiter; undefined when it is through. */
  readonly dueMs: number | undefined
}

/** Where a schedule is. */
export interface ScheduleState extends Progress {
  /** Whether it is another one: one of the same name with another plan. */
  readonly isOther: boolean
  /** Until when a run counts as under way that must end before the next one begins; 0 for none. */
  readonly busyUntilMs: number
  /** The clock at that moment. */
  readonly nowMs: number
}

/** A run that a process would take up. */
export interface Claim {
  /** How often it has run before, as far as the process knows. */
  readonly count: number
  /** When the one after it is due. */
  readonly nextMs: number | undefined
  /** How long the next one waits for its end at most; 0 where they may overlap. */
  readonly busyMs: number
}

/** How long a schedule is known after the last process that runs it was heard of. */
export const SCHEDULE_TTL_MS = 10_000

/** How long something is held without being renewed. */
export const LEASE_MS = 5_000
