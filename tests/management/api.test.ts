import { expect, test } from 'vitest'
import { type Management, startManagement } from '../../src/management/server.ts'
import { TestFolder } from '../support/certificates.ts'
import { proxy } from '../support/configurations.ts'
import { eventually } from '../support/eventually.ts'
import { type GatewayOptions, startGateway, type TestGateway } from '../support/gateway.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { RecordingLogger } from '../support/recording-logger.ts'

const USERS = { 'management_api.username': 'ada', 'management_api.password': 'secret' }

/** A gateway with its management API. */
class Managed implements AsyncDisposable {
  readonly gateway: TestGateway
  readonly management: Management
  readonly log: RecordingLogger
  readonly stops: string[]
  readonly #folder: TestFolder

  constructor(
    gateway: TestGateway,
    management: Management,
    { log, stops, folder }: { log: RecordingLogger; stops: string[]; folder: TestFolder },
  ) {
    this.gateway = gateway
    this.management = management
    this.log = log
    this.stops = stops
    this.#folder = folder
  }

  /** Asks with the local token, unless another one is given. */
  async ask(
    method: string,
    path: string,
    { body, token = 'local' }: { body?: unknown; token?: string } = {},
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${this.management.url}/management${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.gateway[Symbol.asyncDispose]()
    await this.management.close()
    this.#folder[Symbol.dispose]()
  }
}

async function managed(options: GatewayOptions): Promise<Managed> {
  const folder = new TestFolder()
  const settings = { 'myelin.data_folder': folder.path, ...options.settings }
  const gateway = await startGateway({ ...options, settings })
  const log = new RecordingLogger()
  const stops: string[] = []
  const management = await startManagement(gateway.gateway, {
    port: 0,
    host: 'localhost',
    localToken: 'local',
    version: '1.2.3',
    log,
    stop(how) {
      stops.push(how)
      void gateway.gateway.drain({ graceMs: 5_000, announceMs: 0, spreadMs: 0 })
    },
  })
  return new Managed(gateway, management, { log, stops, folder })
}

const ECHO = proxy('echo', '<respond/>')

/** Orders are kept until they are delivered to an address, and given up after one attempt. */
function orders(address: string): string {
  return `
    <proxy name="orders"><target><inSequence><store messageStore="Orders"/></inSequence></target></proxy>
    <messageStore name="Orders"/>
    <endpoint name="Backend"><address uri="${address}"><suspendOnFailure><errorCodes>-1</errorCodes></suspendOnFailure><markForSuspension><errorCodes>-1</errorCodes></markForSuspension></address></endpoint>
    <messageProcessor name="Forward" messageStore="Orders" targetEndpoint="Backend" class="org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor">
      <parameter name="interval">50</parameter>
      <parameter name="throttle.interval">0</parameter>
      <parameter name="client.retry.interval">10</parameter>
      <parameter name="max.delivery.attempts">1</parameter>
      <parameter name="max.delivery.drop">Enabled</parameter>
    </messageProcessor>`
}

test('name and version are for everybody, all else is for those with a token', async () => {
  await using api = await managed({ xml: ECHO })
  const root = await fetch(`${api.management.url}/management`)
  expect(await root.json()).toMatchObject({ name: 'Myelin', version: '1.2.3' })
  for (const path of ['/server', '/ledger', '/message-stores', '/nothing', '/login/../server']) {
    const refused = await fetch(`${api.management.url}/management${path}`)
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www_authenticate')).toBe('Basic realm="WSO2 EI"')
    expect(await refused.text()).toBe('')
  }
})

test('users get a token for their password, and give it back', async () => {
  await using api = await managed({ xml: ECHO, settings: USERS })
  const login = async (credentials: string): Promise<Response> =>
    await fetch(`${api.management.url}/management/login`, {
      headers: { Authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
    })
  expect((await login('ada:wrong')).status).toBe(401)
  const { AccessToken: token } = (await (await login('ada:secret')).json()) as { AccessToken: string }
  expect((await api.ask('GET', '/server', { token })).body).toMatchObject({ productName: 'Myelin' })
  expect((await api.ask('GET', '/logout', { token })).status).toBe(200)
  expect((await api.ask('GET', '/server', { token })).status).toBe(401)
  expect((await api.ask('GET', '/logout')).body).toEqual({
    Error: 'Log out failed due to incorrect credentials',
  })
  const lines = JSON.stringify(api.log.lines)
  expect(lines).not.toContain('secret')
  expect(lines).not.toContain(token)
})

test('there is no password that works by default', async () => {
  await using api = await managed({ xml: ECHO })
  const authorization = `Basic ${Buffer.from('admin:admin').toString('base64')}`
  const refused = await fetch(`${api.management.url}/management/login`, {
    headers: { Authorization: authorization },
  })
  expect(refused.status).toBe(401)
})

test('what is not there is 404, and what a resource cannot do is 400', async () => {
  await using api = await managed({ xml: ECHO })
  expect(await api.ask('GET', '/nothing')).toEqual({ status: 404, body: undefined })
  expect(await api.ask('GET', '/message-stores?name=Nobody')).toEqual({ status: 404, body: undefined })
  expect(await api.ask('DELETE', '/message-stores')).toEqual({
    status: 400,
    body: { Error: 'Unsupported HTTP method, DELETE. Only GET methods are supported' },
  })
  expect((await api.ask('PATCH', '/server', { body: { status: 'restart' } })).status).toBe(400)
  expect((await api.ask('POST', '/dead-letters', { body: [] })).status).toBe(404)
})

test('message stores and processors are listed, found by part of their name, and switched', async () => {
  await using api = await managed({ xml: `${orders('http://127.0.0.1:9/')}<messageStore name="Other"/>` })
  const all = (await api.ask('GET', '/message-stores')).body
  expect(all).toEqual({
    count: 2,
    list: [
      { name: 'Orders', type: 'in memory', size: 0, deadLetters: 0 },
      { name: 'Other', type: 'in memory', size: 0, deadLetters: 0 },
    ],
  })
  expect((await api.ask('GET', '/message-stores?searchKey=ORD')).body).toMatchObject({ count: 1 })
  expect((await api.ask('GET', '/message-stores?name=Orders')).body).toMatchObject({
    name: 'Orders',
    size: 0,
  })

  const body = { name: 'Forward', status: 'inactive' }
  expect((await api.ask('POST', '/message-processors', { body })).body).toEqual({
    Message: 'Forward : is deactivated',
  })
  expect((await api.ask('GET', '/message-processors')).body).toEqual({
    count: 1,
    list: [{ name: 'Forward', type: 'Scheduled-message-forwarding-processor', status: 'inactive' }],
  })
  expect((await api.ask('POST', '/message-processors', { body: { ...body, status: 'gone' } })).status).toBe(
    400,
  )
  expect(api.log.lines.map(({ text }) => text)).toContain(
    'management: local POST /management/message-processors (200)',
  )
  await api.ask('POST', '/message-processors', { body: { ...body, status: 'active' } })
})

test('a processor is switched, and answered for in time, where that cannot be kept', async () => {
  using folder = new TestFolder()
  const file = folder.write('a-file', '')
  await using api = await managed({
    xml: `<messageStore name="Orders"/>
      <messageProcessor name="Forward" messageStore="Orders" targetEndpoint="E"
        class="org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor"/>
      <endpoint name="E"><address uri="http://localhost:9/"/></endpoint>
      ${proxy('put', '<store messageStore="Orders"/>')}`,
    settings: { 'myelin.data_folder': `${file}/data` },
  })
  const body = { name: 'Forward', status: 'inactive' }
  expect((await api.ask('POST', '/message-processors', { body })).body).toEqual({
    Message: expect.stringMatching(/^Forward : is deactivated; that is not kept yet/),
  })
  expect((await api.ask('GET', '/message-processors')).body).toMatchObject({ list: [{ status: 'inactive' }] })
})

test('dead letters are listed, sent again, and discarded', async () => {
  let isUp = false
  await using backend = await HttpBackend.start(() => ({ status: isUp ? 200 : 500 }))
  await using api = await managed({ xml: orders(backend.url) })
  const url = api.gateway.url('http')
  for (const text of ['one', 'two', 'three'])
    await fetch(url, { method: 'POST', body: text, headers: { 'Content-Type': 'text/plain' } })
  const count = async (): Promise<unknown> =>
    (await api.ask('GET', '/dead-letters')).body as { list: { size: number }[] }
  await until(async () => expect(await count()).toMatchObject({ list: [{ name: 'Orders', size: 3 }] }))

  const listed = (await api.ask('GET', '/dead-letters?store=Orders')).body as {
    total: number
    list: { id: string; reason: string }[]
  }
  expect(listed).toMatchObject({ total: 3, count: 3 })
  expect(listed.list[0]).toMatchObject({ attempts: 1, bytes: 3, processor: 'Forward' })
  const page = (await api.ask('GET', `/dead-letters?store=Orders&limit=1&after=${listed.list[0]!.id}`)).body
  expect(page).toMatchObject({ count: 1, total: 3, list: [{ id: listed.list[1]!.id }] })

  const [first] = listed.list
  const discarded = { store: 'Orders', action: 'discard', ids: [first!.id, 'urn:uuid:nobody'] }
  expect((await api.ask('POST', '/dead-letters', { body: discarded })).body).toMatchObject({ count: 1 })
  isUp = true
  const resent = { store: 'Orders', action: 'resend', ids: 'all' }
  expect((await api.ask('POST', '/dead-letters', { body: resent })).body).toMatchObject({ count: 2 })
  await eventually(() => expect(backend.received.slice(3).map(({ body }) => body)).toEqual(['two', 'three']))
  await until(async () =>
    expect((await api.ask('GET', '/ledger')).body).toMatchObject({
      differences: [],
      stores: [{ store: 'Orders', stored: 5, delivered: 2, died: 3, held: 0, deadLetters: 0 }],
    }),
  )
})

test('the ledger says what became of every message', async () => {
  await using api = await managed({ xml: ECHO })
  const url = api.gateway.url('http')
  for (let i = 0; i < 3; i++) await fetch(url, { method: 'POST', body: 'x' })
  expect((await api.ask('GET', '/ledger')).body).toMatchObject({
    isFinal: false,
    differences: [],
    services: [{ service: 'proxy service echo', received: 3, inFlight: 0, ended: { answered: 3 } }],
  })
})

test('a drain is told line by line, to its end', async () => {
  await using api = await managed({ xml: ECHO })
  expect((await api.ask('GET', '/drain')).body).toEqual({ state: 'ready', steps: [] })
  const response = await fetch(`${api.management.url}/management/drain`, {
    method: 'POST',
    headers: { Authorization: 'Bearer local' },
  })
  const lines = (await response.text()).trim().split('\n')
  const steps = lines.map(line => JSON.parse(line) as { stage: string; outcome?: unknown })
  expect(steps.map(({ stage }) => stage)).toEqual(['ending', 'closing', 'releasing', 'stopped'])
  expect(steps.at(-1)!.outcome).toMatchObject({ isClean: true })
  expect(api.stops).toEqual(['drain'])
})

test.each([
  ['shutdown', 'shutdown'],
  ['shutdownGracefully', 'drain'],
])('%s stops the gateway', async (status, how) => {
  await using api = await managed({ xml: ECHO })
  expect((await api.ask('PATCH', '/server', { body: { status } })).status).toBe(200)
  await eventually(() => expect(api.stops).toEqual([how]))
})

test('users without rights look, and change nothing', async () => {
  const users = "[[internal_apis.users]]\nuser.name = 'bob'\nuser.password = 'b'\nuser.is_admin = false\n"
  await using api = await managed({ xml: ECHO, toml: users })
  const login = await fetch(`${api.management.url}/management/login`, {
    headers: { Authorization: `Basic ${Buffer.from('bob:b').toString('base64')}` },
  })
  const { AccessToken: token } = (await login.json()) as { AccessToken: string }
  expect((await api.ask('GET', '/ledger', { token })).status).toBe(200)
  expect((await api.ask('POST', '/drain', { token })).status).toBe(403)
  expect(api.stops).toEqual([])
})

test('nodes and sessions are counted', async () => {
  await using api = await managed({ xml: ECHO })
  expect((await api.ask('GET', '/nodes')).body).toMatchObject({ count: 1, list: [{ isThis: true }] })
  expect((await api.ask('GET', '/sessions')).body).toEqual({ count: 0, list: [] })
})

/** Waits until a check that has to ask stops failing. */
async function until(check: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + 8_000
  for (;;) {
    try {
      await check()
      return
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
  }
}
