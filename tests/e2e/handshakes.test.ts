// A client asks for a WebSocket: who is let in and with which subprotocol, which sequence runs, and what of the
// handshake reaches the sequence and the backend.

import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect as connectTcp } from 'node:net'
import { describe, expect, test } from 'vitest'
import { freePort, startBackend, startEcho, startUpper } from '../support/backends.ts'
import { connect, refusal } from '../support/clients.ts'
import { proxy, relay, sendTo, service } from '../support/configurations.ts'
import { buildGateway, startGateway } from '../support/gateway.ts'

const say = (text: string): string => `
  <log level="custom"><property name="RAN" value="${text}"/></log>
  <respond/>`

function log(name: string, expression: string): string {
  return `<log level="custom"><property name="${name}" expression="${expression}"/></log>`
}

describe('who is let in', () => {
  test('GET /health without an upgrade is answered with 200 and no body, and runs no sequence', async () => {
    await using gateway = await startGateway({ xml: service(log('RAN', "'yes'")) })
    const url = gateway.url('ws').replace('ws:', 'http:')

    const response = await fetch(new URL('/health', url))

    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Length')).toBe('0')
    expect(await response.text()).toBe('')
    expect(gateway.logged('RAN')).toEqual([])
  })

  test('GET without an upgrade is 426 where a WebSocket is served, and 404 where nothing is', async () => {
    await using gateway = await startGateway({
      xml: service('<respond/>', { parameters: { 'ws.path': '/feed' } }),
    })
    const url = gateway.url('ws').replace('ws:', 'http:')

    const here = await fetch(url)
    expect(here.status).toBe(426)
    expect(here.headers.get('Upgrade')).toBe('websocket')
    expect((await fetch(`${url}/other`)).status).toBe(404)
  })

  test('a version other than 13 is refused with 426 that names 13', async () => {
    await using gateway = await startGateway({ xml: service('<respond/>') })

    const { status, headers } = await refusal(gateway.url('ws'), { protocolVersion: 8 })

    expect(status).toBe(426)
    expect(headers['sec-websocket-version']).toBe('13')
  })

  test('a path that is not served is 404 before any upgrade', async () => {
    await using gateway = await startGateway({
      xml: service('<respond/>', { parameters: { 'ws.path': '/feed' } }),
    })

    expect((await refusal(gateway.url('ws').replace('/feed', '/other'))).status).toBe(404)
    expect((await refusal(`${gateway.url('ws')}/below`)).status).toBe(404)
    using client = await connect(`${gateway.url('ws')}?and=query`)
    expect(await client.ask('in')).toBe('in')
  })

  test('a suspended inbound endpoint refuses with 503', async () => {
    await using gateway = await startGateway({ xml: service('<respond/>', { suspend: true }) })

    expect((await refusal(gateway.url('ws'))).status).toBe(503)
  })

  test('what is no HTTP at all harms nobody', async () => {
    await using gateway = await startGateway({ xml: service('<respond/>') })
    const { port } = new URL(gateway.url('ws'))
    for (const nonsense of [
      '\x16\x03\x01\x02\x00',
      'GET\r\n\r\n',
      'GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n',
    ]) {
      const socket = connectTcp(Number(port), '127.0.0.1')
      socket.on('error', () => {}).write(nonsense)
      socket.resume()
      await once(socket, 'close')
    }

    using client = await connect(gateway.url('ws'))
    expect(await client.ask('unharmed')).toBe('unharmed')
  })

  test('refused upgrades are let go of, those with an address that cannot be read included', async () => {
    await using gateway = await startGateway({
      xml: service('<respond/>', { parameters: { 'ws.path': '/feed' } }),
    })
    const { port } = new URL(gateway.url('ws'))
    const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
    for (const [request, status] of [
      [`GET /other HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`, 404],
      [`GET /feed HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`, 400],
      [`POST /feed HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`, 405],
      [`GET /%zz HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n`, 400],
    ]) {
      const socket = connectTcp(Number(port), '127.0.0.1').setEncoding('latin1')
      socket.write(request as string)
      let answer = ''
      for await (const chunk of socket) answer += chunk
      expect(answer).toContain(`HTTP/1.1 ${status} `)
    }
  })

  test('a client that offers HTTP/2 on the way gets its answer in HTTP/1.1', async () => {
    await using gateway = await startGateway({ xml: service('<drop/>') + proxy('orders', '<respond/>') })
    const offer = {
      Connection: 'Upgrade, HTTP2-Settings',
      Upgrade: 'h2c',
      'HTTP2-Settings': 'AAMAAABkAAQAAP__',
    }
    const ask = async (url: string, body: string): Promise<[number | undefined, string]> => {
      const outgoing = request(url, { method: body === '' ? 'GET' : 'POST', headers: offer }).end(body)
      const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
      let text = ''
      for await (const chunk of response) text += chunk
      return [response.statusCode, text]
    }

    expect(await ask(gateway.url('http'), 'hello')).toEqual([200, 'hello'])
    expect(await ask(new URL('/health', gateway.url('ws').replace('ws:', 'http:')).href, '')).toEqual([
      200,
      '',
    ])
  })

  test('a message that comes in one packet with the handshake is not lost', async () => {
    await using gateway = await startGateway({ xml: service('<respond/>') })
    const { port } = new URL(gateway.url('ws'))
    const socket = connectTcp(Number(port), '127.0.0.1').setEncoding('latin1')
    const head =
      'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n'
    // Masked with zeros, which leaves the payload as it is.
    socket.write(
      Buffer.concat([Buffer.from(head), Buffer.from([0x81, 0x85, 0, 0, 0, 0]), Buffer.from('early')]),
    )

    let received = ''
    for await (const chunk of socket) {
      received += chunk
      if (received.endsWith('\x81\x05early')) break
    }
    expect(received).toContain('101 Switching Protocols')
  })
})

