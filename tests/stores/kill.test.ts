import { expect, test } from 'vitest'
import { killRound } from './killed-gateway.ts'

test('what was accepted arrives in order, though the gateway is killed twice meanwhile', async () => {
  const { accepted, delivered, lost, outOfOrder, duplicates, redelivered, imbalance } = await killRound({
    messages: 400,
    clients: 8,
    kills: 2,
  })
  expect({ lost, outOfOrder, imbalance }).toEqual({ lost: 0, outOfOrder: 0, imbalance: 0 })
  expect(accepted).toBeGreaterThan(300)
  expect(delivered).toBeGreaterThanOrEqual(accepted)
  expect(duplicates).toBeLessThanOrEqual(redelivered!)
}, 180_000)
