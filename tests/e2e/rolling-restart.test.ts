// Three gateways, each a process, are drained and started again in turn while callers and clients go on.

import { expect, test } from 'vitest'
import { roll } from '../../benchmarks/rolling-restart.bench.ts'

test('no accepted message is lost and no pair is broken off while each gateway is replaced', {
  timeout: 240_000,
}, async () => {
  const { called, talked, drains, checks, accepted } = await roll({
    rate: 100,
    clients: 12,
    pauseMs: 300,
    drainMs: 300,
    progress() {},
  })

  expect(drains.map(({ code, text }) => (code === 0 ? 0 : text))).toEqual([0, 0, 0])
  expect(checks.map(({ code, text }) => (code === 0 ? 0 : text))).toEqual([0, 0, 0, 0, 0, 0])
  expect(called).toMatchObject({ answered: called.asked, aborted: 0, wrong: 0 })
  expect(called.asked).toBeGreaterThan(100)
  // No gateway took one in whose caller got no answer.
  expect(accepted).toBe(called.asked)
  expect(talked).toMatchObject({ answered: talked.sent, lost: 0, otherEnds: 0 })
  expect(talked.restarts).toBeGreaterThanOrEqual(12)
})
