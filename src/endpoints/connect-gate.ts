import type { Resource } from '../language/declare.ts'

/** How many attempts to connect an address is to see. */
export interface ConnectLimits {
  /** Attempts per second. */
  readonly rate: number
  /** Attempts that may be under way at once. */
  readonly concurrency: number
}

/** Who wants to connect. */
export interface ConnectGuest {
  /** May connect now; `ConnectGate.done` is to follow. */
  onTurn(): void
  /** The address is there again: waiting for it any longer makes no sense. */
  onBack(): void
}

/** Limits where none are configured. They hold for an address that has just failed only: 5,000 links are back in 30 s. */
export const DEFAULT_CONNECT_LIMITS: ConnectLimits = { rate: 200, concurrency: 50 }

/** How long an address counts as failing after a link to it was lost, or could not be opened, in milliseconds. */
const FAILING_MS = 30_000

/** As many may wait as have their turn within this time, in seconds. */
const MAX_WAIT_SECONDS = 60

/** So much of a delay of the process is made up for, in milliseconds. */
const CATCH_UP_MS = 20

/**
 * The time between two attempts varies by so much. It is only ever longer, which makes up for the above, and for
 * attempts that come closer together over there than they were made here: the limit is what the backend sees.
 */
const JITTER = 0.25

/** All are told that an address is there again at most this often, in milliseconds. */
const BACK_EVERY_MS = 5000

/**
 * Lets attempts to connect to an address through one after another, as many per second and at once as it is to see; the
 * others wait in the order they came. One timer serves them all.
 */
export class ConnectGate {
  readonly #limits: ConnectLimits
  /** Whether the limits hold at all times, not just while the address is failing. */
  readonly #isStrict: boolean
  readonly #waiting = new Set<ConnectGuest>()
  /** Those who will try again later. */
  readonly #resting = new Set<ConnectGuest>()
  #underWay = 0
  #nextAt = 0
  #failingUntil = 0
  #isDown = false
  #backAt = Number.NEGATIVE_INFINITY
  #timer: NodeJS.Timeout | undefined

  constructor(limits: ConnectLimits | undefined) {
    this.#limits = limits ?? DEFAULT_CONNECT_LIMITS
    this.#isStrict = limits !== undefined
  }

  /** Whether nobody uses it and it knows nothing that matters. */
  get isForgettable(): boolean {
    const isUnused = this.#waiting.size === 0 && this.#resting.size === 0 && this.#underWay === 0
    return isUnused && performance.now() > this.#failingUntil
  }

  /** Asks for a turn, which may come before this returns. Gives false when too many wait. */
  ask(guest: ConnectGuest, isAnew: boolean): boolean {
    this.#resting.delete(guest)
    const isLimited = this.#isStrict || isAnew || performance.now() < this.#failingUntil
    if (!isLimited && this.#waiting.size === 0) {
      this.#underWay++
      guest.onTurn()
      return true
    }
    if (this.#waiting.size >= this.#limits.rate * MAX_WAIT_SECONDS) return false
    this.#waiting.add(guest)
    this.#serve()
    return true
  }

  /** Will ask for a turn later; is told when the address is there before. */
  rest(guest: ConnectGuest): void {
    this.#resting.add(guest)
  }

  /** Wants no turn any more. */
  leave(guest: ConnectGuest): void {
    this.#resting.delete(guest)
    if (this.#waiting.delete(guest) && this.#waiting.size === 0) this.#clearTimer()
  }

  /** An attempt has ended; `isThere` says whether the address answered, undefined that nobody knows. */
  done(isThere: boolean | undefined): void {
    this.#underWay--
    if (isThere === false) this.lost()
    else if (isThere && this.#isDown) this.#back()
    this.#serve()
  }

  /** A link was lost, or cannot be opened. */
  lost(): void {
    this.#isDown = true
    this.#failingUntil = performance.now() + FAILING_MS
  }

  #back(): void {
    this.#isDown = false
    const now = performance.now()
    if (now - this.#backAt < BACK_EVERY_MS) return
    this.#backAt = now
    for (const guest of [...this.#resting]) guest.onBack()
  }

  #serve(): void {
    const { rate, concurrency } = this.#limits
    while (this.#waiting.size > 0 && this.#underWay < concurrency) {
      const now = performance.now()
      if (this.#nextAt > now) {
        this.#timer ??= setTimeout(() => {
          this.#timer = undefined
          this.#serve()
        }, this.#nextAt - now)
        return
      }
      this.#nextAt = Math.max(this.#nextAt, now - CATCH_UP_MS) + (1000 / rate) * (1 + Math.random() * JITTER)
      const [guest] = this.#waiting as Iterable<ConnectGuest> as [ConnectGuest]
      this.#waiting.delete(guest)
      this.#underWay++
      guest.onTurn()
    }
  }

  #clearTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}

/** The gates of all addresses there are links to. */
export class ConnectGates implements Resource {
  readonly #gates = new Map<string, ConnectGate>()

  /** Gives the gate of an address: of its scheme, host and port. */
  get(address: string, limits?: ConnectLimits): ConnectGate {
    const origin = URL.canParse(address) ? new URL(address).origin : address
    const key = limits ? `${origin} ${limits.rate} ${limits.concurrency}` : origin
    const known = this.#gates.get(key)
    if (known) return known
    // Addresses may be computed from messages: those of the past are not kept.
    for (const [other, gate] of this.#gates) {
      if (this.#gates.size < MAX_GATES) break
      if (gate.isForgettable) this.#gates.delete(other)
    }
    const gate = new ConnectGate(limits)
    this.#gates.set(key, gate)
    return gate
  }

  async stop(): Promise<void> {
    this.#gates.clear()
  }
}

/** From so many addresses on those of the past are forgotten. */
const MAX_GATES = 1000
