import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { load } from '../../src/deployment/load.ts'
import { deployed, type Files } from '../support/mediate.ts'

const INBOUND = (name: string, parameters: string, attributes = ''): string =>
  `<inboundEndpoint name="${name}" protocol="ws" sequence="s" ${attributes}><parameters>${parameters}</parameters></inboundEndpoint>`
const PORT = (port: number): string => `<parameter name="inbound.ws.port">${port}</parameter>`
const SEQUENCE = '<sequence name="s"><drop/></sequence>'

function artifactsOf(files: Files): string[] {
  return deployed(files).artifacts.map(({ kind, name }) => `${kind} ${name}`)
}

describe('artifacts', () => {
  test('are read one per file, or many in one', () => {
    expect(
      artifactsOf({
        'a.xml': SEQUENCE,
        'b.xml': `<definitions><description>x</description>
          <endpoint name="e"><address uri="ws://localhost:1"/></endpoint>
          <proxy name="p"><target inSequence="s"/></proxy>${INBOUND('i', PORT(0))}</definitions>`,
      }),
    ).toEqual(['sequence s', 'endpoint e', 'proxy p', 'inboundEndpoint i'])
  })

  test('with errors are left out, and the others are there', () => {
    const files = {
      'a.xml': '<sequence name="bad"><lgo/></sequence>',
      'b.xml': '<sequence name="broken">',
      'c.xml': SEQUENCE,
      'd.xml': '<proxy name="p"><target inSequence="bad"/></proxy>',
    }
    expect(artifactsOf(files)).toEqual(['sequence s', 'proxy p'])
    expect(deployed(files).diagnostics.errors).toBe(2)
  })

  test('an inbound endpoint whose key store is not there serves nothing', () => {
    const { services, artifacts, diagnostics } = deployed({
      'i.xml': `<inboundEndpoint name="i" protocol="wss"><parameters>${PORT(0)}
        <parameter name="wss.ssl.key.store.file">nowhere.jks</parameter></parameters></inboundEndpoint>`,
    })
    expect([services, artifacts.length, diagnostics.errors]).toEqual([[], 1, 0])
    expect(diagnostics.all().map(({ severity, code }) => `${severity} ${code}`)).toEqual([
      'warning bad-key-store',
    ])
  })

  test('of one name, the first serves', () => {
    const { services } = deployed({
      'a.xml': '<proxy name="p"><target><inSequence><respond/></inSequence></target></proxy>',
      'b.xml': '<proxy name="p" transports="mailto"><target inSequence="s"/></proxy>',
      'c.xml': SEQUENCE,
    })
    expect(services.map(({ service, path }) => `${service.name} ${path}`)).toEqual(['p /services/p/*'])
  })

  test('a proxy and a sequence may share a name, an endpoint and a sequence may not', () => {
    const proxy = '<proxy name="s"><target inSequence="s"/></proxy>'
    expect(deployed({ 'a.xml': SEQUENCE, 'b.xml': proxy }).diagnostics.errors).toBe(0)
    const endpoint = '<endpoint name="s"><address uri="ws://localhost:1"/></endpoint>'
    expect(deployed({ 'a.xml': SEQUENCE, 'b.xml': endpoint }).diagnostics.errors).toBe(1)
  })
})

describe('services', () => {
  test('an inbound endpoint is what its parameters say', () => {
    const { services } = deployed({
      's.xml': SEQUENCE,
      'i.xml': INBOUND(
        'i',
        `${PORT(9091)}
         <parameter name="ws.path">/chat/*</parameter>
         <parameter name="ws.client.side.broadcast.level">2</parameter>
         <parameter name="ws.subprotocols">chat, mqtt</parameter>
         <parameter name="ws.default.content.type">Application/JSON; charset=utf-8</parameter>
         <parameter name="ws.shutdown.status.code">4000</parameter>
         <parameter name="ws.shutdown.status.message">bye</parameter>
         <parameter name="ws.dispatch.idleTime">60</parameter>
         <parameter name="ws.outflow.dispatch.idleTime">90</parameter>
         <parameter name="ws.pass.through.control.frames">true</parameter>`,
        'suspend="true"',
      ),
    })
    const [served] = services
    expect(served).toMatchObject({
      listener: { port: 9091 },
      path: '/chat/*',
      service: { name: 'i', kind: 'inbound endpoint', label: '{inboundendpoint:i} ' },
      webSocket: {
        broadcastLevel: 2,
        defaultContentType: 'application/json',
        passControlFrames: true,
        shutdown: { code: 4000, reason: 'bye' },
        clientIdleMs: 60_000,
        backendIdleMs: 90_000,
        isSuspended: true,
      },
    })
    expect(served?.webSocket?.subprotocols).toEqual([
      "synapse(contentType='application/xml')",
      "synapse(contentType='application/json')",
      "synapse(contentType='text/xml')",
      'chat',
      'mqtt',
    ])
    expect(Object.keys(served!.service.on).sort()).toEqual(['close', 'message', 'open', 'ping', 'pong'])
  })

  test('left alone, it serves every path, answers pings itself, and closes with 1001', () => {
    const [served] = deployed({ 's.xml': SEQUENCE, 'i.xml': INBOUND('i', PORT(0)) }).services
    expect(served).toMatchObject({
      path: '/*',
      webSocket: {
        broadcastLevel: 0,
        defaultContentType: '',
        passControlFrames: false,
        shutdown: { code: 1001, reason: 'shutdown' },
        clientIdleMs: 0,
        backendIdleMs: 0,
        isSuspended: false,
      },
    })
    expect(Object.keys(served!.service.on).sort()).toEqual(['close', 'message', 'open'])
  })

  test('different paths may share a port, the same path may not; port 0 is one for each', () => {
    const { services, diagnostics } = deployed({
      's.xml': SEQUENCE,
      'a.xml': INBOUND('a', `${PORT(9091)}<parameter name="ws.path">/a</parameter>`),
      'b.xml': INBOUND('b', `${PORT(9091)}<parameter name="ws.path">/b</parameter>`),
      'c.xml': INBOUND('c', `${PORT(9091)}<parameter name="ws.path">/a</parameter>`),
      'd.xml': INBOUND('d', PORT(0)),
      'e.xml': INBOUND('e', PORT(0)),
    })
    expect(services.map(({ service }) => service.name)).toEqual(['a', 'b', 'd', 'e'])
    expect(diagnostics.all().map(({ code }) => code)).toEqual(['path-clash'])
  })

  test('a proxy is left out where it does not start, or is on no transport that is there', () => {
    const proxy = (attributes: string): number =>
      deployed({
        's.xml': SEQUENCE,
        'p.xml': `<proxy name="p" ${attributes}><target inSequence="s"/></proxy>`,
      }).services.length
    expect(proxy('')).toBe(1)
    expect(proxy('transports="https http local"')).toBe(1)
    expect(proxy('transports="https"')).toBe(0)
    expect(proxy('startOnLoad="false"')).toBe(0)
    expect(proxy('transports="jms,vfs"')).toBe(0)
  })
})

test('the delivered configuration is free of errors and warnings', () => {
  const { files } = load([join(import.meta.dirname, '../../config')])
  const { diagnostics, services } = deployed(Object.fromEntries(files.map(({ path, text }) => [path, text])))
  expect(diagnostics.all().filter(({ severity }) => severity !== 'note')).toEqual([])
  expect(services.length).toBeGreaterThan(1)
})
