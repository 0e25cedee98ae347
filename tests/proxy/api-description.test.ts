import { describe, expect, test } from 'vitest'
import { buildGateway, startGateway, type TestGateway } from '../support/gateway.ts'
import { type Answer, ask, HttpBackend } from '../support/http-backend.ts'

const ORDER = {
  type: 'object',
  required: ['item', 'count'],
  properties: {
    // Values that look like keywords of schemas.
    id: { type: 'string' },
    example: { type: 'string', example: { id: 'x' } },
    item: { $ref: '#/components/schemas/Item' },
    count: { type: 'integer', minimum: 0, exclusiveMinimum: true },
    note: { type: 'string', nullable: true },
  },
  example: { id: 'x', item: { name: 'tea' } },
}
const ITEM = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string' },
    parts: { type: 'array', items: { $ref: '#/components/schemas/Item' } },
  },
}
const json = (schema: object): object => ({ content: { 'application/json': { schema } } })

const OPENAPI = {
  openapi: '3.0.1',
  info: { title: 'orders', version: '1' },
  paths: {
    '/orders/{id}': {
      put: {
        requestBody: { required: true, ...json({ $ref: '#/components/schemas/Order' }) },
        responses: {
          200: { $ref: '#/components/responses/Stored' },
          '4XX': json({ type: 'object', required: ['reason'] }),
          default: json({ type: 'string' }),
        },
      },
    },
    '/orders/new': { put: { requestBody: json({ type: 'array' }), responses: {} } },
  },
  components: {
    schemas: { Order: ORDER, Item: ITEM },
    responses: { Stored: json({ type: 'object', required: ['stored'] }) },
  },
}

const SWAGGER = {
  swagger: '2.0',
  paths: {
    '/orders/{id}': {
      put: {
        parameters: [
          { name: 'id', in: 'path', required: true, type: 'string' },
          { name: 'order', in: 'body', required: true, schema: { $ref: '#/definitions/Order' } },
        ],
        responses: { 200: { schema: { type: 'object', required: ['stored'] } } },
      },
    },
  },
  definitions: { Order: { type: 'object', required: ['item'] } },
}

const entry = (description: unknown): string =>
  `<localEntry key="description"><![CDATA[${typeof description === 'string' ? description : JSON.stringify(description)}]]></localEntry>`

const FAULT = `<faultSequence><property name="HTTP_SC" value="400" scope="axis2"/>
  <payloadFactory media-type="text"><format>$1</format><args><arg expression="$ctx:ERROR_MESSAGE"/></args></payloadFactory>
  <respond/></faultSequence>`

const apiTo = (
  endpoint: string,
): string => `<api name="a" context="/a" publishSwagger="description" validateSchema="true">
  <resource methods="GET PUT" uri-template="/*"><inSequence><send>${endpoint}</send></inSequence>${FAULT}</resource></api>`

function put(gateway: TestGateway, path: string, body: unknown, type = 'application/json'): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return ask(`${gateway.url('http')}${path}`, {
    method: 'PUT',
    body: text,
    headers: { 'Content-Type': type },
  })
}

