import { expect, test } from 'vitest'
import { Diagnostics, format } from '../../src/language/diagnostic.ts'
import { Source } from '../../src/language/source.ts'
import { plainOf, readYaml, type YamlNode, yamlValue } from '../../src/language/yaml.ts'

function read(text: string): { node: YamlNode | undefined; findings: string[] } {
  const diagnostics = new Diagnostics()
  const node = readYaml(new Source('a.yaml', text), diagnostics)
  return { node, findings: diagnostics.all().map(format) }
}

const plain = (text: string): unknown => {
  const { node, findings } = read(text)
  expect(findings).toEqual([])
  return plainOf(node!)
}

test('maps, lists and single values are read', () => {
  expect(plain('a: 1\nb: [x, "2", true, null, ~]\nc:\n  - d: 1.5\n  - |\n    two\n    lines\n')).toEqual({
    a: 1,
    b: ['x', '2', true, null, null],
    c: [{ d: 1.5 }, 'two\nlines\n'],
  })
})

test('text stays as it is written where it only looks like a number', () => {
  const { node } = read('version: 1.10\nid: 12345678901234567890\nhex: 0x10\nno: no')
  expect(yamlValue(node, 'version')).toMatchObject({ value: 1.1, text: '1.10' })
  expect(yamlValue(node, 'id')).toMatchObject({ value: '12345678901234567890' })
  expect(yamlValue(node, 'hex')).toMatchObject({ value: 16, text: '0x10' })
  expect(yamlValue(node, 'no')).toMatchObject({ value: 'no', text: 'no' })
})

test('keys and values have their places', () => {
  const text = 'first: 1\nsecond:\n  third: "x"\n'
  const { node } = read(text)
  const second = yamlValue(node, 'second')!
  const third = second.kind === 'map' ? second.entries[0]! : undefined
  expect(text.slice(third!.keySpan.start, third!.keySpan.end)).toBe('third')
  expect(text.slice(third!.value.span.start, third!.value.span.end)).toBe('"x"')
})

test('an empty file, and one of comments alone, hold nothing', () => {
  expect(plain('')).toBeNull()
  expect(plain('# nothing\n')).toBeNull()
  expect(plain('a:\nb: 1')).toEqual({ a: null, b: 1 })
})

test('anchors are repeated, and merged into maps', () => {
  expect(plain('a: &x {p: 1, q: 2}\nb: *x\nc:\n  <<: *x\n  q: 3\n')).toEqual({
    a: { p: 1, q: 2 },
    b: { p: 1, q: 2 },
    c: { q: 3, p: 1 },
  })
})

test.each([
  ['a: [1, 2', /a\.yaml:1:\d+ error malformed-yaml[\s\S]*\^/],
  ['a: 1\nb: 2\na: 3\n', /a\.yaml:3:1 error duplicate-key[\s\S]*3 \| a: 3[\s\S]*\^/],
  ['a: *none', /malformed-yaml\n {2}(?:Unresolved alias|\*none names no anchor)/],
  ['a: &x [*x]', /stands for a value that it is part of/],
  ['? [a]\n: 1', /A key is text/],
  ['a: 1\n---\nb: 2\n', /second document/],
  ['a: !!js/function "x"', /malformed-yaml/],
  ['a:\n\t- b', /malformed-yaml/],
])('%j is reported with its place', (text, expected) => {
  const { node, findings } = read(text)
  expect(node).toBeUndefined()
  expect(findings.join('\n')).toMatch(expected)
})

test('a key called __proto__ is a key like any other', () => {
  const value = plain('__proto__: {polluted: true}') as object
  expect(Object.hasOwn(value, '__proto__')).toBe(true)
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
})

test('a file that repeats itself without end is refused', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let i = 1; i < 12; i++)
    lines.push(
      `a${i}: &a${i} [${Array(10)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    )
  const { node, findings } = read(lines.join('\n'))
  expect(node).toBeUndefined()
  expect(findings).toHaveLength(1)
  expect(findings[0]).toContain('more than 500000 values')
})

test.each([1_000, 50_000])('%i lists inside each other are refused', depth => {
  const { node, findings } = read('['.repeat(depth) + ']'.repeat(depth))
  expect(node).toBeUndefined()
  expect(findings.join()).toMatch(/malformed-yaml/)
})

test('a file that is too large is refused', () => {
  expect(read(`a: ${'x'.repeat(9 * 1024 * 1024)}`).findings[0]).toContain('larger than 8 MiB')
})
