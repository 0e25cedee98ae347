// The commands that talk to a gateway that runs, and to what it has left behind.

import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TestFolder } from '../support/certificates.ts'
import { proxy } from '../support/configurations.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { type Ended, MYELIN, type Running, startProgram } from './program.ts'

/** Gateways of a user of their own, and commands of that user. */
class User implements AsyncDisposable {
  readonly #folder = new TestFolder()
  readonly #started: Running[] = []
  #made = 0

  get runFolder(): string {
    return join(this.#folder.path, 'run')
  }

  /** Starts a gateway and gives where its management API and its HTTP services are. */
  async gateway(xml: string, toml = ''): Promise<{ running: Running; url: string; http: string }> {
    const name = `gateway-${this.#made++}`
    mkdirSync(join(this.#folder.path, name))
    this.#folder.write(
      `${name}/all.xml`,
      `<definitions xmlns="http://ws.apache.org/ns/synapse">${xml}</definitions>`,
    )
    const ports = 'transport.http.listener.port = 0\nmanagement.probe.port = 0\nmanagement_api.port = 0\n'
    const data = `myelin.data_folder = ${JSON.stringify(join(this.#folder.path, name, 'data'))}\n`
    this.#folder.write(`${name}/deployment.toml`, ports + data + toml)
    const running = startProgram(MYELIN, ['run', join(this.#folder.path, name)], this.#env)
    this.#started.push(running)
    const { input } = await running.prints(/"msg":"ready"}\n/)
    const urls = input
      .trim()
      .split('\n')
      .map(line => String((JSON.parse(line) as { url?: string }).url))
    const ofManagement = /management API at (\S+)\/management/.exec(input)?.[1] ?? ''
    return { running, url: ofManagement, http: urls.find(each => each.includes('/services/')) ?? '' }
  }

  async run(...args: readonly string[]): Promise<Ended> {
    await using running = startProgram(MYELIN, args, this.#env)
    running.endInput()
    return await running.ended()
  }

  /** The message stores of its only gateway, by the management API. */
  async stores(): Promise<unknown> {
    const [file] = readdirSync(this.runFolder).filter(name => name.startsWith('gateway-'))
    const { url, token } = JSON.parse(readFileSync(join(this.runFolder, file!), 'utf8')) as Record<
      string,
      string
    >
    const headers = { Authorization: `Bearer ${token}` }
    const response = await fetch(`${url}/management/message-stores`, { headers })
    return ((await response.json()) as { list: unknown }).list
  }

  get #env(): NodeJS.ProcessEnv {
    return { ...process.env, MYELIN_RUN_FOLDER: this.runFolder, MYELIN_MANAGEMENT_TOKEN: '' }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#started) await running[Symbol.asyncDispose]()
    this.#folder[Symbol.dispose]()
  }
}

const LIMIT_MS = 60_000

const ECHO = proxy('echo', '<respond/>')

test.concurrent('without a gateway every command says so', async () => {
  await using user = new User()
  const nobody = 'no gateway of this user runs on this machine; name one with --url'
  const commands = { drain: 2, ledger: 2, stores: 1 }
  const each = Object.entries(commands).map(async ([command, code]) => {
    const ended = await user.run(command)
    expect(ended).toMatchObject({ code, stdout: '' })
    expect(ended.stderr).toBe(`myelin: ${nobody}\n`)
  })
  await Promise.all(each)
})

test.concurrent(
  'drain ends the gateway, and its ledger can be checked while it runs and when it has gone',
  async () => {
    await using user = new User()
    const { running, http } = await user.gateway(ECHO)
    for (let i = 0; i < 3; i++) await fetch(http, { method: 'POST', body: 'x' })

    const early = await user.run('ledger', 'check')
    expect(early).toMatchObject({ code: 0, stderr: '' })
    expect(early.stdout).toContain('received 3, ended 3, in flight 0')

    const drained = await user.run('drain')
    expect(drained).toMatchObject({ code: 0, stderr: '' })
    expect(drained.stdout).toMatch(/ending[\s\S]*closing[\s\S]*releasing[\s\S]*nothing was cut\n$/)
    expect((await running.ended()).code).toBe(0)

    const after = await user.run('ledger', 'check')
    expect(after).toMatchObject({ code: 0, stderr: '' })
    expect(after.stdout).toContain('stopped at')
    const table = await user.run('ledger')
    expect(table.stdout).toMatch(/SERVICE +RECEIVED .*\nproxy service echo +3 /)
  },
  LIMIT_MS,
)

test.concurrent(
  'what a message store in memory held is missed when the process has gone, by name and number',
  async () => {
    await using user = new User()
    const { http } = await user.gateway(
      `${proxy('orders', '<store messageStore="Orders"/>')}<messageStore name="Orders"/>`,
    )
    for (let i = 0; i < 2; i++) await fetch(http, { method: 'POST', body: 'x' })
    expect((await user.run('ledger', 'check')).code).toBe(0)

    const drained = await user.run('drain')
    expect(drained.code).toBe(1)
    const checked = await user.run('ledger', 'check')
    expect(checked.code).toBe(1)
    expect(checked.stderr).toBe(
      'myelin: message store Orders: it held 2 when the process ended, and is in memory\n',
    )
  },
  LIMIT_MS,
)

test.concurrent(
  'the token is for its user alone, and gone with the process',
  async () => {
    await using user = new User()
    const { running, url } = await user.gateway(ECHO)
    expect(statSync(user.runFolder).mode & 0o777).toBe(0o700)
    const wrong = await user.run('stores', '--url', url, '--token', 'guessed')
    expect(wrong).toMatchObject({ code: 1, stderr: `myelin: ${url} refuses the token\n` })
    expect(running.pid).toBeGreaterThan(0)
    await user.run('drain')
    const elsewhere = await user.run('stores', '--url', url)
    expect(elsewhere.code).toBe(1)
    expect(elsewhere.stderr).toContain(`no gateway of this user is at ${url}`)
    expect(readFileSync(join(user.runFolder, 'ledger.jsonl'), 'utf8')).not.toContain('token')
  },
  LIMIT_MS,
)

test.concurrent(
  'of several gateways one is to be named',
  async () => {
    await using user = new User()
    const [first, second] = await Promise.all([user.gateway(ECHO), user.gateway(ECHO)])
    const unclear = await user.run('ledger', 'check')
    expect(unclear.code).toBe(2)
    expect(unclear.stderr).toContain('several gateways run on this machine')
    expect(unclear.stderr).toContain(first.url)
    expect((await user.run('drain', '--url', second.url)).code).toBe(0)
    expect((await user.run('ledger', 'check')).code).toBe(0)
    expect((await user.run('ledger', 'check', '--url', second.url)).stdout).toContain('stopped at')
  },
  LIMIT_MS,
)

describe('dead letters', () => {
  let user: User
  let backend: HttpBackend
  let isUp = false
  beforeAll(async () => {
    user = new User()
    backend = await HttpBackend.start(() => ({ status: isUp ? 200 : 500 }))
    const { http } = await user.gateway(`
      ${proxy('orders', '<store messageStore="Orders"/>')}
      <messageStore name="Orders"/>
      <endpoint name="Backend"><address uri="${backend.url}"><suspendOnFailure><errorCodes>-1</errorCodes></suspendOnFailure><markForSuspension><errorCodes>-1</errorCodes></markForSuspension></address></endpoint>
      <messageProcessor name="Forward" messageStore="Orders" targetEndpoint="Backend" class="org.apache.synapse.message.processor.impl.forwarder.ScheduledMessageForwardingProcessor">
        <parameter name="interval">50</parameter>
        <parameter name="client.retry.interval">10</parameter>
        <parameter name="max.delivery.attempts">1</parameter>
        <parameter name="max.delivery.drop">Enabled</parameter>
      </messageProcessor>`)
    for (const text of ['one', 'two', 'three']) await fetch(http, { method: 'POST', body: text })
    while (((await user.stores()) as { deadLetters: number }[])[0]!.deadLetters < 3);
  }, 60_000)
  afterAll(async () => {
    await user[Symbol.asyncDispose]()
    await backend[Symbol.asyncDispose]()
  })

  test('are listed, discarded by their ids, and sent again by one command', async () => {
    const listed = await user.run('dead-letters')
    expect(listed.stdout.trim().split('\n')).toHaveLength(4)
    expect(listed.stdout).toMatch(/^STORE +ID +GIVEN UP +ATTEMPTS +BYTES +CODE +REASON\nOrders +urn:uuid:/)
    const letters = JSON.parse((await user.run('dead-letters', 'list', '--json')).stdout) as { id: string }[]
    const discarded = await user.run('dead-letters', 'discard', letters[0]!.id)
    expect(discarded).toMatchObject({ code: 0, stdout: '1 discarded\n' })
    const again = await user.run('dead-letters', 'discard', letters[0]!.id)
    expect(again).toMatchObject({ code: 1, stderr: 'myelin: 1 of the ids are no dead letters here\n' })
    isUp = true
    const resent = await user.run('dead-letters', 'resend', '--store', 'Orders', '--all')
    expect(resent).toMatchObject({ code: 0, stdout: '2 sent again\n' })
    while (((await user.stores()) as { size: number }[])[0]!.size > 0);
    expect(backend.received.slice(3).map(({ body }) => body)).toEqual(['two', 'three'])
  }, 60_000)

  test.concurrent.each([
    [['resend'], 'name the ids of the messages to resend, or take all of the store with --all'],
    [['resend', 'x', '--all'], 'either ids or --all, not both'],
    [['burn'], 'dead letters cannot be told to burn; there are list, resend, discard'],
    [['list', '--store', 'Nobody'], 'there is none of that name'],
    [['discard', '--all', '--store', 'Nobody'], 'there is no message store of that name'],
  ])('%j is refused', async (args, why) => {
    expect(await user.run('dead-letters', ...args)).toMatchObject({ code: 1, stderr: `myelin: ${why}\n` })
  })

  test('processors are listed and switched', async () => {
    expect((await user.run('processors', 'deactivate', 'Forward')).stdout).toBe('Forward : is deactivated\n')
    expect((await user.run('processors')).stdout).toMatch(/\nForward +\S+ +inactive\n$/)
    expect(await user.run('processors', 'activate', 'Nobody')).toMatchObject({
      code: 1,
      stderr: 'myelin: there is no message processor of that name\n',
    })
  })
})