describe('services on one port', () => {
  test('are told apart by ws.path, and the longest path wins', async () => {
    const port = await freePort()
    const at = (name: string, path: string): string =>
      service(say(name), { name, parameters: { 'inbound.ws.port': port, 'ws.path': path } })
    await using gateway = await startGateway({
      xml: at('orders', '/orders') + at('prices', '/prices/*') + at('silver', '/prices/silver'),
    })

    for (const [path, name] of [
      ['/orders', 'orders'],
      ['/prices', 'prices'],
      ['/prices/gold', 'prices'],
      ['/prices/silver', 'silver'],
    ]) {
      using client = await connect(`ws://localhost:${port}${path}`)
      await client.ask('hello')
      expect(gateway.logs.at(-1)?.text).toContain(`RAN = ${name}`)
    }
    expect((await refusal(`ws://localhost:${port}/elsewhere`)).status).toBe(404)
  })

  test('with the same path are reported, and the first is served', async () => {
    const port = await freePort()
    const named = (name: string): string =>
      service('<respond/>', { name, parameters: { 'inbound.ws.port': port } })
    await using built = buildGateway({ xml: named('first') + named('second') })

    const errors = built.gateway.diagnostics.all().filter(({ severity }) => severity === 'error')
    expect(errors.map(({ code }) => code)).toEqual(['path-clash'])
    await built.gateway.start()
    expect(built.gateway.listening.map(({ what }) => what)).toEqual(['inbound endpoint first'])
  })

  test('with port 0 get a port each', async () => {
    await using gateway = await startGateway({
      xml: service(say('one'), { name: 'one' }) + service(say('two'), { name: 'two' }),
    })

    expect(new URL(gateway.url('ws', 'one')).port).not.toBe(new URL(gateway.url('ws', 'two')).port)
  })
})

describe('dispatch by path', () => {
  test('the path chooses the sequence, with the slashes as hyphens; any other path runs the usual one', async () => {
    const xml = `
      ${service(say('usual'), { parameters: { 'dispatch.custom.sequence': true } })}
      <sequence name="eu-gold">${say('eu-gold')}</sequence>
      <sequence name="eu">${say('eu')}</sequence>`
    await using gateway = await startGateway({ xml })

    for (const [path, name] of [
      ['/eu/gold', 'eu-gold'],
      ['/eu', 'eu'],
      ['/eu/gold?q=1', 'eu-gold'],
      ['/us', 'usual'],
      ['/', 'usual'],
    ]) {
      using client = await connect(new URL(path!, gateway.url('ws')).href)
      await client.ask('hello')
      expect(gateway.logs.at(-1)?.text).toContain(`RAN = ${name}`)
    }
  })
})

