import { describe, expect, test } from 'vitest'
import { freePort, startUpper } from '../support/backends.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { findings, json, mediate, message, soap } from '../support/mediate.ts'

const NO_POSTFIX = { request: { postfix: '' } } as const

describe('endpoint templates', () => {
  const template = `<template name="T"><parameter name="path"/><parameter name="wait"/>
    <endpoint name="$name"><address uri="$uri/$path"><timeout><duration>$wait</duration></timeout></address></endpoint></template>`
  const use = (uri: string, parameters: string) =>
    `<endpoint template="T" name="e" uri="${uri}">${parameters}</endpoint>`
  const values = '<parameter name="path" value="deep"/><parameter name="wait" value="5000"/>'

  test('make endpoints, with $name replaced in attributes and texts', async () => {
    await using backend = await HttpBackend.start()
    const ctx = await mediate(`<call>${use(backend.url, values)}</call>`, json({}), {
      artifacts: [template],
      ...NO_POSTFIX,
    })
    expect(ctx.fault).toBeUndefined()
    expect(backend.received[0]!.target).toBe('/backend/deep')
  })

  test('named endpoints are made of them too, whatever the order of the files', async () => {
    await using backend = await HttpBackend.start()
    await mediate('<call><endpoint key="e"/></call>', json({}), {
      artifacts: [use(backend.url, values), template],
      ...NO_POSTFIX,
    })
    expect(backend.received[0]!.target).toBe('/backend/deep')
  })

  test('what is wrong with the result is reported where the template is used', () => {
    const found = findings(`<send>${use('http://localhost:1', '')}</send>`, { artifacts: [template] })
    expect(found).toEqual([
      'bad-value: In what template T makes: text of <duration> is "$wait"; expected milliseconds, or an {expression}.',
    ])
  })

  test('a missing one is a warning, and a fault when it is used', async () => {
    const found = findings(`<send>${use('http://localhost:1', '')}</send>`)
    expect(found.map(finding => finding.split(':')[0])).toEqual(['missing-template'])
    expect((await mediate(`<send>${use('http://localhost:1', '')}</send>`)).fault?.code).toBe(305100)
  })
})

describe('default', () => {
  test('sends where the message is for, with the postfix', async () => {
    await using backend = await HttpBackend.start()
    const before = (ctx: { addressing: { to: string | undefined } }) => {
      ctx.addressing.to = backend.url
    }
    await mediate('<call><endpoint><default format="rest"/></endpoint></call>', json({}), {
      before,
      request: { postfix: '/7' },
    })
    expect(backend.received[0]!.target).toBe('/backend/7')
  })

  test('finds the address in the WS-Addressing header', async () => {
    await using backend = await HttpBackend.start()
    const to = `<w:To xmlns:w="http://www.w3.org/2005/08/addressing">${backend.url}</w:To>`
    await mediate('<call><endpoint><default format="soap11"/></endpoint></call>', soap('<q/>', to))
    expect(backend.received).toHaveLength(1)
  })

  test('a call without an endpoint does the same, over WebSocket too', async () => {
    await using http = await HttpBackend.start()
    await using webSocket = await startUpper()
    const to = (address: string) => ({
      before: (ctx: { addressing: { to: string | undefined } }) => {
        ctx.addressing.to = address
      },
    })
    await mediate('<call/>', json({}), to(http.url))
    await mediate('<send/>', message('hello', 'text/plain'), to(webSocket.url))
    expect(http.received).toHaveLength(1)
    expect(String((await webSocket.received.next()).data)).toBe('hello')
  })

  test('anonymous is no address', async () => {
    const to =
      '<w:To xmlns:w="http://www.w3.org/2005/08/addressing">http://www.w3.org/2005/08/addressing/anonymous</w:To>'
    const ctx = await mediate('<send><endpoint><default/></endpoint></send>', soap('<q/>', to))
    expect(ctx.fault?.code).toBe(303001)
  })
})

