import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { Content } from '../../src/message/content.ts'
import { Headers } from '../../src/message/headers.ts'
import { HttpBody } from '../../src/message/http-body.ts'
import { Message } from '../../src/message/message.ts'
import { freePort, startRaw } from '../support/backends.ts'
import { Flow, type FlowOptions } from '../support/flow.ts'
import { HttpBackend } from '../support/http-backend.ts'

const MIB = 1024 * 1024

/** A request whose payload is still coming in. */
function arriving(text: string, options: { length?: number; contentType?: string } = {}): Message {
  const { length, contentType = 'application/json' } = options
  const headers = new Headers()
  headers.set('Content-Type', contentType)
  const half = Math.ceil(text.length / 2)
  const source = Readable.from([Buffer.from(text.slice(0, half)), Buffer.from(text.slice(half))])
  const body = new HttpBody(source, { of: 'request', headers, maxBytes: 16 * MIB, length })
  return new Message(Content.arriving(body, contentType), headers)
}

const down = async () => `<endpoint><address uri="http://localhost:${await freePort()}/x"/></endpoint>`
const callTo = (group: string, options?: FlowOptions) =>
  new Flow('<call><endpoint key="e"/></call>', {
    artifacts: [`<endpoint name="e">${group}</endpoint>`],
    ...options,
  })

describe('a group and a payload that is arriving', () => {
  const TEXT = JSON.stringify({ a: 'x'.repeat(1_000) })
  const LARGE = JSON.stringify({ a: 'x'.repeat(2 * MIB) })

  test.each([
    ['failover', (members: string) => `<failover>${members}</failover>`],
    ['loadbalance', (members: string) => `<loadbalance>${members}</loadbalance>`],
  ])('%s: one of known length is read in first, and can be sent again', async (_what, group) => {
    await using b = await HttpBackend.start()
    await using flow = callTo(group((await down()) + b.endpoint))
    expect(await flow.outcome(arriving(TEXT, { length: TEXT.length }))).toBe('ok')
    expect(b.received.map(({ body }) => body)).toEqual([TEXT])
  })

  test.each([
    ['that is large', LARGE, LARGE.length],
    ['of unknown length', TEXT, undefined],
  ])(
    'one %s is passed on: once a backend has taken of it the failure stays what it is, and no other is tried',
    async (_what, text, length) => {
      await using b = await HttpBackend.start()
      await using a = await startRaw(socket => socket.once('data', () => socket.destroy()))
      const first = `<endpoint><address uri="${a.url.replace('ws:', 'http:')}"/></endpoint>`
      await using flow = callTo(`<failover>${first}${b.endpoint}</failover>`)
      expect(await flow.outcome(arriving(text, length === undefined ? {} : { length }))).toBe(101505)
      expect(b.received).toEqual([])
      const said = flow.log.lines.filter(({ text: line }) => line.includes('cannot be sent again'))
      expect(said).toHaveLength(1)
      expect(said[0]!.text).toMatch(/closed the connection.*: no other endpoint of e is tried/)
    },
  )

  test('one that no backend has taken of goes to the next as it comes', async () => {
    await using b = await HttpBackend.start()
    await using flow = callTo(`<failover>${await down()}${b.endpoint}</failover>`)
    expect(await flow.outcome(arriving(LARGE))).toBe('ok')
    expect(b.received.map(({ body }) => body)).toEqual([LARGE])
  })

  test('who is not ready has taken nothing: it goes to the next as it comes', async () => {
    await using b = await HttpBackend.start()
    await using flow = callTo(`<failover>${await down()}${b.endpoint}</failover>`)
    expect(await flow.outcome(arriving(TEXT, { length: TEXT.length }))).toBe('ok')
    expect(await flow.outcome(arriving(LARGE))).toBe('ok')
    expect(b.received[1]!.body).toBe(LARGE)
  })

  test.each<[what: string, attribute: string, options: FlowOptions]>([
    ['buildMessage', 'buildMessage="true"', {}],
    ['the setting', '', { settings: { 'synapse_properties.build.message.on.failover.enable': true } }],
  ])('%s has any read in', async (_what, attribute, options) => {
    await using b = await HttpBackend.start()
    await using flow = callTo(`<failover ${attribute}>${await down()}${b.endpoint}</failover>`, options)
    expect(await flow.outcome(arriving(LARGE))).toBe('ok')
    expect(b.received[0]!.body).toBe(LARGE)
  })

  test('where none else may be tried it is passed on', async () => {
    await using b = await HttpBackend.start()
    await using flow = callTo(`<loadbalance failover="false">${b.endpoint}${b.endpoint}</loadbalance>`)
    const message = arriving(TEXT, { length: TEXT.length })
    const { content } = message
    expect(await flow.outcome(message)).toBe('ok')
    expect([content.isPassedOn, b.received[0]!.body]).toEqual([true, TEXT])
  })

  test('recipients get a copy each', async () => {
    await using a = await HttpBackend.start()
    await using b = await HttpBackend.start()
    await using flow = new Flow(
      `<send><endpoint><recipientlist>${a.endpoint}${b.endpoint}</recipientlist></endpoint></send>`,
    )
    await flow.run(arriving(LARGE))
    expect([a.received[0]!.body === LARGE, b.received[0]!.body === LARGE]).toEqual([true, true])
  })
})

