import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type BackendAnswer, HttpBackend, type Received } from '../support/http-backend.ts'
import { findings, json, mediate } from '../support/mediate.ts'
import { type ArrivalOptions, Serving } from '../support/serving.ts'

// Only the clock that entries are dated by; sockets keep theirs.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

const seconds = (count: number): void => void vi.advanceTimersByTime(count * 1000)

interface Setup {
  readonly attributes?: string
  readonly inside?: string
  readonly answer?: (request: Received, count: number) => BackendAnswer
}

const COUNTED = (_request: Received, count: number): BackendAnswer => ({
  headers: { 'Content-Type': 'application/json', 'X-Count': String(count) },
  body: `{"n":${count}}`,
})

async function setup({ attributes = '', inside = '', answer = COUNTED }: Setup = {}) {
  const backend = await HttpBackend.start(answer)
  const service = new Serving(
    `<cache collector="false" ${attributes}>${inside}</cache><call>${backend.endpoint}</call><cache collector="true"/><respond/>`,
  )
  return {
    backend,
    service,
    async ask(body: unknown = { q: 1 }, options: ArrivalOptions = {}) {
      const ctx = await service.take(json(body), options)
      expect(ctx.fault).toBeUndefined()
      return { body: ctx.replies[0], status: ctx.transportIfAny?.status, headers: ctx.message.headers }
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]()
      await backend[Symbol.asyncDispose]()
    },
  }
}

describe('an equal request', () => {
  test('gets what the first one got, with status and headers, and the backend is not asked', async () => {
    await using cached = await setup({
      answer: (request, count) => ({ ...COUNTED(request, count), status: 203 }),
    })
    expect(await cached.ask()).toMatchObject({ body: '{"n":1}', status: 203 })
    const again = await cached.ask()
    expect(again).toMatchObject({ body: '{"n":1}', status: 203 })
    expect(again.headers.get('X-Count')).toBe('1')
    expect(cached.backend.received).toHaveLength(1)
  })

  test.each([
    ['another body', { q: 2 }, {}],
    ['another address', { q: 1 }, { request: { target: '/services/test/other' } }],
    ['another method', { q: 1 }, { request: { method: 'PUT' } }],
  ])('%s is none', async (_what, body, options) => {
    await using cached = await setup()
    await cached.ask()
    expect((await cached.ask(body, options)).body).toBe('{"n":2}')
  })

  test('the body of a GET does not count', async () => {
    await using cached = await setup()
    const get = { request: { method: 'GET' } }
    await cached.ask({ q: 1 }, get)
    expect((await cached.ask({ q: 2 }, get)).body).toBe('{"n":1}')
  })

  test('what was found stays as it was, whatever becomes of the message', async () => {
    const backend = await HttpBackend.start(COUNTED)
    await using service = new Serving(
      `<cache collector="false"><onCacheHit><payloadFactory media-type="json"><format>{"was":$1}</format><args><arg evaluator="json" expression="$.n"/></args></payloadFactory><respond/></onCacheHit></cache>
       <call>${backend.endpoint}</call><cache collector="true"/><respond/>`,
    )
    const replies = []
    for (let i = 0; i < 3; i++) replies.push((await service.take(json({}))).replies[0])
    await backend[Symbol.asyncDispose]()
    expect(replies[0]).toBe('{"n":1}')
    expect(replies.slice(1).map(text => JSON.parse(text!))).toEqual([{ was: 1 }, { was: 1 }])
  })
})

describe('headers', () => {
  const answers = async (inside: string, first: Record<string, string>, second: Record<string, string>) => {
    await using cached = await setup({ inside: `<protocol type="HTTP">${inside}</protocol>` })
    await cached.ask({}, { headers: first })
    return (await cached.ask({}, { headers: second })).body === '{"n":1}' ? 'hit' : 'miss'
  }

  test.each([
    ['', 'hit'],
    ['<headersToExcludeInHash/>', 'hit'],
    ['<headersToExcludeInHash>user</headersToExcludeInHash>', 'hit'],
    ['<headersToExcludeInHash>country</headersToExcludeInHash>', 'miss'],
    ['<headersToExcludeInHash>*</headersToExcludeInHash>', 'hit'],
    ['<headersToIncludeInHash>country, User</headersToIncludeInHash>', 'miss'],
    ['<headersToIncludeInHash>country</headersToIncludeInHash>', 'hit'],
    ['<headersToIncludeInHash>*</headersToIncludeInHash>', 'miss'],
  ])('%s with another user: %s', async (inside, expected) => {
    expect(await answers(inside, { user: 'ann' }, { user: 'bob' })).toBe(expected)
  })

  test('of one transmission never count', async () => {
    const inside = '<headersToIncludeInHash>*</headersToIncludeInHash>'
    expect(await answers(inside, { Date: 'x', 'User-Agent': 'a' }, { Date: 'y', 'User-Agent': 'b' })).toBe(
      'hit',
    )
  })
})

