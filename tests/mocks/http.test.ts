import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { refusal } from '../support/clients.ts'
import { serveMocks, type TestMocks } from '../support/mocks.ts'

/** Status, type and body of an answer. */
async function seen(mocks: TestMocks, path: string, options?: RequestInit): Promise<unknown[]> {
  const response = await mocks.fetch(path, options)
  return [response.status, response.headers.get('content-type'), await response.text()]
}

const JSON_TYPE = 'application/json'

describe('endpoints', () => {
  test('answer with status, headers and body, filled in', async () => {
    await using mocks = await serveMocks(`
- endpoint:
    path: /hello/:name
    response:
      headers: {X-Name: '{{path-params.name}}'}
      body: '{"hello": "{{path-params.name}}", "lang": "{{query-params.lang}}"}'
- endpoint:
    method: post
    path: /orders
    response:
      status: 201
      headers: {Content-Type: application/vnd.orders+json}
      body: {id: '{{json-params.id}}', agent: '{{header-params.user-agent}}'}
- endpoint: {path: /text, response: {body: plain}}
- endpoint: {path: /page, response: {body: '<html><p>hi</p></html>'}}
- endpoint: {method: DELETE, path: /orders, response: {status: 204}}`)
    const response = await mocks.fetch('/hello/ana%20b?lang=%22x')
    expect(response.headers.get('x-name')).toBe('ana b')
    expect(await response.json()).toEqual({ hello: 'ana b', lang: '"x' })
    const body = JSON.stringify({ id: 'a"b' })
    const headers = { 'User-Agent': 'me' }
    expect(await seen(mocks, '/orders', { method: 'POST', body, headers })).toEqual([
      201,
      'application/vnd.orders+json',
      '{"id":"a\\"b","agent":"me"}',
    ])
    expect(await seen(mocks, '/text')).toEqual([200, 'text/plain', 'plain'])
    expect((await seen(mocks, '/page'))[1]).toBe('text/html')
    expect(await seen(mocks, '/orders', { method: 'DELETE' })).toEqual([204, null, ''])
    expect(await seen(mocks, '/orders')).toEqual([405, JSON_TYPE, '{"error":"Method not allowed"}'])
    expect(await seen(mocks, '/none')).toEqual([404, JSON_TYPE, '{"error":"Not found"}'])
    expect(mocks.server.unmatched).toHaveLength(2)
  })

  test('have typed parameters in path and query', async () => {
    await using mocks = await serveMocks(`
- endpoint: {path: '/i/:v|int', query: {on: boolean}, response: {body: '[{{path-params.v}}, {{query-params.on}}]'}}
- endpoint: {path: '/u/:v|uuid', response: {body: ok}}
- endpoint: {path: '/d/:v|date', response: {body: ok}}
- endpoint: {path: '/f/:v|float', response: {body: '{{path-params.v}}'}}
- endpoint: {path: /i/special, response: {body: literal}}`)
    const statuses = async (paths: string[]): Promise<number[]> =>
      await Promise.all(paths.map(async path => (await mocks.fetch(path)).status))
    expect((await seen(mocks, '/i/12?on=true'))[2]).toBe('[12, true]')
    expect((await seen(mocks, '/i/special'))[2]).toBe('literal')
    expect((await seen(mocks, '/f/1.50'))[2]).toBe('1.5')
    expect(await statuses(['/i/x', '/i/1.5', '/i/1?on=maybe', '/i/%zz', '/u/1', '/d/2025-02-30'])).toEqual([
      400, 400, 400, 404, 400, 400,
    ])
    expect(await statuses(['/u/0b0a4c2e-8a3e-4a52-9a6b-1f4f5d3c2b1a', '/d/2025-02-28'])).toEqual([200, 200])
  })

  test('take bodies from files, never from outside of their folder', async () => {
    await using mocks = await serveMocks(
      `
- endpoint: {path: /people, response: {external-body: {provider: csv, path: people.csv}}}
- endpoint: {path: '/files/:name', response: {external-body: {provider: json, path: '{{path-params.name}}.json'}}}`,
      { 'people.csv': 'name,city\nana,"São ""P"", BR"\r\nben,Oslo\n', 'one.json': '{"n": 1}' },
    )
    expect(JSON.parse(String((await seen(mocks, '/people'))[2]))).toEqual([
      { name: 'ana', city: 'São "P", BR' },
      { name: 'ben', city: 'Oslo' },
    ])
    expect(await seen(mocks, '/files/one')).toEqual([200, JSON_TYPE, '{"n": 1}'])
    expect((await mocks.fetch('/files/..%2f..%2f..%2fetc%2fpasswd')).status).toBe(500)
    expect((await mocks.fetch('/files/gone')).status).toBe(500)
  })

  test('take bodies from addresses that are written out, never from those a caller names', async () => {
    const asked: (string | undefined)[] = []
    const elsewhere = createServer((request, response) => {
      asked.push(request.url)
      response.end(
        request.url === '/large' ? Buffer.alloc(16 * 1024 * 1024 + 1, '1') : '{"from": "elsewhere"}',
      )
    })
    elsewhere.listen(0, '127.0.0.1')
    await once(elsewhere, 'listening')
    const address = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`
    await using mocks = await serveMocks(`
- endpoint: {path: '/files/:name', response: {external-body: {provider: json, path: '{{path-params.name}}.json'}}}
- endpoint: {path: '/http/:name', response: {external-body: {provider: json, path: 'http{{path-params.name}}'}}}
- endpoint: {path: '/there/:name', response: {external-body: {provider: json, path: '${address}/{{path-params.name}}'}}}`)
    expect((await mocks.fetch(`/files/${encodeURIComponent(`${address}/x`)}`)).status).toBe(500)
    expect((await mocks.fetch(`/http/${encodeURIComponent(address.slice(4))}`)).status).toBe(500)
    expect(asked).toEqual([])
    expect(await seen(mocks, '/there/one')).toEqual([200, JSON_TYPE, '{"from": "elsewhere"}'])
    expect((await mocks.fetch('/there/large')).status).toBe(500)
    expect(asked).toEqual(['/one', '/large'])
    elsewhere.close()
    elsewhere.closeAllConnections()
  })

  test('are those of a host, and others are unknown', async () => {
    await using mocks = await serveMocks(`
- endpoint: {host: api.example, path: /, response: {body: api}}
- endpoint: {host: www.example, path: /, response: {body: www}}
- websocket: {host: www.example, path: /ws}`)
    const { port } = mocks.server
    const asked = (host: string): Promise<[number | undefined, string]> =>
      new Promise((resolve, reject) => {
        httpRequest({ port, host: 'localhost', path: '/', headers: { Host: host } }, async response =>
          resolve([response.statusCode, await textOf(response)]),
        )
          .on('error', reject)
          .end()
      })
    expect(await asked('api.example:80')).toEqual([200, 'api'])
    expect(await asked('WWW.example')).toEqual([200, 'www'])
    expect(await asked('evil.example')).toEqual([403, '{"error":"Unknown host"}'])
    expect((await refusal(`${mocks.server.url}/ws`)).status).toBe(403)
    using client = await mocks.connect('/ws', { headers: { Host: 'www.example' } })
    expect(client.webSocket.readyState).toBe(1)
  })

  test('are limited for each caller, and say so', async () => {
    await using mocks = await serveMocks(`
- endpoint:
    path: /limited
    rate-limit: {window-ms: 60000, max-requests: 2, key-fn: X-Key}
    response: {body: ok}`)
    const ask = async (key: string): Promise<unknown[]> => {
      const response = await mocks.fetch('/limited', { headers: { 'X-Key': key } })
      const { headers } = response
      const reset = Number(headers.get('x-ratelimit-reset')) - Date.now() / 1_000
      expect(reset > 50 && reset < 62).toBe(true)
      const body = await response.text()
      return [response.status, headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining'), body]
    }
    expect(await ask('a')).toEqual([200, '2', '1', 'ok'])
    expect(await ask('a')).toEqual([200, '2', '0', 'ok'])
    expect(await ask('a')).toEqual([429, '2', '0', '{"error":"Rate limit exceeded"}'])
    expect(await ask('b')).toEqual([200, '2', '1', 'ok'])
  })

  test('fail, and take too long, as they are told', async () => {
    await using mocks = await serveMocks(`
- endpoint: {path: /fails, latency: {failure-rate: 1}, response: {body: ok}}
- endpoint: {path: /hangs, latency: {timeout-rate: 1, timeout-ms: 10}, response: {body: ok}}
- endpoint: {path: /late, latency: {min-ms: 10, max-ms: 20}, response: {body: ok}}
- endpoint: {path: /strict, strict: true, response: {body: '{{json-params.a}}'}}`)
    expect((await mocks.fetch('/fails')).status).toBe(500)
    expect((await mocks.fetch('/hangs')).status).toBe(504)
    expect((await seen(mocks, '/late'))[2]).toBe('ok')
    expect((await mocks.fetch('/strict')).status).toBe(500)
  })

  test('ask for credentials', async () => {
    await using mocks = await serveMocks(
      `- endpoint: {path: /in, auth: {username: ana, password: secret}, response: {body: in}}`,
    )
    expect((await mocks.fetch('/in')).status).toBe(401)
    const headers = { Authorization: `Basic ${Buffer.from('ana:secret').toString('base64')}` }
    expect((await seen(mocks, '/in', { headers }))[2]).toBe('in')
  })

  test('call others back, where their condition holds', async () => {
    const hooks = createServer()
    hooks.listen(0, 'localhost')
    await once(hooks, 'listening')
    const { port } = hooks.address() as AddressInfo
    await using mocks = await serveMocks(`
- endpoint:
    method: POST
    path: /pay
    response: {status: 202}
    webhook:
      sleep-time: 0.01
      if: json-params.amount >= 10
      url: http://localhost:${port}/paid/{{json-params.id}}
      headers: {X-From: mock}
      body: {paid: '{{json-params.amount}}'}`)
    const pay = (amount: number): Promise<Response> =>
      mocks.fetch('/pay', { method: 'POST', body: JSON.stringify({ id: amount, amount }) })
    const called = once(hooks, 'request')
    await pay(9)
    await pay(10)
    const [request, response] = (await called) as [IncomingMessage, ServerResponse]
    expect([request.method, request.url, request.headers['x-from']]).toEqual(['POST', '/paid/10', 'mock'])
    expect(await textOf(request)).toBe('{"paid":"10"}')
    // An answer that does not end holds no connection, long before the collector of garbage finds it.
    const left = once(response, 'close', { signal: AbortSignal.timeout(4_000) })
    response.write('so')
    await left
    hooks.close()
    hooks.closeAllConnections()
  })
})

test('the mock server lists what it has', async () => {
  await using mocks = await serveMocks(`
- endpoint: {path: '/a/:id|int', response: {body: '{}'}}
- websocket: {path: '/ws/<b>'}`)
  const page = await (await mocks.fetch('/')).text()
  expect(page).toContain('<td>/a/:id|int</td>')
  expect(page).toContain('/ws/&lt;b>')
  const { paths } = (await (await mocks.fetch('/swagger.json')).json()) as { paths: Record<string, object> }
  expect(Object.keys(paths)).toEqual(['/ws/<b>', '/a/{id}'])
  const asyncApi = (await (await mocks.fetch('/asyncapi.json')).json()) as { channels: object }
  expect(asyncApi.channels).toMatchObject({ 'ws-b': { address: '/ws/<b>' } })
  expect((await mocks.fetch('/ws/%3Cb%3E')).status).toBe(426)
})

const PETS = `
openapi: 3.0.3
servers: [{url: 'http://pets.example/v1'}]
paths:
  /pets/{id}:
    parameters: [{name: id, in: path, schema: {type: integer}}]
    get:
      operationId: getPet
      responses:
        '200': {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}}}}
    delete: {operationId: deletePet, responses: {'204': {}}}
components:
  schemas:
    Pet: {properties: {id: {type: integer, example: 3}, tags: {items: {type: string}}, parent: {$ref: '#/components/schemas/Pet'}}}
`

describe('an OpenAPI description', () => {
  test('is answered by operationId, and by examples of its schemas', async () => {
    const answers = `
deletePet: {status: 200, body: 'gone {{path-params.id}}'}`
    await using mocks = await serveMocks(PETS, { 'answers.yml': answers }, { answers: 'answers.yml' })
    const pet = (await (await mocks.fetch('/v1/pets/7')).json()) as { id: number; tags: string[] }
    expect([pet.id, pet.tags]).toEqual([3, ['string']])
    expect(await seen(mocks, '/v1/pets/7', { method: 'DELETE' })).toEqual([200, 'text/plain', 'gone 7'])
    expect((await mocks.fetch('/v1/pets/x')).status).toBe(400)
  })
})
