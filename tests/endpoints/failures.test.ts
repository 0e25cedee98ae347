import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { Settings } from '../../src/settings.ts'
import { freePort, startRaw, startSilent } from '../support/backends.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { json, mediate, soap } from '../support/mediate.ts'

const at = (uri: string, children = '') =>
  `<endpoint><address uri="${uri.replace('ws:', 'http:')}">${children}</address></endpoint>`
const call = (uri: string, children = '') => `<call>${at(uri, children)}</call>`
const timeout = (ms: number | string, action = 'fault') =>
  `<timeout><duration>${ms}</duration><responseAction>${action}</responseAction></timeout>`
const handler = (name: string, body: string) => `<sequence name="${name}">${body}</sequence>`

describe('fault codes', () => {
  test('101503 when the backend refuses the connection, with what is known of the sending', async () => {
    const uri = `http://localhost:${await freePort()}/x`
    const ctx = await mediate(call(uri), json({}))
    expect(ctx.fault?.code).toBe(101503)
    const { properties } = ctx
    expect(properties.get('ERROR_CODE')).toBe(101503)
    expect(properties.get('ERROR_MESSAGE')).toMatch(
      /^Error connecting to the back end http:.*: connect ECONNREFUSED/,
    )
    expect(properties.get('BASE_ERROR_CODE')).toBe(101503)
    expect(properties.get('PROTOCOL_STATE_ON_FAILURE')).toBe(0)
    expect(properties.get('SENDING_FAULT')).toBe(true)
  })

  test('101503 when there is no such host', async () => {
    expect((await mediate(call('http://no-such-host.invalid/'), json({}))).fault?.code).toBe(101503)
  })

  test('101504 when there is no answer within the time of the endpoint', async () => {
    await using backend = await startSilent()
    const ctx = await mediate(call(backend.url, timeout(50)), json({}))
    expect(ctx.fault?.code).toBe(101504)
    expect(ctx.fault?.message).toContain('did not answer within 50 ms')
  })

  test('101504 when the answer does not end in time', async () => {
    await using backend = await startRaw(socket =>
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')),
    )
    expect((await mediate(call(backend.url, timeout(50)), json({}))).fault?.code).toBe(101504)
  })

  test('101505 when the backend closes the connection instead of answering', async () => {
    await using backend = await startRaw(socket => socket.once('data', () => socket.end()))
    const ctx = await mediate(call(backend.url), json({}))
    expect(ctx.fault?.code).toBe(101505)
    expect(ctx.properties.get('PROTOCOL_STATE_ON_FAILURE')).toBe(3)
  })

  test('101505 when it closes in the midst of the answer', async () => {
    await using backend = await startRaw(socket =>
      socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')),
    )
    expect((await mediate(call(backend.url), json({}))).fault?.code).toBe(101505)
  })

  test('101506 when the answer is no HTTP', async () => {
    await using backend = await startRaw(socket => socket.once('data', () => socket.end('hello\r\n\r\n')))
    expect((await mediate(call(backend.url), json({}))).fault?.code).toBe(101506)
  })

  test('101510 when the answer is not packed as it says', async () => {
    await using backend = await HttpBackend.start(() => ({
      headers: { 'Content-Encoding': 'gzip' },
      body: 'plain',
    }))
    expect((await mediate(`<call>${backend.endpoint}</call><builder/>`, json({}))).fault?.code).toBe(101510)
  })

  test('500000 for a SOAP fault where FORCE_ERROR_ON_SOAP_FAULT asks for it', async () => {
    const fault =
      '<s:Fault xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><faultstring>no</faultstring></s:Fault>'
    await using backend = await HttpBackend.start(() => ({
      status: 500,
      headers: { 'Content-Type': 'text/xml' },
      body: soap(fault).content.text(),
    }))
    const answer = await mediate(`<call>${backend.endpoint}</call>`, json({}))
    expect(answer.fault).toBeUndefined()
    const force = '<property name="FORCE_ERROR_ON_SOAP_FAULT" value="true"/>'
    const ctx = await mediate(`${force}<call>${backend.endpoint}</call>`, json({}))
    expect([ctx.fault?.code, ctx.fault?.detail]).toEqual([500000, 'no'])
  })

  test('305100 when there is no endpoint of the computed name', async () => {
    const ctx = await mediate('<send><endpoint key-expression="\'nowhere\'"/></send>')
    expect(ctx.fault?.code).toBe(305100)
    expect((await mediate('<send><endpoint key-expression="//none"/></send>')).fault?.code).toBe(305100)
  })

  test('303001 when a message is for nobody', async () => {
    expect((await mediate('<send><endpoint><default/></endpoint></send>')).fault?.code).toBe(303001)
  })
})

