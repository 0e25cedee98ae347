import { randomInt, randomUUID } from 'node:crypto'

const FIRST = [
  'Ana',
  'Ben',
  'Carla',
  'Deniz',
  'Emma',
  'Farid',
  'Grace',
  'Hugo',
  'Ines',
  'Jonas',
  'Kim',
  'Lena',
]
const LAST = [
  'Adler',
  'Brown',
  'Costa',
  'Dubois',
  'Evans',
  'Fischer',
  'Garcia',
  'Haddad',
  'Ito',
  'Jensen',
  'Silva',
]
const CITY = ['Berlin', 'Lisbon', 'London', 'Madrid', 'Nairobi', 'Osaka', 'Oslo', 'Paris', 'Recife', 'Seoul']
const COMPANY = ['Northwind', 'Acme', 'Globex', 'Initech', 'Umbrella', 'Hooli', 'Vandelay', 'Contoso']
const WORD = [
  'amber',
  'breeze',
  'cedar',
  'delta',
  'ember',
  'fjord',
  'grove',
  'harbor',
  'island',
  'juniper',
  'lake',
]

let next: ((below: number) => number) | undefined

/** Makes what follows the same each time; undefined for what nobody can foresee. */
export function seedFake(seed: number | undefined): void {
  if (seed === undefined) {
    next = undefined
    return
  }
  let state = seed >>> 0
  next = below => {
    // A counter whose bits are mixed, as splitmix32 does it.
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) % below
  }
}

function below(count: number): number {
  return next ? next(count) : randomInt(count)
}

function one(words: readonly string[]): string {
  return words[below(words.length)]!
}

const MAKERS: Readonly<Record<string, () => string | number | boolean>> = {
  firstName: () => one(FIRST),
  lastName: () => one(LAST),
  fullName: () => `${one(FIRST)} ${one(LAST)}`,
  email: () => `${one(FIRST)}.${one(LAST)}${below(1_000)}@example.com`.toLowerCase(),
  city: () => one(CITY),
  company: () => one(COMPANY),
  word: () => one(WORD),
  phone: () => `+1-555-01${String(below(100)).padStart(2, '0')}`,
  number: () => below(10_000),
  boolean: () => below(2) === 1,
  date: () => new Date(Date.UTC(2020, 0, 1 + below(3_650))).toISOString().slice(0, 10),
  uuid: () => (next ? seededUuid() : randomUUID()),
}

/** Names of what can be made up. */
export const fakeNames: readonly string[] = Object.keys(MAKERS)

/** Makes a value up. */
export function fakeValue(name: string): string | number | boolean {
  return MAKERS[name]!()
}

function seededUuid(): string {
  const hex = Array.from({ length: 32 }, () => below(16).toString(16))
  hex[12] = '4'
  hex[16] = '89ab'[below(4)]!
  const text = hex.join('')
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
    '-',
  )
}
