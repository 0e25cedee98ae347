import { expect, test } from 'vitest'
import { collectionOptions } from '../../src/language/options/options-collections.ts'

test('every option from P-01 to P-35 is honoured, mapped or refused', () => {
  const ids = new Set(collectionOptions.map(({ id }) => id))
  const expected = Array.from({ length: 35 }, (_, i) => `P-${String(i + 1).padStart(2, '0')}`)
  expect([...ids].sort()).toEqual(expected)
})

test('no option is there twice at one place', () => {
  const written = collectionOptions.map(({ where, option, id }) => `${where}: ${option} ${id}`)
  expect(new Set(written).size).toBe(written.length)
})
