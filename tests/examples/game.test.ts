// The game, played by clients and in a real browser.

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { browserProgram, startBrowser } from '../support/browser.ts'
import { type Player, type Stage, stageOf, WELCOME } from './stage.ts'

const FILE = 'applications/game.ts'

/** Two players who are paired. */
async function pair(stage: Stage, x: string, o: string): Promise<readonly [Player, Player]> {
  const first = await stage.enter(x, '/game')
  await first.heard(2)
  const second = await stage.enter(o, '/game')
  await Promise.all([first.heard(3), second.heard(3)])
  return [first, second]
}

/** Both take fields in turn, and see each move; `answers` are those to the last one. */
async function play([x, o]: readonly [Player, Player], fields: string, answers: number): Promise<void> {
  for (const [i, field] of [...fields].entries()) {
    const [mover, other] = i % 2 === 0 ? [x, o] : [o, x]
    const count = i === fields.length - 1 ? answers : 1
    await Promise.all([mover.says(field, count), other.hears(count)])
  }
}

test('two games at once: one is won, and the other ends when somebody leaves', async () => {
  await using stage = await stageOf(FILE)
  const one = await pair(stage, 'x1', 'o1')
  const two = await pair(stage, 'x2', 'o2')
  await play(two, '48', 1)
  await play(one, '03142', 3)
  two[1].client[Symbol.dispose]()
  await two[0].heard(6)
  const { transcript } = stage
  const won = ['x--------', 'x--o-----', 'xx-o-----', 'xx-oo----', 'xxxoo----', 'x has won']
  expect(transcript.x1).toEqual([
    WELCOME,
    ...['you are x', 'x begins', ...won].map(text => `< text ${text}`),
    '< close 1000 the game is over',
  ])
  expect(transcript.o1).toEqual([WELCOME, '< text you are o', ...transcript.x1!.slice(2)])
  expect(transcript.x2).toEqual([
    WELCOME,
    ...['you are x', 'x begins', '----x----', '----x---o'].map(text => `< text ${text}`),
    '< close 1001 the other has left',
  ])
})

test('what is no move changes nothing, and a game may have no winner', async () => {
  await using stage = await stageOf(FILE)
  const early = await stage.enter('early', '/game')
  await early.heard(2)
  await early.says('0')
  await early.leaves(1000)
  const both = await pair(stage, 'x', 'o')
  const [x, o] = both
  await o.says('4')
  await play(both, '4', 1)
  for (const wrong of ['4', '9', '', ' 0', '-1', '1e0', '10', 'nonsense']) await o.says(wrong)
  await x.says('0')
  await play([o, x], '02635178', 3)
  const { transcript } = stage
  expect(transcript.early).toEqual([WELCOME, '< text you are x', '< text not your turn', '< close 1000 '])
  expect(transcript.o!.filter(line => line === '< text not a free field')).toHaveLength(8)
  expect(transcript.o!.slice(-3)).toEqual([
    '< text oxxxxooox',
    '< text nobody has won',
    '< close 1000 the game is over',
  ])
  expect(transcript.x!.slice(-3)).toEqual(transcript.o!.slice(-3))
})

const name =
  browserProgram === undefined
    ? 'in a browser (skipped: there is no chromium, chromium-browser or google-chrome on the PATH)'
    : 'in a browser'

describe.skipIf(browserProgram === undefined)(name, () => {
  let browser: Browser

  beforeAll(async () => {
    browser = await startBrowser()
  }, 60_000)
  afterAll(() => browser?.close())

  /** Waits until the page says so. */
  const says = (page: Page, text: string): Promise<unknown> =>
    page.waitForFunction(expected => document.getElementById('news')?.textContent === expected, text)

  const boardOf = (page: Page): Promise<string> =>
    page.$$eval('button', buttons => buttons.map(({ textContent }) => textContent || '-').join(''))

  test('two pages play by clicks, and one that is closed ends the game', async () => {
    await using stage = await stageOf(FILE)
    const open = async (news: string): Promise<Page> => {
      const page = await browser.newPage()
      await page.goto(`http://${stage.host}/game`)
      await says(page, news)
      return page
    }
    const x = await open('you are x')
    const o = await open('x begins')
    const click = async (page: Page, field: number): Promise<void> => {
      await page.click(`button:nth-child(${field + 1})`)
      const mark = page === x ? 'x' : 'o'
      for (const each of [x, o])
        await each.waitForFunction(
          ([at, expected]) => document.querySelectorAll('button')[at]?.textContent === expected,
          [field, mark] as const,
        )
    }
    await o.click('button')
    await says(o, 'not your turn')
    for (const [page, field] of [
      [x, 0],
      [o, 3],
      [x, 1],
      [o, 4],
      [x, 2],
    ] as const)
      await click(page, field)
    await Promise.all([says(x, 'x has won'), says(o, 'x has won')])
    expect(await boardOf(o)).toBe('xxxoo----')
    await o.close()
    await x.reload()
    await says(x, 'you are x')
    const late = await open('x begins')
    await late.close()
    await says(x, 'the other has left')
    await x.close()
  }, 60_000)
})
