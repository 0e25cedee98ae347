// The options of a client are registered, each under the id it is known by.

import { expect, test } from 'vitest'
import { optionEntries } from '../../src/language/options/index.ts'
import { clientOptions } from '../../src/language/options/options-sdk.ts'

test('every id of the client is registered', () => {
  const ids = new Set(clientOptions.map(({ id }) => id))
  const wanted = [...Array.from({ length: 18 }, (_, i) => `B-${65 + i}`), 'B-88']
  expect([...ids].sort()).toEqual(wanted.sort())
  expect(optionEntries).toEqual(expect.arrayContaining([...clientOptions]))
})

test('no name stands twice at one place, and what is mapped or refused says what is there instead', () => {
  const names = clientOptions.map(({ where, option }) => `${where} ${option}`)
  expect(new Set(names).size).toBe(names.length)
  for (const { option, status, as } of clientOptions) expect(as === option).toBe(status === 'honoured')
})
