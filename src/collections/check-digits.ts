import { randomInt } from 'node:crypto'

/** Gives a random Brazilian tax number of a person, eleven digits of which the last two are right. */
export function taxNumber(): string {
  return withCheckDigits(randomDigits(9), Number.POSITIVE_INFINITY)
}

/** Gives a random Brazilian number of a company, fourteen digits of which the last two are right. */
export function companyNumber(): string {
  return withCheckDigits([...randomDigits(8), 0, 0, 0, 1], 9)
}

function randomDigits(count: number): number[] {
  return Array.from({ length: count }, () => randomInt(0, 10))
}

/** Adds two digits; the weights go up from the right, from 2, and begin again after the highest. */
function withCheckDigits(digits: readonly number[], highest: number): string {
  const all = [...digits]
  for (let i = 0; i < 2; i++) {
    let [sum, weight] = [0, 2]
    for (const digit of all.toReversed()) {
      sum += digit * weight
      weight = weight === highest ? 2 : weight + 1
    }
    const rest = sum % 11
    all.push(rest < 2 ? 0 : 11 - rest)
  }
  return all.join('')
}
