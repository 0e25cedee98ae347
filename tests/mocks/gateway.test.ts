import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { Gateway, loadConfiguration } from '../../src/gateway.ts'
import { toRecord } from '../../src/language/diagnostic.ts'
import { connect, refusal } from '../support/clients.ts'
import { TestGateway } from '../support/gateway.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

/** A gateway that runs the configuration of a folder. */
async function run(files: Readonly<Record<string, string>>): Promise<{ gateway: Gateway; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'mocks-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return { gateway: new Gateway(loadConfiguration([folder]), new RecordingLogger()), folder }
}

const SETTINGS = '[transport.http]\nlistener.port = 0\n'

function errorsOf(gateway: Gateway): string[] {
  return gateway.diagnostics
    .all()
    .map(toRecord)
    .filter(({ severity }) => severity === 'error')
    .map(({ code, message }) => `${code}: ${message}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

test('a folder mocks is served with the rest of a configuration, on the HTTP listener', async () => {
  const { gateway, folder } = await run({
    'deployment.toml': SETTINGS,
    'main.xml': `<sequence xmlns="http://ws.apache.org/ns/synapse" name="main"><payloadFactory media-type="json"><format>{"by": "main"}</format></payloadFactory><respond/></sequence>`,
    'mocks/a.yaml': `
- websocket: {path: '/ws/:who', on-connect: {response: 'hi {{path-params.who}}'}}
- endpoint: {path: /mocked, response: {body: mocked}}`,
    'mocks/b.yml': '- websocket: {path: /ws/fixed, on-connect: {response: fixed}}',
  })
  expect(errorsOf(gateway)).toEqual([])
  await gateway.start()
  const { port } = new URL(gateway.listening[0]!.url)
  using ana = await connect(`ws://localhost:${port}/ws/ana`)
  expect(await ana.received.text()).toBe('hi ana')
  using fixed = await connect(`ws://localhost:${port}/ws/fixed`)
  expect(await fixed.received.text()).toBe('fixed')
  expect(await (await fetch(`http://localhost:${port}/mocked`)).text()).toBe('mocked')
  expect(await (await fetch(`http://localhost:${port}/anything`)).json()).toEqual({ by: 'main' })
  expect((await refusal(`ws://localhost:${port}/other`)).status).toBe(404)
  expect([...gateway.counters.keys()]).toContain('mock mocks')
  await gateway.stop(0)
  rmSync(folder, { recursive: true })
})

test('a mock stands in for a live endpoint that is gone, as the next of a fail-over group', async () => {
  const [live, own] = [await freePort(), await freePort()]
  const { gateway, folder } = await run({
    'deployment.toml': SETTINGS,
    'orders.xml': `<definitions xmlns="http://ws.apache.org/ns/synapse">
      <endpoint name="orders"><failover>
        <endpoint name="live"><address uri="http://localhost:${live}/orders"/></endpoint>
        <endpoint name="mocked"><address uri="http://localhost:${own}/orders"/></endpoint>
      </failover></endpoint>
      <proxy name="orders"><target endpoint="orders"><outSequence><send/></outSequence></target></proxy>
    </definitions>`,
    'mocks/orders.yaml': `
- listen: {port: ${own}, host: localhost}
- endpoint: {method: POST, path: /orders, response: {status: 201, body: '{"mocked": {{json json-params}}}'}}`,
  })
  expect(errorsOf(gateway)).toEqual([])
  await using running = new TestGateway(gateway, new RecordingLogger() as never)
  await gateway.start()
  const url = running.url('http', 'orders').replace('/orders/*', '/orders')
  const body = '{"id":1}'
  const response = await fetch(url, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })
  expect([response.status, await response.json()]).toEqual([201, { mocked: { id: 1 } }])
  rmSync(folder, { recursive: true })
})

test('validate reports what is wrong with mocks, with file, line and column', async () => {
  const { gateway, folder } = await run({
    'mocks/a.yml': '- websocket:\n    path: /a\n    on-connect: {respons: x}\n',
    'mocks/b.yml': '- websocket: {path: /a}\n',
  })
  const found = gateway.diagnostics.all().map(toRecord)
  expect(found.map(({ file, line, column, code }) => [file.replace(folder, ''), line, column, code])).toEqual(
    [
      ['/mocks/a.yml', 3, 18, 'unknown-option'],
      ['/mocks/b.yml', 1, 14, 'path-clash'],
    ],
  )
  expect(found[0]!.hint).toBe('Did you mean response?')
  rmSync(folder, { recursive: true })
})

test('mocks of a running gateway are renewed, files that come among them too', async () => {
  const { gateway, folder } = await run({
    'deployment.toml': SETTINGS,
    'mocks/a.yml': `- websocket: {path: '/ws/:who', on-message: [{pattern: hi, response: one}]}`,
  })
  await gateway.start()
  const { port } = new URL(gateway.listening[0]!.url)
  using client = await connect(`ws://localhost:${port}/ws/ana`)
  expect(await client.ask('hi')).toBe('one')
  writeFileSync(
    join(folder, 'mocks/b.yml'),
    '- websocket: {path: /ws/fixed, on-connect: {response: fixed}, on-message: [{pattern: hi, response: b}]}',
  )
  const greeting = async (): Promise<string> => {
    using other = await connect(`ws://localhost:${port}/ws/fixed`)
    return await other.ask('hi')
  }
  await expect.poll(greeting, { timeout: 8_000 }).toBe('fixed')
  writeFileSync(
    join(folder, 'mocks/a.yml'),
    `- websocket: {path: '/ws/:who', on-message: [{pattern: hi, response: two}]}`,
  )
  await expect.poll(() => client.ask('hi'), { timeout: 8_000 }).toBe('two')
  await gateway.stop(0)
  rmSync(folder, { recursive: true })
})
