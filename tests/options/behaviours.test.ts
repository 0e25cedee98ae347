// What holds though nobody writes it: each has a test that shows it, some of them here.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { optionEntries } from '../../src/language/options/index.ts'
import { findingsOf } from '../services/serve.ts'
import { startBackend } from '../support/backends.ts'
import { connect } from '../support/clients.ts'
import { buildGateway, startGateway } from '../support/gateway.ts'
import { declaredAt } from './declared.ts'
import { BEHAVIOURS, PLACES, type Proof } from './proofs.ts'

const texts = new Map<string, string>()

function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(join(import.meta.dirname, '..', file), 'utf8')
  texts.set(file, text)
  return text
}

/** The proofs whose test is not there, or is skipped. */
function unproved(proofs: readonly (readonly [what: string, proof: Proof])[]): string[] {
  return proofs
    .filter(([, [file, title]]) => !textOf(file).includes(`'${title}'`))
    .map(([what, [file, title]]) => `${what}: no test "${title}" in ${file}`)
}

describe('what is said to hold', () => {
  test('has a test that shows it', () => {
    const named = optionEntries
      .filter(({ where }) => where === 'behaviour')
      .map(({ id, option }) => `${id} ${option}`)
    expect(Object.keys(BEHAVIOURS).sort()).toEqual(named.sort())
    expect(unproved(Object.entries(BEHAVIOURS))).toEqual([])
  })

  test('so has what stands at places that nothing declares', () => {
    const proofs = Object.entries(PLACES).flatMap(([where, all]) => all.map(proof => [where, proof] as const))
    expect(unproved(proofs)).toEqual([])
  })

  test('and every other place is looked at by tests of this folder', () => {
    const looked = /^(?:service|example|behaviour|expression|management|probe|mock .*|collection(?: .*)?)$/
    const places = new Set(
      optionEntries.filter(({ status }) => status === 'honoured').map(({ where }) => where),
    )
    const others = [...places].filter(where => !declaredAt(where) && !looked.test(where) && !PLACES[where])
    expect(others).toEqual([])
  })
})

test('elements may stand in the namespace of Synapse, or in none', () => {
  const mixed = '<sequence xmlns="" name="a"><log xmlns="http://ws.apache.org/ns/synapse"/></sequence>'
  for (const text of [mixed, '<sequence name="a"><log/></sequence>']) {
    const { gateway } = buildGateway({ files: { 'a.xml': text } })
    expect(gateway.diagnostics.all()).toEqual([])
  }
})

test.each([
  ['as it came', ''],
  ['as JSON where messageType says so', 'application/json'],
])('an envelope posted to a proxy service reaches a WebSocket %s', async (_how, messageType) => {
  await using backend = await startBackend()
  const written = messageType && `<property name="messageType" scope="axis2" value="${messageType}"/>`
  const xml = `<proxy name="websocketProxy1" transports="http" startOnLoad="true"><target><inSequence>
    <property name="OUT_ONLY" value="true"/>
    <property name="FORCE_SC_ACCEPTED" scope="axis2" type="STRING" value="true"/>
    <property name="websocket.accept.contenType" scope="axis2" value="application/json"/>${written}
    <send><endpoint><address uri="${backend.url}"/></endpoint></send>
  </inSequence></target></proxy><sequence name="outDispatchSeq"><drop/></sequence>`
  await using gateway = await startGateway({
    xml,
    settings: { 'transport.ws.sender.outflow_dispatch_sequence': 'outDispatchSeq' },
  })
  const body = `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><order><id>7</id></order></soapenv:Body></soapenv:Envelope>`
  const answer = await fetch(gateway.url('http'), {
    method: 'POST',
    headers: { 'Content-Type': 'text/xml' },
    body,
  })
  expect([answer.status, await answer.text()]).toEqual([202, ''])
  const connection = await backend.connection()
  const text = await connection.received.text()
  if (messageType === '') expect(text).toBe(body)
  else expect(JSON.parse(text)).toEqual({ order: { id: 7 } })
})

test('a second onUpgrade is an error', () => {
  const hook = '<onUpgrade><drop/></onUpgrade>'
  const text = `<service xmlns="urn:myelin" name="a">${hook}${hook}<onMessage><drop/></onMessage></service>`
  expect(findingsOf('a.xml', text).join('\n')).toMatch(/repeated-hook[\s\S]*A service has one onUpgrade/)
})

test('websocket.correlation.id names the connection of a client, for each of its messages', async () => {
  const told = `<payloadFactory media-type="text"><format>$1 $2</format><args>
    <arg expression="get-property('websocket.correlation.id')"/>
    <arg expression="get-property('axis2', 'websocket.source.channel.identifier')"/>
  </args></payloadFactory><respond/>`
  const filter =
    '<filter source="boolean(get-property(\'websocket.source.handshake.present\'))" regex="true"><then><drop/></then><else>'
  const xml = `<inboundEndpoint name="t" protocol="ws" sequence="tell" onError="fault"><parameters>
    <parameter name="inbound.ws.port">0</parameter><parameter name="sequential">true</parameter>
  </parameters></inboundEndpoint><sequence name="tell">${filter}${told}</else></filter></sequence>`
  await using gateway = await startGateway({ xml })
  using client = await connect(gateway.url('ws'))
  client.send('a')
  const [one, other] = (await client.received.text()).split(' ')
  expect(one).toBe(other)
  expect(one).not.toBe('')
})
