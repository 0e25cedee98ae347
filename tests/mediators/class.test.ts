import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Diagnostics } from '../../src/language/diagnostic.ts'
import { Source } from '../../src/language/source.ts'
import { readSettings, type Settings } from '../../src/settings.ts'
import { deployed, findings, json, xml } from '../support/mediate.ts'
import { Serving } from '../support/serving.ts'

const TOML = `[myelin.classes]
"com.acme.Discount" = "./classes/discount.ts"
com.acme.Tour = "./classes/tour.ts"
"com.acme.Fails" = "classes/fails.ts"
"com.acme.Nothing" = "classes/nothing.ts"
"com.acme.Gone" = "classes/gone.ts"`

function settings(): Settings {
  const diagnostics = new Diagnostics()
  const found = readSettings(new Source(join(import.meta.dirname, 'deployment.toml'), TOML), diagnostics)
  expect(diagnostics.all()).toEqual([])
  return found
}

const AFTER = '<property name="after" value="yes"/>'

const run = async (mediator: string, message = json({ price: 50 })) => {
  await using service = new Serving(mediator + AFTER, { settings: settings() })
  const ctx = await service.take(message, {
    headers: { 'X-In': '1' },
    before({ properties, variables }) {
      properties.set('in', 'here')
      variables.set('in', 2)
    },
  })
  return { ctx, logged: service.logged.map(({ level, text }) => `${level} ${text}`) }
}

describe('a module', () => {
  test('that is a function runs in place of the class, with its properties', async () => {
    const { ctx } = await run(
      '<class name="com.acme.Discount"><property name="percentage" value="10"/></class>',
    )
    expect(ctx.message.content.json()).toEqual({ price: 45 })
    expect(ctx.properties.get('after')).toBe('yes')
  })

  test('that is an object may look at everything, take its time, and end the message', async () => {
    const { ctx, logged } = await run(
      `<class name="com.acme.Tour"><property name="fixed" value="1"/>
         <property name="computed" expression="$ctx:in"/><property name="element"><a>1</a></property></class>`,
      xml('<o/>'),
    )
    expect(ctx.properties.get('seen')).toEqual({
      text: '<o/>',
      xml: '<o/>',
      mediaType: 'application/xml',
      direction: 'request',
      id: true,
      header: '1',
      property: 'here',
      variable: 2,
      fixed: '1',
      computed: 'here',
      element: '<a>1</a>',
    })
    expect(ctx.properties.has('in')).toBe(false)
    expect(ctx.transport.status).toBe(201)
    expect(ctx.variables.get('out')).toBe(1)
    expect(ctx.message.headers.get('X-Out')).toBe('1')
    expect(ctx.message.headers.get('X-In')).toBeUndefined()
    expect(ctx.message.content.text()).toBe('<done/>')
    expect(ctx.properties.has('after')).toBe(false)
    expect(logged).toContain('warn {proxy:test} was here')
  })

  test('that throws is a fault', async () => {
    const { ctx } = await run('<class name="com.acme.Fails"/>')
    expect(ctx.fault?.message).toBe('out of stock')
    expect(ctx.properties.has('after')).toBe(false)
  })
})

const problem = (name: string): { message: string; hint?: string }[] =>
  deployed({ 's.xml': `<sequence name="s"><class name="${name}"/></sequence>` }, settings())
    .diagnostics.all()
    .map(({ message, hint }) => ({ message, ...(hint !== undefined && { hint }) }))

describe('errors', () => {
  test('a class without a file in the settings is one', () => {
    const diagnostics = new Diagnostics()
    readSettings(new Source('deployment.toml', '[myelin.classes]\n"a.B" = ""'), diagnostics)
    expect(diagnostics.all().map(({ message }) => message)).toEqual([
      'Setting myelin.classes.a.B is ""; expected the file of a module.',
    ])
  })

  test('a class without a module says what to write', () => {
    expect(problem('samples.mediators.DiscountQuoteMediator')).toEqual([
      {
        message: 'Class samples.mediators.DiscountQuoteMediator is Java, and no module stands for it.',
        hint: 'Write in deployment.toml, with your own file: [myelin.classes] "samples.mediators.DiscountQuoteMediator" = "./classes/discount-quote-mediator.ts"',
      },
    ])
  })

  test('a module that is not there, or exports nothing to run, is told', () => {
    expect(problem('com.acme.Gone')[0]?.message).toMatch(
      /gone\.ts for class com\.acme\.Gone cannot be used: Cannot find/,
    )
    expect(problem('com.acme.Nothing')[0]?.message).toMatch(
      /its default export is neither a function nor an object with a function mediate\.$/,
    )
  })

  test.each([
    ['<class/>', 'missing: <class> needs attribute name.'],
    [
      '<class name="a.B"><property name="p"/></class>',
      'missing: Property p needs a value, an expression or an element.',
    ],
    [
      '<class name="a.B" method="go"/>',
      'not-supported: attribute method of <class> is not supported: write a module with one function, and give it properties.',
    ],
  ])('%s is a finding', (fragment, finding) => {
    expect(findings(fragment)).toContain(finding)
  })
})
