// Neither side gets ahead of the other: what waits in memory is bounded, and nothing is lost.

import { expect, test } from 'vitest'
import { connect } from '../../src/sdk/index.ts'
import { startBackend, startEcho } from '../support/backends.ts'
import { eventually } from '../support/eventually.ts'

const MEBIBYTE = 1024 * 1024

/** Waits until a number stays as it is for some turns. */
async function settled(read: () => number): Promise<number> {
  let [last, same] = [read(), 0]
  while (same < 200) {
    await new Promise(resolve => setImmediate(resolve))
    const now = read()
    same = now === last ? same + 1 : 0
    last = now
  }
  return last
}

test('a server that floods has to wait while nobody reads; all of it is read later', async () => {
  const count = 20_000
  await using backend = await startBackend()
  await using client = await connect(backend.url, { compression: false, readAheadSize: 64 * 1024 })
  const { webSocket } = await backend.connection()
  for (let i = 0; i < count; i++) webSocket.send(String(i).padEnd(2_000))
  const waiting = await settled(() => webSocket.bufferedAmount)
  // What is not there any more is with the client, or in the buffers of the operating system.
  expect(count * 2_000 - waiting).toBeLessThan(12 * MEBIBYTE)
  for (let i = 0; i < count; i++) expect(Number(await client.readMessage())).toBe(i)
  expect(webSocket.bufferedAmount).toBe(0)
})

test('as much is read ahead as is asked for, and pings are answered up to there', async () => {
  await using backend = await startBackend()
  await using client = await connect(backend.url, { compression: false, readAheadSize: 8 * MEBIBYTE })
  const { webSocket } = await backend.connection()
  for (let i = 0; i < 4; i++) webSocket.send(Buffer.alloc(MEBIBYTE), { fin: true })
  await expect(client.readMessage()).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
  await using other = await connect(backend.url, {
    compression: false,
    readAheadSize: 8 * MEBIBYTE,
    maxFrameSize: MEBIBYTE,
  })
  const second = (await backend.connection(2)).webSocket
  for (let i = 0; i < 4; i++) second.send(Buffer.alloc(MEBIBYTE))
  const ponged = new Promise(resolve => second.once('pong', resolve))
  second.ping()
  await ponged
  for (let i = 0; i < 4; i++) expect(await other.readMessage()).toHaveLength(MEBIBYTE)
})

test('writes wait while the server is behind, and arrive in order', async () => {
  await using backend = await startBackend()
  await using client = await connect(backend.url, { compression: false })
  const { webSocket, received } = await backend.connection()
  webSocket.pause()
  const count = 400
  let written = 0
  const writing = (async () => {
    for (let i = 0; i < count; i++) {
      await client.writeMessage(String(i).padEnd(100_000))
      written++
    }
  })()
  expect(await settled(() => written)).toBeLessThan(count / 2)
  webSocket.resume()
  await writing
  for (let i = 0; i < count; i++) expect(Number(await received.text())).toBe(i)
})

test('whoever writes without waiting gets all of it through too, in order', async () => {
  await using backend = await startBackend()
  await using client = await connect(backend.url, { compression: false })
  const { received } = await backend.connection()
  const all = Array.from({ length: 2_000 }, (_, i) => client.writeMessage(String(i).padEnd(5_000)))
  await Promise.all(all)
  for (let i = 0; i < all.length; i++) expect(Number(await received.text())).toBe(i)
})

test('compressed messages are bounded in the same way', async () => {
  const count = 3_000
  await using backend = await startEcho()
  await using client = await connect(backend.url)
  const text = 'abcdefghij'.repeat(1_000)
  const writing = (async () => {
    for (let i = 0; i < count; i++) await client.writeMessage(`${i} ${text}`)
  })()
  for (let i = 0; i < count; i++) expect(Number.parseInt(await client.readTextMessage(), 10)).toBe(i)
  await writing
})

test('a client that is closed lets go of what nobody read', async () => {
  await using backend = await startBackend({ greet: ({ webSocket }) => webSocket.send('unread') })
  const client = await connect(backend.url)
  await client.close()
  await expect(client.readMessage()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' })
  await eventually(() => expect(backend.open).toBe(0))
})
