import { DATE_FIELDS, DATE_NAMES, type DateField, FORMATTER_FIELDS, SIMPLE_FIELDS } from './date-fields.ts'
import { remembered } from './remembered.ts'

/** Which class of Java reads the pattern: they differ in a few letters. */
export type DateStyle = 'SimpleDateFormat' | 'DateTimeFormatter'

/** A compiled pattern. Everything is in the time zone of the process. */
export interface DateFormat {
  format(date: Date): string
  /**
   * Reads a date, a time or both.
   * @throws Error when the text does not look like the pattern, or names no date
   */
  parse(text: string): ParsedDate
  /** Whether the pattern writes parts of a date, or of a time of day. */
  readonly usesDate: boolean
  readonly usesTime: boolean
}

/** What was read; a time alone is one of today. */
export interface ParsedDate {
  readonly date: Date
  readonly hasDate: boolean
  readonly hasTime: boolean
}

type Piece = { readonly text: string } | { readonly letter: string; readonly count: number }

/** The form a date has where no pattern is given: `1/31/26, 4:05 PM`. */
export const DEFAULT_PATTERN = 'M/d/yy, h:mm a'

/**
 * Compiles a date pattern of Java; patterns seen before are not compiled again.
 * @throws Error when a letter means nothing, or a quote does not end
 * @example dateFormat('yyyy-MM-dd HH:mm:ss').format(new Date())
 */
export function dateFormat(pattern: string, style: DateStyle = 'SimpleDateFormat'): DateFormat {
  return COMPILE[style](pattern)
}

const COMPILE: Readonly<Record<DateStyle, (pattern: string) => DateFormat>> = {
  SimpleDateFormat: remembered(pattern => compile(pattern, 'SimpleDateFormat')),
  DateTimeFormatter: remembered(pattern => compile(pattern, 'DateTimeFormatter')),
}

function compile(pattern: string, style: DateStyle): DateFormat {
  const own = style === 'SimpleDateFormat' ? SIMPLE_FIELDS : FORMATTER_FIELDS
  const pieces = split(pattern)
  const writers = pieces.map(piece => {
    if ('text' in piece) return () => piece.text
    const field: DateField | undefined = own[piece.letter] ?? DATE_FIELDS[piece.letter]
    if (!field) throw new Error(`the letter ${piece.letter} means nothing in the date pattern ${pattern}`)
    return (date: Date) => field(date, piece.count)
  })
  const uses = (letters: string): boolean =>
    pieces.some(piece => 'letter' in piece && letters.includes(piece.letter))
  return {
    format(date) {
      if (Number.isNaN(date.getTime())) throw new Error('there is no such date')
      let text = ''
      for (const write of writers) text += write(date)
      return text
    },
    parse: text => parse(text, pieces, pattern),
    usesDate: uses('GyYuMLQwWDdFEec'),
    usesTime: uses('aHkKhmsSnAN'),
  }
}

function split(pattern: string): Piece[] {
  const pieces: Piece[] = []
  for (const [found, quoted, letter] of pattern.matchAll(/'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z]/g)) {
    if (quoted !== undefined) pieces.push({ text: quoted === '' ? "'" : quoted.replaceAll("''", "'") })
    else if (letter !== undefined) pieces.push({ letter, count: found.length })
    else if (found === "'") throw new Error(`a quote does not end in the date pattern ${pattern}`)
    else pieces.push({ text: found })
  }
  return pieces
}

const NAMES = `[A-Za-z]+`
const ZONE = String.raw`Z|GMT|UTC|[A-Z]{2,5}|(?:GMT)?[+-]\d\d(?::?\d\d)?|[A-Za-z_]+/[A-Za-z_/]+`

function parse(text: string, pieces: readonly Piece[], pattern: string): ParsedDate {
  const found = new RegExp(`^${pieces.map(readerOf).join('')}$`).exec(text)
  if (!found) throw new Error(`"${text}" is no date like ${pattern}`)
  const fields = new Map<string, string>()
  let group = 0
  for (const piece of pieces) if ('letter' in piece) fields.set(piece.letter, found[++group] ?? '')
  const number = (...letters: readonly string[]): number | undefined => {
    const letter = letters.find(each => fields.has(each))
    return letter === undefined ? undefined : Number(fields.get(letter))
  }
  const year = fullYear(fields.get('y') ?? fields.get('u') ?? fields.get('Y'))
  const month = monthOf(fields.get('M') ?? fields.get('L'))
  const day = number('d')
  const hour = hourOf(number, fields.get('a'))
  const hasDate = year !== undefined && month !== undefined && day !== undefined
  const hasTime = hour !== undefined
  if (!hasDate && !hasTime) throw new Error(`the pattern ${pattern} has neither a whole date nor a time`)
  const now = new Date()
  const date = new Date(2000, 0, 1)
  // Set in one go: the years 0 to 99 would be taken for 1900 to 1999 otherwise.
  if (hasDate) date.setFullYear(year, month, day)
  else date.setFullYear(now.getFullYear(), now.getMonth(), now.getDate())
  const minute = number('m') ?? 0
  const second = number('s') ?? 0
  const millisecond = Number((fields.get('S') ?? '0').padEnd(3, '0').slice(0, 3))
  date.setHours(hour ?? 0, minute, second, millisecond)
  const isReal = !hasDate || (date.getMonth() === month && date.getDate() === day)
  if (!isReal || (hour ?? 0) > 23 || minute > 59 || second > 59) throw new Error(`"${text}" is no date`)
  return { date, hasDate, hasTime }
}

function readerOf(piece: Piece): string {
  if ('text' in piece) return piece.text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
  const { letter, count } = piece
  if ('GaE'.includes(letter)) return `(${NAMES})`
  if ('ML'.includes(letter) && count > 2) return `(${NAMES})`
  if ('zZXxVO'.includes(letter)) return `(${ZONE})`
  return count === 1 ? String.raw`(\d+)` : `(\\d{${count}})`
}

function fullYear(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  return text.length === 2 ? 2000 + Number(text) : Number(text)
}

function monthOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^\d+$/.test(text)) return Number(text) - 1
  const index = DATE_NAMES.months.findIndex(name => {
    const known = name.toLowerCase()
    return known === text.toLowerCase() || known.slice(0, 3) === text.toLowerCase()
  })
  if (index < 0) throw new Error(`"${text}" is no month`)
  return index
}

function hourOf(number: (...letters: string[]) => number | undefined, half = ''): number | undefined {
  const hour = number('H', 'k')
  if (hour !== undefined) return hour === 24 ? 0 : hour
  const short = number('h', 'K')
  if (short === undefined) return undefined
  return (short % 12) + (half.toUpperCase() === 'PM' ? 12 : 0)
}
