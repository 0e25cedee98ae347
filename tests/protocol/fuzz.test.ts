// A short run of the fuzzer; `npm run fuzz` does a million frames.
import { expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'
import { fuzzReader } from './fuzz-reader.ts'
import { Random } from './fuzz-streams.ts'

test('whatever happens to frames, reader and gateway bear it, and a neighbour does not notice', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const summary = await fuzz({ frames: 20_000, seed })
  expect(summary, `seed ${seed}`).toMatchObject({ inFlight: 0, errors: [] })
  expect(summary.neighbourMessages).toBeGreaterThan(0)
  expect(summary.refused).toBeGreaterThan(0)
  expect(summary.heapGrowthBytes, `seed ${seed}`).toBeLessThan(32 * 1024 * 1024)
}, 120_000)

test('the streams are the same again for the same seed', () => {
  const run = (): string => {
    const random = new Random(77)
    return JSON.stringify(Array.from({ length: 20 }, () => fuzzReader(random)))
  }
  expect(run()).toBe(run())
})