describe('subprotocols', () => {
  const JSON_PROTOCOL = "synapse(contentType='application/json')"

  test('the first one offered that is served is chosen', async () => {
    await using gateway = await startGateway({
      xml: service('<respond/>', { parameters: { 'ws.subprotocols': 'chat.v2, chat.v1' } }),
    })
    for (const [offer, chosen] of [
      [[JSON_PROTOCOL], JSON_PROTOCOL],
      [["synapse(contentType='text/xml')", JSON_PROTOCOL], "synapse(contentType='text/xml')"],
      [['mqtt', JSON_PROTOCOL, 'chat.v1'], JSON_PROTOCOL],
      [['mqtt', 'chat.v1', 'chat.v2'], 'chat.v1'],
      [["synapse(contentType='text/plain')", 'mqtt'], undefined],
      [undefined, undefined],
    ] as const) {
      using client = await connect(gateway.url('ws'), { offer })
      expect(client.subprotocol).toBe(chosen)
      expect(await client.ask('{}')).toBe('{}')
    }
  })

  test('one that tells the content type lets expressions read the messages', async () => {
    const dispatch = `${log('NAME', 'json-eval($.name)')}<respond/>`
    await using gateway = await startGateway({ xml: service(dispatch) })
    using client = await connect(gateway.url('ws'), { offer: [JSON_PROTOCOL] })

    client.send('{"name": "Ann"}')

    await gateway.waitForLog('NAME = Ann')
  })

  test('ws.default.content.type does the same for clients that offer none', async () => {
    const dispatch = `${log('NAME', 'json-eval($.name)')}<respond/>`
    await using gateway = await startGateway({
      xml: service(dispatch, { parameters: { 'ws.default.content.type': 'application/json' } }),
    })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('{"name": "Ann"}')).toBe('{"name": "Ann"}')
    await gateway.waitForLog('NAME = Ann')
  })
})

describe('the handshake message', () => {
  test('has the headers of the upgrade as properties; the messages after it do not', async () => {
    const dispatch = `
      ${log('EVENT', "concat(get-property('source.handshake.present'), '/', get-property('connection.terminate'))")}
      ${log('CLIENT', "get-property('X-Client')")}
      ${log('TRANSPORT', "get-property('axis2', 'X-Client')")}
      <respond/>`
    await using gateway = await startGateway({ xml: service(dispatch) })
    using client = await connect(gateway.url('ws'), { headers: { 'X-Client': 'abc' } })

    await client.ask('hello')
    await client.close(1000)
    await gateway.waitForLog('EVENT = /true')

    const texts = (prefix: string): string[] => gateway.logged(prefix).map(line => line.split(' = ')[1]!)
    expect(texts('EVENT')).toEqual(['true/', '/', '/true'])
    expect(texts('CLIENT')).toEqual(['abc', 'null', 'null'])
    expect(texts('TRANSPORT')).toEqual(['abc', 'null', 'null'])
  })

  test('can be answered with a close, which refuses the client', async () => {
    const dispatch = `
      <filter source="get-property('source.handshake.present')" regex="true">
        <then>
          <property name="errorCode" value="4401"/>
          <property name="ERROR_MESSAGE" value="who are you?"/>
          <respond/>
        </then>
      </filter>`
    await using gateway = await startGateway({ xml: service(dispatch) })
    using client = await connect(gateway.url('ws'))

    expect(await client.closed).toEqual({ code: 4401, reason: 'who are you?' })
  })

  test('a header named like something the gateway knows does not stand in for it', async () => {
    const dispatch = `
      ${log('ADDRESS', "get-property('axis2', 'REMOTE_ADDR')")}
      ${log('ENDPOINT', "get-property('inbound.endpoint.name')")}
      <drop/>`
    await using gateway = await startGateway({ xml: service(dispatch) })
    using _client = await connect(gateway.url('ws'), {
      headers: { REMOTE_ADDR: '10.1.2.3', 'inbound.endpoint.name': 'admin', 'connection.terminate': 'true' },
    })

    const address = await gateway.waitForLog('ADDRESS = ')
    expect(address.text).not.toContain('10.1.2.3')
    await gateway.waitForLog('ENDPOINT = clients')
  })
})