describe('wsdl', () => {
  const wsdl = (
    address: string,
  ) => `<w:definitions xmlns:w="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/">
    <w:service name="Other"><w:port name="P"><s:address location="http://localhost:1/"/></w:port></w:service>
    <w:service name="S"><w:port name="P"><s:address location="${address}"/></w:port></w:service></w:definitions>`

  test('written in the configuration', async () => {
    await using backend = await HttpBackend.start()
    const endpoint = `<wsdl service="S" port="P" format="soap11">${wsdl(backend.url)}</wsdl>`
    await mediate(`<call><endpoint>${endpoint}</endpoint></call>`, soap('<q/>'))
    expect(backend.received[0]!.target).toBe('/backend')
  })

  test('read over HTTP when the first message is sent, once', async () => {
    await using backend = await HttpBackend.start(({ method }) =>
      method === 'GET' ? { headers: { 'Content-Type': 'text/xml' }, body: wsdl(backend.url) } : {},
    )
    const endpoint = `<endpoint name="e"><wsdl uri="${backend.url}?wsdl" service="S" port="P"/></endpoint>`
    const call = '<call><endpoint key="e"/></call>'
    await mediate(call + call, soap('<q/>'), { artifacts: [endpoint], ...NO_POSTFIX })
    expect(backend.received.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST'])
  })

  test('one that cannot be read is fault 303002', async () => {
    const uri = `http://localhost:${await freePort()}/?wsdl`
    const ctx = await mediate(`<send><endpoint><wsdl uri="${uri}"/></endpoint></send>`, soap('<q/>'))
    expect(ctx.fault?.code).toBe(303002)
    expect(ctx.fault?.message).toContain('Error connecting to the back end')
  })

  test('one without the port deploys with a warning', async () => {
    const fragment = `<send><endpoint><wsdl service="None" port="P">${wsdl('http://localhost:1/')}</wsdl></endpoint></send>`
    expect(findings(fragment).map(finding => finding.split(':')[0])).toEqual(['no-transport'])
    expect((await mediate(fragment)).fault?.code).toBe(303002)
  })
})

describe('key-expression', () => {
  test('chooses the endpoint for each message', async () => {
    await using a = await HttpBackend.json('a')
    await using b = await HttpBackend.json('b')
    const artifacts = [a, b].map(
      (backend, i) => `<endpoint name="e${i}"><address uri="${backend.url}"/></endpoint>`,
    )
    await mediate('<call><endpoint key-expression="json-eval($.to)"/></call>', json({ to: 'e1' }), {
      artifacts,
    })
    expect([a.received.length, b.received.length]).toEqual([0, 1])
  })
})

describe('authentication', () => {
  const http = (url: string, authentication: string) =>
    `<call><endpoint><http method="post" uri-template="${url}"><authentication>${authentication}</authentication></http></endpoint></call>`

  test('basic, with values of the message', async () => {
    await using backend = await HttpBackend.start()
    const basic = "<basicAuth><username>{get-property('who')}</username><password>s:1</password></basicAuth>"
    await mediate(`<property name="who" value="ann"/>${http(backend.url, basic)}`, json({}))
    const expected = `Basic ${Buffer.from('ann:s:1').toString('base64')}`
    expect(backend.received[0]!.headers.authorization).toBe(expected)
  })

  const oauth = (tokenUrl: string, more = '') =>
    `<oauth><clientCredentials><clientId>id</clientId><clientSecret>secret</clientSecret><tokenUrl>${tokenUrl}</tokenUrl>${more}</clientCredentials></oauth>`

  test('OAuth gets a token and keeps it', async () => {
    await using tokens = await HttpBackend.json({ access_token: 'T', expires_in: 60 })
    await using backend = await HttpBackend.start()
    const call = http(backend.url, oauth(tokens.url))
    await mediate(call + call, json({}))
    expect(backend.received.map(({ headers }) => headers.authorization)).toEqual(['Bearer T', 'Bearer T'])
    expect(tokens.received).toHaveLength(1)
    expect(tokens.received[0]!.body).toBe('grant_type=client_credentials')
    const expected = `Basic ${Buffer.from('id:secret').toString('base64')}`
    expect(tokens.received[0]!.headers.authorization).toBe(expected)
  })

  test('a refused token is replaced, once', async () => {
    await using tokens = await HttpBackend.start((_request, count) => ({
      headers: { 'Content-Type': 'application/json' },
      body: `{"access_token":"T${count}"}`,
    }))
    await using backend = await HttpBackend.start(({ headers }) => ({
      status: headers.authorization === 'Bearer T2' ? 200 : 401,
    }))
    const ctx = await mediate(http(backend.url, oauth(tokens.url)), json({}))
    expect(ctx.transport.status).toBe(200)
    await using closed = await HttpBackend.start(() => ({ status: 401 }))
    const refused = await mediate(http(closed.url, oauth(tokens.url)), json({}))
    expect(refused.transport.status).toBe(401)
    expect(closed.received).toHaveLength(2)
  })

  test('credentials and parameters in the form, and further headers', async () => {
    await using tokens = await HttpBackend.json({ access_token: 'T' })
    await using backend = await HttpBackend.start()
    const more =
      '<authMode>payload</authMode><requestParameters><parameter name="scope">a b</parameter></requestParameters><customHeaders><header name="X-Tenant">t</header></customHeaders>'
    await mediate(http(backend.url, oauth(tokens.url, more)), json({}))
    const [request] = tokens.received
    expect(request!.body).toBe('grant_type=client_credentials&scope=a+b&client_id=id&client_secret=secret')
    expect([request!.headers['x-tenant'], request!.headers.authorization]).toEqual(['t', undefined])
  })

  test('no token is fault 303003', async () => {
    await using tokens = await HttpBackend.json({ error: 'no' }, 400)
    await using backend = await HttpBackend.start()
    const ctx = await mediate(http(backend.url, oauth(tokens.url)), json({}))
    expect(ctx.fault?.code).toBe(303003)
    expect(backend.received).toEqual([])
  })

  test('an authentication that says nothing is an error', () => {
    expect(findings(http('http://localhost/', ''))[0]).toContain(
      'missing: <authentication> needs <basicAuth>',
    )
  })
})
