import { describe, expect, test } from 'vitest'
import { compileJsonPath } from '../../src/expressions/jsonpath.ts'
import { addAt, deleteAt, type Edited, renameAt, setAt } from '../../src/expressions/jsonpath-edit.ts'

const document = (): unknown => ({ id: 7, o: { a: 1, b: 2 }, list: [1, 2, 3], items: [{ n: 1 }, { n: 2 }] })

function outcome({ root, places }: Edited): string {
  return `${places} ${JSON.stringify(root)}`
}

describe('setting a value', () => {
  test.each([
    ['$.id', '1 {"id":"new","o":{"a":1,"b":2},"list":[1,2,3],"items":[{"n":1},{"n":2}]}'],
    ['$.o.c', '1 {"id":7,"o":{"a":1,"b":2,"c":"new"},"list":[1,2,3],"items":[{"n":1},{"n":2}]}'],
    ["$['o']['a']", '1 {"id":7,"o":{"a":"new","b":2},"list":[1,2,3],"items":[{"n":1},{"n":2}]}'],
    ['$.list[1]', '1 {"id":7,"o":{"a":1,"b":2},"list":[1,"new",3],"items":[{"n":1},{"n":2}]}'],
    ['$.list[-1]', '1 {"id":7,"o":{"a":1,"b":2},"list":[1,2,"new"],"items":[{"n":1},{"n":2}]}'],
    ['$.list[3]', '1 {"id":7,"o":{"a":1,"b":2},"list":[1,2,3,"new"],"items":[{"n":1},{"n":2}]}'],
    ['$.list[1:]', '2 {"id":7,"o":{"a":1,"b":2},"list":[1,"new","new"],"items":[{"n":1},{"n":2}]}'],
    ['$.items[*].n', '2 {"id":7,"o":{"a":1,"b":2},"list":[1,2,3],"items":[{"n":"new"},{"n":"new"}]}'],
    ['$..n', '2 {"id":7,"o":{"a":1,"b":2},"list":[1,2,3],"items":[{"n":"new"},{"n":"new"}]}'],
    ['$.items[?(@.n==2)].n', '1 {"id":7,"o":{"a":1,"b":2},"list":[1,2,3],"items":[{"n":1},{"n":"new"}]}'],
    ["$.o['a','b']", '2 {"id":7,"o":{"a":"new","b":"new"},"list":[1,2,3],"items":[{"n":1},{"n":2}]}'],
    ['$', '1 "new"'],
  ])('%s', (path, expected) => {
    expect(outcome(setAt(compileJsonPath(path), document(), 'new'))).toBe(expected)
  })

  test.each([
    '$.none.c',
    '$.id.c',
    '$.list[5]',
    '$.list.c',
    '$.o[0]',
    '$.items[*].x',
    '$..x',
    '$.list.length()',
  ])('%s leads nowhere', path => {
    const root = document()
    expect(setAt(compileJsonPath(path), root, 'new')).toEqual({ root, places: 0 })
    expect(root).toEqual(document())
  })

  test('a member called __proto__ is one like any other', () => {
    const { root } = setAt(compileJsonPath('$.__proto__'), {}, { polluted: true })
    expect(JSON.stringify(root)).toBe('{"__proto__":{"polluted":true}}')
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

describe('adding', () => {
  test('an array gets an item, an object gets members', () => {
    expect(addAt(compileJsonPath('$.list'), document(), [4]).root).toMatchObject({ list: [1, 2, 3, [4]] })
    expect(addAt(compileJsonPath('$.o'), document(), { b: 3, c: 4 }).root).toMatchObject({
      o: { a: 1, b: 3, c: 4 },
    })
    expect(addAt(compileJsonPath('$'), { a: 1 }, { b: 2 }).root).toEqual({ a: 1, b: 2 })
    expect(addAt(compileJsonPath('$.items[*]'), document(), { x: 0 }).places).toBe(2)
  })

  test('nothing can be added to a text, and nothing but members to an object', () => {
    expect(addAt(compileJsonPath('$.id'), document(), 1)).toEqual({ root: document(), places: 0 })
    expect(addAt(compileJsonPath('$.o'), document(), 'x')).toEqual({ root: document(), places: 0 })
    expect(addAt(compileJsonPath('$.none'), document(), 'x')).toEqual({ root: document(), places: 0 })
  })
})

describe('deleting', () => {
  test.each([
    ['$.o.a', '1 {"id":7,"o":{"b":2},"list":[1,2,3],"items":[{"n":1},{"n":2}]}'],
    ['$.list[0,2]', '2 {"id":7,"o":{"a":1,"b":2},"list":[2],"items":[{"n":1},{"n":2}]}'],
    ['$.list[-1]', '1 {"id":7,"o":{"a":1,"b":2},"list":[1,2],"items":[{"n":1},{"n":2}]}'],
    ['$.list[*]', '3 {"id":7,"o":{"a":1,"b":2},"list":[],"items":[{"n":1},{"n":2}]}'],
    ['$..n', '2 {"id":7,"o":{"a":1,"b":2},"list":[1,2,3],"items":[{},{}]}'],
    ['$.items[?(@.n==1)]', '1 {"id":7,"o":{"a":1,"b":2},"list":[1,2,3],"items":[{"n":2}]}'],
    ['$.o.*', '2 {"id":7,"o":{},"list":[1,2,3],"items":[{"n":1},{"n":2}]}'],
    ['$.none', '0 {"id":7,"o":{"a":1,"b":2},"list":[1,2,3],"items":[{"n":1},{"n":2}]}'],
    ['$', '1 undefined'],
  ])('%s', (path, expected) => {
    expect(outcome(deleteAt(compileJsonPath(path), document()))).toBe(expected)
  })
})

describe('renaming', () => {
  test('a member keeps its place among the others', () => {
    expect(JSON.stringify(renameAt(compileJsonPath('$.o.a'), document(), 'x').root)).toContain(
      '"o":{"x":1,"b":2}',
    )
    expect(JSON.stringify(renameAt(compileJsonPath('$.items[*].n'), document(), 'm').root)).toContain(
      '"items":[{"m":1},{"m":2}]',
    )
  })

  test('a member that has the name already goes', () => {
    expect(JSON.stringify(renameAt(compileJsonPath('$.o.b'), document(), 'a').root)).toContain('"o":{"a":2}')
    expect(renameAt(compileJsonPath('$.o.b'), document(), 'b')).toEqual({ root: document(), places: 1 })
  })

  test('items and the root have no name', () => {
    for (const path of ['$.list[0]', '$', '$.none'])
      expect(renameAt(compileJsonPath(path), document(), 'x')).toEqual({ root: document(), places: 0 })
  })
})

test('paths that lead to too many places are given up', () => {
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`)
  expect(() => deleteAt(compileJsonPath('$..*..*'), deep)).toThrow('more than 2000000')
})
