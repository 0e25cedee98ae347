import fc from 'fast-check'
import { expect, test } from 'vitest'
import { placeOf, Source } from '../../src/language/source.ts'

test.each([
  ['\n', 'lines of Unix'],
  ['\r\n', 'lines of Windows'],
  ['\r', 'lines of old'],
])('%j: %s', end => {
  const source = new Source('a.xml', ['one', '', 'three'].join(end))
  expect(source.locate(0)).toEqual({ line: 1, column: 1 })
  expect(source.locate(2)).toEqual({ line: 1, column: 3 })
  expect(source.locate(source.text.indexOf('three') + 4)).toEqual({ line: 3, column: 5 })
  expect([source.line(1), source.line(2), source.line(3)]).toEqual(['one', '', 'three'])
})

test('the end of the text has a place too', () => {
  expect(new Source('a.xml', 'a\n').locate(2)).toEqual({ line: 2, column: 1 })
  expect(new Source('a.xml', '').locate(0)).toEqual({ line: 1, column: 1 })
  expect(new Source('a.xml', '').line(1)).toBe('')
})

test('a span is placed by its beginning', () => {
  const source = new Source('folder/a.xml', 'a\nbc')
  expect(placeOf({ source, start: 3, end: 4 })).toEqual({ file: 'folder/a.xml', line: 2, column: 2 })
})

test('any character is found again by its line and column', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'ü', '\t', '\n', '\r', '\r\n')), fc.nat(), (parts, at) => {
      const text = parts.join('')
      const offset = text.length === 0 ? 0 : at % text.length
      const source = new Source('a.xml', text)
      const { line, column } = source.locate(offset)
      const shown = source.line(line)
      if (column <= shown.length) expect(shown[column - 1]).toBe(text[offset])
      else expect('\r\n').toContain(text[offset] ?? '\n')
    }),
  )
})
