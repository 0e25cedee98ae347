import { expect, test } from 'vitest'
import { ExactNumber, JsonXmlError, jsonToXml, xmlToJson } from '../../../src/message/codecs/json-xml.ts'
import { parseXml } from '../../../src/message/xml/parse.ts'
import { serializeXml } from '../../../src/message/xml/serialize.ts'

function toXml(json: string): string {
  return serializeXml(jsonToXml(JSON.parse(json)))
}

function toJson(xml: string): string {
  return JSON.stringify(xmlToJson(parseXml(xml).documentElement!))
}

test.each([
  ['{"a":1,"b":true,"c":"x"}', '<jsonObject><a>1</a><b>true</b><c>x</c></jsonObject>'],
  ['{"a":null,"b":""}', '<jsonObject><a/><b/></jsonObject>'],
  ['{"a":{"b":2}}', '<jsonObject><a><b>2</b></a></jsonObject>'],
  ['{"a":[1,2]}', '<jsonObject><a>1</a><a>2</a></jsonObject>'],
  ['{"a":[]}', '<jsonObject/>'],
  ['{"a":[[1]]}', '<jsonObject><a><jsonArray><jsonElement>1</jsonElement></jsonArray></a></jsonObject>'],
  ['[1,{"a":2}]', '<jsonArray><jsonElement>1</jsonElement><jsonElement><a>2</a></jsonElement></jsonArray>'],
  ['[]', '<jsonArray/>'],
  ['"x"', '<jsonValue>"x"</jsonValue>'],
  ['5', '<jsonValue>5</jsonValue>'],
  ['{"o":{"@id":7,"$":"t"}}', '<jsonObject><o id="7">t</o></jsonObject>'],
  [
    '{"1st":1,"$ref":2}',
    '<jsonObject><_JsonReader_PD_1st>1</_JsonReader_PD_1st><_JsonReader_PS_ref>2</_JsonReader_PS_ref></jsonObject>',
  ],
  ['{"__proto__":{"x":1}}', '<jsonObject><__proto__><x>1</x></__proto__></jsonObject>'],
])('%s becomes %s', (json, xml) => {
  expect(toXml(json)).toBe(xml)
})

test.each([
  ['<order><id>7</id><note>x</note></order>', '{"order":{"id":7,"note":"x"}}'],
  ['<jsonObject><a>1</a></jsonObject>', '{"a":1}'],
  ['<jsonArray><jsonElement>1</jsonElement></jsonArray>', '[1]'],
  ['<jsonObject/>', '{}'],
  ['<jsonArray/>', '[]'],
  ['<jsonValue>"x"</jsonValue>', '"x"'],
  ['<jsonValue>bare</jsonValue>', '"bare"'],
  ['<r><a>1</a><a>2</a><b>3</b></r>', '{"r":{"a":[1,2],"b":3}}'],
  ['<r><a>1</a><b>3</b><a>2</a></r>', '{"r":{"a":[1,2],"b":3}}'],
  ['<r><?xml-multiple a?><a>1</a></r>', '{"r":{"a":[1]}}'],
  ['<r><?xml-multiple?><a>1</a></r>', '{"r":{"a":[1]}}'],
  ['<r><?xml-multiple a?></r>', '{"r":{"a":[]}}'],
  ['<r/>', '{"r":null}'],
  ['<r>\n  </r>', '{"r":null}'],
  ['<r> x </r>', '{"r":" x "}'],
  ['<r a="1"/>', '{"r":{"@a":"1"}}'],
  ['<r a="1">2</r>', '{"r":{"@a":"1","$":2}}'],
  ['<p:r xmlns:p="u" p:a="1"><p:b/></p:r>', '{"r":{"@a":"1","b":null}}'],
  [
    '<r><a>true</a><b>null</b><c>007</c><d>-1.5e3</d><e>+1</e></r>',
    '{"r":{"a":true,"b":null,"c":"007","d":-1.5e3,"e":"+1"}}',
  ],
  [
    '<r><_JsonReader_PD_1st>1</_JsonReader_PD_1st><_JsonReader_PS_ref>2</_JsonReader_PS_ref></r>',
    '{"r":{"1st":1,"$ref":2}}',
  ],
  ['<r>a<!-- x --><![CDATA[<b]]></r>', '{"r":"a<b"}'],
])('%s becomes %s', (xml, json) => {
  expect(toJson(xml)).toBe(json)
})

