import { describe, expect, test } from 'vitest'
import { findings } from '../support/mediate.ts'

const NS = 'xmlns:m="urn:myelin"'

/** Findings about a `<correlation>`, or what else stands in an address. */
function found(correlation: string, uri = 'ws://localhost:1/', more = ''): string[] {
  return findings(`<call><endpoint><address uri="${uri}">${more}${correlation}</address></endpoint></call>`)
}

function withAttributes(attributes: string): string[] {
  return found(`<m:correlation ${NS} ${attributes}/>`)
}

describe('a correlation is accepted', () => {
  test.each([
    'by="json" field="id"',
    'by="json" field="$.meta.id" reply-field="$[\'re\'].id"',
    'by="xpath" field="//id" reply-field="//@re"',
    'by="soap" id="keep" links="4" max-pending="10"',
    'by="json-rpc" replies="collect"',
    'by="lane" replies="stream" until="$.done"',
    'by="json" field="id" replies="collect" until="json-eval($.done)"',
  ])('%s', attributes => {
    expect(withAttributes(attributes)).toEqual([])
  })

  test('and a timeout has an effect with it, and none without', () => {
    const timeout = '<timeout><duration>100</duration></timeout>'
    expect(found(`<m:correlation ${NS} by="lane"/>`, 'ws://localhost:1/', timeout)).toEqual([])
    expect(found('', 'ws://localhost:1/', timeout)).toEqual([
      'no-effect: <timeout> of <address> has no effect: a WebSocket message is not answered unless <correlation> says how.',
    ])
  })
})

describe('a correlation is refused', () => {
  test.each([
    ['', 'missing: <correlation> needs attribute by.'],
    ['by="jsn"', 'bad-value: attribute by is "jsn"; expected one of json, xpath, soap, json-rpc, lane.'],
    ['by="json"', 'missing: <correlation by="json"> needs attribute field.'],
    [
      'by="json" field="$.a[0]"',
      'bad-value: attribute field is "$.a[0]"; expected the name of a member, or a path of names such as $.meta.id.',
    ],
    [
      'by="xpath" field="//x" reply-field="//["',
      expect.stringMatching(/^bad-value: attribute reply-field is "\/\/\["; expected an XPath expression/),
    ],
    ['by="soap" field="id"', 'bad-combination: Attribute field belongs to by="json" and by="xpath".'],
    ['by="lane" id="keep"', 'bad-combination: Attribute id has no meaning with by="lane": no id is sent.'],
    [
      'by="soap" until="$.x"',
      'bad-combination: Attribute until belongs to replies="collect" and replies="stream".',
    ],
    [
      'by="soap" replies="stream"',
      'missing: replies="stream" needs attribute until, which says which reply is the last.',
    ],
    ['by="soap" links="0"', 'bad-value: attribute links is "0"; expected a whole number from 1 to 1000.'],
    ['by="soap" link="2"', 'unknown-attribute: <correlation> has no attribute link. Did you mean links?'],
  ])('%s', (attributes, expected) => {
    expect(withAttributes(attributes)).toEqual([expected])
  })
})

describe('an element of our own namespace', () => {
  test('that is misspelt is an error with a suggestion', () => {
    expect(found(`<m:corelation ${NS} by="soap"/>`)).toEqual([
      'unknown-element: <address> takes no <corelation> of the namespace urn:myelin. Did you mean correlation?',
    ])
  })

  test('that belongs elsewhere is an error', () => {
    expect(
      findings(
        `<call><endpoint><address uri="ws://localhost:1/"/><m:correlation ${NS} by="soap"/></endpoint></call>`,
      ),
    ).toEqual(['unknown-element: <endpoint> takes no <correlation> of the namespace urn:myelin.'])
  })

  test('is not taken for one of another namespace, nor of none', () => {
    expect(found('<correlation by="soap"/>')).toEqual([
      'unknown-element: <address> takes no <correlation>. It stands in the namespace urn:myelin.',
    ])
    expect(found('<x:correlation xmlns:x="urn:x" by="nothing"/>')).toEqual([])
  })
})

test('an HTTP address answers by itself', () => {
  expect(found(`<m:correlation ${NS} by="soap"/>`, 'http://localhost:1/')).toEqual([
    'no-effect: <correlation> of <address> has no effect: it is for ws and wss addresses.',
  ])
})

test('the sequence for what nobody waits for has to be there', () => {
  expect(withAttributes('by="soap" unmatched="late"')[0]).toMatch(/^missing-sequence: .*late/)
})
