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
  ['$ref=x', '<xformValues><_JsonReader_PS_ref>x</_JsonReader_PS_ref></xformValues>'],
  [
    'a%5B0%5D=x&=y',
    '<xformValues><a_JsonReader_91_0_JsonReader_93_>x</a_JsonReader_91_0_JsonReader_93_><_>y</_></xformValues>',
  ],
  [
    '-a=1&.b=2',
    '<xformValues><_JsonReader_45_a>1</_JsonReader_45_a><_JsonReader_46_b>2</_JsonReader_46_b></xformValues>',
  ],
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
  expect(written({ 'a key': null, 'b[0]': true, o: { x: 1 } })).toBe(
    'a%20key=&b%5B0%5D=true&o=%7B%22x%22%3A1%7D',
  )
})

test('a field that is changed leaves the names of the others as they came', () => {
  const content = new Content(Buffer.from('a%5B0%5D=x&1st=y&%24z=%20&c=1'), FORM)
  payloadOf(content.editEnvelope())?.children.at(-1)?.setText('2')
  expect(content.bytes.toString()).toBe('a%5B0%5D=x&1st=y&%24z=%20&c=2')
})

test('any form comes back from its XML form as it was', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !text.includes('_JsonReader_'))
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string({ unit: 'grapheme' }))), pairs => {
      const content = new Content(Buffer.from(new URLSearchParams(pairs).toString()), FORM)
      content.editEnvelope()
      expect([...new URLSearchParams(content.text())]).toEqual(pairs)
    }),
  )
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
