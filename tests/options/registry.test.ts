// The registry of options: each that somebody may bring along is there, and is what the components say it is.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type OptionEntry, optionsOf } from '../../src/language/option-registry.ts'
import { optionEntries } from '../../src/language/options/index.ts'
import { HOOK_ALIASES, HOOKS } from '../../src/services/hook-names.ts'
import { declaredAt, serviceNames } from './declared.ts'
import { everyId } from './ids.ts'

const shown = ({ id, where, option }: OptionEntry): string => `${id} ${where}: ${option}`
const of = (status: OptionEntry['status'], at: (where: string) => boolean): OptionEntry[] =>
  optionEntries.filter(entry => entry.status === status && at(entry.where))

describe('the list of ids', () => {
  test('each is honoured, mapped or refused', () => {
    const registered = new Set(optionEntries.map(({ id }) => id))
    expect(everyId().filter(id => !registered.has(id))).toEqual([])
  })

  test('the registry has no other', () => {
    const known = new Set(everyId())
    expect(optionEntries.filter(({ id }) => !known.has(id)).map(shown)).toEqual([])
  })

  test('none has an option twice at one place', () => {
    const all = optionEntries.map(shown)
    expect(all.filter((each, i) => all.indexOf(each) !== i)).toEqual([])
  })

  test('what is mapped or refused says what there is instead', () => {
    const silent = optionEntries.filter(
      entry => entry.status !== 'honoured' && (entry.as === entry.option || entry.as === ''),
    )
    expect(silent.map(shown)).toEqual([])
  })

  test('an option at one place is the same under each of its ids', () => {
    const places = new Set(optionEntries.map(({ where }) => where))
    const other = [...places].flatMap(where => {
      const table = optionsOf(where, optionEntries)
      return optionEntries.filter(
        entry => entry.where === where && table.get(entry.option)?.status !== entry.status,
      )
    })
    expect(other.map(shown)).toEqual([])
  })
})

describe('what is honoured is declared', () => {
  test('as elements, attributes, parameters, properties, settings, commands, and members of the SDK', () => {
    const untrue = of('honoured', where => declaredAt(where) !== undefined).filter(
      ({ where, option }) => declaredAt(where)!.get(option) !== 'there',
    )
    expect(untrue.map(shown)).toEqual([])
  })

  test('as options and hooks of services', () => {
    const written: Readonly<Record<string, string>> = {
      routes: 'hooks',
      resources: 'resource',
      headers: 'header',
      upgradeHeaders: 'upgradeHeader',
    }
    const untrue = of('honoured', where => where === 'service').filter(({ as }) => {
      const path = as.split('.')
      const name = path.pop()!
      if (HOOKS.has(HOOK_ALIASES.get(name) ?? name)) return false
      if (name === 'routes' || name === 'resources') return false
      return !serviceNames(path).has(written[name] ?? name)
    })
    expect(untrue.map(shown)).toEqual([])
  })

  test('as examples that are there', () => {
    const missing = of('honoured', where => where === 'example').filter(
      ({ option }) => !existsSync(join(import.meta.dirname, '../../examples', option)),
    )
    expect(missing.map(shown)).toEqual([])
  })
})
