// The sections of options there are, by the first letters of their ids, and how many each has.

/** How many options each section has; they are numbered from 1 without a gap. */
export const SECTIONS = {
  /** WebSocket inbound endpoints, their properties and senders, the Synapse language, management. */
  W: 97,
  /** Services with hooks, and clients of the SDK. */
  B: 95,
  /** Services with REST resources below the same path. */
  O: 11,
  /** Mocks. */
  M: 36,
  /** Collections, and the client of the command line. */
  P: 35,
  /** What comes of several of them in one gateway. */
  X: 10,
} as const

/** Every id there is: `W-01` to `X-10`. */
export function everyId(): string[] {
  return Object.entries(SECTIONS).flatMap(([section, count]) =>
    Array.from({ length: count }, (_, i) => `${section}-${String(i + 1).padStart(2, '0')}`),
  )
}
