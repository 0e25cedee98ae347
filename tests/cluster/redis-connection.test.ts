import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { expect, test } from 'vitest'
import { RedisConnection, releaseRedis, sharedRedis } from '../../src/cluster/redis-connection.ts'
import { makeIdentity, TestFolder } from '../support/certificates.ts'
import { eventually } from '../support/eventually.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { RedisServer } from '../support/redis.ts'

/** A connection with its log. Going out of scope closes it. */
class Connected implements AsyncDisposable {
  readonly log = new RecordingLogger()
  readonly connection: RedisConnection
  /** What its listener heard. */
  readonly heard: string[] = []

  constructor(url: string) {
    this.connection = new RedisConnection(url, this.log)
    this.connection.listen({
      cameBack: () => this.heard.push('here'),
      wentAway: () => this.heard.push('away'),
    })
  }

  get lines(): string[] {
    return this.log.lines.map(({ level, text }) => `${level}: ${text}`)
  }

  ping(): Promise<string> {
    return this.connection.run(client => client.ping())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close()
  }
}

test('tells once that Redis goes, and once that it is back', async () => {
  await using redis = await RedisServer.start()
  await using connected = new Connected(redis.url)
  expect(connected.connection.isThere).toBe(false)
  expect(await connected.ping()).toBe('PONG')
  expect(connected.connection.isThere).toBe(true)
  await redis.stop()
  await eventually(() => expect(connected.connection.isThere).toBe(false))
  const place = `127.0.0.1:${redis.port}`
  for (let i = 0; i < 3; i++)
    await expect(connected.ping()).rejects.toThrow(
      new RegExp(`^Redis at ${place} is away since \\d+\\.\\d s: `),
    )
  await redis.start()
  await eventually(() => expect(connected.connection.isThere).toBe(true))
  expect(await connected.ping()).toBe('PONG')
  expect(connected.lines).toEqual([
    `info: Redis at ${place} is there`,
    expect.stringMatching(`^error: Redis at ${place} is away since \\d{4}-.*Z: it closed the connection$`),
    expect.stringMatching(`^info: Redis at ${place} is back after \\d+\\.\\d s$`),
  ])
  expect(connected.heard).toEqual(['here', 'away', 'here'])
})

test('notices a Redis that is frozen, and that it goes on', async () => {
  await using redis = await RedisServer.start()
  await using connected = new Connected(redis.url)
  await connected.ping()
  redis.freeze()
  const frozen = performance.now()
  await expect(connected.ping()).rejects.toThrow('went away: the outcome is not known')
  expect(performance.now() - frozen).toBeLessThan(2_500)
  const asked = performance.now()
  await expect(connected.ping()).rejects.toThrow('it answers nothing for 1200 ms')
  expect(performance.now() - asked).toBeLessThan(500)
  redis.thaw()
  const thawed = performance.now()
  await eventually(() => expect(connected.connection.isThere).toBe(true))
  expect(performance.now() - thawed).toBeLessThan(5_000)
})

test('does not wait long for a Redis that is not there', async () => {
  await using redis = await RedisServer.start()
  await redis.stop()
  await using connected = new Connected(redis.url)
  await expect(connected.ping()).rejects.toThrow(/is away since .*: connect ECONNREFUSED/)
  expect(connected.lines).toHaveLength(1)
})

test('never says a password', async () => {
  await using redis = await RedisServer.start({ password: 'right' })
  await using wrong = new Connected(redis.url.replace('right', 's%C3%A9cret'))
  const error = await wrong.ping().then(undefined, (thrown: Error) => thrown)
  expect((error as Error).message).toMatch(/is away since .*: WRONGPASS/)
  const refused = await wrong.connection
    .run(client => client.call('AUTH', 'sécret', 'sécret'))
    .catch((thrown: Error) => thrown)
  const said = [...wrong.lines, JSON.stringify(wrong.log.lines), error, refused].map(
    each => `${each} ${(each as Error).stack} ${JSON.stringify(each)}`,
  )
  expect(said.join('\n')).not.toMatch(/s(é|%C3%A9)cret/)
  for (const url of ['redis://:sécret@', 'sécret', 'http://sécret@host', 'redis://:s%E9cret@host/sécret/x'])
    expect(() => new RedisConnection(url, wrong.log)).toThrow(
      /^(?!.*host\/).*(address of Redis is none|database)/,
    )
  await using right = new Connected(redis.url)
  expect(await right.ping()).toBe('PONG')
})

test('uses TLS', async () => {
  const authority = await makeIdentity(['authority'])
  const { cert, key } = await makeIdentity(['localhost'], authority)
  using folder = new TestFolder()
  await using redis = await RedisServer.start({
    arguments: [
      ...['--tls-cert-file', folder.write('cert.pem', cert), '--tls-key-file', folder.write('key.pem', key)],
      ...['--tls-ca-cert-file', folder.write('ca.pem', authority.cert), '--tls-auth-clients', 'no'],
      ...['--tls-port', '0'],
    ],
  })
  await redis.command('CONFIG', 'SET', 'port', '0', 'tls-port', String(redis.port))
  const url = `rediss://localhost:${redis.port}`
  await using distrustful = new Connected(url)
  await expect(distrustful.ping()).rejects.toThrow(/is away since .*certificate/)
  const known = getCACertificates()
  setDefaultCACertificates([...known, authority.cert])
  try {
    await using connected = new Connected(url)
    expect(await connected.ping()).toBe('PONG')
  } finally {
    setDefaultCACertificates(known)
  }
})

test('warns about a Redis that throws away what it was told', async () => {
  await using redis = await RedisServer.start({ arguments: ['--maxmemory-policy', 'allkeys-lru'] })
  await using connected = new Connected(redis.url)
  await connected.ping()
  expect(connected.lines).toContain(
    `warn: Redis at 127.0.0.1:${redis.port} throws away messages when its memory is full: set its maxmemory-policy, which is allkeys-lru, to noeviction`,
  )
})

test('refuses a Redis that is too old', async () => {
  const server = createServer(socket => {
    socket.setEncoding('utf8').on('error', () => {})
    socket.on('data', (text: string) => {
      for (const [, name] of text.matchAll(/\*\d+\r\n\$\d+\r\n(\w+)/g)) {
        const info = 'redis_version:6.0.16\r\n'
        const isInfo = name?.toLowerCase() === 'info'
        socket.write(isInfo ? `$${info.length}\r\n${info}\r\n` : `-ERR unknown command '${name}'\r\n`)
      }
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const place = `127.0.0.1:${(server.address() as AddressInfo).port}`
  await using connected = new Connected(`redis://${place}`)
  await expect(connected.ping()).rejects.toThrow(
    new RegExp(`^Redis at ${place} is away since .*: Redis at ${place} is version 6.0.16: 6.2 is needed$`),
  )
  expect(connected.connection.isThere).toBe(false)
  server.close()
})

test('is shared by those with the same address, and closed by the last', async () => {
  await using redis = await RedisServer.start()
  const log = new RecordingLogger()
  const [one, two] = [sharedRedis(redis.url, log), sharedRedis(redis.url, log)]
  expect(one).toBe(two)
  await releaseRedis(one)
  expect(await two.run(client => client.ping())).toBe('PONG')
  await releaseRedis(two)
  await expect(two.run(client => client.ping())).rejects.toThrow('is not connected')
})
