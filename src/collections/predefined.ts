import { randomInt, randomUUID } from 'node:crypto'
import { companyNumber, taxNumber } from './check-digits.ts'
import { birthDate, firstName, fullName, lastName } from './random-people.ts'

/** Values that templates have without anybody giving them; made anew each time. */
export const PREDEFINED: Readonly<Record<string, () => string>> = {
  $guid: () => randomUUID(),
  $now: () => withOffset(new Date()),
  $today: () => withOffset(new Date()).slice(0, 10),
  $timestamp: () => String(Math.floor(Date.now() / 1000)),
  $randomInt: () => String(randomInt(0, 2 ** 31 - 1)),
  $randomQuantity: () => String(randomInt(1, 1001)),
  $randomFullName: () => fullName(),
  $randomManFullName: () => fullName('man'),
  $randomWomanFullName: () => fullName('woman'),
  $randomFirstName: () => firstName(),
  $randomManFirstName: () => firstName('man'),
  $randomWomanFirstName: () => firstName('woman'),
  $randomLastName: () => lastName(),
  $randomBirthDate: () => birthDate(0),
  $randomBirthDateOver18: () => birthDate(18),
  $randomCPF: () => taxNumber().replace(/^(...)(...)(...)(..)$/, '$1.$2.$3-$4'),
  $randomCPFDigitsOnly: () => taxNumber(),
  $randomCNPJ: () => companyNumber().replace(/^(..)(...)(...)(....)(..)$/, '$1.$2.$3/$4-$5'),
  $randomCNPJDigitsOnly: () => companyNumber(),
}

/** A time as people here write it, with its distance from UTC. */
function withOffset(date: Date): string {
  const minutes = -date.getTimezoneOffset()
  const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, -1)
  const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60]
  return `${local}${minutes < 0 ? '-' : '+'}${twoDigits(hours)}:${twoDigits(rest)}`
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
