/** Resolves when the process is asked to end, by Ctrl-C or by SIGTERM. A second request ends it the usual way. */
export function untilSignal(): Promise<void> {
  return new Promise(resolve => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}
