// Services that come and go in a program of one's own, with clients that are there meanwhile.

import { describe, expect, test } from 'vitest'
import {
  type Client,
  ConnectionError,
  close,
  connect,
  type ServiceServer,
  serve,
  service,
  UpgradeError,
} from '../../src/sdk/index.ts'
import { freePort } from '../support/backends.ts'

const echo = (basePath: string) => service({ basePath, onMessage: (_caller, data: string) => data })

/** Opens a client of a path. */
const clientOf = ({ port }: ServiceServer, path: string): Promise<Client> =>
  connect(`ws://localhost:${port}${path}`)

async function answerOf(client: Client, text: string): Promise<string> {
  await client.writeMessage(text)
  return await client.readMessage<string>()
}

describe('attach and detach', () => {
  test('what is attached is served at once, on the port that is there', async () => {
    await using server = await serve(echo('/first'))
    const { port } = server
    await expect(clientOf(server, '/second')).rejects.toMatchObject({ response: { status: 404 } })
    await server.attach(echo('/second'))
    await using client = await clientOf(server, '/second')
    expect(await answerOf(client, 'hello')).toBe('hello')
    expect(server.port).toBe(port)
  })

  test('what is detached takes nobody new, and connections that are there go on', async () => {
    const first = echo('/first')
    await using server = await serve([first, echo('/second')])
    await using staying = await clientOf(server, '/first')
    await server.detach(first)
    await expect(clientOf(server, '/first')).rejects.toBeInstanceOf(UpgradeError)
    await using other = await clientOf(server, '/second')
    expect(await answerOf(staying, 'still here')).toBe('still here')
    expect(await answerOf(other, 'too')).toBe('too')
    await server.stop({ grace: 2 })
    await expect(staying.readMessage()).rejects.toMatchObject({ closeCode: 1001, wasClean: true })
  })

  test('hooks of connections that are there run to their end after it, that of the close too', async () => {
    const closed = Promise.withResolvers<number>()
    const first = service({
      basePath: '/first',
      onMessage: (_caller, data: string) => (data === 'end' ? close(4000, 'as you like') : data),
      onClose: (_caller, code) => closed.resolve(code),
    })
    await using server = await serve(first)
    await using client = await clientOf(server, '/first')
    await server.detach(first)
    await client.writeMessage('end')
    await expect(client.readMessage()).rejects.toMatchObject({ closeCode: 4000, reason: 'as you like' })
    expect(await closed.promise).toBe(4000)
  })

  test('its place can be taken by another, while its connections go on', async () => {
    const first = service({ basePath: '/same', onMessage: () => 'first' })
    const second = service({ basePath: '/same', onMessage: () => 'second' })
    await using server = await serve(first)
    await using old = await clientOf(server, '/same')
    await expect(server.attach(second)).rejects.toThrow('service is served at /same already')
    await server.detach(first)
    await server.attach(second)
    await using young = await clientOf(server, '/same')
    expect([await answerOf(old, '?'), await answerOf(young, '?')]).toEqual(['first', 'second'])
  })

  test('REST resources come and go with their service', async () => {
    const orders = service({ basePath: '/orders', resources: { 'GET /{id}': () => ({ id: 1 }) } })
    await using server = await serve([echo('/echo')])
    const url = `http://localhost:${server.port}/orders/1`
    const statuses = [(await fetch(url)).status]
    await server.attach(orders)
    statuses.push((await fetch(url)).status)
    await server.detach(orders)
    statuses.push((await fetch(url)).status)
    expect(statuses).toEqual([404, 200, 404])
  })

  test('a service with a port of its own can be attached to it again', async () => {
    const port = await freePort()
    const own = service({
      basePath: '/own',
      listen: { port, host: '127.0.0.1' },
      onMessage: (_caller, data: string) => data,
    })
    await using server = await serve(echo('/echo'))
    await server.attach(own)
    await using staying = await connect(`ws://127.0.0.1:${port}/own`)
    await server.detach(own)
    await expect(connect(`ws://127.0.0.1:${port}/own`)).rejects.toBeInstanceOf(UpgradeError)
    expect(await answerOf(staying, 'still here')).toBe('still here')
    await server.attach(own)
    await using again = await connect(`ws://127.0.0.1:${port}/own`)
    expect(await answerOf(again, 'again')).toBe('again')
  })

  test('what is wrong with a service is thrown, and the others are served', async () => {
    await using server = await serve(echo('/first'))
    await expect(server.attach({ basePath: '/second', onMesage: () => 1 })).rejects.toThrow('onMessage?')
    await expect(server.detach(echo('/first'))).rejects.toThrow('the service is not attached')
    await using client = await clientOf(server, '/first')
    expect(await answerOf(client, 'hello')).toBe('hello')
  })
})

