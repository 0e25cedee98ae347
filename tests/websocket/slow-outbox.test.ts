import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { MessageCounters } from '../../src/core/metrics.ts'
import type { Service } from '../../src/core/ports.ts'
import { NOBODY } from '../../src/sequences/internal.ts'
import { Connection } from '../../src/websocket/connection.ts'
import { SlowOutbox } from '../../src/websocket/slow-outbox.ts'
import type { SlowReaders } from '../../src/websocket/slow-readers.ts'
import { eventually } from '../support/eventually.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

const MIB = 1024 * 1024
const LONG = Buffer.alloc(48 * MIB)
const MAX_STUCK_MS = 500

const READERS: SlowReaders = {
  policy: 'drop-oldest',
  maxBytes: 1_000 * MIB,
  maxMessages: 1_000,
  maxPushedBytes: 1_000 * MIB,
  key: undefined,
  spillFolder: '',
}

/** A peer that has to take a long message, with another one waiting behind it, when it is to be closed. */
class Peer implements AsyncDisposable {
  readonly counters = new MessageCounters()
  taken = 0
  isFinished = false
  readonly #server = createServer()
  #near!: Socket
  #far!: Socket

  static async start(): Promise<Peer> {
    const peer = new Peer()
    peer.#server.listen(0, '127.0.0.1')
    await once(peer.#server, 'listening')
    const accepted = once(peer.#server, 'connection')
    peer.#far = connect((peer.#server.address() as { port: number }).port, '127.0.0.1').pause()
    peer.#near = ((await accepted) as [Socket])[0]
    const start = { subprotocol: '', isClient: false, maxMessageBytes: 1, closeTimeoutMs: 1_000 }
    const connection = new Connection(peer.#near, start, {
      onMessage: () => {},
      onDrain: () => outbox.feed(),
      onClose: () => {},
    })
    connection.maxUnsentBytes = 0
    const service = { counters: peer.counters, log: new RecordingLogger(), label: '' } as unknown as Service
    const outbox = new SlowOutbox(
      {
        service,
        connection,
        origin: NOBODY,
        names: { fields: {}, who: 'a slow client', setting: 'ws.slow.policy' },
        holdUp: () => {},
        outboxEmptied: () => {},
        giveUp: () => {},
      },
      READERS,
      MAX_STUCK_MS,
    )
    connection.send(LONG, true)
    connection.flush()
    expect(connection.isBehind).toBe(true)
    outbox.add({ data: Buffer.from('the last'), isBinary: false, compress: false })
    outbox.finish(() => {
      peer.isFinished = true
    })
    return peer
  }

  /** Takes some of it now and then. */
  takeSlowly(): void {
    this.#far.on('data', chunk => {
      this.taken += chunk.length
      if (this.taken % (2 * MIB) < chunk.length) {
        this.#far.pause()
        setTimeout(() => this.#far.resume(), MAX_STUCK_MS / 8)
      }
    })
    this.#far.resume()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#near.destroy()
    this.#far.destroy()
    this.#server.close()
  }
}

test('who takes a long message slowly gets what waits behind it', async () => {
  await using peer = await Peer.start()
  peer.takeSlowly()
  const start = performance.now()
  await eventually(() => expect(peer.isFinished).toBe(true))
  expect(performance.now() - start).toBeGreaterThan(MAX_STUCK_MS)
  await eventually(() => expect(peer.taken).toBeGreaterThan(LONG.length + 'the last'.length))
  expect(peer.counters.slow['drop-oldest']).toBe(0)
})

test('who takes nothing does not', async () => {
  await using peer = await Peer.start()
  await eventually(() => expect(peer.isFinished).toBe(true))
  expect(peer.counters.slow['drop-oldest']).toBe(1)
})
