// A service served by a program of its own.

import { expect, test } from 'vitest'
import { close, serve, service } from '../../src/sdk/index.ts'
import { connect } from '../support/clients.ts'

test('a program serves a service, and stops it', async () => {
  const echo = service({
    basePath: '/echo',
    onMessage: (_caller, data: string) => (data === 'end' ? close.normal() : data),
  })
  const server = await serve(echo)
  using client = await connect(server.url)
  client.send('hello')
  expect(await client.received.text()).toBe('hello')
  client.send('end')
  expect(await client.closed).toMatchObject({ code: 1000 })
  using other = await connect(server.url)
  await server.stop({ grace: 5 })
  expect(await other.closed).toMatchObject({ code: 1001 })
})

test('what is wrong with a service is thrown', async () => {
  await expect(serve({ basePath: '/echo', onMesage: () => 1 })).rejects.toThrow(
    /no hook onMesage[\s\S]*onMessage\?/,
  )
})

test('hooks that fail, at any time, touch one client', async () => {
  const fragile = service({
    onOpen(caller) {
      if (caller.path === '/' && caller.url.includes('fail')) throw new Error('open')
    },
    onMessage: () => Promise.reject(new Error('message')),
    onClose: () => Promise.reject(new Error('close')),
    onError() {
      throw new Error('error')
    },
    onPing() {
      throw new Error('ping')
    },
  })
  await using server = await serve(fragile, { log: 'silent' })
  using witness = await connect(server.url)
  using first = await connect(`${server.url}?fail`)
  expect(await first.closed).toMatchObject({ code: 1011 })
  using second = await connect(server.url)
  second.send('any')
  expect(await second.closed).toMatchObject({ code: 1011 })
  using third = await connect(server.url)
  third.webSocket.ping()
  expect(await third.closed).toMatchObject({ code: 1011 })
  using fourth = await connect(server.url)
  // Text that is no UTF-8.
  ;(fourth.webSocket as unknown as { _socket: import('node:net').Socket })._socket.write(
    Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]),
  )
  expect(await fourth.closed).toMatchObject({ code: 1007 })
  expect(witness.webSocket.readyState).toBe(1)
})