test.each([
  '{"a":1,"b":[1,2],"c":{"d":null,"e":[{"f":true},{"f":false}]}}',
  '[1,[2,3],{"a":"x y"},null]',
  '{"m":[[1,2],[3,4]]}',
  '"text"',
  'null',
])('%s survives the way to XML and back', json => {
  expect(JSON.stringify(xmlToJson(jsonToXml(JSON.parse(json))))).toBe(json)
})

test('keeps the digits of numbers a JavaScript number would change', () => {
  const xml = '<r><price>1.50</price><account>12345678901234567890</account><plain>1.5</plain></r>'
  const { r } = xmlToJson(parseXml(xml).documentElement!) as { r: Record<string, unknown> }

  expect(JSON.stringify(r)).toBe('{"price":1.50,"account":12345678901234567890,"plain":1.5}')
  expect(r.price).toBeInstanceOf(ExactNumber)
  expect(Number(r.price) * 2).toBe(3)
  expect(r.plain).toBe(1.5)
  expect(serializeXml(jsonToXml({ r }))).toBe(
    '<jsonObject><r><price>1.50</price><account>12345678901234567890</account><plain>1.5</plain></r></jsonObject>',
  )
})

test('makes a member called __proto__ without touching the prototype', () => {
  const value = xmlToJson(parseXml('<__proto__><polluted>1</polluted></__proto__>').documentElement!)

  expect(Object.keys(value as object)).toEqual(['__proto__'])
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

test.each(['{"a b":1}', '{"":1}', '{"a:b":1}', '{"@xmlns":"u"}', '{"$":[1]}', '{"@a":{}}'])(
  'refuses %s, which no XML can say',
  json => {
    expect(() => toXml(json)).toThrow(JsonXmlError)
  },
)

test('refuses text next to elements', () => {
  expect(() => toJson('<r>x<a/></r>')).toThrow('<r> has text next to elements')
})

test('refuses what is nested too deeply', () => {
  expect(() => toXml(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)).toThrow('nested more than 500 deep')
  expect(() => toXml(`${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`)).toThrow(
    'nested more than 500 deep',
  )
})

test('takes very many members', () => {
  const members = Object.fromEntries(Array.from({ length: 50_000 }, (_, i) => [`@a${i}`, String(i)]))

  expect(xmlToJson(jsonToXml(members))).toEqual(members)
})

test.each([
  ['an array', Array.from({ length: 250_000 }, () => 1)],
  ['an array in an object', { a: Array.from({ length: 250_000 }, () => 1) }],
  ['arrays in an array', Array.from({ length: 250_000 }, () => [])],
  ['members', Object.fromEntries(Array.from({ length: 250_000 }, (_, i) => [`a${i}`, 1]))],
  ['attributes', Object.fromEntries(Array.from({ length: 500_000 }, (_, i) => [`@a${i}`, 1]))],
])('%s that would be more than 500,000 elements, attributes and texts are refused', (_what, value) => {
  expect(() => jsonToXml(value)).toThrow('there are more than 500000 elements, attributes and texts in it')
  // What was refused takes nothing away from the next one.
  expect(jsonToXml(Array.from({ length: 200_000 }, () => 1)).children).toHaveLength(200_000)
})

test('several objects in one element are an array', () => {
  expect(toJson('<all><jsonObject><a>1</a></jsonObject><jsonObject/></all>')).toBe('{"all":[{"a":1},{}]}')
})
