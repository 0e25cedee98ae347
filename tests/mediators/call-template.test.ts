import { describe, expect, test } from 'vitest'
import { HttpBackend } from '../support/http-backend.ts'
import { findings, json, mediate, xml } from '../support/mediate.ts'
import { Serving } from '../support/serving.ts'

const GREET = `<template name="greet">
  <parameter name="who"/><parameter name="lang" defaultValue="en"/>
  <sequence>
    <property name="said" expression="fn:concat($func:lang, ':', $func:who)"/>
    <property name="same" expression="get-property('func', 'who')"/>
  </sequence>
</template>`

const call = (params: string, attributes = '') =>
  `<call-template target="greet" ${attributes}>${params}</call-template><property name="after" value="yes"/>`

describe('a call', () => {
  test('runs the template with fixed values, and defaults for the others', async () => {
    const ctx = await mediate(call('<with-param name="who" value="ann"/>'), json({}), { artifacts: [GREET] })
    expect(Object.fromEntries(ctx.properties.entries())).toMatchObject({
      said: 'en:ann',
      same: 'ann',
      after: 'yes',
    })
  })

  test('computes values in braces before it runs the template', async () => {
    const params =
      '<with-param name="who" value="{json-eval($.name)}"/><with-param name="lang" value="{$ctx:l}"/>'
    const ctx = await mediate(`<property name="l" value="de"/>${call(params)}`, json({ name: 'ann' }), {
      artifacts: [GREET],
    })
    expect(ctx.properties.get('said')).toBe('de:ann')
  })

  test('a value that is not there leaves the default, or nothing', async () => {
    const params = '<with-param name="who" value="{$ctx:none}"/><with-param name="lang" value="{$ctx:none}"/>'
    const ctx = await mediate(call(params), json({}), { artifacts: [GREET] })
    expect(ctx.properties.get('said')).toBe('en:')
  })

  test('double braces are computed in the template, each time', async () => {
    const template = `<template name="t"><parameter name="p"/><sequence>
      <property name="n" value="1"/><property name="first" expression="$func:p"/>
      <property name="n" value="2"/><property name="second" expression="$func:p"/></sequence></template>`
    const ctx = await mediate(
      '<call-template target="t"><with-param name="p" value="{{$ctx:n}}"/></call-template>',
      json({}),
      { artifacts: [template] },
    )
    expect([ctx.properties.get('first'), ctx.properties.get('second')]).toEqual(['1', '2'])
  })

  test('an XPath passes the nodes it selects', async () => {
    const template = `<template name="t"><parameter name="p"/><sequence>
      <property name="both" expression="count($func:p/b) = 2"/></sequence></template>`
    const ctx = await mediate(
      '<call-template target="t"><with-param name="p" value="{//a}"/></call-template>',
      xml('<a><b/><b/></a>'),
      { artifacts: [template] },
    )
    expect(ctx.properties.get('both')).toBe('true')
  })

  test('parameters end with the template, also where one calls another and a backend', async () => {
    await using backend = await HttpBackend.json({})
    const artifacts = [
      GREET,
      `<template name="outer"><parameter name="who"/><sequence>
         <call-template target="greet"><with-param name="who" value="bob"/></call-template>
         <call>${backend.endpoint}</call>
         <property name="mine" expression="$func:who"/><property name="inner" expression="$func:lang"/>
       </sequence></template>`,
    ]
    const ctx = await mediate(
      `<call-template target="outer"><with-param name="who" value="ann"/></call-template>
       <property name="outside" expression="$func:who"/>`,
      json({}),
      { artifacts },
    )
    expect(ctx.properties.get('said')).toBe('en:bob')
    expect(ctx.properties.get('mine')).toBe('ann')
    expect(ctx.properties.get('inner') ?? '').toBe('')
    expect(ctx.properties.get('outside') ?? '').toBe('')
    expect(ctx.parameters).toBeUndefined()
  })

  test('a template that ends the message ends what is behind the call', async () => {
    const ctx = await mediate(call(''), json({}), {
      artifacts: ['<template name="greet"><sequence><respond/></sequence></template>'],
    })
    expect(ctx.replies).toEqual(['{}'])
    expect(ctx.properties.has('after')).toBe(false)
  })
})

