/** A decimal number of any length: `digits` × 10^-`scale`. Arithmetic on it has no binary noise. */
export interface Decimal {
  readonly digits: bigint
  readonly scale: number
}

const MAX_SCALE = 400

/**
 * Reads a number as it is written, with or without an exponent.
 * @throws Error when it is none, or has more than 400 places
 */
export function decimalOf(text: string): Decimal {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? []
  const scale = fraction.length - Number(exponent)
  if (whole === '' || Math.abs(scale) > MAX_SCALE) throw new Error(`${text} is no number to compute with`)
  const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`)
  return scale < 0 ? { digits: digits * 10n ** BigInt(-scale), scale: 0 } : { digits, scale }
}

/** Adds two numbers. */
export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return { digits: digitsAt(a, scale) + digitsAt(b, scale), scale }
}

/** Multiplies two numbers. */
export function multiply(a: Decimal, b: Decimal): Decimal {
  return { digits: a.digits * b.digits, scale: a.scale + b.scale }
}

/** Divides, and rounds to this many places, halves away from zero. @throws RangeError for a division by zero */
export function divide(a: Decimal, b: Decimal, places: number): Decimal {
  const shift = places + b.scale - a.scale
  const top = shift < 0 ? a.digits : a.digits * 10n ** BigInt(shift)
  const bottom = shift < 0 ? b.digits * 10n ** BigInt(-shift) : b.digits
  return { digits: divideHalfUp(top, bottom), scale: places }
}

/** Gives what is left of a whole-numbered division; it has the sign of the first. */
export function remainder(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale)
  return { digits: digitsAt(a, scale) % digitsAt(b, scale), scale }
}

/** Rounds to this many places, halves away from zero. */
export function roundTo(a: Decimal, places: number): Decimal {
  if (a.scale <= places) return a
  return { digits: divideHalfUp(a.digits, 10n ** BigInt(a.scale - places)), scale: places }
}

/** Gives the opposite number. */
export function negate({ digits, scale }: Decimal): Decimal {
  return { digits: -digits, scale }
}

/** Gives the nearest number JavaScript has. */
export function toNumber({ digits, scale }: Decimal): number {
  return Number(`${digits}e${-scale}`)
}

function digitsAt({ digits, scale }: Decimal, wanted: number): bigint {
  return digits * 10n ** BigInt(wanted - scale)
}

function divideHalfUp(top: bigint, bottom: bigint): bigint {
  const isNegative = top < 0n !== bottom < 0n
  const [a, b] = [top < 0n ? -top : top, bottom < 0n ? -bottom : bottom]
  const quotient = (2n * a + b) / (2n * b)
  return isNegative ? -quotient : quotient
}
