import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'

// Long bodies that are made while they are sent and checked while they are read, at the price of a copy by neither.

/** A prime: whatever power of two is lost, doubled or swapped, the bytes no longer are what they should be. */
const PERIOD = 65_521
const MOST = 64 * 1024
/** Bytes looked at in each chunk. */
const SAMPLES = 8

/** All bytes a body can hold anywhere, with room to take a chunk from any place of the period. */
const pattern = Buffer.alloc(PERIOD + MOST)
for (let i = 0, seed = 1; i < PERIOD; i++) {
  seed = (seed * 48_271) % 2_147_483_647
  pattern[i] = seed >> 8
}
for (let i = PERIOD; i < pattern.length; i++) pattern[i] = pattern[i - PERIOD]!

/** How a body is sent or read. */
export interface Pace {
  /** Bytes a second; undefined for as fast as can be. */
  readonly rate?: number
}

/** What came of reading a body. */
export interface BodyReport {
  readonly bytes: number
  /** How many of the bytes that were looked at were not what they should be. */
  readonly wrong: number
}

/** Writes a body of so many bytes, as fast as it is taken or slower, and ends the stream. */
export async function writeBody(to: Writable, bytes: number, { rate }: Pace = {}): Promise<void> {
  const from = performance.now()
  let isGone = false
  to.once('close', () => {
    isGone = true
  })
  for (let at = 0; at < bytes && !isGone; ) {
    const start = at % PERIOD
    const length = Math.min(MOST, bytes - at)
    at += length
    if (!to.write(pattern.subarray(start, start + length))) await drained(to)
    if (rate) await until(from + (at / rate) * 1000)
  }
  to.end()
}

function drained(to: Writable): Promise<void> {
  return new Promise(resolve => {
    const go = (): void => {
      to.off('drain', go)
      to.off('close', go)
      resolve()
    }
    to.on('drain', go)
    to.on('close', go)
  })
}

/** Reads a body to its end, as fast as it comes or slower, and looks at some bytes of each chunk. */
export async function readBody(from: Readable, { rate }: Pace = {}): Promise<BodyReport> {
  const start = performance.now()
  let bytes = 0
  let wrong = 0
  for await (const chunk of from as AsyncIterable<Buffer>) {
    const last = chunk.length - 1
    for (let i = 0; i <= SAMPLES; i++) {
      const at = Math.floor((last * i) / SAMPLES)
      if (chunk[at] !== pattern[(bytes + at) % PERIOD]) wrong++
    }
    bytes += chunk.length
    if (rate) await until(start + (bytes / rate) * 1000)
  }
  return { bytes, wrong }
}

/** Waits for a time, but not for less than what a timer can tell. */
async function until(time: number): Promise<void> {
  const ms = time - performance.now()
  if (ms >= 1) await sleep(ms)
}
