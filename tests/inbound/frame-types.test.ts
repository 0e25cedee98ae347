import { expect, test } from 'vitest'
import { frameTypes } from '../../src/inbound/frame-types.ts'

test('a subprotocol tells the type of frames; of text its charset does not count', () => {
  const latin = "synapse(contentType='application/xml; charset=ISO-8859-1')"
  expect(frameTypes(latin, 'text/plain')).toEqual({
    text: 'application/xml',
    binary: 'application/xml; charset=ISO-8859-1',
    textFrame: undefined,
    isTextKnown: true,
    isBinaryKnown: false,
  })
})

test.each([
  ['', '', false],
  ['mqtt', 'text/plain', false],
  ['mqtt', 'application/json; charset=utf-8', true],
])('without one, as with %j, the type %j is that of the endpoint', (subprotocol, type, isKnown) => {
  expect(frameTypes(subprotocol, type)).toMatchObject({
    binary: type,
    textFrame: 'text',
    isTextKnown: isKnown,
    isBinaryKnown: isKnown,
  })
})
