import { expect, test } from 'vitest'
import { format } from '../../src/language/diagnostic.ts'
import { deployed, json, mediate } from '../support/mediate.ts'

const problems = (template: string): string[] =>
  deployed({ 't.xml': template })
    .diagnostics.all()
    .map(format)
    .map(text => text.split('\n')[1]!.trim())

test('the body may stand before the parameters, and templates may call each other in any order', async () => {
  const ctx = await mediate('<call-template target="a"/>', json({}), {
    artifacts: [
      '<template name="a"><sequence><call-template target="b"><with-param name="p" value="1"/></call-template></sequence></template>',
      '<template name="b"><sequence><property name="seen" expression="$func:p"/></sequence><parameter name="p"/></template>',
    ],
  })
  expect(ctx.properties.get('seen')).toBe('1')
})

test('a template that calls itself without an end is a fault', async () => {
  const ctx = await mediate('<call-template target="a"/>', json({}), {
    artifacts: ['<template name="a"><sequence><call-template target="a"/></sequence></template>'],
  })
  expect(ctx.fault?.message).toContain('run in a circle')
})

test.each([
  [
    '<template name="t"><parameter name="p"/><parameter name="p"/><sequence/></template>',
    '<template> has two parameters named p.',
  ],
  ['<template name="t"><parameter/><sequence/></template>', '<parameter> needs attribute name.'],
  ['<template><sequence/></template>', '<template> needs attribute name.'],
])('%s is a finding', (template, finding) => {
  expect(problems(template)).toContain(finding)
})
