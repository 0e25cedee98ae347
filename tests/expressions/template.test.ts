import { describe, expect, test } from 'vitest'
import { compileFragments } from '../../src/expressions/fragments.ts'
import { compileTemplate, parseTemplate } from '../../src/expressions/template.ts'
import { Expected } from '../../src/language/types.ts'
import { json } from '../support/mediate.ts'
import { compile, context, setting } from './support.ts'

const ORDER = { id: 7, name: 'green tea', on: true, off: null, lines: [{ n: 1 }], quote: 'a"b', text: '5' }

function order() {
  const ctx = context(json(ORDER))
  ctx.properties.set('id', '7')
  ctx.properties.set('words', 'two words')
  return ctx
}

describe('text with ${…} in it', () => {
  test.each([
    ['order ${payload.id}: ${payload.name}!', 'order 7: green tea!'],
    ['${payload.nowhere}', ''],
    ['${payload.lines}', '[{"n":1}]'],
    ['no $ {payload.id}', 'no $ {payload.id}'],
    ['${}', '${}'],
    ['open ${payload.id', 'open ${payload.id'],
    ['', ''],
    ['${payload.on ? "a" : "b"}${1}', 'a1'],
  ])('%j is %j', (text, expected) => {
    expect(compileTemplate(text, setting).text(order())).toBe(expected)
  })

  test('a placeholder ends at the first }', () => {
    expect(() => compileTemplate('${object("{}")}', setting)).toThrow(Expected)
  })

  test('text without any is fixed', () => {
    expect(compileTemplate('plain', setting)).toMatchObject({ fixed: 'plain', readsContent: false })
    expect(compileTemplate('a ${1}', setting)).toMatchObject({ fixed: undefined, readsContent: false })
    expect(compileTemplate('a ${payload.a}', setting).readsContent).toBe(true)
    expect(compileTemplate('${1 and true}', setting).warnings).toHaveLength(1)
  })

  test('its parts have values with a type', () => {
    const parts = parseTemplate('{"id": ${payload.id}, "lines": ${payload.lines}}', setting)
    expect(parts.map(part => (typeof part === 'string' ? part : part.value(order())))).toEqual([
      '{"id": ',
      7,
      ', "lines": ',
      [{ n: 1 }],
      '}',
    ])
    expect(parseTemplate('', setting)).toEqual([])
  })
})

describe('text with {…} in it', () => {
  test.each([
    ['{"id":{json-eval($.id)}}', '{"id":7}'],
    ['{"id":{$ctx:id}}', '{"id":7}'],
    ['{"a":{$ctx:words}}', '{"a":"two words"}'],
    ['{"a":"{$ctx:words}"}', '{"a":"two words"}'],
    ['{"a":{json-eval($.quote)}}', '{"a":"a\\"b"}'],
    ['{"a":"{json-eval($.quote)}"}', '{"a":"a\\"b"}'],
    ['{"a":{json-eval($.lines)}}', '{"a":[{"n":1}]}'],
    ['<a>{//jsonObject/lines}</a>', '<a><lines><n>1</n></lines></a>'],
    ['{$ctx:none}', ''],
    ['{$ctx:id}{$ctx:id}', '77'],
    ['{ not one }', '{ not one }'],
    ['{"a":[1]}', '{"a":[1]}'],
    ['{a//}', '{a//}'],
  ])('%s is %s', (text, expected) => {
    expect(compileFragments(text, setting).text(order())).toBe(expected)
  })

  test('text without any is fixed', () => {
    expect(compileFragments('{"a":1}', setting)).toMatchObject({ isFixed: true, readsContent: false })
    expect(compileFragments('{$ctx:a}', setting)).toMatchObject({ isFixed: false, readsContent: false })
    expect(compileFragments('{//a}', setting).readsContent).toBe(true)
  })
})

describe('{…} in a JSONPath', () => {
  const list = json({
    items: [
      { id: 7, n: 'a' },
      { id: 8, n: 'b' },
    ],
    key: 'n',
  })

  test.each([
    ['json-eval($.items[?(@.id=={$ctx:id})].n)', '["b"]'],
    ['json-eval($.items[{$ctx:at}].n)', 'a'],
    ["json-eval($.items[?(@.n=='{$ctx:name}')].id)", '[7]'],
    ['json-eval($.items[0].{json-eval($.key)})', 'a'],
    ['json-eval($.items[{$ctx:none}])', ''],
  ])('%s is %s', (source, expected) => {
    const ctx = context(list)
    ctx.properties.set('id', '8')
    ctx.properties.set('at', '0')
    ctx.properties.set('name', 'a')
    expect(compile(source).text(ctx)).toBe(expected)
    expect(compile(source).text(ctx)).toBe(expected)
    expect(compile(source).path).toBeUndefined()
  })

  test('in a property too', () => {
    const ctx = context()
    ctx.properties.set('list', '[1,2]')
    ctx.properties.set('at', '1')
    expect(compile('json-eval($ctx:list[{$ctx:at}])').text(ctx)).toBe('2')
    expect(compile('json-eval($ctx:list[{$ctx:at}])').readsContent).toBe(false)
  })
})

test.each([
  ['$.d', '2.5'],
  ['$.a[0]', '2.50'],
  ['$.a', '[2.50,1e3]'],
  ['$.e', '1000'],
  ['$.a[1]', '1e3'],
  ['$.big', '12345678901234567890'],
  ['$.l[*].k', '[2.5]'],
  ['$..k', '[2.5]'],
  ['$.l', '[{"k":2.50}]'],
  ['$.l[0]k', '2.5'],
])('json-eval(%s): numbers are %s', (path, expected) => {
  const body = json('{"d":2.50,"a":[2.50,1e3],"e":1e3,"big":12345678901234567890,"l":[{"k":2.50}]}')
  expect(compile(`json-eval(${path})`).text(context(body))).toBe(expected)
})
