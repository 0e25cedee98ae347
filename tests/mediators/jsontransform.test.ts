import { describe, expect, test } from 'vitest'
import { findings, json, mediate, message, xml } from '../support/mediate.ts'

const J = 'synapse.commons.json.'

function property(name: string, value: string): string {
  return `<property name="${name}" value="${value}"/>`
}

function schema(text: unknown): string {
  return `<localEntry key="schema"><![CDATA[${typeof text === 'string' ? text : JSON.stringify(text)}]]></localEntry>`
}

async function transformed(body: unknown, wanted: unknown): Promise<string | undefined> {
  const ctx = await mediate('<jsontransform schema="schema"/><respond/>', json(body), {
    artifacts: [schema(wanted)],
  })
  return ctx.replies[0]
}

describe('settings', () => {
  test.each([
    [property(`${J}output.autoPrimitive`, 'false'), '{"r":{"a":"1","b":null}}'],
    [property('synapse.commons.enableXmlNullForEmptyElement', 'false'), '{"r":{"a":1,"b":""}}'],
    [
      property(`${J}preserve.namespace`, 'true') + property(`${J}output.namespaceSepChar`, ':'),
      '{"p:r":{"a":1,"b":null}}',
    ],
  ])('%s counts for this message', async (properties, expected) => {
    const ctx = await mediate(
      `<jsontransform>${properties}</jsontransform><respond/>`,
      xml('<p:r xmlns:p="u"><a>1</a><b/></p:r>'),
    )
    expect(ctx.replies).toEqual([expected])
    expect(ctx.transport.messageType).toBe('application/json')
    expect(ctx.message.content.isJson).toBe(true)
  })

  test('JSON stays as it is, and text is a member', async () => {
    const fragment = `<jsontransform>${property(`${J}buildValidNCNames`, 'true')}</jsontransform><respond/>`
    expect((await mediate(fragment, json('{"a key":[1.50],"b":[]}'))).replies).toEqual([
      '{"a key":[1.50],"b":[]}',
    ])
    expect((await mediate(fragment, message('hi', 'text/plain'))).replies).toEqual(['{"text":"hi"}'])
  })

  test('nothing is made of nothing', async () => {
    const ctx = await mediate(
      `<jsontransform>${property(`${J}output.autoPrimitive`, 'true')}</jsontransform><respond/>`,
    )
    expect(ctx.replies).toEqual([''])
  })

  test('XML that has no JSON form is a content fault', async () => {
    const ctx = await mediate(
      `<jsontransform>${property(`${J}output.autoPrimitive`, 'true')}</jsontransform>`,
      xml('<a>x<b/></a>'),
    )
    expect(ctx.fault?.code).toBe(601000)
  })
})

