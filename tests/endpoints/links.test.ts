import { expect, test } from 'vitest'
import { startEcho } from '../support/backends.ts'
import { connect, connectAll } from '../support/clients.ts'
import { eventually } from '../support/eventually.ts'
import { FickleBackend } from '../support/fickle-backend.ts'
import { startGateway } from '../support/gateway.ts'

const inbound = (endpoint: string) => ({
  xml: `<inboundEndpoint name="in" protocol="ws" sequence="flow" onError="failed"><parameters>
      <parameter name="inbound.ws.port">0</parameter>
      <parameter name="ws.outflow.dispatch.sequence">back</parameter>
      <parameter name="ws.outflow.dispatch.fault.sequence">failed</parameter></parameters></inboundEndpoint>
    <sequence name="flow"><send>${endpoint}</send></sequence>
    <sequence name="back"><respond/></sequence><sequence name="failed"><drop/></sequence>`,
})

test.each(['loadbalance', 'loadbalance algorithm="WeightedRRLC"'])(
  '%s: clients take turns, and the messages of each stay together',
  async element => {
    await using a = await startEcho()
    await using b = await startEcho()
    const members = [a, b].map(({ url }) => `<endpoint><address uri="${url}"/></endpoint>`).join('')
    await using gateway = await startGateway(
      inbound(`<endpoint><${element}>${members}</${element.split(' ')[0]}></endpoint>`),
    )
    const clients = await connectAll(gateway.url('ws', 'in'), 4)
    try {
      for (const [i, client] of clients.entries())
        for (const n of [1, 2, 3]) expect(await client.ask(`"${i} ${n}"`)).toBe(`"${i} ${n}"`)
    } finally {
      for (const client of clients) client[Symbol.dispose]()
    }
    expect([a.connections.length, b.connections.length]).toEqual([2, 2])
    expect(a.connections.map(({ received }) => received.all.length)).toEqual([3, 3])
  },
)

test('a client that leaves says nothing of a backend that is suspended', async () => {
  await using backend = await FickleBackend.start()
  const policy = '<suspendOnFailure><initialDuration>60000</initialDuration></suspendOnFailure>'
  await using gateway = await startGateway(
    inbound(`<endpoint name="e"><address uri="${backend.ws}">${policy}</address></endpoint>`),
  )
  const url = gateway.url('ws', 'in')
  using first = await connect(url)
  first.send('"1"')
  await eventually(() => expect(backend.asks).toBe(1))
  backend.refuseMore()
  using second = await connect(url)
  second.send('"2"')
  await gateway.waitForLog('ERROR_CODE : 101503')
  await first.close(1000)
  await eventually(() => expect(gateway.inFlight).toBe(0))
  using third = await connect(url)
  third.send('"3"')
  await gateway.waitForLog('ERROR_CODE : 303001')
})

test('what a client leaves behind says nothing of the backend: 101505 of its own making does not suspend', async () => {
  await using backend = await FickleBackend.start()
  await backend.become('silent')
  const policy = '<suspendOnFailure><errorCodes>-1</errorCodes></suspendOnFailure>'
  await using gateway = await startGateway({
    ...inbound(`<endpoint name="e"><address uri="${backend.ws}">${policy}</address></endpoint>`),
    settings: { 'transport.ws.handshake_timeout_ms': 300 },
  })
  const url = gateway.url('ws', 'in')
  using first = await connect(url)
  first.send('"1"')
  first.send('"2"')
  await eventually(() => expect(backend.asks).toBe(1))
  first.webSocket.terminate()
  await gateway.waitForLog('ERROR_CODE : 101505 ERROR_MESSAGE : the client is gone')
  await backend.become('ok')
  using second = await connect(url)
  second.send('"3"')
  await eventually(() => expect(backend.asks).toBe(2))
})
