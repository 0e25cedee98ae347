/** Something that is over at a time. Its list keeps itself in these fields. */
export interface Deadline {
  /** By the clock of `performance.now()`. */
  dueAt: number
  list: DeadlineList | undefined
  earlier: Deadline | undefined
  later: Deadline | undefined
  /** The time has come; it is off the list already. */
  expire(): void
}

/** The longest time a timer of Node can wait. */
const LONGEST_MS = 2 ** 31 - 1

/** Deadlines by how long they last: those of one length come in order, so one timer for each length is enough. */
export class Deadlines {
  readonly #lists = new Map<number, DeadlineList>()

  /** Sets a deadline so many milliseconds from now. */
  add(deadline: Deadline, ms: number): void {
    let list = this.#lists.get(ms)
    if (!list) {
      list = new DeadlineList(ms, () => this.#lists.delete(ms))
      this.#lists.set(ms, list)
    }
    list.add(deadline)
  }

  /** Takes a deadline back; nothing happens where there is none. */
  remove(deadline: Deadline): void {
    deadline.list?.remove(deadline)
  }

  /** Takes all back. */
  clear(): void {
    for (const list of [...this.#lists.values()]) list.stop()
  }
}

/** Deadlines of one length, the earliest first; with one timer for all. */
export class DeadlineList {
  readonly #ms: number
  readonly #whenEmpty: () => void
  #first: Deadline | undefined
  #last: Deadline | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number, whenEmpty: () => void) {
    this.#ms = ms
    this.#whenEmpty = whenEmpty
  }

  add(deadline: Deadline): void {
    deadline.dueAt = performance.now() + this.#ms
    deadline.list = this
    deadline.earlier = this.#last
    deadline.later = undefined
    if (this.#last) this.#last.later = deadline
    else this.#first = deadline
    this.#last = deadline
    if (!this.#timer) this.#wait(this.#ms)
  }

  remove(deadline: Deadline): void {
    const { earlier, later } = deadline
    if (earlier) earlier.later = later
    else this.#first = later
    if (later) later.earlier = earlier
    else this.#last = earlier
    deadline.list = undefined
    deadline.earlier = undefined
    deadline.later = undefined
  }

  stop(): void {
    clearTimeout(this.#timer)
    while (this.#first) this.remove(this.#first)
    this.#whenEmpty()
  }

  /** The timer runs on when its deadline was taken back: the next one is not far behind. */
  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#fire(), Math.min(Math.max(1, Math.ceil(ms)), LONGEST_MS))
    // What waits has a socket; a timer alone keeps no process alive.
    this.#timer.unref()
  }

  #fire(): void {
    const now = performance.now()
    this.#timer = undefined
    while (this.#first && this.#first.dueAt <= now) {
      const deadline = this.#first
      this.remove(deadline)
      deadline.expire()
    }
    // One that was set meanwhile began to wait for itself alone.
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#first) this.#wait(this.#first.dueAt - now)
    else this.#whenEmpty()
  }
}