describe('timeout', () => {
  test('is exact', async () => {
    await using backend = await startSilent()
    const before = performance.now()
    expect((await mediate(call(backend.url, timeout(300)), json({}))).fault?.code).toBe(101504)
    const tookMs = performance.now() - before
    expect(tookMs).toBeGreaterThanOrEqual(299)
    expect(tookMs).toBeLessThan(5_000)
  })

  test('its duration may be computed', async () => {
    await using backend = await startSilent()
    const set = '<property name="wait" value="40"/>'
    const ctx = await mediate(set + call(backend.url, timeout("{get-property('wait')}")), json({}))
    expect(ctx.fault?.message).toContain('within 40 ms')
  })

  test('discard ends the message: no fault sequence runs, nothing behind the call does', async () => {
    await using backend = await startSilent()
    const ctx = await mediate(
      `${call(backend.url, timeout(50, 'DISCARD'))}<property name="behind" value="1"/>`,
      json({}),
      { artifacts: [handler('fault', '<property name="handled" value="1"/>')] },
    )
    expect(ctx.ending).toBe('discarded')
    expect([ctx.properties.get('behind'), ctx.properties.get('handled')]).toEqual([undefined, undefined])
  })

  test('discard ends a blocking call in the same way', async () => {
    await using backend = await startSilent()
    const blocking = call(backend.url, timeout(50, 'discard')).replace('<call>', '<call blocking="true">')
    const ctx = await mediate(`${blocking}<property name="behind" value="1"/>`, json({}))
    expect([ctx.ending, ctx.fault, ctx.properties.get('behind')]).toEqual(['discarded', undefined, undefined])
  })

  test('discard leaves other failures to the fault sequences', async () => {
    const uri = `http://localhost:${await freePort()}/x`
    expect((await mediate(call(uri, timeout(60_000, 'discard')), json({}))).fault?.code).toBe(101503)
  })

  test('the limit of the process is a setting', () => {
    expect(new Settings().httpClient(undefined).timeoutMs).toBe(120_000)
  })
})

describe('onError', () => {
  test('runs in place of the fault sequences, and the flow ends with it', async () => {
    const uri = `http://localhost:${await freePort()}/x`
    const endpoint = `<endpoint name="e" onError="failed"><address uri="${uri}"/></endpoint>`
    const ctx = await mediate(
      '<call><endpoint key="e"/></call><property name="behind" value="1"/>',
      json({}),
      {
        artifacts: [
          endpoint,
          handler('failed', '<property name="code" expression="get-property(\'ERROR_CODE\')"/>'),
          handler('fault', '<property name="outer" value="1"/>'),
        ],
      },
    )
    expect(ctx.properties.get('code')).toBe('101503')
    expect([ctx.properties.get('outer'), ctx.properties.get('behind')]).toEqual([undefined, undefined])
  })

  test('a fault in it goes outwards', async () => {
    const uri = `http://localhost:${await freePort()}/x`
    const inline = `<endpoint onError="failed"><address uri="${uri}"/></endpoint>`
    const ctx = await mediate(`<send>${inline}</send>`, json({}), {
      artifacts: [
        handler('failed', '<send><endpoint key-expression="\'nowhere\'"/></send>'),
        handler('fault', '<property name="code" expression="get-property(\'ERROR_CODE\')"/>'),
      ],
    })
    expect(ctx.properties.get('code')).toBe('305100')
  })
})

