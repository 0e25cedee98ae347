import { describe, expect, test } from 'vitest'
import { dateFormat } from '../../src/expressions/date-format.ts'

const DATE = new Date(2026, 0, 31, 16, 5, 9, 7)

describe('patterns both classes of Java read', () => {
  test.each([
    ['yyyy-MM-dd HH:mm:ss.SSS', '2026-01-31 16:05:09.007'],
    ["yyyy-MM-dd'T'HH:mm:ss", '2026-01-31T16:05:09'],
    ['yy M d H m s', '26 1 31 16 5 9'],
    ['MMM MMMM EEE EEEE', 'Jan January Sat Saturday'],
    ['hh:mm a', '04:05 PM'],
    ['K:mm kk', '4:05 16'],
    ["h 'o''clock' ''yy", "4 o'clock '26"],
    ['D DDD F', '31 031 5'],
    ['G yyyyy', 'AD 02026'],
    ['w W', '5 5'],
    ["''", "'"],
    ['', ''],
  ])('%s is %s', (pattern, expected) => {
    expect(dateFormat(pattern).format(DATE)).toBe(expected)
    expect(dateFormat(pattern, 'DateTimeFormatter').format(DATE)).toBe(expected)
  })

  test('midnight and noon', () => {
    const midnight = new Date(2026, 11, 31, 0, 0)
    expect(dateFormat('H k K h a').format(midnight)).toBe('0 24 0 12 AM')
    expect(dateFormat('H k K h a').format(new Date(2026, 11, 31, 12))).toBe('12 12 0 12 PM')
    expect(dateFormat('YYYY w').format(midnight)).toBe('2027 1')
  })

  test('the offset from Greenwich is that of the process', () => {
    const minutes = -DATE.getTimezoneOffset()
    const size = Math.abs(minutes)
    const hours = `${minutes < 0 ? '-' : '+'}${String(Math.floor(size / 60)).padStart(2, '0')}`
    const rest = String(size % 60).padStart(2, '0')
    expect(dateFormat('Z').format(DATE)).toBe(`${hours}${rest}`)
    expect(dateFormat('XXX').format(DATE)).toBe(minutes === 0 ? 'Z' : `${hours}:${rest}`)
    expect(dateFormat('xxx', 'DateTimeFormatter').format(DATE)).toBe(`${hours}:${rest}`)
    expect(dateFormat('z').format(DATE)).not.toBe('')
  })
})

test('where the two differ', () => {
  expect(dateFormat('S SSSSSS u').format(DATE)).toBe('7 000007 6')
  expect(dateFormat('S SSSSSS uuuu', 'DateTimeFormatter').format(DATE)).toBe('0 007000 2026')
})

test.each([
  ['yyyy b', 'the letter b means nothing in the date pattern yyyy b'],
  ["yyyy 'x", "a quote does not end in the date pattern yyyy 'x"],
])('%s is refused', (pattern, why) => {
  expect(() => dateFormat(pattern)).toThrow(why)
})

describe('reading', () => {
  test.each([
    ['yyyy-MM-dd HH:mm:ss', '2026-01-31 16:05:09', [2026, 0, 31, 16, 5, 9, 0]],
    ['dd MMM yyyy', '31 jan 2026', [2026, 0, 31, 0, 0, 0, 0]],
    ['EEEE, d MMMM yyyy', 'Saturday, 31 January 2026', [2026, 0, 31, 0, 0, 0, 0]],
    ['M/d/yy h:mm a', '1/31/26 4:05 PM', [2026, 0, 31, 16, 5, 0, 0]],
    ['h:mm a d/M/yyyy', '12:00 AM 1/2/0045', [45, 1, 1, 0, 0, 0, 0]],
    ["yyyy-MM-dd'T'HH:mm:ss.SSSXXX", '2026-01-31T16:05:09.250+01:00', [2026, 0, 31, 16, 5, 9, 250]],
  ] as const)('%s: %s', (pattern, text, [year, ...rest]) => {
    const expected = new Date(2000, 0, 1)
    expected.setFullYear(year, rest[0], rest[1])
    expected.setHours(rest[2], rest[3], rest[4], rest[5])
    expect(dateFormat(pattern).parse(text).date).toEqual(expected)
  })

  test.each([
    ['yyyy-MM-dd', '2026-02-30', '"2026-02-30" is no date'],
    ['yyyy-MM-dd', '2026-13-01', '"2026-13-01" is no date'],
    ['HH:mm', '25:00', '"25:00" is no date'],
    ['yyyy-MM-dd', 'tomorrow', '"tomorrow" is no date like yyyy-MM-dd'],
    ['dd MMM yyyy', '31 Foo 2026', '"Foo" is no month'],
    ['yyyy', '2026', 'the pattern yyyy has neither a whole date nor a time'],
  ])('%s: %s is refused', (pattern, text, why) => {
    expect(() => dateFormat(pattern).parse(text)).toThrow(why)
  })
})
