import { expect, test } from 'vitest'
import { readCases } from './case.ts'
import { runCase } from './run-case.ts'
import { takeTurn } from './turn.ts'

const holding = readCases(`${import.meta.dirname}/cases/holding.yaml`)
const failing = readCases(`${import.meta.dirname}/cases/failing.yaml`)

test.for(holding)('case $id holds', async each => {
  await using _turn = await takeTurn()

  const { passed, failure } = await runCase(each)

  expect(failure).toBe(undefined)
  expect(passed).toBe(true)
})

// What is said of each case that does not hold.
const failures: Readonly<Record<string, RegExp>> = {
  'wrong-status': /^step 1 \(request\): .*expected status 201, got 200 hello$/,
  'wrong-status-in': /expected status 200 or 202, got 404 \(empty\)/,
  'nobody-listens': /GET http:\/\/localhost:28480\/: no response: .*ECONNREFUSED/,
  'too-late': /no response: nothing within 50 ms/,
  'wrong-headers': /^step 2 .*header x-a: expected b, got b c/,
  'unwanted-header': /header X-A: expected none, got b/,
  'never-asked':
    /backend be: expected at least one request, got 0 that fit of 1 \(GET \/a\); .*path \/a, expected \/b/,
  'asked-too-often': /expected 1 requests, got 2 that fit/,
  'wrong-order': /request 1: body json: at \$ expected 2, got 1/,
  'stopped-backend': /^step 2 .*ECONNREFUSED/,
  'not-logged': /expected something in the log at least 1 times, found it 0 times \(within 20 ms\)/,
  'wrong-frame': /connection a: expected text two, got text one/,
  'no-frame': /connection a: expected a frame with json, got none \(within 20 ms\)/,
  'not-silent': /expected no frame for 100 ms, got text one/,
  'still-open': /expected the connection to be closed with 1000, it is open/,
  'wrong-subprotocol': /expected subprotocol c, got a/,
  'refused-connection': /expected the connection to open, it failed: connection-refused/,
  'unknown-step': /there is no step dance/,
  'unknown-matcher': /body like: there is no such matcher/,
  'wrong-configuration': /expected something in the log/,
  'missing-configuration': /^before the first step: no corpus folder was found for public\/none.xml/,
}

test('every failing case has its reason here', () => {
  expect(Object.keys(failures)).toEqual(failing.map(({ id }) => id))
})

test.for(failing)('case $id does not hold', async each => {
  await using _turn = await takeTurn()

  const { passed, failure } = await runCase(each)

  expect(failure).toMatch(failures[each.id]!)
  expect(passed).toBe(false)
})

test('says what was wrong with the configuration of a case that fails', async () => {
  await using _turn = await takeTurn()
  const broken = failing.find(({ id }) => id === 'wrong-configuration')!

  const { diagnostics } = await runCase(broken)

  expect(diagnostics).toHaveLength(1)
  expect(diagnostics?.[0]).toContain('<nothing>')
})

test('a case that does not end is ended', async () => {
  await using _turn = await takeTurn()
  const endless = { id: 'endless', area: 'demo', confidence: 'high', steps: [{ wait_ms: 60_000 }] }

  const { failure } = await runCase(endless, { limitMs: 50 })

  expect(failure).toMatch(/^step 1 \(wait_ms\): not over after 50 ms/)
})
