import { afterEach, describe, expect, test } from 'vitest'
import { ScriptProcess } from '../../src/mediators/script-process.ts'

const LIMITS = { timeoutMs: 500, memoryMb: 64 }
/** For scripts that are slow by themselves: a busy machine makes them slower. */
const PATIENT = { ...LIMITS, timeoutMs: 3000 }
/** What the engine cannot stop, and what ends the process. */
const ENDLESS = 'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)'
const TOO_LONG = 'the script ran longer than 500 ms and was stopped'

let scripts = new ScriptProcess()
afterEach(async () => {
  await scripts.stop()
  scripts = new ScriptProcess()
})

type Call = (input?: string) => Promise<string>

/** A script that gives what an expression of `input` and `host` finds; a failure gives its message. */
function script(expression: string, limits = LIMITS): Call {
  const made = scripts.script(
    `(() => { const host = __host; return input => String(${expression}) })()`,
    limits,
  )
  const entries = { entry: (key: string) => (key.startsWith('no') ? undefined : { text: `<${key}>` }) }
  return (input = '') => scripts.call(made, input, entries, ['given']).catch((error: Error) => error.message)
}

describe('one script that cannot be stopped', () => {
  test('ends alone: the others go on, and give each what was asked of them', async () => {
    const [endless, echo] = [script(ENDLESS), script('input')]
    const asked = Array.from({ length: 200 }, (_, i) => String(i))
    const first = asked.slice(0, 100).map(echo)
    const bad = [endless(), endless()]
    const second = asked.slice(100).map(echo)
    expect(await Promise.all([...first, ...second])).toEqual(asked)
    expect(await Promise.all(bad)).toEqual([TOO_LONG, TOO_LONG])
    expect(await echo('after')).toBe('after')
  })

  test('holds up others only the first time', async () => {
    const [endless, echo] = [script(ENDLESS), script('input')]
    expect(await endless()).toBe(TOO_LONG)
    let isOver = false
    const again = endless().finally(() => {
      isOver = true
    })
    expect(await echo('meanwhile')).toBe('meanwhile')
    expect(isOver).toBe(false)
    expect(await again).toBe(TOO_LONG)
  })

  test('while a slow one runs, which runs once more', async () => {
    const slow = script(
      '(() => { const end = Date.now() + 200; while (Date.now() < end); return input })()',
      PATIENT,
    )
    const endless = script(ENDLESS)
    expect(await Promise.all([endless(), slow('slow')])).toEqual([TOO_LONG, 'slow'])
  })
})

describe('a script that ends the process', () => {
  test('is found out among those that ran with it', async () => {
    const fatal = script('(() => { const all = []; for (;;) all.push("x".repeat(2 ** 28).split("")) })()')
    const slow = script(
      '(() => { const end = Date.now() + 200; while (Date.now() < end); return input })()',
      PATIENT,
    )
    const [first, second, third] = await Promise.all([slow('a'), fatal(), script('input')('b')])
    expect([first, third]).toEqual(['a', 'b'])
    expect(second).toMatch(/needed more than 64 MiB|ran longer than 500 ms/)
  })
})

describe('what a script asks for', () => {
  test('is there, whether it was foreseen or not', async () => {
    expect(
      await script('host("entry", "given") + host("entry", "other" + 1) + host("resource", "none")')(),
    ).toBe('<given><other1>null')
  })

  test('is not left to what the script makes of its absence', async () => {
    const source = '(() => { try { return host("entry", "late") } catch { return "caught" } })()'
    expect(await script(source)()).toBe('<late>')
  })

  test('is limited', async () => {
    expect(await script('(() => { for (let i = 0; ; i++) host("entry", "e" + i) })()')()).toBe(
      'it asks for more than 100 entries',
    )
  })
})

test('order: calls of one script end in the order they were made, quick or slow', async () => {
  const echo = script(
    '(() => { const end = Date.now() + Number(input) % 7 * 5; while (Date.now() < end); return input })()',
  )
  const ended: string[] = []
  const asked = Array.from({ length: 20 }, (_, i) => String(i))
  await Promise.all(asked.map(async each => ended.push(await echo(each))))
  expect(ended).toEqual(asked)
})

test('a call that waits when the gateway stops is refused, and so is one after that', async () => {
  const endless = script('(() => { for (;;); })()')
  const waiting = endless()
  await scripts.stop()
  expect(await waiting).toBe('the gateway is stopping')
  expect(await endless()).toBe('the gateway is stopping')
})
