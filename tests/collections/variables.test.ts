import { expect, test } from 'vitest'
import type { Variable } from '../../src/collections/collection.ts'
import { PREDEFINED } from '../../src/collections/predefined.ts'
import { Variables } from '../../src/collections/variables.ts'

const variable = (name: string, value: string, more: Partial<Variable> = {}): Variable => ({
  name,
  value,
  isEnabled: true,
  isSecret: false,
  ...more,
})

const environment = (...variables: Variable[]) => ({
  name: 'Local',
  isCurrent: true,
  isInsecure: false,
  variables,
})

test.for([
  ['plain', 'plain'],
  ['{{name}} {{ name }} {{  name}}', 'Ada Ada Ada'],
  ['{{ unknown }}', '{{ unknown }}'],
  ['{{ off }}', '{{ off }}'],
  ['{{ my-value.1 }}', 'dashed'],
  ['{{}} {{ two words }} {name}', '{{}} {{ two words }} {name}'],
  ['{{ host }}', 'environment'],
])('%s is filled in', ([template, filled]) => {
  const collection = {
    variables: [
      variable('name', 'Ada'),
      variable('host', 'collection'),
      variable('off', 'x', { isEnabled: false }),
      variable('my-value.1', 'dashed'),
    ],
  }
  const variables = new Variables(collection, environment(variable('host', 'environment')))
  expect(variables.fill(template!)).toBe(filled)
})

test('values inside values are filled in four levels deep, and a circle ends', () => {
  const deep = new Variables({
    variables: [
      variable('a', '1{{b}}'),
      variable('b', '2{{c}}'),
      variable('c', '3{{d}}'),
      variable('d', '4{{e}}'),
      variable('e', '5'),
    ],
  })
  const round = new Variables({ variables: [variable('a', '.{{a}}')] })

  expect(deep.fill('{{a}}')).toBe('1234{{e}}')
  expect(deep.fill('{{b}}')).toBe('2345')
  expect(round.fill('{{a}}')).toBe('....{{a}}')
})

test('a disabled variable of an environment leaves that of the collection', () => {
  const off = environment(variable('host', 'environment', { isEnabled: false }))
  expect(new Variables({ variables: [variable('host', 'collection')] }, off).fill('{{host}}')).toBe(
    'collection',
  )
})

test('values of the call go before those of the environment, and those of the process have their names', () => {
  const given = new Map([['host', 'call']])
  const variables = new Variables(
    {
      variables: [
        variable('user', '', { fromProcess: 'ORDERS_USER' }),
        variable('none', '', { fromProcess: 'NO' }),
      ],
    },
    environment(variable('host', 'environment')),
    given,
    { ORDERS_USER: 'ada' },
  )
  expect(variables.fill('{{host}} {{user}} {{none}}')).toBe('call ada {{none}}')
})

test('secrets are masked, and what they become', () => {
  const variables = new Variables({
    variables: [
      variable('token', 'abc-{{part}}', { isSecret: true }),
      variable('part', 'xyz'),
      variable('tiny', 'o', { isSecret: true }),
    ],
  })
  expect(variables.masked(`Bearer ${variables.fill('{{token}}')} for you`)).toBe('Bearer *** for you')
  variables.set('token', 'captured')
  expect(variables.masked('a captured one')).toBe('a *** one')
})

test.for([
  ['$guid', /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/],
  ['$now', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d$/],
  ['$today', /^\d{4}-\d\d-\d\d$/],
  ['$timestamp', /^\d{10}$/],
  ['$randomInt', /^\d{1,10}$/],
  ['$randomQuantity', /^(?:[1-9]\d{0,2}|1000)$/],
  ['$randomFullName', /^\p{Lu}\p{L}+(?: \p{Lu}\p{L}+){2}$/u],
  ['$randomManFullName', /^\p{Lu}\p{L}+(?: \p{Lu}\p{L}+){2}$/u],
  ['$randomWomanFullName', /^\p{Lu}\p{L}+(?: \p{Lu}\p{L}+){2}$/u],
  ['$randomFirstName', /^\p{Lu}\p{L}+$/u],
  ['$randomManFirstName', /^\p{Lu}\p{L}+$/u],
  ['$randomWomanFirstName', /^\p{Lu}\p{L}+$/u],
  ['$randomLastName', /^\p{Lu}\p{L}+ \p{Lu}\p{L}+$/u],
  ['$randomBirthDate', /^(?:19|20)\d\d-\d\d-\d\d$/],
  ['$randomBirthDateOver18', /^(?:19|20)\d\d-\d\d-\d\d$/],
  ['$randomCPF', /^\d{3}\.\d{3}\.\d{3}-\d\d$/],
  ['$randomCPFDigitsOnly', /^\d{11}$/],
  ['$randomCNPJ', /^\d\d\.\d{3}\.\d{3}\/0001-\d\d$/],
  ['$randomCNPJDigitsOnly', /^\d{14}$/],
] as const)('%s is a value of its kind', ([name, pattern]) => {
  expect(new Variables({ variables: [] }).fill(`{{ ${name} }}`)).toMatch(pattern)
})

test('every predefined name is tested here', () => {
  expect(Object.keys(PREDEFINED)).toHaveLength(19)
})

const checkDigit = (digits: readonly number[], weights: readonly number[]): number => {
  const rest = digits.reduce((sum, digit, i) => sum + digit * weights[i]!, 0) % 11
  return rest < 2 ? 0 : 11 - rest
}

test('the check digits of $randomCPF and $randomCNPJ are right', () => {
  for (let i = 0; i < 200; i++) {
    const person = [...PREDEFINED.$randomCPFDigitsOnly!()].map(Number)
    expect(person[9]).toBe(checkDigit(person.slice(0, 9), [10, 9, 8, 7, 6, 5, 4, 3, 2]))
    expect(person[10]).toBe(checkDigit(person.slice(0, 10), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]))
    const company = [...PREDEFINED.$randomCNPJDigitsOnly!()].map(Number)
    expect(company[12]).toBe(checkDigit(company.slice(0, 12), [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]))
    expect(company[13]).toBe(checkDigit(company.slice(0, 13), [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]))
  }
})

test('everybody born by $randomBirthDateOver18 is over 18', () => {
  const limit = new Date()
  limit.setFullYear(limit.getFullYear() - 18)
  for (let i = 0; i < 500; i++)
    expect(new Date(PREDEFINED.$randomBirthDateOver18!()).getTime()).toBeLessThanOrEqual(limit.getTime())
})
