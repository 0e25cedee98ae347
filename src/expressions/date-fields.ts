const MONTHS = 'January February March April May June July August September October November December'.split(
  ' ',
)
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')
const DAY_MS = 86_400_000

/** The names a pattern can write, for reading them back. */
export const DATE_NAMES: { readonly months: readonly string[]; readonly days: readonly string[] } = {
  months: MONTHS,
  days: DAYS,
}

/** Writes one field of a date in local time, in so many letters. */
export type DateField = (date: Date, count: number) => string

const pad = (value: number, count: number): string => String(value).padStart(count, '0')

/** What the letters of a pattern mean where both Java classes agree. */
export const DATE_FIELDS: Readonly<Record<string, DateField>> = {
  G: (date, count) => (count > 3 ? 'Anno Domini' : date.getFullYear() > 0 ? 'AD' : 'BC'),
  y: (date, count) => year(date.getFullYear(), count),
  Y: (date, count) => year(weekOf(date).year, count),
  M: (date, count) => month(date.getMonth(), count),
  L: (date, count) => month(date.getMonth(), count),
  Q: (date, count) => {
    const quarter = Math.floor(date.getMonth() / 3) + 1
    return count < 3 ? pad(quarter, count) : `Q${quarter}`
  },
  w: (date, count) => pad(weekOf(date).week, count),
  W: (date, count) =>
    pad(Math.ceil((date.getDate() + new Date(date.getFullYear(), date.getMonth(), 1).getDay()) / 7), count),
  D: (date, count) => pad(dayOfYear(date) + 1, count),
  d: (date, count) => pad(date.getDate(), count),
  F: (date, count) => pad(Math.ceil(date.getDate() / 7), count),
  E: (date, count) => dayName(date, count),
  a: date => (date.getHours() < 12 ? 'AM' : 'PM'),
  H: (date, count) => pad(date.getHours(), count),
  k: (date, count) => pad(date.getHours() || 24, count),
  K: (date, count) => pad(date.getHours() % 12, count),
  h: (date, count) => pad(date.getHours() % 12 || 12, count),
  m: (date, count) => pad(date.getMinutes(), count),
  s: (date, count) => pad(date.getSeconds(), count),
  z: (date, count) => zoneName(date, count > 3 ? 'long' : 'short'),
  Z: (date, count) => (count === 5 ? offset(date, 3, 'Z') : count === 4 ? gmt(date) : offset(date, 2)),
  X: (date, count) => offset(date, count, 'Z'),
}

/** What letters mean to SimpleDateFormat alone. */
export const SIMPLE_FIELDS: Readonly<Record<string, DateField>> = {
  u: (date, count) => pad(date.getDay() || 7, count),
  S: (date, count) => pad(date.getMilliseconds(), count),
}

/** What letters mean to DateTimeFormatter alone. */
export const FORMATTER_FIELDS: Readonly<Record<string, DateField>> = {
  u: (date, count) => year(date.getFullYear(), count),
  S: (date, count) => pad(date.getMilliseconds(), 3).padEnd(count, '0').slice(0, count),
  n: (date, count) => pad(date.getMilliseconds() * 1_000_000, count),
  A: (date, count) => pad(millisecondsOfDay(date), count),
  N: (date, count) => `${pad(millisecondsOfDay(date), count)}000000`,
  e: (date, count) => (count < 3 ? pad(date.getDay() + 1, count) : dayName(date, count)),
  c: (date, count) => (count < 3 ? pad(date.getDay() + 1, count) : dayName(date, count)),
  V: () => Intl.DateTimeFormat().resolvedOptions().timeZone,
  O: date => gmt(date),
  x: (date, count) => offset(date, count),
}

function year(value: number, count: number): string {
  return count === 2 ? pad(value % 100, 2) : pad(value, count)
}

function month(index: number, count: number): string {
  if (count < 3) return pad(index + 1, count)
  const name = MONTHS[index] ?? ''
  return count === 3 ? name.slice(0, 3) : count === 5 ? name.slice(0, 1) : name
}

function dayName(date: Date, count: number): string {
  const name = DAYS[date.getDay()] ?? ''
  return count < 4 ? name.slice(0, 3) : count === 5 ? name.slice(0, 1) : name
}

function dayOfYear(date: Date): number {
  const day = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate())
  return Math.round((day - Date.UTC(date.getFullYear(), 0, 1)) / DAY_MS)
}

/** Weeks begin on Sunday, and the first of a year is the one with the first of January. */
function weekOf(date: Date): { year: number; week: number } {
  const ownYear = date.getFullYear()
  const saturday = new Date(ownYear, date.getMonth(), date.getDate() + 6 - date.getDay())
  if (saturday.getFullYear() > ownYear) return { year: ownYear + 1, week: 1 }
  return { year: ownYear, week: Math.floor((dayOfYear(date) + new Date(ownYear, 0, 1).getDay()) / 7) + 1 }
}

function millisecondsOfDay(date: Date): number {
  return ((date.getHours() * 60 + date.getMinutes()) * 60 + date.getSeconds()) * 1000 + date.getMilliseconds()
}

function offset(date: Date, count: number, zero?: string): string {
  const minutes = -date.getTimezoneOffset()
  if (minutes === 0 && zero !== undefined) return zero
  const size = Math.abs(minutes)
  const sign = minutes < 0 ? '-' : '+'
  const hours = pad(Math.floor(size / 60), 2)
  const rest = pad(size % 60, 2)
  if (count === 1) return rest === '00' ? `${sign}${hours}` : `${sign}${hours}${rest}`
  return count === 2 || count === 4 ? `${sign}${hours}${rest}` : `${sign}${hours}:${rest}`
}

function gmt(date: Date): string {
  return date.getTimezoneOffset() === 0 ? 'GMT' : `GMT${offset(date, 3)}`
}

function zoneName(date: Date, timeZoneName: 'long' | 'short'): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZoneName }).formatToParts(date)
  return parts.find(({ type }) => type === 'timeZoneName')?.value ?? gmt(date)
}
