import { expect, test } from 'vitest'
import { bodyProblem } from './body.ts'
import type { BodyMatcher } from './case.ts'

const saved = new Map([['first', 'one']])
const soap = '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>%</e:Body></e:Envelope>'

interface Row {
  readonly matcher: BodyMatcher
  readonly holds: readonly string[]
  readonly fails: readonly (readonly [body: string, problem: string])[]
}

const rows: readonly Row[] = [
  {
    matcher: { equals: 'one' },
    holds: ['one'],
    fails: [['one ', 'body equals: expected one, got one ']],
  },
  {
    matcher: { contains: ['a', 'b'] },
    holds: ['xbxa'],
    fails: [['a', 'body contains: b is not in a']],
  },
  {
    matcher: { not_contains: ['a', 'b'] },
    holds: ['c', ''],
    fails: [['cb', 'body not_contains: b is in cb']],
  },
  {
    matcher: { regex: '^a.b$' },
    holds: ['a\nb', 'a😀b'],
    fails: [['aab\n', 'body regex: /^a.b$/su is not found in aab\\n']],
  },
  {
    matcher: { empty: true },
    holds: [''],
    fails: [[' ', 'body empty: expected an empty body, got  ']],
  },
  {
    matcher: { json: { a: 1, b: [1, { c: null }] } },
    holds: ['{"b":[1.0,{"c":null}],"a":1e0}'],
    fails: [
      ['{"a":1,"b":[{"c":null},1]}', 'body json: at $.b[0] expected 1, got {"c":null}'],
      ['{"a":"1","b":[]}', 'body json: at $.a expected 1, got "1"'],
      ['{"a":1}', 'body json: at $.b expected [1,{"c":null}], got nothing'],
      ['{"a":1,"b":[1,{"c":null}],"d":0}', 'body json: at $.d expected nothing, got 0'],
      ['{"a":1,"b":[]}', 'body json: at $.b expected 2 items [1,{"c":null}], got 0: []'],
    ],
  },
  {
    matcher: { json_unordered: [{ a: [1, 2, 2] }, 3] },
    holds: ['[3,{"a":[2,1,2]}]'],
    fails: [['[3,{"a":[2,1,1]}]', 'body json_unordered: at $[1].a[1] expected 2, got 1']],
  },
  {
    matcher: {
      json_path: [
        { path: '$.a.b', equals: 1 },
        { path: '$.c[0]', not_empty: true },
      ],
    },
    holds: ['{"a":{"b":1},"c":[0]}'],
    fails: [
      ['{"a":{"b":2},"c":[0]}', 'body json_path: at $.a.b expected 1, got 2'],
      ['{"a":{"b":1},"c":[""]}', 'body json_path: at $.c[0] expected something, got (empty)'],
      ['{"a":{"b":1}}', 'body json_path: at $.c[0] expected something, got nothing'],
    ],
  },
  {
    matcher: { xml: '<p:a xmlns:p="urn:a" x="1"><b>text</b></p:a>' },
    holds: [
      '<?xml version="1.0" encoding="ISO-8859-1"?><!-- c --><a xmlns="urn:a" x="1">\n <b xmlns=""> te<![CDATA[xt]]>\n</b></a>',
      soap.replace('%', '<a xmlns="urn:a" x="1"><b xmlns="">text</b></a>'),
    ],
    fails: [
      ['<a x="1"><b>text</b></a>', 'body xml: at / expected element {urn:a}a, got a'],
      ['<a xmlns="urn:a"><b xmlns="">text</b></a>', 'body xml: at /a/@x expected 1, got nothing'],
      [
        '<a xmlns="urn:a" x="1"><b xmlns="">tex</b></a>',
        'body xml: at /a/b expected text text, got text tex',
      ],
      ['<a xmlns="urn:a" x="1"/>', 'body xml: at /a expected element b, got nothing'],
    ],
  },
  {
    matcher: {
      xpath: [
        { expr: 'count(//b)', equals: '2' },
        { expr: '//b', equals: 'x' },
      ],
    },
    holds: ['<a><b>x</b><b>y</b></a>'],
    fails: [
      ['<a><b>x</b></a>', 'body xpath: count(//b) expected 2, got 1'],
      ['<a><b/><b>x</b></a>', 'body xpath: //b expected x, got (empty)'],
    ],
  },
  {
    matcher: { any_of: [{ equals: 'a' }, { equals: 'b' }] },
    holds: ['a', 'b'],
    fails: [
      ['c', 'body any_of: none of 2 fits: body equals: expected a, got c; body equals: expected b, got c'],
    ],
  },
  {
    matcher: { equals_saved: 'first' },
    holds: ['one'],
    fails: [['two', 'body equals_saved: two is not the body saved as first']],
  },
  {
    matcher: { not_equals_saved: 'first' },
    holds: ['two'],
    fails: [['one', 'body not_equals_saved: it is the body saved as first: one']],
  },
  {
    matcher: { contains: ['a'], not_contains: ['b'] },
    holds: ['a'],
    fails: [['ab', 'body not_contains: b is in ab']],
  },
]

for (const { matcher, holds, fails } of rows) {
  test(`matcher ${JSON.stringify(matcher)}`, () => {
    for (const body of holds) expect(bodyProblem(matcher, body, saved)).toBe(undefined)
    for (const [body, problem] of fails) expect(bodyProblem(matcher, body, saved)).toBe(problem)
  })
}

test.for([
  [{ json: {} }, 'no json'],
  [{ xml: '<a/>' }, 'no xml'],
  [{ xpath: [{ expr: '/a', equals: '' }] }, '<a>'],
  [{ xpath: [{ expr: '/a[', equals: '' }] }, '<a/>'],
  [{ equals_saved: 'unknown' }, 'one'],
] as const)('a body that cannot be read fails %j', ([matcher, body]) => {
  expect(bodyProblem(matcher, body, saved)).toMatch(/^body \w+: /)
})

test('whole numbers of XPath have no fraction', () => {
  const matcher = {
    xpath: [
      { expr: 'sum(//n)', equals: '3' },
      { expr: '1 div 4', equals: '0.25' },
      { expr: '1=1', equals: 'true' },
    ],
  }

  expect(bodyProblem(matcher, '<a><n>1</n><n>2</n></a>', saved)).toBe(undefined)
})
