import { describe, expect, test } from 'vitest'
import { Source } from '../../src/language/source.ts'
import {
  boolean,
  Expected,
  enable,
  integer,
  name,
  oneOf,
  oneOfAnyCase,
  pattern,
  port,
  reference,
  type ValueType,
} from '../../src/language/types.ts'

const setting = { namespaces: new Map(), span: { source: new Source('a.xml', ''), start: 0, end: 0 } }

function parse<T>(type: ValueType<T>, text: string): T {
  return type.parse(text, setting)
}

function expected(type: ValueType<unknown>, text: string): string | undefined {
  try {
    parse(type, text)
    return undefined
  } catch (error) {
    if (error instanceof Expected) return error.message
    throw error
  }
}

describe('numbers', () => {
  test.each([
    ['0', 0],
    [' 42 ', 42],
    ['+7', 7],
    ['-7', -7],
    ['007', 7],
  ])('%j is %d', (text, value) => {
    expect(parse(integer(), text)).toBe(value)
  })

  test.each(['', ' ', '1.5', '1e3', '0x10', 'seven', '1 2', '--1'])('%j is no whole number', text => {
    expect(expected(integer(), text)).toBe('a whole number')
  })

  test('limits are told', () => {
    expect(expected(integer({ min: 1 }), '0')).toBe('a whole number of at least 1')
    expect(expected(integer({ min: 1, max: 3 }), '4')).toBe('a whole number from 1 to 3')
    expect(integer({ min: 1, max: 3 }).name).toBe('whole number from 1 to 3')
  })

  test('a port is 0 to 65535', () => {
    expect(parse(port, '0')).toBe(0)
    expect(parse(port, '65535')).toBe(65535)
    for (const text of ['-1', '65536']) expect(expected(port, text)).toBe('a whole number from 0 to 65535')
  })
})

test('true in any case is true, and anything else false', () => {
  for (const text of ['true', 'TRUE', ' True ']) expect(parse(boolean, text)).toBe(true)
  for (const text of ['false', 'yes', '1', '']) expect(parse(boolean, text)).toBe(false)
})

test('enable in any case enables', () => {
  expect(parse(enable, 'Enable')).toBe(true)
  for (const text of ['disable', 'true', '']) expect(parse(enable, text)).toBe(false)
})

test('words are taken as written, or in any case where that is said', () => {
  expect(parse(oneOf('set', 'remove'), 'remove')).toBe('remove')
  expect(expected(oneOf('set', 'remove'), 'Set')).toBe('one of set, remove')
  expect(parse(oneOfAnyCase('INFO', 'WARN'), ' warn ')).toBe('WARN')
  expect(expected(oneOfAnyCase('INFO', 'WARN'), 'loud')).toBe('one of INFO, WARN')
})

test('names are not blank; references may be', () => {
  expect(parse(name, 'a b')).toBe('a b')
  expect(expected(name, '  ')).toBe('a name')
  expect(parse(reference, ' toBackend ')).toEqual({ name: 'toBackend', span: setting.span })
  expect(parse(reference, ' ')).toEqual({ name: '', span: setting.span })
})

describe('patterns', () => {
  test.each([
    ['a|ab', 'ab', true],
    ['b', 'abc', false],
    ['\\p{L}+', 'größe', true],
    ['.', '😀', true],
    ['[^a]*', '', true],
    // Escapes that Java knows and the strict mode here does not.
    ['\\-\\_', '-_', true],
    ['a\\/b', 'a/b', true],
  ])('%s on all of %j: %s', (source, text, matches) => {
    expect(parse(pattern, source).test(text)).toBe(matches)
    expect(parse(pattern, source).test(text)).toBe(matches)
  })

  test('what is none is told', () => {
    expect(expected(pattern, '(')).toMatch(/^a regular expression \(.*Unterminated group\)$/)
  })
})