describe('start and stop', () => {
  test('nothing listens before start; services may come before it', async () => {
    const port = await freePort()
    const first = echo('/first')
    await using server = await serve(first, { port, host: '127.0.0.1', start: false })
    await server.attach(echo('/second'))
    await server.detach(first)
    expect([server.isRunning, server.url]).toEqual([false, ''])
    await expect(connect(`ws://127.0.0.1:${port}/second`)).rejects.toBeInstanceOf(ConnectionError)
    await server.start()
    await server.start()
    expect([server.isRunning, server.url]).toEqual([true, `ws://127.0.0.1:${port}/second`])
    await using client = await connect(server.url)
    expect(await answerOf(client, 'hello')).toBe('hello')
    await expect(connect(`ws://127.0.0.1:${port}/first`)).rejects.toBeInstanceOf(UpgradeError)
  })

  test('what was stopped begins anew at the same port, with what is attached by then', async () => {
    await using server = await serve(echo('/first'))
    const { port, url } = server
    await server.stop({ grace: 1 })
    await server.stop()
    expect(server.isRunning).toBe(false)
    await expect(connect(url)).rejects.toBeInstanceOf(ConnectionError)
    await server.attach(echo('/second'))
    await server.start()
    expect(server.port).toBe(port)
    for (const path of ['/first', '/second']) {
      await using client = await clientOf(server, path)
      expect(await answerOf(client, path)).toBe(path)
    }
  })

  test('a message that is under way has its answer before the close', async () => {
    const [begun, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const slow = service({
      async onMessage(_caller, data: string) {
        begun.resolve()
        await goOn.promise
        return `${data}, done`
      },
    })
    await using server = await serve(slow)
    await using client = await connect(server.url)
    await client.writeMessage('work')
    await begun.promise
    const stopped = server.stop({ grace: 5 })
    goOn.resolve()
    expect(await client.readMessage()).toBe('work, done')
    await expect(client.readMessage()).rejects.toMatchObject({ closeCode: 1001 })
    await stopped
  })

  test('kill waits for nothing, not even for a stop that has time left', async () => {
    const begun = Promise.withResolvers<void>()
    const never = service({
      onMessage() {
        begun.resolve()
        return new Promise(() => {})
      },
    })
    const servers = await Promise.all([serve(never, { log: 'silent' }), serve(never, { log: 'silent' })])
    for (const [i, server] of servers.entries()) {
      await using client = await connect(server.url)
      await client.writeMessage('work')
      await begun.promise
      const stopped = i === 0 ? undefined : server.stop({ grace: 600 })
      await server.kill()
      await stopped
      expect((await client.closed).code).toBeOneOf([1001, 1006])
      await expect(connect(`ws://localhost:${server.port}`)).rejects.toBeInstanceOf(ConnectionError)
    }
  })

  test('a port that is taken is an error, and can be tried again', async () => {
    const first = await serve(echo('/first'))
    const second = await serve(echo('/second'), { port: first.port, start: false, log: 'silent' })
    await expect(second.start()).rejects.toThrow(`cannot listen on port ${first.port}`)
    await first.kill()
    await second.start()
    await using client = await clientOf(second, '/second')
    expect(await answerOf(client, 'hello')).toBe('hello')
    await second.kill()
  })
})