describe('faults', () => {
  const FAILING =
    '<template name="greet"><parameter name="who"/><sequence><throwError type="MINE"/></sequence></template>'
  const NOTE =
    '<sequence name="note"><property name="code" expression="$ctx:ERROR_CODE"/><property name="who" expression="$func:who"/></sequence>'

  test('run onError of the call, where the parameters are gone', async () => {
    const ctx = await mediate(call('<with-param name="who" value="ann"/>', 'onError="note"'), json({}), {
      artifacts: [FAILING, NOTE],
    })
    expect(ctx.properties.get('code')).toBe('MINE')
    expect(ctx.properties.get('who') ?? '').toBe('')
    expect(ctx.properties.has('after')).toBe(false)
  })

  test('run onError of the template first, where the parameters are there', async () => {
    const ctx = await mediate(call('<with-param name="who" value="ann"/>', 'onError="other"'), json({}), {
      artifacts: [
        FAILING.replace('name="greet"', 'name="greet" onError="note"'),
        NOTE,
        '<sequence name="other"><property name="code" value="other"/></sequence>',
      ],
    })
    expect(ctx.properties.get('code')).toBe('MINE')
    expect(ctx.properties.get('who')).toBe('ann')
  })

  test.each([
    ['', 'is missing'],
    ['<with-param name="who" value="{$ctx:none}"/>', 'comes out as nothing'],
    ['<with-param name="who" value=""/>', 'is empty'],
  ])('a mandatory parameter %s is fault 500101 when it %s', async params => {
    const ctx = await mediate(call(params), json({}), {
      artifacts: [
        '<template name="greet"><parameter name="who" isMandatory="true"/><sequence><drop/></sequence></template>',
      ],
    })
    expect(ctx.fault?.code).toBe(500101)
    expect(ctx.fault?.message).toBe('template greet needs a value for its parameter who')
  })

  test('what goes on behind it has the parameters from around it, in branches too', async () => {
    await using backend = await HttpBackend.start(() => ({
      headers: { 'Content-Type': 'application/json' },
      body: '{}',
    }))
    const tell = (where: string) =>
      `<property name="Where" scope="transport" value="${where}"/><property name="Who" scope="transport" expression="$func:who"/><call>${backend.endpoint}</call>`
    const inner = `<template name="inner"><parameter name="who"/><sequence>
      <iterate expression="json-eval($.all)"><target><sequence>${tell('in it')}</sequence></target></iterate>
      ${tell('behind the iterate')}</sequence></template>`
    const outer = `<template name="outer"><parameter name="who"/><sequence>
      <call-template target="inner"><with-param name="who" value="inner"/></call-template>
      ${tell('behind the call')}</sequence></template>`
    await mediate(
      '<call-template target="outer"><with-param name="who" value="outer"/></call-template>',
      json({ all: [1, 2] }),
      { artifacts: [inner, outer] },
    )
    const told = backend.received.map(({ headers }) => `${String(headers.where)}: ${String(headers.who)}`)
    expect(told.sort()).toEqual([
      'behind the call: outer',
      'behind the call: outer',
      'behind the iterate: inner',
      'behind the iterate: inner',
      'in it: inner',
      'in it: inner',
    ])
  })

  test('a fault in a branch of it meets the fault sequence around it with the parameters from there', async () => {
    const seen = '<log level="custom"><property name="who" expression="$func:who"/></log>'
    const inner = `<template name="inner"><parameter name="who"/><sequence><clone><target><sequence>
      <throwError type="X" errorMessage="no"/></sequence></target></clone></sequence></template>`
    const outer = `<template name="outer" onError="seen"><parameter name="who"/><sequence>
      <call-template target="inner"><with-param name="who" value="inner"/></call-template></sequence></template>`
    await using service = new Serving(
      '<call-template target="outer"><with-param name="who" value="outer"/></call-template>',
      { artifacts: [inner, outer, `<sequence name="seen">${seen}</sequence>`] },
    )
    await service.take(json({}))
    expect(service.logged.map(({ text }) => text)).toContainEqual(expect.stringContaining('who = outer'))
  })

  test('a default does for a mandatory parameter', async () => {
    const ctx = await mediate(call(''), json({}), {
      artifacts: [
        `<template name="greet"><parameter name="who" isMandatory="true" defaultValue="all"/>
         <sequence><property name="who" expression="$func:who"/></sequence></template>`,
      ],
    })
    expect(ctx.properties.get('who')).toBe('all')
  })

  test('a template that is not there is a warning, and a fault when it is called', async () => {
    const artifacts = [GREET.replace('"greet"', '"greets"')]
    expect(findings(call(''), { artifacts })).toEqual([
      'missing-template: There is no template named greet; calling it is a fault. Did you mean greets?',
    ])
    const ctx = await mediate(call(''), json({}), { artifacts })
    expect(ctx.fault?.message).toBe('Sequence template greet cannot be found')
  })
})

test.each([
  ['<call-template/>', 'missing: <call-template> needs attribute target.'],
  [call('<with-param name="who"/>'), 'missing: <with-param> needs attribute value.'],
  [
    call('<with-param name="who" value="{//[}"/>'),
    expect.stringMatching(/^bad-value: attribute value is "\{\/\/\[\}"/),
  ],
])('%s is a finding', (fragment, finding) => {
  expect(findings(fragment, { artifacts: [GREET] })).toContainEqual(finding)
})
