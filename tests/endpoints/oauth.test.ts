import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { startSilent } from '../support/backends.ts'
import { Flow } from '../support/flow.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { json } from '../support/mediate.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

const grant = (tokenUrl: string, more = '') =>
  `<oauth><clientCredentials><clientId>id</clientId><clientSecret>{json-eval($.secret)}</clientSecret><tokenUrl>${tokenUrl}</tokenUrl>${more}</clientCredentials></oauth>`

function flowTo(url: string, oauth: string, settings: Readonly<Record<string, unknown>> = {}): Flow {
  const http = `<http method="post" uri-template="${url}"><suspendOnFailure><errorCodes>-1</errorCodes></suspendOnFailure><authentication>${oauth}</authentication></http>`
  return new Flow('<call><endpoint key="e"/></call>', {
    artifacts: [`<endpoint name="e">${http}</endpoint>`],
    settings,
  })
}

/** Gives tokens T1, T2 and so on, each good for some seconds. */
const startTokens = (seconds?: number) =>
  HttpBackend.start((_request, count) => ({
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ access_token: `T${count}`, expires_in: seconds }),
  }))
const asks = (secret = 's') => json({ secret })
const tokensOf = ({ received }: HttpBackend) => received.map(({ headers }) => headers.authorization)

describe('a token', () => {
  test('is asked for once by messages that come together', async () => {
    await using tokens = await startTokens()
    await using backend = await HttpBackend.start()
    await using flow = flowTo(backend.url, grant(tokens.url))
    await Promise.all(Array.from({ length: 20 }, () => flow.run(asks())))
    expect(tokens.received).toHaveLength(1)
    expect(new Set(tokensOf(backend))).toEqual(new Set(['Bearer T1']))
  })

  test('that cannot be had is a failure of all that wait for it, and asked for again by the next', async () => {
    await using tokens = await HttpBackend.start((_request, count) =>
      count === 1 ? { status: 500 } : { body: '{"access_token":"T"}' },
    )
    await using backend = await HttpBackend.start()
    await using flow = flowTo(backend.url, grant(tokens.url))
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => flow.outcome(asks())))
    expect(outcomes).toEqual([303003, 303003, 303003, 303003, 303003])
    expect(tokens.received).toHaveLength(1)
    expect(await flow.outcome(asks())).toBe('ok')
  })

  test.each<
    [what: string, expiresIn: number | undefined, settings: Readonly<Record<string, number>>, kept: number]
  >([
    ['3000 s where it does not say', undefined, {}, 3_000],
    ['as long as it says', 60, {}, 60],
    ['at most 3000 s', 86_400, {}, 3_000],
    ['at most what the setting says', 86_400, { 'synapse.endpoint.http.oauth.cache.timeout': 10 }, 10],
  ])('is kept: %s', async (_what, expiresIn, given, kept) => {
    const settings = Object.fromEntries(
      Object.entries(given).map(([key, value]) => [`synapse_properties.${key}`, value]),
    )
    await using tokens = await startTokens(expiresIn)
    await using backend = await HttpBackend.start()
    await using flow = flowTo(backend.url, grant(tokens.url), settings)
    await flow.run(asks())
    vi.advanceTimersByTime(kept * 1_000 - 1)
    await flow.run(asks())
    vi.advanceTimersByTime(1)
    await flow.run(asks())
    expect(tokensOf(backend)).toEqual(['Bearer T1', 'Bearer T1', 'Bearer T2'])
  })

  test('is not given to who knows another secret', async () => {
    await using tokens = await startTokens()
    await using backend = await HttpBackend.start()
    await using flow = flowTo(backend.url, grant(tokens.url))
    await flow.run(asks('right'))
    await flow.run(asks('wrong'))
    await flow.run(asks('right'))
    expect(tokensOf(backend)).toEqual(['Bearer T1', 'Bearer T2', 'Bearer T1'])
  })

  test('that is refused is replaced once for all who were refused with it', async () => {
    await using tokens = await startTokens()
    let isRefused = false
    await using backend = await HttpBackend.start(({ headers }) => ({
      status: isRefused && headers.authorization === 'Bearer T1' ? 401 : 200,
    }))
    await using flow = flowTo(backend.url, grant(tokens.url))
    await flow.run(asks())
    isRefused = true
    const contexts = await Promise.all(Array.from({ length: 10 }, () => flow.run(asks())))
    expect(contexts.map(ctx => ctx.transport.status)).toEqual(Array(10).fill(200))
    expect(tokens.received).toHaveLength(2)
  })

  test('that is refused again is the answer: one new token, one more try', async () => {
    await using tokens = await startTokens()
    await using backend = await HttpBackend.start(() => ({ status: 401 }))
    await using flow = flowTo(backend.url, grant(tokens.url))
    const ctx = await flow.run(asks())
    expect([ctx.fault, ctx.transport.status]).toEqual([undefined, 401])
    expect([tokens.received.length, backend.received.length]).toEqual([2, 2])
  })

  test('may take as long as socketTimeout says', async () => {
    await using tokens = await startSilent()
    await using backend = await HttpBackend.start()
    const url = tokens.url.replace('ws:', 'http:')
    await using flow = flowTo(backend.url, grant(url, '<socketTimeout>40</socketTimeout>'))
    const { fault } = await flow.run(asks())
    expect([fault?.code, fault?.message]).toEqual([303003, expect.stringContaining('within 40 ms')])
  })

  test('without one the backend is not blamed: others may still use it', async () => {
    await using tokens = await HttpBackend.start(({ headers }) =>
      headers.authorization === `Basic ${Buffer.from('id:right').toString('base64')}`
        ? { body: '{"access_token":"T"}' }
        : { status: 401 },
    )
    await using backend = await HttpBackend.start()
    const http = `<http method="post" uri-template="${backend.url}"><authentication>${grant(tokens.url)}</authentication></http>`
    await using flow = new Flow('<call><endpoint key="e"/></call>', {
      artifacts: [`<endpoint name="e">${http}</endpoint>`],
    })
    expect(await flow.outcome(asks('wrong'))).toBe(303003)
    expect(await flow.outcome(asks('right'))).toBe('ok')
  })
})

describe('grants', () => {
  test.each([
    [
      'passwordCredentials',
      '<passwordCredentials><username>ann</username><password>p</password>',
      'grant_type=password&username=ann&password=p',
    ],
    [
      'authorizationCode',
      '<authorizationCode><refreshToken>R</refreshToken>',
      'grant_type=refresh_token&refresh_token=R',
    ],
    ['clientCredentials', '<clientCredentials>', 'grant_type=client_credentials'],
  ])('%s', async (element, start, body) => {
    await using tokens = await startTokens()
    await using backend = await HttpBackend.start()
    const oauth = `<oauth>${start}<clientId>id</clientId><clientSecret>s</clientSecret><tokenUrl>${tokens.url}</tokenUrl></${element}></oauth>`
    await using flow = flowTo(backend.url, oauth)
    expect(await flow.outcome(asks())).toBe('ok')
    expect(tokens.received[0]!.body).toBe(body)
    expect(tokensOf(backend)).toEqual(['Bearer T1'])
  })
})
