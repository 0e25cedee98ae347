import { describe, expect, test } from 'vitest'
import { type Backend, startBackend, startEcho } from '../support/backends.ts'
import { type Client, connect } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { FickleBackend } from '../support/fickle-backend.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'

const RETURNS_SOON = '<suspendOnFailure><initialDuration>50</initialDuration></suspendOnFailure>'
const member = (uri: string) => `<endpoint><address uri="${uri}">${RETURNS_SOON}</address></endpoint>`

/** Asks 200 times a second until it is stopped, whatever the answers; gives how they were. */
class Load {
  readonly statuses: Promise<number>[] = []
  readonly #timer: NodeJS.Timeout

  constructor(url: string) {
    const options = { method: 'POST', body: '{"n":1}', headers: { 'Content-Type': 'application/json' } }
    const ask = async (): Promise<number> => {
      const answer = await fetch(url, options)
      await answer.text()
      return answer.status
    }
    this.#timer = setInterval(() => this.statuses.push(ask()), 5)
  }

  /** Waits until so many more were asked. */
  async more(count: number): Promise<void> {
    const wanted = this.statuses.length + count
    await eventually(() => expect(this.statuses.length).toBeGreaterThanOrEqual(wanted))
  }

  /** How often each status came. */
  async end(): Promise<Readonly<Record<number, number>>> {
    clearInterval(this.#timer)
    const counts: Record<number, number> = {}
    for (const status of await Promise.all(this.statuses)) counts[status] = (counts[status] ?? 0) + 1
    return counts
  }
}

describe('an HTTP backend is killed while 200 requests come each second, and comes back', () => {
  test.each([
    ['failover', (members: string) => `<failover>${members}</failover>`],
    ['failover that stays', (members: string) => `<failover dynamic="false">${members}</failover>`],
    ['loadbalance', (members: string) => `<loadbalance>${members}</loadbalance>`],
    [
      'weighted loadbalance',
      (members: string) => `<loadbalance algorithm="WeightedRRLC">${members}</loadbalance>`,
    ],
  ])('%s: no request is lost, and it is used again', async (what, group) => {
    await using a = await FickleBackend.start()
    await using b = await FickleBackend.start()
    await a.become('slow')
    await b.become('slow')
    await using gateway = await startGateway({
      xml: `<proxy name="p"><target><inSequence>
        <call><endpoint>${group(member(a.http) + member(b.http))}</endpoint></call><respond/></inSequence></target></proxy>`,
    })
    const load = new Load(gateway.url('http', 'p'))
    await load.more(40)
    await a.become('refuse')
    const before = b.asks
    await load.more(60)
    expect(b.asks).toBeGreaterThan(before)
    const killed = a.asks
    await a.become('slow')
    if (what === 'failover that stays') await b.become('refuse')
    await eventually(() => expect(a.asks).toBeGreaterThan(killed + 10))
    expect(Object.keys(await load.end())).toEqual(['200'])
    expect(gateway.logged('another endpoint').length).toBeGreaterThan(0)
  })
})

describe('a WebSocket backend is killed while 200 requests wait for its replies each second, and comes back', () => {
  /** Sends back what it gets, after a while: some requests are under way whenever it is killed. */
  const startSlowEcho = (port = 0) =>
    startBackend({
      port,
      answer: (data, isBinary, { webSocket }) =>
        setTimeout(() => webSocket.send(data, { binary: isBinary }), 20),
    })
  const replying = (uri: string) =>
    `<endpoint><address uri="${uri}"><m:correlation xmlns:m="urn:myelin" by="json" field="n"/>${RETURNS_SOON}</address></endpoint>`

  test.each([
    ['failover', (members: string) => `<failover>${members}</failover>`],
    ['loadbalance', (members: string) => `<loadbalance>${members}</loadbalance>`],
  ])('%s: no request is lost, and it is used again', async (_what, group) => {
    const first = await startSlowEcho()
    const { port } = first
    await using b = await startSlowEcho()
    await using gateway = await startGateway({
      xml: `<proxy name="p"><target><inSequence>
        <call><endpoint>${group(replying(first.url) + replying(b.url))}</endpoint></call><respond/></inSequence></target></proxy>`,
    })
    const load = new Load(gateway.url('http', 'p'))
    await load.more(40)
    await first.kill()
    const before = b.received.all.length
    await load.more(60)
    expect(b.received.all.length).toBeGreaterThan(before)
    await using again: Backend = await startSlowEcho(port)
    await eventually(() => expect(again.received.all.length).toBeGreaterThan(10))
    expect(Object.keys(await load.end())).toEqual(['200'])
  })
})

describe('a WebSocket backend is killed while clients talk to it, and comes back', () => {
  /** Asks one thing after another; a client that is closed connects again, and asks again what it got no answer to. */
  class Talk {
    answers = 0
    reconnects = 0
    #isOver = false
    readonly #url: string
    readonly done: Promise<void>

    constructor(url: string) {
      this.#url = url
      this.done = this.#run()
    }

    end(): Promise<void> {
      this.#isOver = true
      return this.done
    }

    async #run(): Promise<void> {
      let client = await connect(this.#url)
      while (!this.#isOver) {
        const text = `{"n":${this.answers}}`
        try {
          expect(await client.ask(text)).toBe(text)
          this.answers++
        } catch {
          await client.closed
          client = await connect(this.#url)
          this.reconnects++
        }
      }
      client[Symbol.dispose]()
    }
  }

  const total = (talks: readonly Talk[]) => talks.reduce((sum, { answers }) => sum + answers, 0)
  const more = async (talks: readonly Talk[], count: number) => {
    const wanted = talks.map(({ answers }) => answers + count)
    const isBehind = (): boolean => talks.some(({ answers }, i) => answers < wanted[i]!)
    await eventually(() => expect(isBehind()).toBe(false))
  }
  const throughGroup = (group: string) =>
    startGateway({
      xml: `<inboundEndpoint name="in" protocol="ws" sequence="flow" onError="failed"><parameters>
          <parameter name="inbound.ws.port">0</parameter>
          <parameter name="ws.outflow.dispatch.sequence">back</parameter>
          <parameter name="ws.outflow.dispatch.fault.sequence">failed</parameter></parameters></inboundEndpoint>
        <sequence name="flow"><send><endpoint>${group}</endpoint></send></sequence>
        <sequence name="back"><respond/></sequence><sequence name="failed"><drop/></sequence>`,
    })

  test.each([
    ['failover', (members: string) => `<failover>${members}</failover>`],
    ['loadbalance', (members: string) => `<loadbalance>${members}</loadbalance>`],
  ])('%s: every client goes on at the other, and later ones are back', async (_what, group) => {
    const first = await startEcho()
    const { port } = first
    await using b = await startEcho()
    await using gateway: TestGateway = await throughGroup(group(member(first.url) + member(b.url)))
    const url = gateway.url('ws', 'in')
    const talks = Array.from({ length: 10 }, () => new Talk(url))
    await more(talks, 5)
    const held = first.connections.length
    expect(held).toBeGreaterThan(0)
    await first.kill()
    await more(talks, 5)
    expect(talks.reduce((sum, { reconnects }) => sum + reconnects, 0)).toBeGreaterThanOrEqual(held)
    await using again: Backend = await startEcho({ port })
    while (again.connections.length === 0) {
      using client: Client = await connect(url)
      await client.ask('"back?"')
    }
    await more(talks, 5)
    await Promise.all(talks.map(talk => talk.end()))
    expect(total(talks)).toBeGreaterThan(0)
  })
})
