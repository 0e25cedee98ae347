import { isIP } from 'node:net'
import { Expected, list, type ValueType } from '../language/types.ts'

/** Addresses and ranges of them, such as 10.0.0.0/8 and 2001:db8::/32. */
export const addressRanges: ValueType<readonly string[]> = {
  name: 'comma-separated list of addresses and ranges',
  parse(value, setting) {
    const ranges = list.parse(value, setting)
    for (const range of ranges)
      if (!isRange(range)) throw new Expected(`addresses such as 10.0.0.1 or 10.0.0.0/8; ${range} is none`)
    return ranges
  },
}

function isRange(range: string): boolean {
  const [address = '', prefix, ...more] = range.split('/')
  const family = isIP(address)
  if (family === 0 || address.includes('%') || more.length > 0) return false
  if (prefix === undefined) return true
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 6 ? 128 : 32)
}
