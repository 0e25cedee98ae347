import { describe, expect, test } from 'vitest'
import { type Member, MemberFinder, splice } from '../../src/endpoints/correlation-member.ts'

const id = new MemberFinder(['id'])

function find(text: string, finder = id): Member | undefined {
  return finder.find(Buffer.from(text))
}

/** The value it finds, as it is written. */
function found(text: string, finder = id): string | undefined {
  const member = find(text, finder)
  return member?.isPresent ? Buffer.from(text).toString('utf8', member.start, member.end) : undefined
}

describe('a member is found', () => {
  test.each([
    ['{"id":1}', '1'],
    [' { "id" : -1.5e+3 } ', '-1.5e+3'],
    ['\ufeff{"id":1}', '1'],
    ['{"a":{"id":2},"id":1,"b":[{"id":3}]}', '1'],
    ['{"a":"\\"id\\":2","id":1}', '1'],
    ['{"a":"\\\\","id":1}', '1'],
    ['{"a":"}{][","id":1}', '1'],
    ['{"é":"ü","id":"ß"}', '"ß"'],
    ['{"\\u0069d":1}', '1'],
    ['{"i\\u0064":true}', 'true'],
    [`{"a":"${'x'.repeat(500)}\\"${'\\\\'.repeat(50)}","id":1}`, '1'],
    ['{"ID":2,"id":{"a":[1,2,"]"]}}', '{"a":[1,2,"]"]}'],
    ['{"id":"id","a":"id"}', '"id"'],
  ])('%s', (text, value) => {
    expect(found(text)).toBe(value)
  })
})

describe('there is none, and there might be one', () => {
  test.each(['{}', ' {\n} ', '{"a":{"id":1}}', '{"idd":1,"i":2,"ID":3}', '{"__proto__":{"id":1}}'])(
    '%s',
    text => {
      expect(find(text)).toMatchObject({ isPresent: false })
    },
  )
})

describe('what it cannot stand in', () => {
  test.each([
    '',
    'x',
    '[]',
    '"id"',
    '{',
    '{"id"',
    '{"id":',
    '{"id":}',
    '{"id":1',
    '{"id":1,}',
    '{"id":1}}',
    '{"id":1} x',
    '{id:1}',
    "{'id':1}",
    '{"id":tru}',
    '{"id":-}',
    '{"id":"x}',
    '{"id":"x\\"}',
    '{"a":[1},"id":1}',
    '{"a":1 "id":1}',
    '{"id":1,"id":1}',
    '{"id":1,"i\\u0064":1}',
    `{"a":${'['.repeat(501)}${']'.repeat(501)},"id":1}`,
  ])('%s', text => {
    expect(find(text)).toBeUndefined()
  })
})

describe('inside of objects', () => {
  const inner = new MemberFinder(['a', 'b', 'id'])

  test.each([
    ['{"a":{"b":{"id":1}}}', '1'],
    ['{"id":0,"a":{"id":0,"b":{"x":[{"id":0}],"id":1}},"b":{"id":0}}', '1'],
  ])('%s', (text, value) => {
    expect(found(text, inner)).toBe(value)
  })

  test.each([
    ['{}', 0, 1],
    ['{"x":1}', 0, 1],
    ['{"a":{}}', 1, 6],
    ['{"x":1,"a":{"b":{"x":1}},"y":1}', 2, 17],
  ])('tells where it would stand: %s', (text, depth, insertAt) => {
    expect(find(text, inner)).toMatchObject({ isPresent: false, depth, insertAt })
  })

  test.each(['{"a":1}', '{"a":{"b":null}}', '{"a":{},"a":{}}'])('needs objects on its way: %s', text => {
    expect(find(text, inner)).toBeUndefined()
  })
})

test('the names that are looked for too are told', () => {
  const finder = new MemberFinder(['id'], ['method', 'result', 'error'])
  expect(find('{"result":1,"id":1,"x":{"method":1}}', finder)?.others).toBe(0b010)
  expect(find('{"id":1,"error":1,"m\\u0065thod":1}', finder)?.others).toBe(0b101)
})

test('whatever JSON.parse reads is read alike', () => {
  let seed = 7
  const random = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  // A name that is one backslash makes JSON.parse of V8 misread the names of later texts.
  const TEXTS = ['', 'id', 'a"b', '\\\\', '}', 'é🙂', '\n', 'x'.repeat(70), '\\"'.repeat(30)]
  const text = (): string => TEXTS[random(TEXTS.length)]!
  const value = (depth: number): unknown => {
    switch (random(depth > 3 ? 4 : 7)) {
      case 0:
        return random(1_000) - 500
      case 1:
        return [true, false, null][random(3)]
      case 2:
      case 3:
        return text()
      case 4:
        return Array.from({ length: random(4) }, () => value(depth + 1))
      default:
        return Object.fromEntries(Array.from({ length: random(5) }, () => [text(), value(depth + 1)]))
    }
  }
  for (let round = 0; round < 3_000; round++) {
    const object = { ...(value(4) as object), ...(random(2) ? { id: value(0) } : {}), z: value(0) }
    const written = JSON.stringify(object, null, random(3))
    const expected = Object.hasOwn(object, 'id') ? JSON.stringify((object as { id: unknown }).id) : undefined
    const read = found(written)
    expect(read === undefined ? undefined : JSON.stringify(JSON.parse(read)), written).toBe(expected)
    const member = find(written)!
    if (!member.isPresent) continue
    const { id: _id, ...others } = object as { id?: unknown }
    const bytes = Buffer.from(written)
    expect(JSON.parse(splice(bytes, member.cutStart, member.cutEnd, '').toString()), written).toEqual(others)
    const replaced = JSON.parse(splice(bytes, member.start, member.end, '"new"').toString())
    expect(replaced, written).toEqual({ ...object, id: 'new' })
  }
})
