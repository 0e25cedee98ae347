// What a message is when its hook gets it: text, bytes, JSON that fits a schema, or XML.

import { describe, expect, test } from 'vitest'
import { connect } from '../support/clients.ts'
import { findingsOf, startHooks, startService } from './serve.ts'

test('text is a string, and binary is bytes', async () => {
  await using gateway = await startHooks(
    `onMessage: (caller, data) => [typeof data, Buffer.isBuffer(data), data.length]`,
  )
  using client = await connect(gateway.url('ws'))
  expect(await client.ask('{"a":1}')).toBe('["string",false,7]')
  client.send(Buffer.from([1, 2]))
  expect(await client.received.text()).toBe('["object",true,2]')
})

describe('as', () => {
  test.each([
    ['text', 'data', 'a<b/>', 'a<b/>'],
    ['bytes', '[...data]', 'ab', '[97,98]'],
    ['json', 'data.list[1]', '{"list":[1,"two"]}', 'two'],
    [
      'xml',
      `[data.localName, data.namespaceURI, data.child('', 'n')?.text]`,
      '<o xmlns="urn:x"><n xmlns="">5</n></o>',
      '["o","urn:x","5"]',
    ],
  ])('%s takes text and binary alike', async (view, gives, message, expected) => {
    await using gateway = await startHooks(`onMessage: bound('${view}', (caller, data) => ${gives})`)
    using client = await connect(gateway.url('ws'))
    expect(await client.ask(message)).toBe(expected)
    client.send(Buffer.from(message))
    expect(await client.received.text()).toBe(expected)
  })

  test.each([
    ['text', Buffer.from([0xc3]), 'the message is no UTF-8'],
    ['json', 'no', 'the message is no JSON'],
    ['json', Buffer.from([0xff]), 'the message is no UTF-8'],
    ['xml', '{}', 'the message is no XML'],
    ['xml', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', 'the message is no XML'],
    ['xml', '', 'the message is no XML'],
  ])('%s: what is none is a PayloadBindingError', async (view, message, expected) => {
    await using gateway = await startHooks(
      `onMessage: bound('${view}', (caller, data) => 'taken'), onError: (caller, error) => error.name + ' ' + error.message`,
    )
    using client = await connect(gateway.url('ws'))
    client.send(message)
    expect(await client.received.text()).toContain(`PayloadBindingError ${expected}`)
    client.send({ text: 'x', json: '1', xml: '<a/>' }[view]!)
    expect(await client.received.text()).toBe('taken')
  })

  test.each([
    [
      'a.xml',
      `<service xmlns="urn:myelin" name="a"><onMessage as="xml">
        <payloadFactory media-type="text"><format>$1</format><args><arg expression="//n"/></args></payloadFactory><respond/>
      </onMessage></service>`,
    ],
    [
      'a.yaml',
      'name: a\nonMessage:\n  as: xml\n  steps:\n    - payloadFactory: {media-type: text, format: $1, args: {arg: {expression: //n}}}\n    - respond',
    ],
    [
      'a.ts',
      "export default { name: 'a', onMessage: { as: 'xml', run: [{ payloadFactory: { 'media-type': 'text', format: '$1', args: { arg: { expression: '//n' } } } }, 'respond'] } }",
    ],
  ])('mediators in %s see XML, and nothing else comes to them', async (name, text) => {
    await using gateway = await startService(name, text)
    using client = await connect(gateway.url('ws'))
    expect(await client.ask('<o><n>5</n></o>')).toBe('5')
    client.send(Buffer.from('<o><n>6</n></o>'))
    expect(await client.received.text()).toBe('6')
    client.send('{"n": 5}')
    expect(await client.closed).toMatchObject({
      code: 1003,
      reason: expect.stringContaining('data binding failed: the message is no XML'),
    })
  })

  test('what it may be is found before it runs', () => {
    expect(findingsOf('a.yaml', 'onMessage: {as: yaml, steps: [respond]}').join()).toMatch(
      /1:17 error bad-value[\s\S]*expected text, bytes, json or xml/,
    )
    expect(
      findingsOf('a.yaml', 'onMessage: {as: xml, schema: {type: object}, steps: [respond]}').join(),
    ).toMatch(/bad-combination/)
  })
})

describe('a schema', () => {
  const ORDER = `{
    type: 'object', required: ['kind'],
    properties: { kind: { enum: ['buy', 'sell'] }, n: { type: 'integer', minimum: 1 }, note: { type: ['string', 'null'] } },
    additionalProperties: false,
  }`
  test.each([
    ['{"kind":"buy"}', 'PASS'],
    ['{"kind":"sell","n":3,"note":null}', 'PASS'],
    ['{"kind":"sell","note":"soon"}', 'PASS'],
    ['{"kind":"lend"}', 'PayloadValidationError'],
    ['{"kind":"buy","n":0}', 'PayloadValidationError'],
    ['{"n":1}', 'PayloadValidationError'],
    ['{"kind":"buy","more":1}', 'PayloadValidationError'],
    ['"buy"', 'PayloadValidationError'],
    ['{"kind":', 'PayloadBindingError'],
  ])('with enums and optional members: %s', async (message, expected) => {
    await using gateway = await startHooks(
      `onMessage: bound(${ORDER}, () => 'PASS'), onError: (caller, error) => error.name`,
    )
    using client = await connect(gateway.url('ws'))
    expect(await client.ask(message)).toBe(expected)
    client.send(Buffer.from(message))
    expect(await client.received.text()).toBe(expected)
  })

  test('of several kinds takes JSON, and text that is none', async () => {
    await using gateway = await startHooks(
      `onMessage: bound({ anyOf: [{ type: 'integer' }, { enum: ['red', 'blue'] }, { type: 'object' }] }, (caller, data) => [typeof data, data]),
       onError: (caller, error) => error.code`,
    )
    using client = await connect(gateway.url('ws'))
    expect(await client.ask('5')).toBe('["number",5]')
    expect(await client.ask('red')).toBe('["string","red"]')
    expect(await client.ask('"blue"')).toBe('["string","blue"]')
    expect(await client.ask('{"a":1}')).toBe('["object",{"a":1}]')
    expect(await client.ask('green')).toBe('PAYLOAD_BINDING_FAILED')
    expect(await client.ask('1.5')).toBe('PAYLOAD_VALIDATION_FAILED')
  })

  test('that says nothing of types lets no text pass in place of a value', async () => {
    await using gateway = await startHooks(
      `onMessage: bound({ required: ['n'] }, () => 'PASS'), onError: (caller, error) => error.code`,
    )
    using client = await connect(gateway.url('ws'))
    expect(await client.ask('{"n":1}')).toBe('PASS')
    expect(await client.ask('{"m":1}')).toBe('PAYLOAD_VALIDATION_FAILED')
    expect(await client.ask('text')).toBe('PAYLOAD_BINDING_FAILED')
  })

  test('of text takes it as it is, whatever it looks like', async () => {
    await using gateway = await startHooks(
      `onTextMessage: bound({ type: 'string', maxLength: 5 }, (caller, text) => text + '!'),
       onBinaryMessage: bound({ type: ['string', 'null'] }, (caller, data) => [data]),
       onError: (caller, error) => error.code`,
    )
    using client = await connect(gateway.url('ws'))
    expect(await client.ask('"a"')).toBe('"a"!')
    expect(await client.ask('5')).toBe('5!')
    expect(await client.ask('longer')).toBe('PAYLOAD_VALIDATION_FAILED')
    for (const [bytes, expected] of [
      ['null', '[null]'],
      ['5', '["5"]'],
      ['plain', '["plain"]'],
      ['{}', 'PAYLOAD_VALIDATION_FAILED'],
    ] as const) {
      client.send(Buffer.from(bytes))
      expect(await client.received.text()).toBe(expected)
    }
  })

  test('of a library gives the value it makes', async () => {
    await using gateway = await startHooks(
      `onMessage: bound({ '~standard': { version: 1, vendor: 'own', validate: value =>
          typeof value === 'object' ? { value: { ...value, n: Number(value.n) } } : { issues: [{ message: 'no map', path: ['a', { key: 'b' }] }] } } },
         (caller, { n }) => n + 1),
       onError: (caller, error) => error.message`,
    )
    using client = await connect(gateway.url('ws'))
    expect(await client.ask('{"n":"41"}')).toBe('42')
    expect(await client.ask('5')).toBe('a.b: no map')
  })

  test('is not looked at where validation is off', async () => {
    await using gateway = await startHooks(
      `validation: false, onMessage: bound(${ORDER}, (caller, data) => data)`,
    )
    using client = await connect(gateway.url('ws'))
    expect(await client.ask('{"kind":"lend"}')).toBe('{"kind":"lend"}')
  })
})

describe('a message that does not fit, and no hook for the error', () => {
  const service = (code: string) =>
    startHooks(`${code} onMessage: bound({ type: 'object', required: ['${'ü'.repeat(80)}'] }, () => 'PASS')`)

  test('closes with 1003, the reason cut on a character', async () => {
    await using gateway = await service('')
    using client = await connect(gateway.url('ws'))
    client.send('{}')
    const { code, reason } = await client.closed
    // The character that would end at byte 124 is left out.
    expect([code, Buffer.byteLength(reason)]).toEqual([1003, 122])
    expect(reason).toMatch(/^data binding failed: the value must have required property 'ü+$/)
  })

  test('closes with 1007 where the service says so', async () => {
    await using gateway = await service("bindingCode: '1007',")
    using client = await connect(gateway.url('ws'))
    client.send('{}')
    expect(await client.closed).toMatchObject({ code: 1007 })
  })
})

test('text that is no UTF-8 is closed with 1007, whatever hooks there are', async () => {
  await using gateway = await startHooks(`onMessage: (caller, data) => data`)
  using client = await connect(gateway.url('ws'))
  client.webSocket.send(Buffer.from([0xff]), { binary: false })
  expect(await client.closed).toMatchObject({ code: 1007 })
})

test('an error of reading inside a hook is no error of its message', async () => {
  await using gateway = await startHooks(
    `onMessage() { throw new PayloadBindingError('of another connection') }`,
    `import { PayloadBindingError } from 'myelin'`,
  )
  using client = await connect(gateway.url('ws'))
  client.send('x')
  expect(await client.closed).toEqual({ code: 1011, reason: 'unexpected condition' })
})
