import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { buildGateway, startGateway, type TestGateway } from '../support/gateway.ts'
import { type Answer, ask, startHttpBackend } from '../support/http-backend.ts'

const file = (name: string): string => join(import.meta.dirname, 'classes', `${name}.ts`)

const settings = {
  'myelin.classes."com.acme.Guard"': file('guard'),
  'myelin.classes."com.acme.Stop"': file('stop'),
  'myelin.classes."com.acme.Nothing"': file('nothing'),
}

const api = (resource: string, ...handlers: string[]): string => `<api name="a" context="/a">
  <resource>${resource}</resource><handlers>${handlers.join('')}</handlers></api>`
const handler = (name: string, inner = ''): string => `<handler class="${name}">${inner}</handler>`
const GUARD = handler('com.acme.Guard', '<property name="key" value="sesame"/>')

const get = (gateway: TestGateway, key: string): Promise<Answer> =>
  ask(gateway.url('http'), { headers: { 'X-Key': key } })

describe('a class around an API', () => {
  test('lets requests through or answers them, and sees the answers of backends before the out sequence', async () => {
    await using backend = await startHttpBackend(response => response.end('fine'))
    const xml = api(
      `<inSequence><send><endpoint><address uri="${backend.url}"/></endpoint></send></inSequence>
       <outSequence><header name="X-Seen" scope="transport" expression="$trp:X-Guarded"/><respond/></outSequence>`,
      GUARD,
    )
    await using gateway = await startGateway({ xml, settings })

    const known = await get(gateway, 'sesame')
    expect([known.status, known.body, known.headers['x-seen']]).toEqual([200, 'fine', 'response'])
    const unknown = await get(gateway, 'other')
    expect([unknown.status, unknown.body]).toEqual([401, 'who are you?'])
    expect(backend.received).toHaveLength(1)
  })

  test('faults where the sequences of the resource do not see it', async () => {
    const resource = `<inSequence><respond/></inSequence>
      <faultSequence><property name="HTTP_SC" value="418" scope="axis2"/><respond/></faultSequence>`
    await using gateway = await startGateway({ xml: api(resource, GUARD), settings })

    expect((await get(gateway, 'fault')).status).toBe(500)
    expect(gateway.logged('the guard fell over')).not.toEqual([])
  })

  test('ends what it says false to: those behind it, and the sequence, do not run', async () => {
    const resource = '<inSequence><log level="custom"><property name="RAN" value="in"/></log></inSequence>'
    await using gateway = await startGateway({
      xml: api(resource, handler('com.acme.Stop'), GUARD),
      settings,
    })

    expect((await get(gateway, 'other')).status).toBe(202)
    expect(gateway.logged('RAN')).toEqual([])
  })
})

test('the extension of the API Manager runs the sequences it is for', async () => {
  await using backend = await startHttpBackend(response => response.end('fine'))
  const log = (text: string): string => `<log level="custom"><property name="RAN" value="${text}"/></log>`
  const sequence = (name: string): string => `<sequence name="${name}">${log(name)}</sequence>`
  const extension = 'org.wso2.carbon.apimgt.gateway.handlers.ext.APIManagerExtensionHandler'
  const xml =
    api(
      `<inSequence><send><endpoint><address uri="${backend.url}"/></endpoint></send></inSequence>`,
      handler(extension),
    ) + ['WSO2AM--Ext--In', 'a--In', 'WSO2AM--Ext--Out'].map(sequence).join('')
  await using gateway = await startGateway({ xml })

  expect((await ask(gateway.url('http'))).body).toBe('fine')
  expect(gateway.logged('RAN').map(line => line.split(' = ')[1])).toEqual([
    'WSO2AM--Ext--In',
    'a--In',
    'WSO2AM--Ext--Out',
  ])
})

describe('a class that cannot run', () => {
  const gatewayPackage = 'org.wso2.carbon.apimgt.gateway.handlers'

  test.each([
    [
      `${gatewayPackage}.security.APIAuthenticationHandler`,
      /^error not-supported: .* checks who calls, and is Java: the API would be open to all\.$/,
    ],
    [
      'org.wso2.micro.integrator.security.handler.RESTBasicAuthHandler',
      /^error not-supported: .* checks who calls/,
    ],
    [`${gatewayPackage}.throttling.ThrottleHandler`, /^error not-supported: .* limits how much is called/],
    [`${gatewayPackage}.analytics.APIMgtUsageHandler`, /^warning no-effect: .* it only watches/],
    [
      `${gatewayPackage}.security.CORSRequestHandler`,
      /^warning no-effect: .* has no effect: CORS is built in\.$/,
    ],
    ['com.acme.Other', /^error not-supported: .* is a Java class, and there is nothing to run it\.$/],
    [
      'com.acme.Nothing',
      /^error bad-class: The module .*nothing\.ts for class com\.acme\.Nothing cannot be used/,
    ],
  ])('%s is reported', (name, expected) => {
    const { diagnostics } = buildGateway({ xml: api('<inSequence/>', handler(name)), settings }).gateway

    expect(diagnostics.all().map(({ severity, code, message }) => `${severity} ${code}: ${message}`)).toEqual(
      [expect.stringMatching(expected)],
    )
  })
})
