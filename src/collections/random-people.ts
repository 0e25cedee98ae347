import { randomInt } from 'node:crypto'

/** Whose name it is. */
export type Person = 'man' | 'woman'

const FIRST_NAMES: Readonly<Record<Person, readonly string[]>> = {
  man: [
    'Adam',
    'Bruno',
    'Daniel',
    'Emil',
    'Felix',
    'Hugo',
    'Ivan',
    'Jonas',
    'Luís',
    'Omar',
    'Peter',
    'Tomás',
  ],
  woman: [
    'Anna',
    'Beatriz',
    'Clara',
    'Dora',
    'Eva',
    'Helena',
    'Inês',
    'Julia',
    'Lena',
    'Maria',
    'Nora',
    'Sofia',
  ],
}

const LAST_NAMES = [
  'Andersen',
  'Baker',
  'Castro',
  'Fischer',
  'Horváth',
  'Ivanov',
  'Jansen',
  'Kowalski',
  'Lopes',
  'Moreau',
  'Novak',
  'Okafor',
  'Rossi',
  'Silva',
  'Tanaka',
  'Wright',
]

const DAY_MS = 86_400_000
const MOST_YEARS = 100

function oneOf<T>(list: readonly T[]): T {
  return list[randomInt(0, list.length)]!
}

/** Gives a random first name. */
export function firstName(person: Person = oneOf(['man', 'woman'])): string {
  return oneOf(FIRST_NAMES[person])
}

/** Gives two random last names. */
export function lastName(): string {
  const first = oneOf(LAST_NAMES)
  return `${first} ${oneOf(LAST_NAMES.filter(name => name !== first))}`
}

/** Gives a random first name with last names. */
export function fullName(person?: Person): string {
  return `${firstName(person)} ${lastName()}`
}

/** Gives the day, such as `1980-12-31`, on which somebody was born who has at least so many years. */
export function birthDate(years: number): string {
  const [least, most] = [Math.ceil(years * 365.25) + 1, MOST_YEARS * 365]
  return new Date(Date.now() - randomInt(least, most) * DAY_MS).toISOString().slice(0, 10)
}
