/** Something that is to happen at a time. */
export interface Alarm {
  /** Called once when the time has come; it may set itself again. Must not throw. */
  onTime(): void
}

/** How exact the times are, in milliseconds. */
const TICK_MS = 50

/**
 * Rings many alarms with one timer: what every connection waits for (a heartbeat, the next attempt to connect, the end
 * of its patience) would be a timer of the system each otherwise. Alarms ring up to 50 ms late, never early, and do
 * not keep the process alive.
 */
export class TimerWheel {
  readonly #slots = new Map<number, Set<Alarm>>()
  readonly #slotOf = new Map<Alarm, number>()
  #last = 0
  #timer: NodeJS.Timeout | undefined

  /** How many alarms are set. */
  get size(): number {
    return this.#slotOf.size
  }

  /** Sets an alarm, in place of the time it was set to before. */
  set(alarm: Alarm, ms: number): void {
    this.clear(alarm)
    if (!this.#timer) {
      this.#last = Math.floor(performance.now() / TICK_MS)
      this.#timer = setInterval(() => this.#tick(), TICK_MS).unref()
    }
    const slot = Math.max(this.#last + 1, Math.ceil((performance.now() + ms) / TICK_MS))
    const alarms = this.#slots.get(slot)
    if (alarms) alarms.add(alarm)
    else this.#slots.set(slot, new Set([alarm]))
    this.#slotOf.set(alarm, slot)
  }

  /** Takes an alarm back; does nothing where it is not set. */
  clear(alarm: Alarm): void {
    const slot = this.#slotOf.get(alarm)
    if (slot === undefined) return
    this.#slotOf.delete(alarm)
    // There are none where the slot is being rung.
    const alarms = this.#slots.get(slot)
    alarms?.delete(alarm)
    if (alarms?.size === 0) this.#slots.delete(slot)
    this.#restWhenIdle()
  }

  #tick(): void {
    const now = Math.floor(performance.now() / TICK_MS)
    while (this.#last < now) {
      const alarms = this.#slots.get(++this.#last)
      if (!alarms) continue
      this.#slots.delete(this.#last)
      for (const alarm of alarms) {
        // One that rings may take back another.
        if (this.#slotOf.get(alarm) !== this.#last) continue
        this.#slotOf.delete(alarm)
        alarm.onTime()
      }
    }
    this.#restWhenIdle()
  }

  #restWhenIdle(): void {
    if (this.#slotOf.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

/** The wheel of the process. */
export const wheel = new TimerWheel()