describe('suspension', () => {
  const twice = (endpoint: string) =>
    `<clone sequential="true" continueParent="true"><target><sequence>${endpoint}</sequence></target></clone>${endpoint}`

  test('an endpoint that says nothing is suspended by any failure', async () => {
    const uri = `http://localhost:${await freePort()}/x`
    const artifacts = [`<endpoint name="e"><address uri="${uri}"/></endpoint>`]
    const ctx = await mediate(twice('<call><endpoint key="e"/></call>'), json({}), { artifacts })
    expect(ctx.fault?.code).toBe(303001)
    expect(ctx.fault?.message).toBe('endpoint e is suspended after failures')
  })

  test.each([
    '<suspendOnFailure><errorCodes>-1</errorCodes></suspendOnFailure>',
    '<suspendOnFailure><initialDuration>0</initialDuration></suspendOnFailure>',
    '<suspendOnFailure><errorCodes>101508</errorCodes></suspendOnFailure>',
    '<suspendDurationOnFailure>0</suspendDurationOnFailure>',
  ])('%s keeps it in use', async policy => {
    const uri = `http://localhost:${await freePort()}/x`
    const artifacts = [`<endpoint name="e"><address uri="${uri}">${policy}</address></endpoint>`]
    const ctx = await mediate(twice('<call><endpoint key="e"/></call>'), json({}), { artifacts })
    expect(ctx.fault?.code).toBe(101503)
  })

  test('timeouts are let pass as often as markForSuspension says', async () => {
    await using backend = await startSilent()
    const policy = `${timeout(30)}<markForSuspension><errorCodes>101504</errorCodes><retriesBeforeSuspension>1</retriesBeforeSuspension></markForSuspension>`
    const artifacts = [
      `<endpoint name="e"><address uri="${backend.url.replace('ws:', 'http:')}">${policy}</address></endpoint>`,
    ]
    const go = '<call><endpoint key="e"/></call>'
    expect((await mediate(twice(go), json({}), { artifacts })).fault?.code).toBe(101504)
    expect((await mediate(twice(twice(go)), json({}), { artifacts })).fault?.code).toBe(303001)
  })

  test('two endpoints without a name at one address are suspended apart', async () => {
    const uri = `http://localhost:${await freePort()}/x`
    const ctx = await mediate(
      `<clone sequential="true" continueParent="true"><target><sequence>${call(uri)}</sequence></target></clone>${call(uri)}`,
      json({}),
    )
    expect(ctx.fault?.code).toBe(101503)
  })

  test('a WebSocket endpoint is suspended where it says so, and only there', async () => {
    const uri = `ws://localhost:${await freePort()}/x`
    const go = '<send><endpoint key="e"/></send>'
    const both = (policy: string) =>
      mediate(twice(go), json({}), {
        artifacts: [`<endpoint name="e"><address uri="${uri}">${policy}</address></endpoint>`],
      })
    const policy = '<suspendOnFailure><initialDuration>60000</initialDuration></suspendOnFailure>'
    expect((await both('')).fault?.code).toBe(101503)
    expect((await both(policy)).fault?.code).toBe(303001)
  })
})

test('connections are kept for the next request, and closed when the gateway stops', async () => {
  const open = new Set<unknown>()
  let accepted = 0
  await using backend = await startRaw(socket => {
    accepted++
    open.add(socket)
    socket.on('close', () => open.delete(socket))
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'))
  })
  const ctx = await mediate(call(backend.url).repeat(10), json({}))
  expect(ctx.fault).toBeUndefined()
  expect(accepted).toBeLessThan(3)
  for (const socket of backend.sockets) if (!socket.closed) await once(socket, 'close')
  expect(open.size).toBe(0)
})
