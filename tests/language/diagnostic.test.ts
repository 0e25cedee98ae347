import { describe, expect, test } from 'vitest'
import { Diagnostics, didYouMean, format, nearest, toRecord } from '../../src/language/diagnostic.ts'
import { Source, type Span } from '../../src/language/source.ts'

const a = new Source('a.xml', '<a>\n  <b/>\n</a>')
const b = new Source('b.xml', '<b/>')
const at = (source: Source, start: number, end = start + 1): Span => ({ source, start, end })

describe('collecting', () => {
  test('findings come by file and place, whatever the order they were made in', () => {
    const found = new Diagnostics()
    found.error(at(b, 0), 'second-file', 'x')
    found.note(at(a, 6), 'later', 'x')
    found.warning(at(a, 0), 'first', 'x')
    expect(found.all().map(({ code }) => code)).toEqual(['first', 'later', 'second-file'])
  })

  test('the same finding at the same place is told once, another message there too', () => {
    const found = new Diagnostics()
    for (const message of ['x', 'x', 'y']) found.error(at(a, 0), 'code', message)
    expect(found.all().map(({ message }) => message)).toEqual(['x', 'y'])
  })

  test('errors alone are counted', () => {
    const found = new Diagnostics()
    found.error(at(a, 0), 'code', 'x')
    found.warning(at(a, 0), 'code', 'y')
    found.note(at(a, 0), 'code', 'z')
    expect(found.errors).toBe(1)
  })
})

describe('printing', () => {
  const finding = {
    severity: 'error',
    code: 'duplicate-name',
    message: 'There is one already.',
    span: at(a, 6, 8),
    hint: 'Rename it.',
    related: [{ message: 'The first is here', span: at(b, 0) }],
  } as const

  test('for people: place, message, line with carets, other places, hint', () => {
    expect(format(finding)).toBe(`a.xml:2:3 error duplicate-name
  There is one already.
  2 |   <b/>
    |   ^^
  The first is here: b.xml:1:1
  Rename it.`)
  })

  test('carets end with the line', () => {
    expect(format({ ...finding, span: at(a, 6, 15), related: [] })).toContain('    |   ^^^^\n')
  })

  test('carets end with what is shown of a long line', () => {
    const long = new Source('long.xml', `<a ${'x'.repeat(300)}/>`)
    const [, , line, carets] = format({ ...finding, span: at(long, 70, 300) }).split('\n')
    expect(carets?.length).toBe(line?.length)
  })

  test('for programs: one flat record', () => {
    expect(toRecord(finding)).toEqual({
      file: 'a.xml',
      line: 2,
      column: 3,
      severity: 'error',
      code: 'duplicate-name',
      message: 'There is one already.',
      hint: 'Rename it.',
      related: [{ file: 'b.xml', line: 1, column: 1, message: 'The first is here' }],
    })
    expect(toRecord({ severity: 'note', code: 'c', message: 'm', span: at(a, 0) })).toEqual({
      file: 'a.xml',
      line: 1,
      column: 1,
      severity: 'note',
      code: 'c',
      message: 'm',
    })
  })
})

describe('suggestions', () => {
  test.each([
    ['levl', 'level'],
    ['leveel', 'level'],
    ['LEVEL', 'level'],
    ['seperator', 'separator'],
    ['catgeory', 'category'],
    ['wholly', undefined],
    ['', undefined],
  ])('%j is near %s', (name, expected) => {
    expect(nearest(name, ['level', 'category', 'separator'])).toBe(expected)
  })

  test('the nearest of several is suggested, and nothing where there is none', () => {
    expect(didYouMean('outDispatchSq', ['inDispatchSeq', 'outDispatchSeq'])).toBe(
      'Did you mean outDispatchSeq?',
    )
    expect(didYouMean('x', [])).toBeUndefined()
  })
})
