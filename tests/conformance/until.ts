/** An expectation that was not met: what was expected, and what was there. */
export class Unmet extends Error {
  override readonly name = 'Unmet'
}

const PAUSE_MS = 5

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/**
 * Asks again and again until nothing is wrong.
 * @throws Unmet with the last thing that was wrong, when the time is over
 */
export async function until(withinMs: number, problem: () => string | undefined): Promise<void> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const wrong = problem()
    if (wrong === undefined) return
    if (performance.now() >= deadline) throw new Unmet(`${wrong} (within ${withinMs} ms)`)
    await pause(PAUSE_MS)
  }
}

const EXCERPT_CHARACTERS = 600

/** Shows the beginning of a long text, on one line. */
export function excerpt(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  const line = text.replaceAll('\r', '\\r').replaceAll('\n', '\\n')
  if (line.length <= EXCERPT_CHARACTERS) return line === '' ? '(empty)' : line
  return `${line.slice(0, EXCERPT_CHARACTERS)}… (${text.length} characters)`
}
