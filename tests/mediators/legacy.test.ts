import { describe, expect, test } from 'vitest'
import { findings, json, mediate } from '../support/mediate.ts'

const AFTER = '<property name="after" value="yes"/>'

test('rules runs its mediators, and is an end where they are', async () => {
  const ctx = await mediate(`<rules><property name="in" value="yes"/></rules>${AFTER}`)
  expect([ctx.properties.get('in'), ctx.properties.get('after')]).toEqual(['yes', 'yes'])
  expect((await mediate(`<rules><drop/></rules>${AFTER}`)).properties.has('after')).toBe(false)
})

describe('builder', () => {
  const builder = (className: string) =>
    `<builder><messageBuilder contentType="text/xml" class="${className}"/></builder>`

  test('goes on, and is quiet about the classes that come with the original', async () => {
    const fragment = builder('org.apache.axis2.builder.SOAPBuilder')
    expect(findings(fragment)).toEqual([])
    expect((await mediate(fragment + AFTER, json({}))).properties.get('after')).toBe('yes')
  })

  test('warns of other classes', () => {
    expect(findings(builder('com.acme.Builder'))).toEqual([
      'no-effect: Class com.acme.Builder of <builder> has no effect: payloads are read and written by their content type.',
    ])
  })
})

describe('transaction', () => {
  test('goes on, with a warning', async () => {
    expect(findings('<transaction action="commit"/>')).toEqual([
      'no-effect: <transaction action="commit"> has no effect: there are no distributed transactions; what was done before a fault stays done.',
    ])
    expect((await mediate(`<transaction action="new"/>${AFTER}`)).properties.get('after')).toBe('yes')
  })

  test('knows its actions', () => {
    expect(findings('<transaction action="undo"/>')[0]).toMatch(/^bad-value: attribute action is "undo"/)
  })
})

describe('enqueue', () => {
  const artifacts = [
    '<sequence name="later"><log level="custom"><property name="LATER" expression="json-eval($.a)"/></log></sequence>',
  ]

  test('starts the sequence on its own, and ends the message here', async () => {
    const ctx = await mediate(`<enqueue sequence="later"/>${AFTER}`, json({ a: 1 }), { artifacts })
    expect(ctx.logged.some(({ text }) => text.includes('LATER = 1'))).toBe(true)
    expect(ctx.properties.has('after')).toBe(false)
    expect(ctx.ends).toBe(1)
  })

  test('has no executors and priorities', () => {
    expect(findings('<enqueue executor="e" priority="2" sequence="later"/>', { artifacts })).toHaveLength(2)
  })
})

test.each(['dblookup', 'dbreport', 'sampler'])('%s says what to use instead', element => {
  expect(findings(`<${element}/>`)[0]).toMatch(
    new RegExp(`^not-supported: <${element}> is not supported: .{20}`),
  )
})
