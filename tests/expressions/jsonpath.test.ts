import { describe, expect, test } from 'vitest'
import { compileJsonPath, JsonPathSyntaxError, jsonText } from '../../src/expressions/jsonpath.ts'
import { ExactNumber } from '../../src/message/codecs/json-xml.ts'

const STORE = {
  n: 10,
  d: 2.5,
  a: [1, 2, 3],
  s: 'x y',
  f: true,
  z: null,
  o: { k: 'v', 'a.b': 1, 'a b': 2, "it's": 3 },
  'a-b': 4,
  '@id': '7',
  limit: 10,
  tags: ['red', 'blue'],
  books: [
    { title: 'One', price: 8.95, tags: ['red'], isbn: '1-1', stock: { count: 1 } },
    { title: 'Two', price: 12, tags: ['blue', 'green'], sold: null },
    { title: 'Three', price: 22.5, tags: [], isbn: '3-3' },
  ],
}

function find(path: string, root: unknown = STORE): unknown {
  return compileJsonPath(path).find(root).value
}

function titles(path: string): unknown[] {
  return (find(path) as { title?: string }[]).map(book => book.title)
}

describe('a definite path', () => {
  test.each([
    ['$', STORE],
    ['$.n', 10],
    ['n', 10],
    ['o.k', 'v'],
    ['$["n"]', 10],
    ["$['o']['a.b']", 1],
    ["$.o['a b']", 2],
    ["$.o['it\\'s']", 3],
    ['$.a-b', 4],
    ['$.@id', '7'],
    ['$.a[0]', 1],
    ['$.a[-1]', 3],
    ['$.a[ 1 ]', 2],
    ['$.books[0].stock.count', 1],
    ['$.z', null],
    ["$.o['k','a.b','none']", { k: 'v', 'a.b': 1 }],
    [' $.n ', 10],
    ['$[ "n"\n]', 10],
  ])('%s finds its value', (path, expected) => {
    const compiled = compileJsonPath(path)

    expect(compiled.definite).toBe(true)
    expect(compiled.find(STORE)).toEqual({ found: true, value: expected })
  })

  test.each([
    '$.missing',
    '$.missing.deeper',
    '$.n.x',
    '$.a[3]',
    '$.a[-4]',
    '$.a.length',
    '$.o[0]',
    '$.s[0]',
    '$.toString',
    '$.o.__proto__',
    '$.constructor.name',
  ])('%s finds nothing', path => {
    expect(compileJsonPath(path).find(STORE)).toEqual({ found: false, value: undefined })
  })

  test('reads a member called __proto__ that came with the payload', () => {
    expect(find('$.__proto__.x', JSON.parse('{"__proto__":{"x":1}}'))).toBe(1)
    expect(JSON.stringify(find("$['__proto__','y']", JSON.parse('{"__proto__":{"x":1},"y":2}')))).toBe(
      '{"__proto__":{"x":1},"y":2}',
    )
  })
})

describe('an indefinite path', () => {
  test.each([
    ['$.a[*]', [1, 2, 3]],
    ['$.a[0,2]', [1, 3]],
    ['$.a[0,9]', [1]],
    ['$.a[1:]', [2, 3]],
    ['$.a[:2]', [1, 2]],
    ['$.a[0:2]', [1, 2]],
    ['$.a[-2:]', [2, 3]],
    ['$.a[:-1]', [1, 2]],
    ['$.a[-2:-1]', [2]],
    ['$.a[1:-1]', []],
    ['$.a[5:]', []],
    ['$.a[:99]', [1, 2, 3]],
    ['$.a[-1:1]', [3, 1]],
    ['$.a[-99999999:0]', [1, 2, 3]],
    ['$.o.*', ['v', 1, 2, 3]],
    ['$..title', ['One', 'Two', 'Three']],
    ['$..books[0].title', ['One']],
    ['$.books[*].stock.count', [1]],
    ["$.books[0]['title','price']", { title: 'One', price: 8.95 }],
    [
      "$.books[*]['title','isbn']",
      [{ title: 'One', isbn: '1-1' }, { title: 'Two' }, { title: 'Three', isbn: '3-3' }],
    ],
    [
      "$..['title','isbn']",
      [
        { title: 'One', isbn: '1-1' },
        { title: 'Three', isbn: '3-3' },
      ],
    ],
    ['$.missing[*]', []],
    ['$.missing[*].x', []],
    ['$..nope', []],
    ['$.n[*]', []],
  ])('%s finds all there is', (path, expected) => {
    expect(compileJsonPath(path).find(STORE)).toEqual({ found: true, value: expected })
  })

  test('looks at parents before children', () => {
    expect(find('$..a', { a: { a: 1 }, b: [{ a: 2 }] })).toEqual([{ a: 1 }, 1, 2])
    expect(find('$..*', { a: { b: 1 }, c: 2 })).toEqual([{ b: 1 }, 2, 1])
  })
})

