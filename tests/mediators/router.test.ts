import { describe, expect, test } from 'vitest'
import { findings, json, mediate } from '../support/mediate.ts'

const log = (text: string) => `<log level="custom"><property name="WENT" value="${text}"/></log>`
const AFTER = log('after')

const went = async (fragment: string, headers: Record<string, string> = {}) => {
  const ctx = await mediate(`${fragment}${AFTER}`, json({ kind: 'debit', flag: 'yes' }), {
    artifacts: [`<sequence name="named">${log('named')}</sequence>`],
    before: ({ message }) => {
      for (const [name, value] of Object.entries(headers)) message.headers.set(name, value)
    },
  })
  expect(ctx.fault).toBeUndefined()
  return ctx.logged.map(({ text }) => /WENT = (\w+)/.exec(text)?.[1]).filter(text => text !== undefined)
}

describe('router', () => {
  const route = (expression: string, name: string, attributes = '') =>
    `<route expression="${expression}" ${attributes}><target><sequence>${log(name)}</sequence></target></route>`

  test.each([
    [
      'the whole text must match',
      route('json-eval($.kind)', 'a', 'match="deb"') +
        route('json-eval($.kind)', 'b', 'match="debit|credit"'),
      ['b'],
    ],
    [
      'without match the expression is a condition',
      route("//kind = 'credit'", 'a') + route("//kind = 'debit'", 'b'),
      ['b'],
    ],
    ['the first match is the last way', route('true()', 'a') + route('true()', 'b'), ['a']],
    [
      'unless breakRouter is false',
      route('true()', 'a', 'breakRouter="false"') + route('true()', 'b'),
      ['a', 'b'],
    ],
    ['a message without a route ends', route('false()', 'a'), []],
  ])('%s', async (_what, routes, expected) => {
    expect(await went(`<router>${routes}</router>`)).toEqual(expected)
  })

  test.each([
    [route('true()', 'a'), ['a', 'after']],
    [route('false()', 'a'), ['after']],
  ])('with continueAfter the message goes on behind', async (routes, expected) => {
    expect(await went(`<router continueAfter="true">${routes}</router>`)).toEqual(expected)
  })

  test('takes a sequence by name', async () => {
    const fragment = '<router><route expression="true()"><target sequence="named"/></route></router>'
    expect(await went(fragment)).toEqual(['named'])
  })

  test('what the way answers is the answer', async () => {
    const ctx = await mediate(
      '<router><route expression="true()"><target><sequence><respond/></sequence></target></route></router>',
      json({ a: 1 }),
    )
    expect(ctx.replies).toEqual(['{"a":1}'])
  })

  test('a fault in a way that is not the last stays there, and runs the fault sequence on the copy', async () => {
    const ctx = await mediate('<sequence key="routes"/>', json({}), {
      artifacts: [
        `<sequence name="routes" onError="failed"><router continueAfter="true"><route expression="true()"><target><sequence><throwError type="MINE"/></sequence></target></route></router>${AFTER}</sequence>`,
        '<sequence name="failed"><log level="custom"><property name="FAILED" expression="$ctx:ERROR_CODE"/></log></sequence>',
      ],
    })
    const texts = ctx.logged.map(({ text }) => text)
    expect(texts.some(text => text.includes('FAILED = MINE'))).toBe(true)
    expect(texts.some(text => text.includes('WENT = after'))).toBe(true)
  })
})

describe('conditionalRouter', () => {
  const match = (value: string, source = 'kind') =>
    `<match type="header" source="${source}" regex="${value}"/>`
  const route = (condition: string, name: string, attributes = '') =>
    `<conditionalRoute ${attributes}><condition>${condition}</condition><target><sequence>${log(name)}</sequence></target></conditionalRoute>`

  test.each([
    [
      'the first that holds',
      route(match('credit'), 'a') + route(match('de.*'), 'b') + route(match('debit'), 'c'),
      ['b'],
    ],
    [
      'all, with breakRoute false',
      route(match('debit'), 'a', 'breakRoute="false"') + route(match('debit'), 'b'),
      ['a', 'b'],
    ],
    ['not', route(`<not>${match('credit')}</not>`, 'a'), ['a']],
    ['and', route(`<and>${match('debit')}${match('eur', 'currency')}</and>`, 'a'), ['a']],
    ['none', route(match('credit'), 'a'), []],
  ])('%s', async (_what, routes, expected) => {
    const headers = { kind: 'debit', currency: 'eur' }
    expect(await went(`<conditionalRouter>${routes}</conditionalRouter>`, headers)).toEqual(expected)
  })

  test('with continueAfter the message goes on behind, also while an asynchronous route runs', async () => {
    const routes = route(match('debit'), 'a', 'asynchronous="true"')
    const all = await went(`<conditionalRouter continueAfter="true">${routes}</conditionalRouter>`, {
      kind: 'debit',
    })
    expect(all.sort()).toEqual(['a', 'after'])
  })
})

test.each([
  ['<router/>', 'missing: <router> needs at least one <route>.'],
  ['<router><route expression="true()"/></router>', 'missing: <route> needs element <target>.'],
  ['<conditionalRouter/>', 'missing: <conditionalRouter> needs at least one <conditionalRoute>.'],
  [
    '<conditionalRouter><conditionalRoute><target sequence="named"/></conditionalRoute></conditionalRouter>',
    'missing: <conditionalRoute> needs element <condition>.',
  ],
])('%s is a finding', (fragment, finding) => {
  expect(findings(fragment)).toContain(finding)
})
