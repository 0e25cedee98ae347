import { connect as connectSocket } from 'node:net'
import { expect, test } from 'vitest'
import { type Beating, Heartbeat, ownPing, ownPong } from '../../src/websocket/heartbeat.ts'
import { type Alarm, TimerWheel } from '../../src/websocket/timer-wheel.ts'
import { startBackend, startEcho, startRaw } from '../support/backends.ts'
import { connect } from '../support/clients.ts'
import { relay } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { startGateway } from '../support/gateway.ts'

/** A peer that answers pings, or does not. */
class Peer implements Beating {
  isOpen = true
  isPaused = false
  receivedBytes = 0
  takenBytes = 0
  bufferedBytes = 0
  pings = 0
  answers = true
  failure: Error | undefined

  ping(data: Buffer): void {
    this.pings++
    if (this.answers) this.receivedBytes += data.length
  }

  abandon(failure: Error): void {
    this.failure = failure
    this.isOpen = false
  }
}

const SOON = { intervalMs: 40, timeoutMs: 60 }

test('a silent peer is pinged, again and again as long as it answers', async () => {
  const peer = new Peer()
  const heartbeat = new Heartbeat(peer, SOON)
  await eventually(() => expect(peer.pings).toBeGreaterThan(1))
  expect(peer.failure).toBeUndefined()
  heartbeat.stop()
})

test('a peer that answers no ping is lost', async () => {
  const peer = new Peer()
  peer.answers = false
  new Heartbeat(peer, SOON)
  await eventually(() => expect(peer.failure?.message).toContain('no answer to a ping within 60 ms'))
  expect(peer.pings).toBe(1)
})

test('a peer is not lost while it takes what the ping waits behind', async () => {
  const peer = new Peer()
  peer.answers = false
  peer.bufferedBytes = 1000
  const heartbeat = new Heartbeat(peer, SOON)
  const taking = setInterval(() => peer.takenBytes++, 5)
  await eventually(() => expect(peer.takenBytes).toBeGreaterThan(100))
  expect(peer.failure).toBeUndefined()
  clearInterval(taking)
  await eventually(() => expect(peer.failure).toBeDefined())
  heartbeat.stop()
})

test('pongs of our own pings are told from others', () => {
  expect(ownPong(ownPing(7))).toBe(7)
  expect(ownPong(Buffer.from('somebody else'))).toBeUndefined()
  expect(ownPong(Buffer.alloc(12))).toBeUndefined()
})

test('a wheel rings what is set, not what was taken back, and rests when there is nothing', async () => {
  const wheel = new TimerWheel()
  const rung: string[] = []
  const alarm = (name: string): Alarm => ({ onTime: () => rung.push(name) })
  const [a, b, c] = [alarm('a'), alarm('b'), alarm('c')]
  wheel.set(a, 120)
  wheel.set(b, 10)
  wheel.set(c, 10)
  wheel.set(c, 60)
  wheel.clear(b)
  await eventually(() => expect(rung).toEqual(['c', 'a']))
  expect(wheel.size).toBe(0)
})

test('an alarm may take back one that was to ring with it, and set itself again', async () => {
  const wheel = new TimerWheel()
  const rung: string[] = []
  const second: Alarm = { onTime: () => rung.push('second') }
  const first: Alarm = {
    onTime() {
      rung.push('first')
      wheel.clear(second)
      if (rung.length < 2) wheel.set(first, 10)
    },
  }
  wheel.set(first, 10)
  wheel.set(second, 10)
  await eventually(() => expect(rung).toEqual(['first', 'first']))
  expect(wheel.size).toBe(0)
})

const PINGED = { 'ws.heartbeat.interval': 50, 'ws.heartbeat.timeout': 100 }

test('a client that answers pings stays, one that does not is lost, and its backend is told', async () => {
  await using backend = await startEcho()
  await using gateway = await startGateway({ xml: relay(backend.url, { parameters: PINGED }) })
  using well = await connect(gateway.url('ws'))
  let pings = 0
  well.webSocket.on('ping', () => pings++)
  using mute = await connect(gateway.url('ws'), { autoPong: false })
  await eventually(() => expect(backend.connections).toHaveLength(2))

  expect(await mute.closed).toEqual({ code: 1006, reason: '' })
  await gateway.waitForLog('no answer to a ping within 100 ms')
  expect(await backend.connections[1]!.closed).toEqual({ code: 1001, reason: 'client connection lost' })
  await eventually(() => expect(pings).toBeGreaterThan(3))
  expect(await well.ask('still here')).toBe('still here')
})

test('our pongs are not relayed where pings and pongs run through the sequences', async () => {
  await using backend = await startEcho()
  const parameters = { ...PINGED, 'ws.pass.through.control.frames': true }
  await using gateway = await startGateway({ xml: relay(backend.url, { parameters }) })
  using client = await connect(gateway.url('ws'))
  await eventually(() => expect(backend.connections).toHaveLength(1))
  const pongs: string[] = []
  backend.connections[0]!.webSocket.on('pong', data => pongs.push(data.toString()))
  let pings = 0
  client.webSocket.on('ping', () => pings++)
  await eventually(() => expect(pings).toBeGreaterThan(2))
  client.webSocket.pong('mine')
  await eventually(() => expect(pongs).toEqual(['mine']))
})

const watched = (uri: string) =>
  relay('', {
    dispatch: `<send><endpoint><address uri="${uri}" xmlns:m="urn:myelin"><m:heartbeat interval="50" timeout="100"/></address></endpoint></send>`,
  })

test('a backend that is silent and answers pings stays', async () => {
  await using backend = await startBackend()
  await using gateway = await startGateway({ xml: watched(backend.url) })
  using client = await connect(gateway.url('ws'))
  await eventually(() => expect(backend.connections).toHaveLength(1))
  let pings = 0
  backend.connections[0]!.webSocket.on('ping', () => pings++)
  await eventually(() => expect(pings).toBeGreaterThan(3))
  backend.connections[0]!.webSocket.send('hello')
  expect(await client.received.text()).toBe('hello')
})

test('a backend that is gone though nothing said so is lost: fault 101505, and 1014', async () => {
  await using backend = await startEcho()
  // What stands between them swallows everything from some time on.
  let isDead = false
  await using between = await startRaw(socket => {
    const other = connectSocket(backend.port, '127.0.0.1').on('error', () => {})
    socket.on('data', data => isDead || other.write(data)).on('close', () => other.destroy())
    other.on('data', data => isDead || socket.write(data))
  })
  await using gateway = await startGateway({ xml: watched(between.url) })
  using client = await connect(gateway.url('ws'))
  expect(await client.ask('hello')).toBe('hello')
  isDead = true
  expect(await client.closed).toEqual({ code: 1014, reason: 'backend connection lost' })
  await gateway.waitForLog('FAULT = 101505')
  await gateway.waitForLog('no answer to a ping within 100 ms')
})
