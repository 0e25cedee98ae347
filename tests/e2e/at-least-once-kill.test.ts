// A gateway that is killed again and again while clients send: whatever it has acknowledged reaches the backend, in order.

import { describe, expect, test } from 'vitest'
import { myelin } from '../cli/program.ts'
import { freePort } from '../support/backends.ts'
import { TestFolder } from '../support/certificates.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { NumberingClient } from '../support/numbering.ts'
import { RedisServer } from '../support/redis.ts'

const FORWARDING = 'org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor'
const CLIENTS = ['a', 'b']
const PER_CLIENT = 150
/** How many messages of one client are on their way. */
const WINDOW = 20
/** After how many acknowledgements the gateway is killed. */
const KILLS = [30, 110, 190]

/** Counts to numbers that are waited for. */
class Count {
  #count = 0
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = []

  add(count: number): void {
    this.#count += count
    for (const { count: wanted, resolve } of this.#waiting) if (this.#count >= wanted) resolve()
  }

  reached(count: number): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.push({ count, resolve })
      this.add(0)
    })
  }
}

interface Run {
  readonly url: string
  readonly acknowledged: Count
  /** Resolves when the gateway is up. */
  up: PromiseWithResolvers<void>
}

/** Sends all messages of one client, over as many connections as it takes; never again what was acknowledged. */
async function sendAll(id: string, run: Run): Promise<void> {
  let accepted = 0
  while (accepted < PER_CLIENT) {
    await run.up.promise
    try {
      using client = await NumberingClient.greeted(run.url, id)
      const known = client.welcome.accepted ?? 0
      expect(known, 'what was acknowledged is known after the kill').toBeGreaterThanOrEqual(accepted)
      run.acknowledged.add(known - accepted)
      accepted = known
      let sent = accepted
      while (accepted < PER_CLIENT) {
        while (sent < Math.min(accepted + WINDOW, PER_CLIENT))
          client.say({ seq: ++sent, data: `${id}${sent}` })
        const told = await client.told()
        expect(told.error).toBeUndefined()
        run.acknowledged.add(told.accepted! - accepted)
        accepted = told.accepted!
      }
    } catch (error) {
      if (!/ECONN|closed|hang up/.test(String(error))) throw error
    }
  }
}

function configuration(folder: TestFolder, port: number, backend: string, settings = ''): void {
  folder.write(
    'deployment.toml',
    `[myelin]\ndata_folder = "${folder.path}/data"\n${settings}[transport.http.listener]\nport = 0\n`,
  )
  folder.write(
    'synapse.xml',
    `<definitions xmlns="http://ws.apache.org/ns/synapse">
      <inboundEndpoint name="clients" protocol="ws" sequence="main" onError="fault"><parameters>
        <parameter name="inbound.ws.port">${port}</parameter>
        <parameter name="ws.delivery.store">incoming</parameter>
      </parameters></inboundEndpoint>
      <messageStore name="incoming" class="${settings === '' ? 'myelin.embedded' : 'myelin.redis'}"/>
      <endpoint name="backend"><address uri="${backend}"/></endpoint>
      <messageProcessor name="forward" class="${FORWARDING}" messageStore="incoming" targetEndpoint="backend">
        <parameter name="interval">1</parameter>
        <parameter name="client.retry.interval">10</parameter>
        <parameter name="max.delivery.attempts">-1</parameter>
      </messageProcessor>
      <sequence name="main"><drop/></sequence>
      <sequence name="fault"><drop/></sequence>
    </definitions>`,
  )
}

/** Each message of a client, at the place where it came first. */
function ofClient(id: string, bodies: readonly string[]): string[] {
  return [...new Set(bodies.filter(body => body.startsWith(id)))]
}

async function killed(settings = ''): Promise<void> {
  const arrived = new Count()
  const seen = new Set<string>()
  await using backend = await HttpBackend.start(({ body }) => {
    if (!seen.has(body)) arrived.add(1)
    seen.add(body)
    return {}
  })
  using folder = new TestFolder()
  const port = await freePort()
  configuration(folder, port, backend.url, settings)
  const run: Run = {
    url: `ws://127.0.0.1:${port}/`,
    acknowledged: new Count(),
    up: Promise.withResolvers(),
  }
  let gateway = myelin('run', folder.path)
  try {
    await gateway.prints(/"ready"/)
    run.up.resolve()
    const sending = Promise.all(CLIENTS.map(id => sendAll(id, run)))
    for (const count of KILLS) {
      await Promise.race([run.acknowledged.reached(count), sending])
      run.up = Promise.withResolvers()
      gateway.kill('SIGKILL')
      await gateway.ended()
      gateway = myelin('run', folder.path)
      await gateway.prints(/"ready"/)
      run.up.resolve()
    }
    await sending
    await arrived.reached(CLIENTS.length * PER_CLIENT)
  } finally {
    await gateway[Symbol.asyncDispose]()
  }
  const bodies = backend.received.map(({ body }) => body)
  for (const id of CLIENTS)
    expect(ofClient(id, bodies)).toEqual(Array.from({ length: PER_CLIENT }, (_, i) => `${id}${i + 1}`))
  // At most one message was under way to the backend at each kill.
  expect(bodies.length).toBeLessThanOrEqual(CLIENTS.length * PER_CLIENT + KILLS.length)
}

describe.concurrent('nothing that was acknowledged is lost, nor out of order, when the gateway is killed', () => {
  test('with the store in a file', { timeout: 120_000 }, () => killed())

  test('with the store in Redis', { timeout: 120_000 }, async () => {
    await using redis = await RedisServer.start({ isDurable: true })
    await killed(`redis.url = "${redis.url}"\n`)
  })
})