describe('JSON requests are checked against the description', () => {
  const good = { item: { name: 'tea', parts: [{ name: 'leaf' }] }, count: 1, note: null }

  test.each<[what: string, path: string, body: unknown, expected: RegExp | undefined]>([
    ['one that fits', '/orders/7', good, undefined],
    ['a field that is missing', '/orders/7', { item: { name: 'tea' } }, /required property 'count'/],
    ['a number over its limit', '/orders/7', { ...good, count: 0 }, /\/count must be > 0/],
    [
      'a definition in a definition',
      '/orders/7',
      { ...good, item: { name: 'x', parts: [{}] } },
      /\/item\/parts\/0/,
    ],
    ['text that is no JSON', '/orders/7', '{"item"', /./],
    ['none, where one is required', '/orders/7', '', /the request has no body/],
    ['the path without variables, before the one with them', '/orders/new', {}, /must be array/],
    ['a path that is not described', '/other', { anything: true }, undefined],
  ])('%s', async (_what, path, body, expected) => {
    await using backend = await HttpBackend.json({ stored: true })
    await using gateway = await startGateway({ xml: apiTo(backend.endpoint) + entry(OPENAPI) })

    const answer = await put(gateway, path, body)

    expect(answer.status).toBe(expected ? 400 : 200)
    if (expected) expect(answer.body).toMatch(expected)
    expect(backend.received).toHaveLength(expected ? 0 : 1)
  })

  test('of Swagger 2.0 too; what is no JSON is not looked at', async () => {
    await using backend = await HttpBackend.json({ stored: true })
    await using gateway = await startGateway({ xml: apiTo(backend.endpoint) + entry(SWAGGER) })

    expect((await put(gateway, '/orders/7', { item: 1 })).status).toBe(200)
    expect((await put(gateway, '/orders/7', {})).body).toBe(
      "Schema validation failed for the request: the value must have required property 'item'",
    )
    expect((await put(gateway, '/orders/7', '<order/>', 'application/xml')).status).toBe(200)
  })

  test('of OpenAPI 3.1, by its own rules', async () => {
    const schema = {
      type: 'object',
      properties: { count: { type: ['integer', 'null'], exclusiveMinimum: 0 } },
    }
    const description = {
      openapi: '3.1.0',
      paths: { '/o': { put: { requestBody: json(schema), responses: {} } } },
    }
    await using backend = await HttpBackend.json({})
    await using gateway = await startGateway({ xml: apiTo(backend.endpoint) + entry(description) })

    expect((await put(gateway, '/o', { count: null })).status).toBe(200)
    expect((await put(gateway, '/o', { count: 0 })).body).toContain('/count must be > 0')
  })
})

describe('JSON answers are checked by their status', () => {
  test.each<[status: number, body: unknown, expected: RegExp | undefined]>([
    [200, { stored: 1 }, undefined],
    [200, { lost: 1 }, /validation failed for the response: .*'stored'/],
    [404, { reason: 'none' }, undefined],
    [409, {}, /'reason'/],
    [500, 'down', undefined],
    [500, {}, /must be string/],
  ])('%i', async (status, body, expected) => {
    await using backend = await HttpBackend.json(body, status)
    await using gateway = await startGateway({ xml: apiTo(backend.endpoint) + entry(OPENAPI) })

    const answer = await put(gateway, '/orders/7', { item: { name: 'tea' }, count: 1 })

    expect(answer.status).toBe(expected ? 400 : status)
    if (expected) expect(answer.body).toMatch(expected)
  })
})

describe('the description', () => {
  test('is served behind the context', async () => {
    const xml = `<api name="a" context="/a" publishSwagger="description"><resource methods="POST"/></api>${entry(OPENAPI)}`
    await using gateway = await startGateway({ xml })

    const { status, headers, body } = await ask(`${gateway.url('http')}?swagger.json`)

    expect([status, headers['content-type']]).toEqual([200, 'application/json'])
    expect(JSON.parse(body)).toEqual(OPENAPI)
  })

  const reported = (attributes: string, description?: unknown): string[] => {
    const xml = `<api name="a" context="/a" ${attributes}><resource/></api>`
    return buildGateway({ xml: description === undefined ? xml : xml + entry(description) })
      .gateway.diagnostics.all()
      .map(({ severity, code, message }) => `${severity} ${code}: ${message}`)
  }
  const checked = 'validateSchema="true" publishSwagger="description"'

  test.each<[what: string, found: string[], expected: RegExp]>([
    [
      'is not named',
      reported('validateSchema="true"'),
      /^warning no-effect: validateSchema of API a has no effect/,
    ],
    ['is not there', reported(checked), /^warning missing-entry: There is no entry named description/],
    ['is YAML', reported(checked, 'openapi: 3.0.1'), /^error bad-description: .* it is no JSON/],
    ['is something else', reported(checked, { paths: {} }), /^error bad-description: .* names no version/],
    [
      'refers to nothing',
      reported(checked, {
        openapi: '3.0.0',
        paths: { '/a': { post: { requestBody: { $ref: '#/components/requestBodies/B' }, responses: {} } } },
      }),
      /^error bad-description: .* there is no #\/components\/requestBodies\/B in it/,
    ],
    [
      'goes round in circles',
      reported(checked, {
        openapi: '3.0.0',
        paths: { '/a': { post: { requestBody: { $ref: '#/components/a' }, responses: {} } } },
        components: { a: { $ref: '#/components/a' } },
      }),
      /^error bad-description: .* circles/,
    ],
  ])('that %s is reported', (_what, found, expected) => {
    expect(found).toContainEqual(expect.stringMatching(expected))
  })
})