describe('a filter', () => {
  test.each([
    ['@.price > 10', ['Two', 'Three']],
    ['@.price<=12', ['One', 'Two']],
    ['@.price == 12.0', ['Two']],
    ['@.price > $.limit', ['Two', 'Three']],
    ["@.title == 'One'", ['One']],
    ['@.title != "One"', ['Two', 'Three']],
    ["@['title'] === 'One'", ['One']],
    ["@.title >= 'Three'", ['Two', 'Three']],
    ['@.isbn', ['One', 'Three']],
    ['!@.isbn', ['Two']],
    ['@.sold', ['Two']],
    ['@.sold == null', ['Two']],
    ['@.stock.count == 1', ['One']],
    ["@.isbn == '1-1' || @.price > 20", ['One', 'Three']],
    ['@.isbn && @.price > 20', ['Three']],
    ["@.title == 'Two' || @.isbn && @.price < 10", ['One', 'Two']],
    ["(@.title == 'Two' || @.isbn) && !(@.price < 10)", ['Two', 'Three']],
    ['@.title =~ /t.*/i', ['Two', 'Three']],
    ['@.title =~ /T/', []],
    ['@.title =~ /T.o|One/', ['One', 'Two']],
    ['@.price =~ /12/', ['Two']],
    ["@.title in ['One', 'Three']", ['One', 'Three']],
    ["@.title nin ['One']", ['Two', 'Three']],
    ["@.tags subsetof ['red', 'x']", ['One', 'Three']],
    ['@.tags anyof $.tags', ['One', 'Two']],
    ["@.tags noneof ['green']", ['One', 'Three']],
    ['@.tags size 2', ['Two']],
    ['@.tags empty true', ['Three']],
    ['@.title empty false', ['One', 'Two', 'Three']],
    ["@.tags contains 'red'", ['One']],
    ["@.title contains 'w'", ['Two']],
    ['@.tags.length() > 1', ['Two']],
    ["@.tags[0] == 'blue'", ['Two']],
    ["'One' == @.title", ['One']],
    ["@.price == '12'", ['Two']],
    ["@.price > '1'", []],
    ['@.none == null', []],
    ['@.none != 1', ['One', 'Two', 'Three']],
  ])('[?(%s)]', (filter, expected) => {
    expect(titles(`$.books[?(${filter})]`)).toEqual(expected)
    expect(compileJsonPath(`$.books[?(${filter})]`).definite).toBe(false)
  })

  test('may look at the items themselves', () => {
    expect(find('$.a[?(@ > 1)]')).toEqual([2, 3])
    expect(find("$.tags[?(@ == 'red')]")).toEqual(['red'])
  })

  test('of an object is about the object', () => {
    expect(find("$.o[?(@.k == 'v')]")).toEqual([STORE.o])
    expect(find("$.o[?(@.k == 'w')]")).toEqual([])
  })

  test('works at any depth and goes on', () => {
    expect(find('$..[?(@.price > 20)].title')).toEqual(['Three'])
    expect(find('$.books[?(@.price > 10)].tags[0]')).toEqual(['blue'])
  })

  test('compares exact numbers from XML as numbers', () => {
    const root = { items: [{ p: new ExactNumber('1.50') }, { p: new ExactNumber('12345678901234567890') }] }

    expect(find('$.items[?(@.p == 1.5)]', root)).toEqual([root.items[0]])
    expect(find('$.items[?(@.p > 2)]', root)).toEqual([root.items[1]])
  })
})