describe('a schema', () => {
  const person = {
    $schema: 'http://json-schema.org/draft-04/schema#',
    id: 'http://example.org/person',
    type: 'object',
    properties: {
      age: { type: 'integer' },
      height: { $ref: '#/definitions/metres' },
      member: { type: 'boolean' },
      zip: { type: 'string' },
      tags: { type: 'array', items: { type: 'string' } },
      home: { type: 'object', properties: { no: { type: 'number' } } },
    },
    definitions: { metres: { type: 'number', minimum: 0, exclusiveMinimum: true } },
    required: ['age'],
  }

  test('gives values their types', async () => {
    const given = {
      age: '12',
      height: '1.5',
      member: 'true',
      zip: 80331,
      tags: 'x',
      home: { no: '3' },
      other: '1',
    }
    expect(JSON.parse((await transformed(given, person))!)).toEqual({
      age: 12,
      height: 1.5,
      member: true,
      zip: '80331',
      tags: ['x'],
      home: { no: 3 },
      other: '1',
    })
  })

  test.each([
    'http://json-schema.org/draft-06/schema#',
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2019-09/schema',
    'https://json-schema.org/draft/2020-12/schema',
    undefined,
  ])('may be of draft %s', async draft => {
    const wanted = {
      ...(draft && { $schema: draft }),
      properties: { a: { type: 'number', exclusiveMinimum: 0 } },
    }
    expect(await transformed({ a: '1' }, wanted)).toBe('{"a":1}')
  })

  test('a value of its own, or an array, may be the root', async () => {
    expect(await transformed('"12"', { type: 'number' })).toBe('12')
    expect(await transformed(['1'], { type: 'array', items: { type: 'number' } })).toBe('[1]')
    expect(await transformed({ a: 1 }, { type: 'array' })).toBe('[{"a":1}]')
  })

  test('makes arrays of single objects, one in another too', async () => {
    const lines = { type: 'array', items: { properties: { tags: { type: 'array' }, n: { type: 'number' } } } }
    const wanted = { properties: { 'a/b': { type: 'array', items: { properties: { lines } } } } }
    expect(await transformed({ 'a/b': { lines: { n: '1', tags: { x: 1 } } } }, wanted)).toBe(
      '{"a/b":[{"lines":[{"n":1,"tags":[{"x":1}]}]}]}',
    )
    expect(
      await transformed({ a: {} }, { properties: { a: { anyOf: [{ type: 'array' }, { type: 'object' }] } } }),
    ).toBe('{"a":{}}')
  })

  test('one that asks for arrays without end is a fault', async () => {
    expect(await transformed({ a: {} }, { type: 'array', items: { $ref: '#' } })).toBeUndefined()
  })

  test('numbers keep their digits, as texts too', async () => {
    const wanted = { properties: { t: { type: 'string' }, n: { type: 'number' }, l: { type: 'array' } } }
    const given = '{"t":1.50,"n":2.50,"l":12345678901234567890,"o":3.0}'
    expect(await transformed(given, wanted)).toBe('{"t":"1.50","n":2.50,"l":[12345678901234567890],"o":3.0}')
  })

  test('counts after the settings, for XML', async () => {
    const ctx = await mediate(
      `<jsontransform schema="schema">${property(`${J}output.autoPrimitive`, 'false')}</jsontransform><respond/>`,
      xml('<r><a>1</a><b>2</b></r>'),
      { artifacts: [schema({ properties: { r: { properties: { a: { type: 'number' } } } } })] },
    )
    expect(ctx.replies).toEqual(['{"r":{"a":1,"b":"2"}}'])
  })

  test('the original of a shared payload is left as it was', async () => {
    const ctx = await mediate('<jsontransform schema="schema"/>', json({ a: '1' }), {
      artifacts: [schema({ properties: { a: { type: 'number' } } })],
      before: each => each.properties.set('copy', each.message.content.share()),
    })
    expect((ctx.properties.get('copy') as typeof ctx.message.content).text()).toBe('{"a":"1"}')
  })

  test('may be named by an expression', async () => {
    const ctx = await mediate(
      `<property name="k" value="schema"/><jsontransform schema="{get-property('k')}"/><respond/>`,
      json({ a: '1' }),
      { artifacts: [schema({ properties: { a: { type: 'number' } } })] },
    )
    expect(ctx.replies).toEqual(['{"a":1}'])
  })

  test.each([
    ['what cannot be converted', { age: 'old' }, 'at /age: must be integer'],
    ['what is required', {}, "at /: must have required property 'age'"],
    ['what is out of bounds', { age: 1, height: '0' }, 'at /height: must be > 0'],
  ])('%s is a fault', async (_what, given, text) => {
    const ctx = await mediate('<jsontransform schema="schema"/>', json(given), {
      artifacts: [schema(person)],
    })
    expect(ctx.fault?.message).toBe(`jsontransform: the payload does not fit schema, ${text}`)
  })

  test('a member called __proto__ stays one', async () => {
    expect(
      await transformed('{"__proto__":{"a":1.0},"b":"1"}', { properties: { b: { type: 'number' } } }),
    ).toBe('{"__proto__":{"a":1.0},"b":1}')
  })

  test.each([
    ['{"type":', 'no JSON'],
    ['{"type":"nonsense"}', 'type'],
    ['[]', 'no JSON object'],
    ['', 'no JSON'],
  ])('%j is none: a warning, and a fault', async (text, message) => {
    const options = { artifacts: [schema(text === '' ? ' ' : text)] }
    expect(findings('<jsontransform schema="schema"/>', options)[0]).toMatch(
      /^bad-schema: schema is no JSON Schema: /,
    )
    const ctx = await mediate('<jsontransform schema="schema"/>', json({}), options)
    expect(ctx.fault?.message).toContain('jsontransform: schema is no JSON Schema')
    expect(ctx.fault?.message).toContain(message)
  })

  test('one that is not there is a fault', async () => {
    const ctx = await mediate('<jsontransform schema="nowhere"/>', json({}))
    expect(ctx.fault?.message).toBe('jsontransform: there is no schema nowhere')
  })
})

describe('what is wrong with it', () => {
  test.each([
    ['<jsontransform/>', ['missing: <jsontransform> needs a schema or properties.']],
    [
      `<jsontransform>${property(`${J}preserve.namespaces`, 'true')}</jsontransform>`,
      [
        `bad-value: attribute name is "${J}preserve.namespaces"; expected a property of the mapping between JSON and XML. Did you mean ${J}preserve.namespace?`,
      ],
    ],
  ])('%s', (fragment, expected) => {
    expect(findings(fragment)).toEqual(expected)
  })

  test('a pattern that cannot be used', () => {
    const [found] = findings(
      `<jsontransform>${property(`${J}output.disableAutoPrimitive.regex`, '(')}</jsontransform>`,
    )
    expect(found).toMatch(/^bad-value: A pattern cannot be used: /)
  })
})
