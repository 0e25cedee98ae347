// A thousand sessions, each in one of the states a session can be in, and each killed on one side in one of the ways a
// side can end. Once the deadline has passed nothing of them is left: no session, no link, no socket, no timer. The
// order is drawn by a seed: MYELIN_SEED repeats a run.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { WebSocket } from 'ws'
import { type Backend, startBackend, startSilent } from '../support/backends.ts'
import { Client, connect } from '../support/clients.ts'
import { relay, sendTo } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const KILLS = 1_000
const AT_ONCE = 200
/** Two deadlines one after the other, and a look at paused sockets before them. */
const DEADLINES = { 'ws.close.deadline': 300 }
const SETTINGS = { 'transport.ws.close_timeout_ms': 300, 'transport.ws.handshake_timeout_ms': 30_000 }

const seed = Number(process.env.MYELIN_SEED ?? 20261121)

function randomFrom(start: number): (below: number) => number {
  let state = start >>> 0
  return below => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function sockets(): number {
  return process.getActiveResourcesInfo().filter(name => name === 'TCPSocketWrap').length
}

function socketOf(webSocket: WebSocket): Socket {
  return (webSocket as unknown as { _socket: Socket })._socket
}

/** Reads nothing more and answers nothing more; its socket stays open until it is cut from the other end. */
function silence(webSocket: WebSocket): Socket {
  const socket = socketOf(webSocket)
  socket.removeAllListeners('data').pause()
  return socket
}

const END = {
  close: (webSocket: WebSocket) => webSocket.close(4000, 'enough'),
  reset: (webSocket: WebSocket) => socketOf(webSocket).resetAndDestroy(),
  'hang up': (webSocket: WebSocket) => socketOf(webSocket).destroy(),
} as const
type Way = keyof typeof END
const WAYS = Object.keys(END) as Way[]

/** Gives the clients that have connected and are not gone, by the log; each line is read once. */
function sessionsOf(gateway: TestGateway): () => number {
  const open = new Set<unknown>()
  let read = 0
  return () => {
    for (; read < gateway.logs.length; read++) {
      const { fields, text } = gateway.logs[read]!
      if (/ client \S+ connected$/.test(text)) open.add(fields.session)
      else if (/ client \S+ (?:is gone$|was closed: )/.test(text)) open.delete(fields.session)
    }
    return open.size
  }
}

interface Scene {
  readonly gateway: TestGateway
  readonly backend: Backend
  readonly pick: <T>(from: readonly T[]) => T
  /** Sockets that were left open and silent. */
  readonly silent: Socket[]
}

type Sides = { readonly client: WebSocket; readonly backend: WebSocket }

/** Connects, and finds the connection of the backend by a header it gets. */
async function pair({ gateway, backend }: Scene, name: string, id: number): Promise<Sides> {
  const client = await connect(gateway.url('ws', name), { headers: { 'X-Id': String(id) } })
  client.webSocket.on('error', () => {})
  const found = (): WebSocket | undefined =>
    backend.connections.find(({ request }) => request.headers['x-id'] === String(id))?.webSocket
  await eventually(() => expect(found()).toBeDefined())
  return { client: client.webSocket, backend: found()! }
}

const STATES: Readonly<Record<string, (scene: Scene, id: number) => Promise<void>>> = {
  async quiet(scene, id) {
    const sides = await pair(scene, 'plain', id)
    END[scene.pick(WAYS)](sides[scene.pick(['client', 'backend'] as const)])
  },

  async talking(scene, id) {
    const sides = await pair(scene, 'plain', id)
    for (let i = 0; i < 20; i++) {
      sides.client.send(`question ${i}`)
      sides.backend.send(`answer ${i}`)
    }
    END[scene.pick(WAYS)](sides[scene.pick(['client', 'backend'] as const)])
  },

  async 'with a silent other side'(scene, id) {
    const sides = await pair(scene, 'plain', id)
    const [killed, other] = scene.pick([
      ['client', 'backend'],
      ['backend', 'client'],
    ] as const)
    scene.silent.push(silence(sides[other]))
    for (let i = 0; i < 20; i++) sides[killed].send('x'.repeat(1_000))
    END[scene.pick(WAYS)](sides[killed])
  },

  async 'behind, with a backend that is not read'(scene, id) {
    const sides = await pair(scene, 'plain', id)
    scene.silent.push(silence(sides.client))
    const chunk = Buffer.alloc(256 * 1024)
    for (let i = 0; i < 64; i++) sides.backend.send(chunk)
    await eventually(() => expect(socketOf(sides.backend).writableLength).toBeGreaterThan(1024 * 1024))
    END.reset(sides[scene.pick(['client', 'backend'] as const)])
  },

  async 'behind, with a client that is not read'(scene, id) {
    const sides = await pair(scene, 'plain', id)
    scene.silent.push(silence(sides.backend))
    const chunk = Buffer.alloc(256 * 1024)
    for (let i = 0; i < 64; i++) sides.client.send(chunk)
    await eventually(() => expect(socketOf(sides.client).writableLength).toBeGreaterThan(1024 * 1024))
    END.reset(sides[scene.pick(['client', 'backend'] as const)])
  },

  async 'waiting for an HTTP call'(scene, id) {
    const sides = await pair(scene, 'waiting', id)
    for (let i = 0; i < 3; i++) scene.pick([sides.client, sides.backend]).send('ask')
    END[scene.pick(WAYS)](sides[scene.pick(['client', 'backend'] as const)])
  },

  async opening({ gateway, pick }, id) {
    const client = await connect(gateway.url('ws', 'opening'))
    client.webSocket.on('error', () => {})
    for (let i = id % 4; i > 0; i--) client.send('hello?')
    END[pick(WAYS)](client.webSocket)
  },

  async held({ gateway, pick }) {
    const client = new Client(gateway.url('ws', 'held'))
    client.webSocket.on('error', () => {})
    const { _req: request } = client.webSocket as unknown as { _req: { socket: Socket | null } }
    await eventually(() => expect(request.socket?.connecting).toBe(false))
    const socket = request.socket!
    if (pick([true, false])) socket.destroy()
    else socket.resetAndDestroy()
  },
}

test(`${KILLS} kills leave nothing (seed ${seed})`, { timeout: 120_000 }, async () => {
  const before = sockets()
  await using backend = await startBackend()
  await using silentBackend = await startSilent()
  const slow = createServer((_request, response) => {
    setTimeout(() => response.end('late'), 700)
  })
  await once(slow.listen(0, '127.0.0.1'), 'listening')
  const ask = `<call><endpoint><address uri="http://127.0.0.1:${(slow.address() as AddressInfo).port}/"/></endpoint></call>`
  const unlessEvent = `<filter source="boolean(get-property('source.handshake.present')) or boolean(get-property('connection.terminate'))" regex="false"><then>${ask}</then></filter>`
  const parameters = { ...DEADLINES, 'ws.headers.preserve': 'X-Id' }
  await using gateway = await startGateway({
    xml:
      relay(backend.url, { name: 'plain', parameters }) +
      relay(backend.url, {
        name: 'waiting',
        dispatch: `${unlessEvent}${sendTo(backend.url)}`,
        out: `${ask}<respond/>`,
        parameters,
      }) +
      relay(silentBackend.url, { name: 'opening', parameters }) +
      relay(silentBackend.url, { name: 'held', parameters: { ...parameters, 'ws.handshake': 'held' } }),
    settings: SETTINGS,
  })
  const idle = sockets()
  const sessions = sessionsOf(gateway)
  const random = randomFrom(seed)
  const scene: Scene = { gateway, backend, pick: from => from[random(from.length)]!, silent: [] }
  const kinds = Object.keys(STATES)

  for (let done = 0; done < KILLS; done += AT_ONCE) {
    const batch = Array.from({ length: AT_ONCE }, (_, i) => STATES[scene.pick(kinds)]!(scene, done + i))
    await Promise.all(batch)
    await eventually(() => expect(sessions()).toBe(0))
    // Sockets that read nothing see now that they were cut; they still answer nothing.
    for (const socket of scene.silent.splice(0)) socket.resume()
    await eventually(() => expect([backend.open, silentBackend.open, gateway.inFlight]).toEqual([0, 0, 0]))
  }

  slow.closeAllConnections()
  slow.close()
  await eventually(() => expect(sockets()).toBeLessThanOrEqual(idle))
  expect(idle - before).toBeLessThan(20)
})
