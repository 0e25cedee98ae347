/** Says what to load and how. */
export interface GeneratorOptions {
  readonly url: URL
  readonly connections: number
  /** Bytes of a message's payload, or of a request's body. */
  readonly size: number
  /** Messages in flight per session; requests are always one at a time. */
  readonly depth: number
  readonly binary: boolean
  /** Media type of request bodies. */
  readonly type: string
  readonly method: string
  /** Whether request bodies are JSON with an `id` that has to come back. */
  readonly asks: boolean
  /** Status of good HTTP answers. */
  readonly status: number
  /** Bytes in the body of good HTTP answers; any when left out. */
  readonly answer?: number
}

/** Keeps a subject busy: each answer is followed by the next message at once. */
export interface Generator {
  /** Counts the good answers so far. */
  readonly answered: number
  /** Holds what went wrong, first things first, at most a few. */
  readonly problems: readonly string[]
  /** Opens all connections; fails when one is refused. */
  open(): Promise<void>
  /** Has each connection answered once, a few at a time. */
  askOnce(): Promise<void>
  start(): void
  /** Stops sending and waits until all is answered, at most so long. */
  drain(limitMs: number): Promise<void>
}

const MOST_PROBLEMS = 5
const AT_ONCE = 64

/** Collects what went wrong, without growing when everything does. */
export class Problems {
  readonly list: string[] = []

  /** Adds one, unless there are enough. */
  readonly add = (text: string): void => {
    if (this.list.length < MOST_PROBLEMS) this.list.push(text)
  }
}

/** Runs a task for each item, 64 at a time, so that no listen queue overflows. */
export async function inTurns<T>(items: readonly T[], task: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values()
  const worker = async (): Promise<void> => {
    for (const item of rest) await task(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

/** Waits until nothing is owed any more; tells of what is still owed after the limit. */
export async function allAnswered(
  owed: () => number,
  limitMs: number,
  problem: (text: string) => void,
): Promise<void> {
  const until = performance.now() + limitMs
  while (owed() > 0 && performance.now() < until) await new Promise(resolve => setTimeout(resolve, 10))
  if (owed() > 0) problem(`${owed()} messages were not answered within ${limitMs} ms`)
}
