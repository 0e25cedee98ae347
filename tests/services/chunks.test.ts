// Fragments are joined, unless a hook takes messages in chunks, as they come.

import { describe, expect, test } from 'vitest'
import { connect } from '../support/clients.ts'
import { findingsOf, startHooks, startService } from './serve.ts'

test('fragments are joined before a hook runs', async () => {
  await using gateway = await startHooks(`onMessage: (caller, data) => data.length + ': ' + data`)
  using client = await connect(gateway.url('ws'))
  client.webSocket.send('one ', { fin: false })
  client.webSocket.ping()
  client.webSocket.send('', { fin: false })
  client.webSocket.send('two', { fin: true })
  expect(await client.received.text()).toBe('7: one two')
})

const TELLS = `streamed(async (caller, chunks) => {
  let n = 0
  for await (const chunk of chunks) {
    n++
    await caller.writeMessage(chunk)
  }
  return 'chunks: ' + n
})`

describe('a function takes chunks', () => {
  test('as text, before the message is complete', async () => {
    await using gateway = await startHooks(`onMessage: ${TELLS}`, `import { streamed } from 'myelin'`)
    using client = await connect(gateway.url('ws'))
    client.webSocket.send('one', { fin: false })
    expect(await client.received.text()).toBe('one')
    client.webSocket.send('two', { fin: false })
    expect(await client.received.text()).toBe('two')
    client.webSocket.send('', { fin: true })
    expect(await client.received.text()).toBe('chunks: 2')
  })

  test('as bytes of a binary message; a message in one piece is one chunk', async () => {
    await using gateway = await startHooks(`onMessage: ${TELLS}`, `import { streamed } from 'myelin'`)
    using client = await connect(gateway.url('ws'))
    client.webSocket.send(Buffer.from([1, 255]), { fin: false })
    expect(await client.received.next()).toEqual({ data: Buffer.from([1, 255]), isBinary: true })
    client.webSocket.send(Buffer.from([0]), { fin: true })
    expect(await client.received.next()).toEqual({ data: Buffer.from([0]), isBinary: true })
    expect(await client.received.text()).toBe('chunks: 1'.replace('1', '2'))
    client.send('whole')
    expect(await client.received.texts(2)).toEqual(['whole', 'chunks: 1'])
    client.send('')
    expect(await client.received.text()).toBe('chunks: 0')
  })

  test('a character that is cut by a fragment comes whole', async () => {
    await using gateway = await startHooks(`onMessage: ${TELLS}`, `import { streamed } from 'myelin'`)
    using client = await connect(gateway.url('ws'))
    const bytes = Buffer.from('aü')
    client.webSocket.send(bytes.subarray(0, 2), { fin: false, binary: false })
    expect(await client.received.text()).toBe('a')
    client.webSocket.send(bytes.subarray(2), { fin: true, binary: false })
    expect(await client.received.texts(2)).toEqual(['ü', 'chunks: 2'])
  })
})

test('the option of the service goes for all its hooks of messages; a generator answers while it reads', async () => {
  await using gateway = await startHooks(
    `stream: true,
     onTextMessage: async function* (caller, chunks) {
       for await (const chunk of chunks) yield chunk.toUpperCase()
       yield 'the end'
     },
     onBinaryMessage: async (caller, chunks) => { for await (const chunk of chunks) return 'the first is enough' }`,
  )
  using client = await connect(gateway.url('ws'))
  client.webSocket.send('one', { fin: false })
  expect(await client.received.text()).toBe('ONE')
  client.webSocket.send('two', { fin: true })
  expect(await client.received.texts(2)).toEqual(['TWO', 'the end'])
  client.webSocket.send(Buffer.from([1]), { fin: false })
  expect(await client.received.text()).toBe('the first is enough')
  client.webSocket.send(Buffer.from([2]), { fin: true })
  client.send('on')
  expect(await client.received.texts(2)).toEqual(['ON', 'the end'])
})

test('while a hook takes no more its client is not read, and no other waits for it', async () => {
  const size = 32 * 1024 * 1024
  await using gateway = await startHooks(
    `maxMessageSize: ${2 * size},
     onTextMessage: (caller, data) => data,
     onBinaryMessage: streamed(async (caller, chunks) => {
       let bytes = 0
       for await (const chunk of chunks) {
         if (bytes === 0) {
           caller.setAttribute('go', Promise.withResolvers())
           await caller.writeMessage('first')
           await go.promise
         }
         bytes += chunk.length
       }
       return String(bytes)
     }),
     onPing: () => go.resolve()`,
    `import { streamed } from 'myelin'\nconst go = Promise.withResolvers()`,
  )
  using sender = await connect(gateway.url('ws'))
  using other = await connect(gateway.url('ws'))
  const fragment = Buffer.alloc(64 * 1024, 1)
  for (let sent = 0; sent < size; sent += fragment.length)
    sender.webSocket.send(fragment, { fin: sent + fragment.length >= size })
  expect(await sender.received.text()).toBe('first')
  for (let i = 0; i < 50; i++) expect(await other.ask('still here')).toBe('still here')
  expect(sender.webSocket.bufferedAmount).toBeGreaterThan(size / 4)
  other.webSocket.ping()
  expect(await sender.received.text()).toBe(String(size))
})

test('a client that leaves in the middle is an error to who reads', async () => {
  await using gateway = await startHooks(
    `onTextMessage: caller => caller.groups.join('witness').toString(),
     onBinaryMessage: streamed(async (caller, chunks) => {
       try {
         for await (const chunk of chunks) await caller.writeMessage('got it')
       } catch (error) {
         await caller.groups.send('witness', error.name)
       }
     })`,
    `import { streamed } from 'myelin'`,
  )
  using witness = await connect(gateway.url('ws'))
  expect(await witness.ask('watch')).toBe('true')
  using leaving = await connect(gateway.url('ws'))
  leaving.webSocket.send(Buffer.from([1]), { fin: false })
  expect(await leaving.received.text()).toBe('got it')
  leaving.webSocket.terminate()
  expect(await witness.received.text()).toBe('BodyError')
})

test('invalid text is refused in the middle', async () => {
  await using gateway = await startHooks(`onMessage: ${TELLS}`, `import { streamed } from 'myelin'`)
  using client = await connect(gateway.url('ws'))
  client.webSocket.send('good', { fin: false })
  expect(await client.received.text()).toBe('good')
  client.webSocket.send(Buffer.from([0xff]), { fin: true, binary: false })
  expect(await client.closed).toMatchObject({ code: 1007 })
})

test.each([
  ['a.xml', '<service xmlns="urn:myelin" name="a"><onMessage stream="true"><respond/></onMessage></service>'],
  ['a.yaml', 'name: a\nonMessage: {stream: true, steps: [respond]}'],
  ['a.ts', "export default { name: 'a', onMessage: { stream: true, run: ['respond'] } }"],
])('%s: mediators that look into a message get all of it', async (name, text) => {
  expect(findingsOf(name, text)).toEqual([])
  await using gateway = await startService(name, text)
  using client = await connect(gateway.url('ws'))
  client.webSocket.send('{"a":', { fin: false })
  client.webSocket.send('1}', { fin: true })
  expect(await client.received.text()).toBe('{"a":1}')
})
