import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ExactNumber } from '../../../src/message/codecs/exact-number.ts'
import { cloneJson, parseJson, writeJson } from '../../../src/message/codecs/json.ts'
import { Content } from '../../../src/message/content.ts'
import { ContentError } from '../../../src/message/content-error.ts'

function json(body: string): Content {
  return new Content(Buffer.from(body), 'application/json')
}

describe('numbers', () => {
  test.each([
    '1.50',
    '1.0',
    '-0',
    '-0.0',
    '0.0',
    '1e3',
    '1E+3',
    '-1.5e7',
    '0.0000001',
    '1e400',
    '12345678901234567890',
    '9007199254740993',
    '3.14159265358979323846',
    '100000000000000000000000',
  ])('%s keeps its digits when something else is changed', number => {
    const content = json(`{"n":${number},"list":[${number}, 1],"x":1}`)
    const value = content.editJson() as Record<string, unknown>
    value.x = 2
    expect(value.n).toBeInstanceOf(ExactNumber)
    expect(Number(value.n)).toBe(Number(number))
    expect(content.bytes.toString()).toBe(`{"n":${number},"list":[${number},1],"x":2}`)
  })

  test.each(['0', '-1', '1', '10', '1.5', '-0.25', '0.000001', '123456789012345', '0.1'])(
    '%s is a plain number',
    number => {
      expect(parseJson(`[${number}]`)).toEqual([Number(number)])
    },
  )

  test('what looks like a number inside a string is none', () => {
    const text = '{"at":"2026-01-01 10:00:00.000","id":"1e5","\\\\\\"1.0":"-0, 1.0"}'
    expect(parseJson(text)).toEqual(JSON.parse(text))
  })

  test('other numbers beside an exact one are plain', () => {
    expect(parseJson('[1.0, 2, "3.0", true]')).toEqual([new ExactNumber('1.0'), 2, '3.0', true])
  })

  test('whatever is parsed is written with the same digits', () => {
    const number = fc.stringMatching(/^-?(0|[1-9]\d{0,25})(\.\d{1,20})?([eE][+-]?\d{1,3})?$/)
    const value = fc.oneof(
      number,
      fc.string().map(text => JSON.stringify(text)),
      fc.constant('null'),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), value)), members => {
        const unique = [...new Map(members)].filter(([key]) => !/^\d+$/.test(key))
        const text = `{${unique.map(([key, member]) => `${JSON.stringify(key)}:${member}`).join(',')}}`
        expect(writeJson(parseJson(text))).toBe(text)
        expect(writeJson(cloneJson(parseJson(text)))).toBe(text)
      }),
    )
  })

  test('exact numbers change nothing about the rest', () => {
    const number = fc.constantFrom('1', '-7', '2.5', '0', '-0.25', 'true', 'false', 'null', '[]', '{}')
    const space = fc.stringMatching(/^[ \t\r\n]{0,2}$/)
    const value = fc.oneof(
      number,
      fc.string({ unit: 'binary' }).map(text => JSON.stringify(text)),
      fc.json(),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), value, space)), members => {
        const body = members.map(
          ([key, each, blank]) => `${blank}${JSON.stringify(key)}${blank}:${blank}${each}${blank}`,
        )
        const text = `{${body.join(',')}}`
        expect(parseJson(`[${text},1.0]`)).toEqual([
          JSON.parse(writeJson(parseJson(text))),
          new ExactNumber('1.0'),
        ])
        expect(writeJson(parseJson(`[1.0,${text}]`))).toBe(`[1.0,${writeJson(parseJson(text))}]`)
      }),
    )
  })

  test.each(['1.0', '-0', '1e1', '12345678901234567890'])('millions of %s are read', number => {
    const values = parseJson(`[${`${number},`.repeat(400_000)}1]`) as unknown[]
    expect([values.length, String(values[399_999])]).toEqual([400_001, number])
  })

  test('a bigint is written as the number it is', () => {
    expect(Content.ofJson({ n: 12345678901234567890n }).text()).toBe('{"n":12345678901234567890}')
  })
})

describe('members', () => {
  test('of one name, the last counts', () => {
    expect(parseJson('{"a":1,"a":2}')).toEqual({ a: 2 })
    expect(parseJson('{"a":1.0,"a":2.0}')).toEqual({ a: new ExactNumber('2.0') })
  })

  test.each(['{"__proto__":{"polluted":1}}', '{"__proto__":{"polluted":1.0}}'])(
    '%s touches no prototype, and comes through',
    text => {
      const content = json(text)
      const value = content.share().editJson() as object
      expect(Object.keys(value)).toEqual(['__proto__'])
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
      expect(({} as Record<string, unknown>).polluted).toBeUndefined()
      expect(writeJson(value)).toBe(text)
    },
  )
})

describe('what is no JSON', () => {
  test('nested more than 500 deep is refused at the first one too many', () => {
    expect(() => parseJson(`${'['.repeat(501)}${']'.repeat(501)}`)).toThrow(
      'the payload is no JSON: values are nested more than 500 deep at line 1, column 501',
    )
    expect(parseJson(`${'['.repeat(500)}${']'.repeat(500)}`)).toBeInstanceOf(Array)
    expect(parseJson(`["${'['.repeat(600)}\\"${'['.repeat(600)}"]`)).toBeInstanceOf(Array)
  })

  test.each([
    ['brackets', '['.repeat(10_000_000)],
    ['objects', '{"a":'.repeat(2_000_000)],
    ['a string without end', `["${'x'.repeat(10_000_000)}`],
    ['backslashes', `["${'\\'.repeat(9_999_998)}`],
    ['digits', `[${'1'.repeat(10_000_000)}x]`],
    ['minus signs', `[${'-'.repeat(10_000_000)}]`],
    ['commas', `[${','.repeat(10_000_000)}]`],
    ['spaces', ' '.repeat(9_999_999).concat('x')],
    ['zeros', '\0'.repeat(10_000_000)],
  ])('10 MB of %s are refused', (_what, body) => {
    expect(() => json(body).json()).toThrow(ContentError)
  })

  test('nested too deeply behind many brackets side by side', () => {
    const text = `[${'[],{},'.repeat(1000)}${'['.repeat(501)}`
    expect(() => parseJson(text)).toThrow('values are nested more than 500 deep at line 1, column 6501')
    expect(parseJson(`[${'[],{},'.repeat(1000)}1]`)).toHaveLength(2001)
  })

  test('a byte order mark in front is passed over', () => {
    expect(parseJson('\ufeff{"a":1}')).toEqual({ a: 1 })
  })

  test('a value that cannot be written says so', () => {
    const circle: unknown[] = []
    circle.push(circle)
    expect(() => Content.ofJson(circle).bytes).toThrow(ContentError)
  })
})

test('a copy is a copy all the way down, and exact numbers stay what they are', () => {
  const value = parseJson('{"a":[{"b":1.50}],"c":null,"d":"x"}') as { a: [{ b: unknown }] }
  const copy = cloneJson(value) as typeof value
  expect(copy).toEqual(value)
  expect(copy.a[0]).not.toBe(value.a[0])
  expect(copy.a[0].b).toBeInstanceOf(ExactNumber)
})
