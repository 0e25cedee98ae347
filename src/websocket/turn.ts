/** Something that holds back what it has to write. */
export interface HeldBack {
  /** Writes what is held back. */
  flush(): void
}

/** Those with something held back in this turn. */
let waiting: HeldBack[] = []
/** Whether what a socket read is being handled, after which everything waiting leaves. */
let isReading = false

/** Has something flushed at the end of the read that is being handled, or else of this turn of the event loop. */
export function flushLater(held: HeldBack): void {
  waiting.push(held)
  if (!isReading && waiting.length === 1) setImmediate(flushWaiting)
}

/** What a socket read is being handled from here on, up to `endRead`. */
export function beginRead(): void {
  isReading = true
}

/** It has been handled: all that was sent meanwhile leaves. */
export function endRead(): void {
  isReading = false
  if (waiting.length > 0) flushWaiting()
}

function flushWaiting(): void {
  if (waiting.length === 1) {
    // The usual case, without a new list.
    waiting.pop()!.flush()
    return
  }
  const batch = waiting
  waiting = []
  for (const held of batch) held.flush()
}
