import { describe, expect, test } from 'vitest'
import { Answers } from '../../src/cluster/answers.ts'
import type { SessionAnswer } from '../../src/cluster/session-record.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

const answer = (number: number, delivered = 1): SessionAnswer => ({
  kind: 'answer',
  number,
  delivered,
  failed: [],
  unlisted: 0,
})

function waiting(timeoutMs: number): { answers: Answers; logged: () => string[] } {
  const log = new RecordingLogger()
  return { answers: new Answers(timeoutMs, log), logged: () => log.lines.map(({ text }) => text) }
}

describe('waiting for other processes', () => {
  test('ends with the last answer, each process counting once', async () => {
    const { answers } = waiting(60_000)
    const { number, answered } = answers.ask(['b', 'c'])
    answers.take(answer(number, 1), 'b')
    answers.take(answer(number, 9), 'b')
    answers.take(answer(number, 9), 'a stranger')
    answers.take(answer(number + 1, 9), 'c')
    answers.take(answer(number, 2), 'c')

    expect(await answered).toEqual({ answers: [answer(number, 1), answer(number, 2)], unanswered: [] })
    expect(answers.size).toBe(0)
  })

  test('ends when time is up, and who was silent is not waited for until it is heard of', async () => {
    const { answers, logged } = waiting(10)
    const first = answers.ask(['b', 'c'])
    answers.take(answer(first.number), 'b')
    expect((await first.answered).unanswered).toEqual(['c'])

    const second = answers.ask(['c'])
    expect(answers.size).toBe(0)
    expect((await second.answered).unanswered).toEqual(['c'])
    const third = answers.ask(['b', 'c'])
    answers.take(answer(third.number), 'b')
    expect(await third.answered).toEqual({ answers: [answer(third.number)], unanswered: ['c'] })
    answers.take(answer(first.number), 'c')
    answers.heard('c')
    answers.heard('c')
    const fourth = answers.ask(['c'])
    answers.take(answer(fourth.number), 'c')
    expect((await fourth.answered).unanswered).toEqual([])

    expect(logged()).toEqual([
      'process c did not answer within 10 ms; it is not waited for until it does',
      'process c answers again',
    ])
  })

  test('what could not be asked, and all that is left at the end, has no answer', async () => {
    const { answers } = waiting(60_000)
    const [first, second] = [answers.ask(['b']), answers.ask(['b'])]
    answers.withdraw(first.number)
    expect(await first.answered).toEqual({ answers: [], unanswered: ['b'] })
    answers.stop()
    expect(await second.answered).toEqual({ answers: [], unanswered: ['b'] })
  })

  test('is done for 10,000 questions at a time', async () => {
    const { answers } = waiting(60_000)
    for (let i = 0; i < 10_000; i++) answers.ask(['b'])
    const { answered } = answers.ask(['b'])

    expect(answers.size).toBe(10_000)
    expect((await answered).unanswered).toEqual(['b'])
    answers.stop()
  })
})
