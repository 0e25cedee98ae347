import { describe, expect, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { findings, json, mediate, message, soap } from '../support/mediate.ts'
import { Serving } from '../support/serving.ts'

const AFTER = '<property name="after" value="yes"/>'

describe('a call', () => {
  test('goes on with payload, headers and status of the answer; the message is still a request', async () => {
    await using backend = await HttpBackend.start(() => ({
      status: 201,
      headers: { 'Content-Type': 'application/json', 'X-Id': '7' },
      body: '{"id":7}',
    }))
    const ctx = await mediate(
      `<property name="kept" value="yes"/><variable name="mine" value="yes"/>
       <property name="lost" value="yes" scope="axis2"/>
       <call>${backend.endpoint}</call>${AFTER}
       <property name="status" expression="$axis2:HTTP_SC"/><property name="lost" expression="$axis2:lost"/>
       <property name="id" expression="json-eval($.id)"/><property name="header" expression="$trp:X-Id"/>`,
      json({ ask: 1 }),
    )
    expect(backend.received.map(({ body }) => body)).toEqual(['{"ask":1}'])
    expect(ctx.message.content.json()).toEqual({ id: 7 })
    expect(ctx.direction).toBe('request')
    expect(ctx.variables.get('mine')).toBe('yes')
    expect(Object.fromEntries(ctx.properties.entries())).toMatchObject({
      kept: 'yes',
      after: 'yes',
      status: '201',
      id: '7',
      header: '7',
    })
    expect(ctx.properties.get('lost')).toBeUndefined()
    expect(ctx.counters.ended.delivered + ctx.counters.ended.accepted).toBe(1)
  })

  test('goes on behind everything it stands in', async () => {
    await using backend = await HttpBackend.json({ kind: 'b' })
    const ctx = await mediate(
      `<filter xpath="true()"><then><switch source="json-eval($.kind)">
         <case regex="a"><call>${backend.endpoint}</call><property name="case" expression="json-eval($.kind)"/></case>
       </switch><property name="inThen" value="yes"/></then></filter>${AFTER}`,
      json({ kind: 'a' }),
    )
    expect(Object.fromEntries(ctx.properties.entries())).toMatchObject({
      case: 'b',
      inThen: 'yes',
      after: 'yes',
    })
  })

  test('that fails runs the fault sequence of the sequence it stands in', async () => {
    const ctx = await mediate(`<sequence key="calls"/>${AFTER}`, json({}), {
      artifacts: [
        `<sequence name="calls" onError="failed"><call><endpoint><address uri="http://localhost:1/"/></endpoint></call>${AFTER}</sequence>`,
        '<sequence name="failed"><property name="code" expression="$ctx:ERROR_CODE"/></sequence>',
      ],
    })
    expect(ctx.properties.get('code')).toBe('101503')
    expect(ctx.properties.has('after')).toBe(false)
  })

  test('guards of the sequence hold behind it', async () => {
    await using backend = await HttpBackend.json({})
    const ctx = await mediate('<sequence key="calls"/>', json({}), {
      artifacts: [
        `<sequence name="calls" onError="failed"><call>${backend.endpoint}</call><throwError type="MINE"/></sequence>`,
        '<sequence name="failed"><property name="code" expression="$ctx:ERROR_CODE"/></sequence>',
      ],
    })
    expect(ctx.properties.get('code')).toBe('MINE')
  })

  test('with OUT_ONLY sends a copy and goes on unchanged', async () => {
    await using backend = await HttpBackend.json({ answer: 1 })
    const ctx = await mediate(
      `<property name="OUT_ONLY" value="true"/><call>${backend.endpoint}</call>${AFTER}`,
      json({ ask: 1 }),
    )
    await eventually(() => expect(backend.received.map(({ body }) => body)).toEqual(['{"ask":1}']))
    expect(ctx.message.content.json()).toEqual({ ask: 1 })
    expect(ctx.properties.get('after')).toBe('yes')
  })

  test('to a WebSocket goes on with the message as it is', async () => {
    const ctx = await mediate(
      `<call><endpoint><address uri="ws://localhost:1/"/></endpoint></call>${AFTER}`,
      json({ ask: 1 }),
    )
    expect(ctx.fault?.code).toBe(101503)
    expect(ctx.properties.has('after')).toBe(false)
  })

  test('without an endpoint needs an address', async () => {
    const ctx = await mediate('<call/>', message('x'))
    expect(ctx.fault).toBeDefined()
  })

  test('without an endpoint goes to the address of the message', async () => {
    await using backend = await HttpBackend.json({ id: 7 })
    const ctx = await mediate('<call/>', json({}), {
      before: ({ addressing }) => {
        addressing.to = backend.url
      },
    })
    expect(ctx.message.content.json()).toEqual({ id: 7 })
  })
})

describe('source', () => {
  const sent = async (source: string, body = json('{"a":{"b":1.50}}')) => {
    await using backend = await HttpBackend.json({})
    const ctx = await mediate(
      `<property name="text" value="plain"/><property name="doc" type="JSON" value='{"in":"property"}'/>
       <property name="xml" type="OM" value="&lt;a&gt;1&lt;/a&gt;"/><call>${backend.endpoint}${source}</call>`,
      body,
    )
    const [request] = backend.received
    return { body: request?.body, type: request?.headers['content-type']?.split(';')[0], fault: ctx.fault }
  }

  test.each([
    ['<source/>', '{"a":{"b":1.50}}', 'application/json'],
    ['<source type="property">doc</source>', '{"in":"property"}', 'application/json'],
    ['<source type="property">text</source>', 'plain', 'text/plain'],
    ['<source type="property">xml</source>', '<a>1</a>', 'application/xml'],
    ['<source type="inline">{"in":"line"}</source>', '{"in":"line"}', 'application/json'],
    ['<source type="inline"><o>2</o></source>', '<o>2</o>', 'application/xml'],
    ['<source type="inline" contentType="text/csv">a,b</source>', 'a,b', 'text/csv'],
    ['<source type="custom">json-eval($.a)</source>', '{"b":1.50}', 'application/json'],
    ['<source type="custom">json-eval($.a.b)</source>', '1.50', 'text/plain'],
    [
      '<source type="custom" contentType="application/xml">//a</source>',
      '<a><b>1.50</b></a>',
      'application/xml',
    ],
  ])('%s', async (source, body, type) => {
    expect(await sent(source)).toEqual({ body, type, fault: undefined })
  })

  test('an element keeps the SOAP around it', async () => {
    const { body, type } = await sent('<source type="inline"><o>2</o></source>', soap('<a/>', '<h/>'))
    expect(type).toBe('text/xml')
    expect(body).toMatch(/Header><h\/>.*<o>2<\/o>/s)
    expect(body).not.toContain('<a/>')
  })

  test('that gives nothing is a fault', async () => {
    expect((await sent('<source type="property">none</source>')).fault?.message).toBe(
      'the source of the call gives nothing to send',
    )
  })
})

describe('target', () => {
  const answer = () =>
    HttpBackend.start(() => ({
      status: 404,
      headers: { 'Content-Type': 'application/json', 'X-Id': '7' },
      body: '{"id":7}',
    }))

  test('property keeps the answer there, and the message as it was', async () => {
    await using backend = await answer()
    const ctx = await mediate(
      `<call>${backend.endpoint}<source type="inline">{"q":1}</source><target type="property">found</target></call>
       <property name="status" expression="$axis2:HTTP_SC"/>`,
      json({ mine: 1 }),
    )
    expect(backend.received[0]?.body).toBe('{"q":1}')
    expect(ctx.properties.get('found')).toEqual({ id: 7 })
    expect(ctx.message.content.json()).toEqual({ mine: 1 })
    expect(ctx.message.headers.get('Content-Type')).toBe('application/json')
    expect(ctx.message.headers.get('X-Id')).toBeUndefined()
    expect(ctx.properties.get('status')).toBe('404')
  })

  test('variable keeps payload, headers and status', async () => {
    await using backend = await answer()
    const ctx = await mediate(
      `<property name="messageType" scope="axis2" value="application/xml"/>
       <call>${backend.endpoint}<target type="variable">{get-property('where')}</target></call>`,
      json({ mine: 1 }),
      { before: ({ properties }) => properties.set('where', 'found') },
    )
    expect(ctx.variables.get('found')).toMatchObject({
      payload: { id: 7 },
      headers: { 'X-Id': '7' },
      attributes: { statusCode: 404 },
    })
    expect(ctx.message.content.json()).toEqual({ mine: 1 })
    expect(ctx.transport.messageType).toBe('application/xml')
  })

  test('body takes the place of the payload', async () => {
    await using backend = await answer()
    const ctx = await mediate(
      `<call>${backend.endpoint}<source/><target type="body"/></call>`,
      json({ mine: 1 }),
    )
    expect(ctx.message.content.json()).toEqual({ id: 7 })
  })
})

describe('blocking', () => {
  const answer = (status: number) =>
    HttpBackend.start(() => ({
      status,
      headers: { 'Content-Type': 'application/json', 'X-Answer': 'yes' },
      body: '{"id":7}',
    }))

  test('keeps the headers of the request, and takes payload and status of the answer', async () => {
    await using backend = await answer(201)
    const ctx = await mediate(`<call blocking="true">${backend.endpoint}</call>${AFTER}`, json({ mine: 1 }), {
      before: ctx => ctx.message.headers.set('X-Mine', '1'),
    })
    expect(ctx.message.content.json()).toEqual({ id: 7 })
    expect(ctx.message.headers.get('X-Mine')).toBe('1')
    expect(ctx.message.headers.get('X-Answer')).toBeUndefined()
    expect(ctx.transport.status).toBe(201)
  })

  test('takes the headers of the answer when BLOCKING_SENDER_PRESERVE_REQ_HEADERS is false', async () => {
    await using backend = await answer(200)
    const ctx = await mediate(
      `<property name="BLOCKING_SENDER_PRESERVE_REQ_HEADERS" value="false"/><call blocking="true">${backend.endpoint}</call>`,
      json({}),
      { before: ctx => ctx.message.headers.set('X-Mine', '1') },
    )
    expect(ctx.message.headers.get('X-Answer')).toBe('yes')
    expect(ctx.message.headers.get('X-Mine')).toBeUndefined()
  })

  test('an error status is fault 401002, with the status', async () => {
    await using backend = await answer(404)
    await using service = new Serving(`<call blocking="true">${backend.endpoint}</call>${AFTER}`, {
      fault: '<property name="seen" expression="fn:concat($ctx:ERROR_CODE, \' \', $axis2:HTTP_SC)"/>',
    })
    const ctx = await service.take(json({}))
    expect(ctx.fault?.code).toBe(401002)
    expect(ctx.properties.get('seen')).toBe('401002 404')
    expect(ctx.properties.get('blocking.sender.error')).toBe('true')
    expect(ctx.properties.has('after')).toBe(false)
  })

  test('an error status that is listed is an answer', async () => {
    await using backend = await answer(404)
    const ctx = await mediate(
      `<property name="non.error.http.status.codes" scope="axis2" value="403, 404"/><call blocking="true">${backend.endpoint}</call>`,
      json({}),
    )
    expect(ctx.fault).toBeUndefined()
    expect(ctx.transport.status).toBe(404)
  })

  test('a backend that is not there is fault 401002', async () => {
    const ctx = await mediate(
      '<call blocking="true"><endpoint><address uri="http://localhost:1/"/></endpoint></call>',
      json({}),
    )
    expect(ctx.fault?.code).toBe(401002)
  })
})

test.each([
  [
    '<call><endpoint key="e"/><target type="property"/></call>',
    'missing: <target> of type property needs its name as its text.',
  ],
  [
    '<call><endpoint key="e"/><target type="property">{$ctx:a}</target></call>',
    'bad-combination: The name of a property cannot be computed here. Use a variable.',
  ],
  [
    '<call><endpoint key="e"/><source type="custom"/></call>',
    'missing: <source> of type custom needs an expression as its text.',
  ],
  [
    '<call><endpoint key="e"/><source type="custom">//[</source></call>',
    expect.stringMatching(/^bad-value: text of <source> is "\/\/\["/),
  ],
  [
    '<call axis2xml="a.xml"><endpoint key="e"/></call>',
    'no-effect: attribute axis2xml of <call> has no effect: there is one client for all calls, and nothing to configure.',
  ],
])('%s is a finding', (fragment, finding) => {
  expect(findings(fragment)).toContainEqual(finding)
})
