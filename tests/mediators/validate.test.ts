import { describe, expect, test } from 'vitest'
import { findings, json, type Mediated, mediate, xml } from '../support/mediate.ts'

const FAIL = '<on-fail><property name="failed" value="yes"/><drop/></on-fail>'

const check = (
  message: ReturnType<typeof json>,
  schema: string,
  attributes = '',
  more = '',
): Promise<Mediated> =>
  mediate(`<validate ${attributes}><schema key="schema"/>${more}${FAIL}</validate><respond/>`, message, {
    artifacts: [`<localEntry key="schema">${schema}</localEntry>`],
  })

const cdata = (schema: object): string => `<![CDATA[${JSON.stringify(schema)}]]>`

describe('JSON Schema', () => {
  const schema = { type: 'object', required: ['n'], properties: { n: { type: 'number', minimum: 2 } } }

  test('what fits goes on, what does not runs on-fail', async () => {
    expect((await check(json({ n: 3 }), cdata(schema))).replies).toEqual(['{"n":3}'])
    const failed = await check(json({ n: 1 }), cdata(schema))
    expect(failed.replies).toEqual([])
    expect(failed.properties.get('ERROR_MESSAGE')).toBe('/n must be >= 2')
    expect(failed.properties.get('ERROR_DETAIL')).toContain('Error while validating Json message')
  })

  test.each([
    'http://json-schema.org/draft-03/schema#',
    'http://json-schema.org/draft-04/schema#',
    'http://json-schema.org/draft-06/schema#',
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2019-09/schema',
    'https://json-schema.org/draft/2020-12/schema',
  ])('%s', async $schema => {
    expect((await check(json({ n: 3 }), cdata({ $schema, ...schema }))).replies).toHaveLength(1)
    expect((await check(json({}), cdata({ $schema, ...schema }))).replies).toHaveLength(0)
  })

  test('a source is checked alone; one that gives nothing is an empty object', async () => {
    const source = 'source="json-eval($.msg)"'
    expect((await check(json({ msg: { n: 5 } }), cdata(schema), source)).replies).toHaveLength(1)
    expect((await check(json({ other: 1 }), cdata(schema), source)).replies).toHaveLength(0)
  })

  test('a schema that is none is a fault', async () => {
    expect((await check(json({}), '{broken')).fault?.message).toContain('the JSON Schema is no JSON')
    expect((await check(json({}), cdata({ type: 'nonsense' }))).fault?.message).toContain('cannot be used')
  })
})

describe('XML Schema', () => {
  const schema = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="item"><xs:complexType><xs:sequence>
    <xs:element name="qty" type="xs:int" maxOccurs="9"/></xs:sequence></xs:complexType></xs:element></xs:schema>`

  test('what fits goes on, all that does not is told', async () => {
    expect((await check(xml('<item><qty>3</qty></item>'), schema)).replies).toHaveLength(1)
    const failed = await check(xml('<item><qty>three</qty><qty>four</qty></item>'), schema)
    expect(failed.replies).toHaveLength(0)
    expect(String(failed.properties.get('ERROR_MESSAGE')).split('\n')).toHaveLength(2)
  })

  test('a source is checked alone', async () => {
    const source = 'source="//item"'
    expect((await check(xml('<o><item><qty>3</qty></item></o>'), schema, source)).replies).toHaveLength(1)
    expect((await check(xml('<o><none/></o>'), schema, source)).fault?.message).toContain('gives no element')
  })

  test('what it includes is given to it, and nothing else', async () => {
    const outer = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:include schemaLocation="types.xsd"/>
      <xs:element name="item" type="small"/></xs:schema>`
    const types = `<localEntry key="types"><xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
      <xs:simpleType name="small"><xs:restriction base="xs:int"><xs:maxInclusive value="9"/></xs:restriction></xs:simpleType></xs:schema></localEntry>`
    const run = (value: number): Promise<Mediated> =>
      mediate(
        `<validate><schema key="schema"/><resource location="types.xsd" key="types"/>${FAIL}</validate><respond/>`,
        xml(`<item>${value}</item>`),
        { artifacts: [`<localEntry key="schema">${outer}</localEntry>`, types] },
      )
    expect((await run(5)).replies).toHaveLength(1)
    expect((await run(50)).replies).toHaveLength(0)
    const without = await check(xml('<item>5</item>'), outer.replace('types.xsd', 'file:///etc/passwd'))
    expect(without.fault?.message).toContain('the XML Schema cannot be used')
  })
})

test('a schema that is nowhere is a fault when it is reached', async () => {
  const ctx = await mediate(`<validate><schema key="none"/>${FAIL}</validate>`, json({}))
  expect(ctx.fault?.message).toBe('there is no schema none')
})

test('says what is missing', () => {
  expect(findings('<validate><on-fail><drop/></on-fail></validate>')).toEqual([
    'missing: <validate> needs at least one <schema>.',
  ])
  expect(findings('<validate><schema key="s"/></validate>')).toContain(
    'missing: <validate> needs an <on-fail> with mediators.',
  )
})
