import { expect, test } from 'vitest'
import { saysTheSame } from '../../src/unittest/compare.ts'

test.for([
  ['text', ' text\n'],
  ['a b', 'a   b'],
  ['{"a":1,"b":[1,2]}', '{ "b": [1, 2.0],\n"a": 1e0 }'],
  ['<a x="1" y="2"><b/>t</a>', '<?xml version="1.0"?>\n<a y="2" x="1">\n  <b></b>\n t <!-- c --></a>'],
  ['<p:a xmlns:p="urn:a" p:x="1"/>', '<a xmlns="urn:a" xmlns:q="urn:a" q:x="1"/>'],
  ['<a><![CDATA[1 < 2]]></a>', '<a>1 &lt; 2</a>'],
  ['<not xml', '<not  xml '],
  ['{"a":', '{"a": '.trim()],
] as const)('%s and %s say the same', ([one, other]) => {
  expect(saysTheSame(one, other)).toBe(true)
  expect(saysTheSame(other, one)).toBe(true)
})

test.for([
  ['text', 'Text'],
  ['ab', 'a b'],
  ['{"a":1}', '{"a":"1"}'],
  ['{"a":1}', '{"a":1,"b":null}'],
  ['[1,2]', '[2,1]'],
  ['[]', '{}'],
  ['{"a":null}', '{"a":{}}'],
  ['<a/>', '<b/>'],
  ['<a/>', '<a xmlns="urn:a"/>'],
  ['<a x="1"/>', '<a x="2"/>'],
  ['<a x="1"/>', '<a/>'],
  ['<a>1</a>', '<a>2</a>'],
  ['<a><b/></a>', '<a>b</a>'],
  ['<a><b/><c/></a>', '<a><c/><b/></a>'],
  ['<a/>', '{"a":""}'],
] as const)('%s and %s do not', ([one, other]) => {
  expect(saysTheSame(one, other)).toBe(false)
  expect(saysTheSame(other, one)).toBe(false)
})
