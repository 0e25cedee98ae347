/** How many messages of all connections are compressed or inflated at the same time. */
const MAX_AT_ONCE = 8

let running = 0
const waiting: (() => void)[] = []

/**
 * Starts a piece of work, at once or when others have ended. Memory for it, and threads of the process, are there for
 * a few at a time only, however many connections there are. Whoever was started calls `endTurn`, once.
 */
export function takeTurn(start: () => void): void {
  if (running < MAX_AT_ONCE) {
    running++
    start()
  } else waiting.push(start)
}

/** Ends what `takeTurn` started. */
export function endTurn(): void {
  const next = waiting.shift()
  if (next) next()
  else running--
}
