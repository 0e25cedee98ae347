import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { SPECIAL_FUNCTIONS, SYNAPSE_FUNCTIONS } from '../../src/expressions/synapse-functions.ts'
import type { Message } from '../../src/message/message.ts'
import { json, type Mediated, mediate, xml } from '../support/mediate.ts'

const page = readFileSync(resolve(import.meta.dirname, '../../docs/guide/expressions.md'), 'utf8')
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(match => match[1]!)

const [payloadJson = ''] = blocks('json')
const [payloadXml = ''] = blocks('xml payload')
const [before = '', entry = ''] = blocks('xml')
const steps = before.replace(/^<sequence[^>]*>|<\/sequence>\s*$/g, '')

/** Rows of the tables with these two columns, each with the payload of its section. */
function rows(columns: string): { expression: string; result: string; isXml: boolean }[] {
  const tables = [...page.matchAll(/^(\| .*\n)\| --- .*\n((?:\| .*\n)+)/gm)]
  return tables
    .filter(([, head]) => head!.trim() === columns)
    .flatMap(({ 2: body, index }) => {
      const isXml = page.lastIndexOf('\n## ', index) === page.indexOf('\n## XML')
      return [...body!.matchAll(/^\| `(.+)` \| `?(.+?)`? \|$/gm)].map(([, expression, result]) => ({
        expression: expression!,
        result: result!,
        isXml,
      }))
    })
}

const message = (isXml: boolean): Message => (isXml ? xml(payloadXml.trim()) : json(payloadJson))
const quoted = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

function run(fragment: string, isXml: boolean): Promise<Mediated> {
  return mediate(steps + fragment, message(isXml), { artifacts: [entry], attributes: 'xmlns:o="urn:orders"' })
}

const values = rows('| expression | value |')
const conditions = rows('| condition | holds |')

describe('values in the guide to expressions', () => {
  test.each(values)('$expression is $result', async ({ expression, result, isXml }) => {
    const { properties } = await run(`<property name="it" expression="${quoted(expression)}"/>`, isXml)
    const expected = result === 'empty' ? '' : result === 'none' ? undefined : result
    expect(properties.get('it')).toBe(expected)
  })

  test('and there are some of each kind', () => {
    expect(values.length).toBeGreaterThan(50)
    expect(values.filter(({ isXml }) => isXml).length).toBeGreaterThan(10)
    expect(conditions.length).toBeGreaterThan(8)
  })
})

test.each(conditions)('as a condition, $expression: $result', async ({ expression, result }) => {
  const fragment = `<filter xpath="${quoted(expression)}"><then><property name="it" value="yes"/></then><else><property name="it" value="no"/></else></filter>`
  const { properties } = await run(fragment, false)
  expect(properties.get('it')).toBe(result)
})

test('the guide lists the functions there are', () => {
  const [, list = ''] = /Functions: (`length`, `toUpper`.*?)\. The vault/s.exec(page) ?? []
  const listed = [...list.matchAll(/`(\w+)`/g)].map(([, name]) => name)
  const known = [...Object.keys(SYNAPSE_FUNCTIONS), ...Object.keys(SPECIAL_FUNCTIONS)]
  expect(listed.toSorted()).toEqual(known.filter(name => !name.includes('vault')).toSorted())
})

test('text with values in it comes out as the guide says', async () => {
  const [example = ''] = blocks('xml').slice(-1)
  const ctx = await run(example.replace(/^<sequence[^>]*>|<\/sequence>\s*$/g, ''), false)
  expect(page).toContain(`\`${ctx.message.content.text()}\``)
  expect(ctx.logged[0]!.text).toContain('Order A-17 with 2 items')
  expect(page).toContain('logs `Order A-17 with 2 items`')
})
