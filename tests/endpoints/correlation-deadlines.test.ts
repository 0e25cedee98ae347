import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Deadline, Deadlines } from '../../src/endpoints/correlation-deadlines.ts'

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => vi.useRealTimers())

class Noted implements Deadline {
  dueAt = 0
  list: Deadline['list']
  earlier: Deadline | undefined
  later: Deadline | undefined
  readonly #expired: () => void

  constructor(expired: () => void) {
    this.#expired = expired
  }

  expire(): void {
    this.#expired()
  }
}

test('ten thousand of them, of several lengths, come when they are due', () => {
  const deadlines = new Deadlines()
  const late: number[] = []
  for (let n = 0; n < 10_000; n++) {
    const ms = [200, 1_000, 1_500][n % 3]!
    const dueAt = performance.now() + ms
    deadlines.add(new Noted(() => late.push(performance.now() - dueAt)), ms)
    if (n % 100 === 0) vi.advanceTimersByTime(1)
  }
  vi.advanceTimersByTime(2_000)

  expect(late).toHaveLength(10_000)
  expect(Math.min(...late)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...late)).toBeLessThanOrEqual(2)
  expect(vi.getTimerCount()).toBe(0)
})

test('one that is taken back does not come, and the ones after it are not late', () => {
  const deadlines = new Deadlines()
  const came: string[] = []
  const noted = (name: string): Noted => new Noted(() => came.push(`${name} at ${performance.now()}`))
  const start = performance.now()
  const [first, second, third] = ['first', 'second', 'third'].map(noted)
  for (const each of [first!, second!, third!]) {
    deadlines.add(each, 100)
    vi.advanceTimersByTime(10)
  }
  deadlines.remove(first!)
  deadlines.remove(first!)
  deadlines.remove(third!)
  vi.advanceTimersByTime(1_000)

  expect(came).toEqual([`second at ${start + 110}`])
})

test('one that sets another of its length holds none up', () => {
  const deadlines = new Deadlines()
  const came: number[] = []
  const start = performance.now()
  const noted = (then?: () => void): Noted =>
    new Noted(() => {
      came.push(performance.now() - start)
      then?.()
    })
  deadlines.add(
    noted(() => deadlines.add(noted(), 100)),
    100,
  )
  vi.advanceTimersByTime(50)
  deadlines.add(noted(), 100)
  vi.advanceTimersByTime(500)

  expect(came).toEqual([100, 150, 200])
})

test('all are taken back together', () => {
  const deadlines = new Deadlines()
  const never = vi.fn()
  for (const ms of [10, 10, 20]) deadlines.add(new Noted(never), ms)
  deadlines.clear()
  vi.advanceTimersByTime(100)

  expect(never).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})