describe('what an endpoint computes of the payload, by name', () => {
  const DATA = { wait: 60_000, to: 'target', who: 'ann', id: 'a/b' }
  const text = JSON.stringify(DATA)

  test.each<[what: string, endpoint: (url: string) => string]>([
    [
      'timeout',
      url => `<address uri="${url}"><timeout><duration>{json-eval($.wait)}</duration></timeout></address>`,
    ],
    ['property', url => `<address uri="${url}"/><property name="who" expression="json-eval($.who)"/>`],
    [
      'variable',
      url =>
        `<http method="post" uri-template="${url}/{uri.var.id}"/><property name="uri.var.id" expression="json-eval($.id)"/>`,
    ],
    [
      'authentication',
      url =>
        `<http method="post" uri-template="${url}"><authentication><basicAuth><username>{json-eval($.who)}</username><password>p</password></basicAuth></authentication></http>`,
    ],
    [
      'in a group',
      url =>
        `<loadbalance><endpoint><address uri="${url}"><timeout><duration>{json-eval($.wait)}</duration></timeout></address></endpoint></loadbalance>`,
    ],
  ])('%s', async (_what, endpoint) => {
    await using backend = await HttpBackend.start()
    await using flow = callTo(endpoint(backend.url))
    expect(await flow.outcome(arriving(text))).toBe('ok')
    expect(backend.received.map(({ body }) => body)).toEqual([text])
  })

  test('key-expression', async () => {
    await using backend = await HttpBackend.start()
    await using flow = new Flow('<call><endpoint key="e"/></call>', {
      artifacts: [
        '<endpoint name="e" key-expression="json-eval($.to)"/>',
        `<endpoint name="target"><address uri="${backend.url}"/></endpoint>`,
      ],
    })
    expect(await flow.outcome(arriving(text))).toBe('ok')
    expect(backend.received).toHaveLength(1)
  })

  test('recipients', async () => {
    await using backend = await HttpBackend.start()
    await using flow = new Flow('<send><endpoint key="e"/></send>', {
      artifacts: [
        '<endpoint name="e"><recipientlist><endpoints value="{json-eval($.url)}"/></recipientlist></endpoint>',
      ],
    })
    expect(await flow.outcome(arriving(JSON.stringify({ url: backend.url })))).toBe('ok')
    expect(backend.received).toHaveLength(1)
  })

  test('an endpoint made of a template', async () => {
    await using backend = await HttpBackend.start()
    await using flow = new Flow('<call><endpoint key="e"/></call>', {
      artifacts: [
        `<template name="T"><parameter name="wait"/><endpoint name="$name"><address uri="$uri"><timeout><duration>$wait</duration></timeout></address></endpoint></template>`,
        `<endpoint name="e" template="T" uri="${backend.url}"><parameter name="wait" value="{json-eval($.wait)}"/></endpoint>`,
      ],
    })
    expect(await flow.outcome(arriving(text))).toBe('ok')
  })

  test.each(['<default/>', '<http method="post"/>'])('the To of a SOAP header, %s', async endpoint => {
    await using backend = await HttpBackend.start()
    const soap = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><w:To xmlns:w="http://www.w3.org/2005/08/addressing">${backend.url}</w:To></s:Header><s:Body><q/></s:Body></s:Envelope>`
    await using flow = callTo(endpoint)
    expect(await flow.outcome(arriving(soap, { contentType: 'text/xml' }))).toBe('ok')
    expect(backend.received[0]!.body).toBe(soap)
  })

  test('the session of a SOAP header', async () => {
    await using a = await HttpBackend.start()
    await using b = await HttpBackend.start()
    const soap =
      '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header><c:ClientID xmlns:c="http://ws.apache.org/ns/synapse">ann</c:ClientID></s:Header><s:Body><q/></s:Body></s:Envelope>'
    await using flow = callTo(
      `<session type="simpleClientSession"/><loadbalance>${a.endpoint}${b.endpoint}</loadbalance>`,
    )
    for (let i = 0; i < 3; i++)
      expect(await flow.outcome(arriving(soap, { contentType: 'text/xml' }))).toBe('ok')
    expect([a.received.length, b.received.length]).toEqual([3, 0])
  })

  test('onError of a suspended endpoint', async () => {
    const flow = new Flow('<call><endpoint key="e"/></call>', {
      artifacts: [
        `<endpoint name="e" onError="failed"><address uri="http://localhost:${await freePort()}/x"/></endpoint>`,
        '<sequence name="failed"><log level="custom"><property name="who" expression="json-eval($.who)"/></log></sequence>',
      ],
    })
    await using _ = flow
    await flow.run(arriving(text))
    await flow.run(arriving(text))
    expect(flow.log.lines.filter(({ text: line }) => line.includes('who = ann'))).toHaveLength(2)
  })
})
