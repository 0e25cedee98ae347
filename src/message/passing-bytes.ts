import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** After so many bytes that were passed on their buffers are collected. */
const COLLECTED_BYTES = 16 * 1024 * 1024

let sinceCollected = 0
let collectYoung: (() => void) | undefined

/**
 * Counts bytes of payloads that are passed on as they come, and has what is left of them collected now and then: their
 * buffers stand outside the heap, and by itself V8 waits until there are 64 MiB of them (`benchmarks/bodies.bench.ts`).
 */
export function countPassing(bytes: number): void {
  sinceCollected += bytes
  if (sinceCollected < COLLECTED_BYTES) return
  sinceCollected = 0
  collectYoung ??= youngCollection()
  collectYoung()
}

/** Collecting is not for programs to call unless they ask for it; what was young is collected in a millisecond. */
function youngCollection(): () => void {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: { type: 'minor' }) => void
  return () => collect({ type: 'minor' })
}