describe('the handshake with the backend', () => {
  test('has no header of the client unless the configuration says so', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({ xml: relay(backend.url) })
    using _client = await connect(gateway.url('ws'), {
      headers: {
        Authorization: 'Bearer secret',
        Cookie: 'session=secret',
        'X-Client': 'abc',
        'websocket.custom.header.X-Admin': 'yes',
        'WebSocket.Custom.Header.X-Root': 'yes',
      },
    })

    const { request } = await backend.connection()

    expect(Object.keys(request.headers).sort()).toEqual([
      'connection',
      'host',
      'sec-websocket-key',
      'sec-websocket-version',
      'upgrade',
    ])
  })

  test('has the headers set as websocket.custom.header.NAME', async () => {
    await using backend = await startEcho()
    const before = `
      <property name="websocket.custom.header.X-Key" value="k-1" scope="axis2"/>
      <property name="websocket.custom.header.X-Tenant" expression="get-property('X-Tenant')" scope="axis2"/>
      <property name="websocket.custom.header.Sec-WebSocket-Key" value="mine" scope="axis2"/>`
    await using gateway = await startGateway({ xml: relay(backend.url, { before }) })
    using _client = await connect(gateway.url('ws'), { headers: { 'X-Tenant': 't-9' } })

    const { request } = await backend.connection()

    expect(request.headers).toMatchObject({ 'x-key': 'k-1', 'x-tenant': 't-9' })
    expect(request.headers['sec-websocket-key']).not.toBe('mine')
  })

  test('has them under a prefix of one’s own, which clients cannot use either', async () => {
    await using backend = await startEcho()
    const before = '<property name="to-backend.X-Key" value="k-1" scope="axis2"/>'
    await using gateway = await startGateway({
      xml: relay(backend.url, { before }),
      settings: { 'transport.ws.sender.parameter.ws.custom.header': 'to-backend.' },
    })
    using _client = await connect(gateway.url('ws'), {
      headers: { 'to-backend.X-Admin': 'yes', 'To-Backend.X-Root': 'yes' },
    })

    const { request } = await backend.connection()

    expect(request.headers['x-key']).toBe('k-1')
    expect(request.headers).not.toHaveProperty('x-admin')
    expect(request.headers).not.toHaveProperty('x-root')
  })

  test('has the headers of the client that ws.headers.preserve lists, in any case', async () => {
    await using backend = await startEcho()
    await using gateway = await startGateway({
      xml: relay(backend.url),
      settings: { 'transport.ws.sender.parameter.ws.headers.preserve': 'authorization, X-TENANT, Host' },
    })
    using _client = await connect(gateway.url('ws'), {
      headers: { Authorization: 'Bearer token', 'X-Tenant': 't-9', Cookie: 'session=secret' },
    })

    const { request } = await backend.connection()

    expect(request.headers).toMatchObject({ authorization: 'Bearer token', 'x-tenant': 't-9' })
    expect(request.headers.host).toBe(`localhost:${backend.port}`)
    expect(request.headers).not.toHaveProperty('cookie')
  })

  test('offers websocket.subprotocol, and the choice of the backend is taken', async () => {
    await using backend = await startUpper({ choose: () => 'prices.v1' })
    const before = '<property name="websocket.subprotocol" value="prices.v2, prices.v1" scope="axis2"/>'
    await using gateway = await startGateway({ xml: relay(backend.url, { before }) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('hello')).toBe('HELLO')
  })

  const accepting = '<property name="websocket.accept.contenType" value="application/json" scope="axis2"/>'

  test('offers the content type of websocket.accept.contenType, and answers are read as that type', async () => {
    const offers: (string | undefined)[] = []
    await using backend = await startEcho({
      choose: offered => {
        offers.push(offered)
        return offered
      },
    })
    const out = `${log('NAME', 'json-eval($.name)')}<respond/>`
    await using gateway = await startGateway({ xml: relay(backend.url, { before: accepting, out }) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('{"name":"Ann"}')).toBe('{"name":"Ann"}')

    await gateway.waitForLog('NAME = Ann')
    expect(offers).toEqual(["synapse(contentType='application/json')"])
  })

  test('a backend that chooses none of them is accepted', async () => {
    await using backend = await startUpper()
    await using gateway = await startGateway({ xml: relay(backend.url, { before: accepting }) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('"hello"')).toBe('"HELLO"')
  })

  test('a backend that chooses another one is not: fault 101506, and the client gets 1014', async () => {
    await using backend = await startBackend({ choose: () => 'mqtt' })
    await using gateway = await startGateway({ xml: relay(backend.url, { before: accepting }) })
    using client = await connect(gateway.url('ws'))

    expect(await client.closed).toEqual({ code: 1014, reason: 'backend unavailable' })
    await gateway.waitForLog('FAULT = 101506')
    await gateway.waitForLog('the server chose the subprotocol "mqtt", which was not offered')
  })

  test('happens with the first message where the handshake message is not sent on', async () => {
    await using backend = await startUpper()
    const dispatch = `
      <filter source="get-property('source.handshake.present')" regex="true">
        <then><drop/></then>
        <else>${sendTo(backend.url)}</else>
      </filter>`
    await using gateway = await startGateway({ xml: relay(backend.url, { dispatch }) })
    using client = await connect(gateway.url('ws'))
    expect(backend.accepted).toBe(0)

    expect(await client.ask('first')).toBe('FIRST')
    expect(backend.accepted).toBe(1)
  })

  test('runs the out-dispatch sequence once it is done, with websocket.target.handshake.present', async () => {
    await using backend = await startUpper()
    const out = `${log('LINKED', "get-property('websocket.target.handshake.present')")}<respond/>`
    await using gateway = await startGateway({ xml: relay(backend.url, { out }) })
    using client = await connect(gateway.url('ws'))

    expect(await client.ask('x')).toBe('X')

    expect(gateway.logged('LINKED').map(line => line.split(' = ')[1])).toEqual(['true', 'null'])
  })
})