describe('a function', () => {
  test.each([
    ['$.a.length()', 3],
    ['$.a.size()', 3],
    ['$.o.length()', 4],
    ['$.s.length()', null],
    ['$.o.keys()', ['k', 'a.b', 'a b', "it's"]],
    ['$.a.min()', 1],
    ['$.a.max()', 3],
    ['$.a.sum()', 6],
    ['$.a.avg()', 2],
    ['$.a.stddev()', Math.sqrt(2 / 3)],
    ['$.a.first()', 1],
    ['$.a.last()', 3],
    ['$.a.index(1)', 2],
    ['$.a.index(-1)', 3],
    ['$.a.append(4)', [1, 2, 3, 4]],
    ['$.tags.concat()', 'redblue'],
    ['$.concat("a", $.s, 1)', 'ax y1'],
    ['$.sum($.a, 4)', 10],
    ['$..price.sum()', 43.45],
    ['$..price.max()', 22.5],
    ['$.books[*].price.min()', 8.95],
    ['$..title.length()', 3],
    ['$.books[*].tags.length()', [1, 2, 0]],
  ])('%s', (path, expected) => {
    expect(find(path)).toEqual(expected)
  })

  test.each(['$.s.sum()', '$.missing.length()', '$.o.first()', '$.a.index(9)', '$..nope.avg()'])(
    '%s finds nothing',
    path => {
      expect(compileJsonPath(path).find(STORE).found).toBe(false)
    },
  )

  test('leaves the payload as it is', () => {
    find('$.a.append(4)')
    expect(STORE.a).toEqual([1, 2, 3])
  })
})

test.each([
  ['', 0, 'the path is empty'],
  ['$.', 2, 'a name is missing'],
  ['$..', 3, 'a name is missing'],
  ['$.a b', 4, 'the path should end'],
  ['$.a[', 4, 'a number, a name'],
  ['$.a[1', 5, '] is missing'],
  ['$.a[0:5:2]', 3, 'a slice has a start and an end, no more'],
  ["$.a['b]", 4, 'a number, a name'],
  ['$.a[?(@.b == )]', 13, 'a path, a string or a number is missing'],
  ['$.a[?(@.b ~ 1)]', 10, ') is missing'],
  ['$.a[?(@.b == 1) && 2]', 16, '] is missing'],
  ['$.a[?(5)]', 7, 'an operator such as == is missing'],
  ['$.a[?(@.b =~ /(/)]', 12, '/(/ is not a regular expression'],
  ['$.a.nofn()', 4, 'there is no function nofn()'],
  ['$.a.length().b', 12, 'the path should end'],
])('%j is refused at %i: %s', (path, offset, message) => {
  let error: unknown
  try {
    compileJsonPath(path)
  } catch (thrown) {
    error = thrown
  }

  expect(error).toBeInstanceOf(JsonPathSyntaxError)
  expect([(error as JsonPathSyntaxError).offset, (error as Error).message]).toEqual([
    offset,
    expect.stringContaining(message),
  ])
})

test.each([
  ['$.n', '10'],
  ['$.d', '2.5'],
  ['$.a[0]', '1'],
  ['$.z', 'null'],
  ['$.missing', ''],
  ['$.a', '[1,2,3]'],
  ['$.o.k', 'v'],
  ['$.f', 'true'],
  ['$..k', '["v"]'],
  ['$..nope', '[]'],
  ['$.books[0].stock', '{"count":1}'],
])('the text of %s is %j', (path, expected) => {
  expect(jsonText(find(path))).toBe(expected)
})

test.each([
  ['1e3', '1000'],
  ['1e21', '1000000000000000000000'],
  ['0.0000001', '0.0000001'],
  ['-1.5e-7', '-0.00000015'],
  ['12345678.9', '12345678.9'],
  ['{"members":[1],"x":2}', '[1]'],
  ['{"elements":{"a":1}}', '{"a":1}'],
  ['{"members":"m","elements":1}', 'm'],
  ['["members"]', '["members"]'],
])('the text of %s is %s', (json, expected) => {
  expect(jsonText(JSON.parse(json))).toBe(expected)
})

test('numbers from XML lose zeros at the end, but no digit that counts', () => {
  const texts = ['2.50', '1.0', '1e3', '0.00', '-0.10e2', '12345678901234567890', '0.1234567890123456789']

  expect(texts.map(text => jsonText(new ExactNumber(text)))).toEqual([
    '2.5',
    '1',
    '1000',
    '0',
    '-10',
    '12345678901234567890',
    '0.1234567890123456789',
  ])
  expect(jsonText([new ExactNumber('2.50')])).toBe('[2.50]')
})

test('walks payloads deeper than the stack, and gives up on those that grow without end', () => {
  const deep: unknown = JSON.parse(`${'{"a":'.repeat(50_000)}1${'}'.repeat(50_000)}`)

  expect(find('$..a.length()', deep)).toBe(50_000)
  expect(() => find('$..*..*', deep)).toThrow('more than 2000000')
})
