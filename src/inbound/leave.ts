/** How those who are connected are taken leave of. */
export interface Leave {
  /** How long it may take before what is left is cut, in milliseconds. */
  readonly graceMs: number
  /** Over how long WebSocket clients are closed, at most, in milliseconds. */
  readonly spreadMs: number
  /** What clients are closed with whose inbound endpoint names nothing of its own; default 1001 `shutdown`. */
  readonly close?: { readonly code: number; readonly reason: string } | undefined
}

/** What could not be ended in time. */
export interface Cut {
  /** HTTP requests without a complete answer. */
  readonly requests: number
  /** WebSocket clients that were closed while messages were under way, or did not answer the close. */
  readonly sessions: number
}

/** Adds up what was cut in several places. */
export function sumOfCuts(cuts: readonly Cut[]): Cut {
  let [requests, sessions] = [0, 0]
  for (const cut of cuts) {
    requests += cut.requests
    sessions += cut.sessions
  }
  return { requests, sessions }
}