describe('what is kept', () => {
  test('counts until the timeout', async () => {
    await using cached = await setup({ attributes: 'timeout="3"' })
    await cached.ask()
    seconds(2.9)
    expect((await cached.ask()).body).toBe('{"n":1}')
    seconds(0.2)
    expect((await cached.ask()).body).toBe('{"n":2}')
  })

  test('has a status that responseCodes lets through', async () => {
    const inside = '<protocol><responseCodes>2[0-9][0-9]</responseCodes></protocol>'
    await using cached = await setup({
      inside,
      answer: (request, count) => ({ ...COUNTED(request, count), status: count === 1 ? 500 : 200 }),
    })
    expect((await cached.ask()).body).toBe('{"n":1}')
    expect((await cached.ask()).body).toBe('{"n":2}')
    expect((await cached.ask()).body).toBe('{"n":2}')
  })

  test('is for the methods listed', async () => {
    await using cached = await setup({ inside: '<protocol><methods>GET, PUT</methods></protocol>' })
    await cached.ask()
    expect((await cached.ask()).body).toBe('{"n":2}')
    expect(cached.service.logged.filter(({ level }) => level === 'warn')).toEqual([])
  })

  test('is no larger than maxMessageSize', async () => {
    await using cached = await setup({ attributes: 'maxMessageSize="6"' })
    await cached.ask()
    expect((await cached.ask()).body).toBe('{"n":2}')
  })

  test('is at most maxSize responses; the one used least recently goes', async () => {
    await using cached = await setup({ inside: '<implementation maxSize="2"/>' })
    for (const q of [1, 2, 1, 3]) await cached.ask({ q })
    expect(cached.backend.received.map(({ body }) => JSON.parse(body).q)).toEqual([1, 2, 3])
    await cached.ask({ q: 1 })
    expect(cached.backend.received).toHaveLength(3)
    await cached.ask({ q: 2 })
    expect(cached.backend.received).toHaveLength(4)
  })

  test('carries no cookies', async () => {
    await using cached = await setup({
      answer: (request, count) => {
        const { headers, ...rest } = COUNTED(request, count)
        return { ...rest, headers: { ...headers, 'Set-Cookie': 'session=1' } }
      },
    })
    await cached.ask()
    expect((await cached.ask()).headers.get('Set-Cookie')).toBeUndefined()
  })

  test('is shared by caches with one id', async () => {
    await using backend = await HttpBackend.start(COUNTED)
    const looking = `<cache id="shared" collector="false"/><call>${backend.endpoint}</call><cache id="shared" collector="true"/><respond/>`
    await using service = new Serving('<sequence key="{$ctx:which}"/>', {
      artifacts: [`<sequence name="a">${looking}</sequence>`, `<sequence name="b">${looking}</sequence>`],
    })
    const ask = async (which: string) =>
      (await service.take(json({}), { before: ctx => ctx.properties.set('which', which) })).replies[0]
    expect([await ask('a'), await ask('b')]).toEqual(['{"n":1}', '{"n":1}'])
  })
})

describe('Cache-Control', () => {
  const heeding =
    '<protocol><enableCacheControl>true</enableCacheControl><includeAgeHeader>true</includeAgeHeader></protocol>'
  const saying =
    (control: string, etag?: string) =>
    (request: Received, count: number): BackendAnswer => {
      if (etag !== undefined && request.headers['if-none-match'] === etag)
        return { status: 304, headers: { ETag: etag } }
      const { headers, ...rest } = COUNTED(request, count)
      return { ...rest, headers: { ...headers, 'Cache-Control': control, ...(etag && { ETag: etag }) } }
    }

  test('no-store is not kept', async () => {
    await using cached = await setup({ inside: heeding, answer: saying('no-store') })
    await cached.ask()
    expect((await cached.ask()).body).toBe('{"n":2}')
  })

  test('means nothing unless it is enabled', async () => {
    await using cached = await setup({ answer: saying('no-store') })
    await cached.ask()
    expect((await cached.ask()).body).toBe('{"n":1}')
  })

  test('max-age ends what is kept, and Age says how old it is', async () => {
    await using cached = await setup({ inside: heeding, answer: saying('max-age=60') })
    await cached.ask()
    seconds(59)
    const hit = await cached.ask()
    expect(hit.body).toBe('{"n":1}')
    expect(hit.headers.get('Age')).toBe('59')
    seconds(2)
    expect((await cached.ask()).body).toBe('{"n":2}')
  })

  test('no-cache is confirmed by its ETag: 304 brings back what was kept', async () => {
    await using cached = await setup({ inside: heeding, answer: saying('no-cache', '"v1"') })
    await cached.ask()
    const again = await cached.ask()
    expect(cached.backend.received[1]?.headers['if-none-match']).toBe('"v1"')
    expect(again).toMatchObject({ body: '{"n":1}', status: 200 })
    expect(again.headers.get('Content-Type')).toContain('application/json')
  })
})

describe('out of place', () => {
  test('a collector for a request is a fault', async () => {
    const ctx = await mediate('<cache collector="true"/>', json({}))
    expect(ctx.fault?.message).toBe('a cache with collector="true" keeps responses, and this is a request')
  })

  test('a finder for a response is a fault', async () => {
    const ctx = await mediate('<cache collector="false"/>', json({}), { direction: 'response' })
    expect(ctx.fault?.message).toBe(
      'a cache with collector="false" looks for requests, and this is a response',
    )
  })

  test('a collector without a finder before it warns and goes on', async () => {
    const ctx = await mediate('<cache collector="true"/><property name="after" value="yes"/>', json({}), {
      direction: 'response',
    })
    expect(ctx.properties.get('after')).toBe('yes')
    expect(ctx.logged.map(({ level, text }) => `${level} ${text}`)).toContain(
      'warn {proxy:test} no cache looked for this response before; it is not kept',
    )
  })
})

test.each([
  ['<cache/>', 'missing: <cache> needs attribute collector.'],
  ['<cache collector="false" timeout="soon"/>', expect.stringMatching(/^bad-value: attribute timeout/)],
  [
    '<cache collector="false"><protocol><responseCodes>[</responseCodes></protocol></cache>',
    expect.stringMatching(/^bad-value: text of <responseCodes>/),
  ],
  [
    '<cache collector="false" scope="per-host"/>',
    'no-effect: attribute scope of <cache> has no effect: what one cache holds is for all hosts.',
  ],
])('%s is a finding', (fragment, finding) => {
  expect(findings(fragment)).toContainEqual(finding)
})
