import fc from 'fast-check'
import { expect, test } from 'vitest'
import { payloadOf } from '../../../src/message/codecs/soap.ts'
import { Content } from '../../../src/message/content.ts'
import { serializeXml } from '../../../src/message/xml/serialize.ts'

const FORM = 'application/x-www-form-urlencoded'

function fields(body: string): string {
  return serializeXml(payloadOf(new Content(Buffer.from(body), FORM).envelope())!)
}

test.each([
  ['a=1&b=2', '<xformValues><a>1</a><b>2</b></xformValues>'],
  ['a=1&a=2', '<xformValues><a>1</a><a>2</a></xformValues>'],
  ['a=x+y%20z&b=%C3%BC', '<xformValues><a>x y z</a><b>ü</b></xformValues>'],
  ['a=&b', '<xformValues><a/><b/></xformValues>'],
  ['a=%3Cb%3E%26', '<xformValues><a>&lt;b&gt;&amp;</a></xformValues>'],
  ['1st=x', '<xformValues><_JsonReader_PD_1st>x</_JsonReader_PD_1st></xformValues>'],
  ['a%5B0%5D=x&=y', '<xformValues><a_0_>x</a_0_><_>y</_></xformValues>'],
  ['-a=1&.b=2', '<xformValues><_-a>1</_-a><_.b>2</_.b></xformValues>'],
  ['', '<xformValues/>'],
])('%s is %s', (body, xml) => {
  expect(fields(body)).toBe(xml)
})

test('fields go into a form by name and value', () => {
  const written = (json: unknown): string =>
    new Content(Buffer.from(JSON.stringify(json)), 'application/json').as(FORM).toString()
  expect(written({ a: 'x y', b: 'ü&=', '1st': 3, list: [1, 2] })).toBe(
    'a=x%20y&b=%C3%BC%26%3D&1st=3&list=1&list=2',
  )
  expect(written({})).toBe('')
})

test('any form reads as XML that can be written and read again', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }))),
      pairs => {
        const xml = fields(new URLSearchParams(pairs).toString())
        const again = new Content(Buffer.from(xml), 'application/xml')
        expect(payloadOf(again.envelope())?.children.length).toBe(pairs.length)
      },
    ),
  )
})
