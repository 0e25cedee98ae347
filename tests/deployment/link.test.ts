import { describe, expect, test } from 'vitest'
import { NameTable } from '../../src/deployment/link.ts'
import { Diagnostics, toRecord } from '../../src/language/diagnostic.ts'
import { Source } from '../../src/language/source.ts'
import type { Reference } from '../../src/language/types.ts'

const source = new Source('a.xml', '<a/>')
const at = (name: string): Reference => ({ name, span: { source, start: 0, end: 2 } })

function table(...names: readonly string[]): { names: NameTable; told: () => string[] } {
  const diagnostics = new Diagnostics()
  const table = new NameTable(diagnostics)
  for (const name of names) table.declareSequence(name)
  return {
    names: table,
    told: () => diagnostics.all().map(each => `${toRecord(each).severity} ${toRecord(each).code}`),
  }
}

describe('sequences', () => {
  test('a name that is there is its place, before it is compiled', () => {
    const { names, told } = table('a')
    expect(names.sequence(at('a'))).toBe(names.sequence('a'))
    expect(names.findSequence('a')).toBe(names.sequence('a'))
    expect(told()).toEqual([])
  })

  test('asking by name alone reports nothing', () => {
    const { names, told } = table('a')
    expect(names.sequence('b')).toBeUndefined()
    expect(names.findSequence('b')).toBeUndefined()
    expect(told()).toEqual([])
  })

  test('main: the one named, else main, else the built-in one', () => {
    const own = table('main', 'a')
    expect(own.names.mainSequence(at('a'))).toBe(own.names.sequence('a'))
    expect(own.names.mainSequence(undefined)).toBe(own.names.sequence('main'))
    expect(own.names.mainSequence(at('main'))).toBe(own.names.sequence('main'))
    expect(own.told()).toEqual([])
    expect(own.names.mainSequence(at('b'))).toBe(own.names.sequence('main'))
    expect(own.told()).toEqual(['warning missing-sequence'])
    const none = table()
    expect(none.names.mainSequence(undefined)).toBe(none.names.sequence(at('main')))
    expect(none.told()).toEqual([])
  })

  test('fault: the one named, else fault, else the built-in one, which is noted once where it is named', () => {
    const own = table('fault', 'a')
    expect(own.names.faultSequence(at('a'))).toBe(own.names.sequence('a'))
    expect(own.names.faultSequence(undefined)).toBe(own.names.sequence('fault'))
    expect(own.told()).toEqual([])
    const none = table()
    const builtIn = none.names.faultSequence(undefined)
    expect(none.told()).toEqual([])
    for (let i = 0; i < 3; i++) expect(none.names.faultSequence(at('fault'))).toBe(builtIn)
    expect(none.names.sequence(at('fault'))).toBe(builtIn)
    expect(none.told()).toEqual(['note built-in-fault'])
  })

  test('onError: what is there, and nothing with a warning where it is not', () => {
    const { names, told } = table('a')
    expect(names.errorSequence(at('a'))).toBe(names.sequence('a'))
    expect(names.errorSequence(at('fault'))).toBe(names.faultSequence(undefined))
    expect(names.errorSequence(at('b'))).toBeUndefined()
    expect(told()).toEqual(['note built-in-fault', 'warning missing-sequence'])
  })
})

test('an entry that is nowhere is none', () => {
  expect(table().names.entry('a')).toBeUndefined()
})
