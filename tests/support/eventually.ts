/** How long something may take to come true. */
const LIMIT_MS = 8_000

/** Waits until a check stops throwing; the last error is thrown when it never does. Keeps no timer meanwhile. */
export async function eventually(check: () => void): Promise<void> {
  const deadline = performance.now() + LIMIT_MS
  for (;;) {
    try {
      check()
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
    await new Promise(resolve => setImmediate(resolve))
  }
}
