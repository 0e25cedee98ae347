import { expect, test } from 'vitest'
import { optionEntries } from '../../src/language/options/index.ts'
import { findings } from '../support/mediate.ts'

const written = optionEntries.filter(({ where }) => where === 'expression')

test.each(written)('$option is an expression', ({ option }) => {
  expect(findings(`<property name="a" expression="${option}"/>`)).toEqual([])
})
