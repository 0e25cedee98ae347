import { describe, expect, test } from 'vitest'
import { freePort, startEcho, startSilent } from '../support/backends.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { json, mediate, message, soap } from '../support/mediate.ts'

const down = async () => `<endpoint><address uri="http://localhost:${await freePort()}/x"/></endpoint>`
const named = (body: string) => HttpBackend.json({ by: body })
const calls = (count: number) =>
  Array.from({ length: count }, (_, i) => `<call><endpoint key="group"/></call>${seen(i)}`).join('')
const seen = (i: number) => `<property name="seen${i}" expression="json-eval($.by)"/>`

async function run(group: string, count: number, content = json({}), artifacts: readonly string[] = []) {
  const ctx = await mediate(calls(count), content, {
    artifacts: [`<endpoint name="group">${group}</endpoint>`, ...artifacts],
  })
  const answers = Array.from({ length: count }, (_, i) => ctx.properties.get(`seen${i}`))
  return { ctx, answers }
}

describe('loadbalance', () => {
  test('takes turns', async () => {
    await using a = await named('a')
    await using b = await named('b')
    const { answers } = await run(`<loadbalance>${a.endpoint}${b.endpoint}</loadbalance>`, 4)
    expect(answers).toEqual(['a', 'b', 'a', 'b'])
  })

  test('tries the next where one fails, which then misses its turns', async () => {
    await using a = await named('a')
    await using b = await named('b')
    const group = `<loadbalance>${await down()}${a.endpoint}${b.endpoint}</loadbalance>`
    const { answers, ctx } = await run(group, 4)
    expect(answers).toEqual(['a', 'b', 'a', 'b'])
    const tried = ctx.logged.filter(({ text }) => text.includes('another endpoint of group is tried'))
    expect(tried).toHaveLength(1)
  })

  test('failover="false" leaves the failure as it is', async () => {
    await using a = await named('a')
    const { ctx } = await run(`<loadbalance failover="false">${await down()}${a.endpoint}</loadbalance>`, 1)
    expect(ctx.fault?.code).toBe(101503)
    expect(a.received).toEqual([])
  })

  test('is fault 303000 where none takes the message', async () => {
    const { ctx } = await run(`<loadbalance>${await down()}${await down()}</loadbalance>`, 1)
    expect(ctx.fault?.code).toBe(303000)
    expect(ctx.fault?.message).toContain('Error connecting to the back end')
  })

  test('gives turns by weight, the heaviest first', async () => {
    await using a = await named('a')
    await using b = await named('b')
    const weighing = (backend: HttpBackend, weight: number) =>
      backend.endpoint.replace(
        '</endpoint>',
        `<property name="loadbalance.weight" value="${weight}"/></endpoint>`,
      )
    const algorithm = 'org.apache.synapse.endpoints.algorithms.WeightedRoundRobin'
    const group = `<loadbalance algorithm="${algorithm}">${weighing(a, 1)}${weighing(b, 2)}</loadbalance>`
    expect((await run(group, 6)).answers).toEqual(['b', 'b', 'a', 'b', 'b', 'a'])
  })

  test('members keep the path of the message', async () => {
    await using backend = await HttpBackend.start()
    const { port } = new URL(backend.url)
    const group = `<loadbalance><member hostName="localhost" httpPort="${port}"/></loadbalance>`
    const ctx = await mediate(`<call><endpoint>${group}</endpoint></call>`, json({}))
    expect(ctx.fault).toBeUndefined()
    expect(backend.received[0]!.target).toBe('/services/test/orders?Currency=EUR')
  })

  test('an endpoint of a group may be referred to by key', async () => {
    await using a = await named('a')
    const artifact = a.endpoint.replace('<endpoint>', '<endpoint name="A">')
    const group = `<loadbalance>${await down()}<endpoint key="A"/></loadbalance>`
    expect((await run(group, 2, json({}), [artifact])).answers).toEqual(['a', 'a'])
  })
})

describe('sessions', () => {
  test('simpleClientSession stays at its member by the ClientID header', async () => {
    await using a = await named('a')
    await using b = await named('b')
    const id = '<c:ClientID xmlns:c="http://ws.apache.org/ns/synapse">ann</c:ClientID>'
    const other = '<c:ClientID xmlns:c="http://ws.apache.org/ns/synapse">bob</c:ClientID>'
    const group = `<endpoint name="group"><session type="simpleClientSession"/><loadbalance>${a.endpoint}${b.endpoint}</loadbalance></endpoint>`
    const keep = '<call><endpoint key="group"/><target type="property">answer</target></call>'
    await mediate(keep.repeat(3), soap('<q/>', id), { artifacts: [group] })
    expect([a.received.length, b.received.length]).toEqual([3, 0])
    await mediate(keep.repeat(2), soap('<q/>', other), { artifacts: [group] })
    expect([a.received.length, b.received.length]).toEqual([5, 0])
  })

  test('http stays at the member that set the cookie', async () => {
    await using a = await HttpBackend.start(() => ({ headers: { 'Set-Cookie': 'JSESSIONID=1; Path=/' } }))
    await using b = await HttpBackend.start(() => ({ headers: { 'Set-Cookie': 'JSESSIONID=2; Path=/' } }))
    const group = `<endpoint name="group"><session type="http"/><loadbalance>${a.endpoint}${b.endpoint}</loadbalance></endpoint>`
    const go = '<call><endpoint key="group"/></call>'
    const cookie = '<property name="Cookie" value="x=y; JSESSIONID=1" scope="transport"/>'
    await mediate(go + cookie + go + cookie + go, json({}), { artifacts: [group] })
    expect([a.received.length, b.received.length]).toEqual([3, 0])
  })
})

describe('failover', () => {
  test('prefers the first', async () => {
    await using a = await named('a')
    await using b = await named('b')
    const { answers } = await run(`<failover>${a.endpoint}${b.endpoint}</failover>`, 3)
    expect(answers).toEqual(['a', 'a', 'a'])
  })

  test('goes to the next, with the message as it was', async () => {
    await using b = await named('b')
    const { answers } = await run(`<failover>${await down()}${b.endpoint}</failover>`, 2, json({ x: 1 }))
    expect(answers).toEqual(['b', 'b'])
    expect(b.received[0]!.body).toBe('{"x":1}')
  })

  test('dynamic="false" stays with the one used last', async () => {
    await using b = await named('b')
    const first = `<endpoint><address uri="http://localhost:${await freePort()}/x"><suspendOnFailure><initialDuration>0</initialDuration></suspendOnFailure></address></endpoint>`
    const { answers, ctx } = await run(`<failover dynamic="false">${first}${b.endpoint}</failover>`, 3)
    expect(answers).toEqual(['b', 'b', 'b'])
    expect(ctx.logged.filter(({ text }) => text.includes('is tried'))).toHaveLength(1)
  })

  test.each([
    ['disabledErrorCodes', '101503, 101504', 303000],
    ['disabledErrorCodes', '101504', undefined],
    ['enabledErrorCodes', '101504', 303000],
    ['enabledErrorCodes', '101503', undefined],
  ])('retryConfig with %s %s', async (element, codes, code) => {
    await using b = await named('b')
    const first = `<endpoint><address uri="http://localhost:${await freePort()}/x"><retryConfig><${element}>${codes}</${element}></retryConfig></address></endpoint>`
    const { ctx } = await run(`<failover>${first}${b.endpoint}</failover>`, 1)
    expect(ctx.fault?.code).toBe(code)
  })

  test('after a timeout, but not where timeouts discard the message', async () => {
    await using silent = await startSilent()
    await using b = await named('b')
    const slow = (action: string) =>
      `<endpoint><address uri="${silent.url.replace('ws:', 'http:')}"><timeout><duration>40</duration><responseAction>${action}</responseAction></timeout></address></endpoint>`
    expect((await run(`<failover>${slow('fault')}${b.endpoint}</failover>`, 1)).answers).toEqual(['b'])
    const { ctx } = await run(`<failover>${slow('discard')}${b.endpoint}</failover>`, 1)
    expect(ctx.ending).toBe('discarded')
  })

  test('a payload that has no form in the type wanted is no failure of the endpoint', async () => {
    await using a = await named('a')
    const type = '<property name="messageType" value="application/xml" scope="axis2"/>'
    const ctx = await mediate(
      `${type}<call><endpoint><failover>${a.endpoint}${a.endpoint}</failover></endpoint></call>`,
      message('{', 'application/json'),
    )
    expect(ctx.fault?.code).toBe(601000)
    expect(ctx.logged.some(({ text }) => text.includes('is tried'))).toBe(false)
  })

  test('between WebSocket backends', async () => {
    await using echo = await startEcho()
    const group = `<failover><endpoint><address uri="ws://localhost:${await freePort()}/x"/></endpoint><endpoint><address uri="${echo.url}"/></endpoint></failover>`
    const ctx = await mediate(`<send><endpoint>${group}</endpoint></send>`, json({ a: 1 }))
    expect(ctx.ending).toBe('delivered')
    expect(String((await echo.received.next()).data)).toBe('{"a":1}')
  })

  test('a group in a group', async () => {
    await using b = await named('b')
    const inner = `<endpoint><failover>${await down()}</failover></endpoint>`
    expect((await run(`<failover>${inner}${b.endpoint}</failover>`, 1)).answers).toEqual(['b'])
  })
})

describe('recipientlist', () => {
  test('sends a copy to every endpoint, numbered; each answer goes its own way', async () => {
    await using a = await named('a')
    await using b = await named('b')
    const list = `<recipientlist>${a.endpoint}${b.endpoint}</recipientlist>`
    const ctx = await mediate(`<send receive="each"><endpoint>${list}</endpoint></send>`, json({ x: 1 }), {
      artifacts: [
        '<sequence name="each"><log level="custom"><property name="n" expression="get-property(\'MESSAGE_SEQUENCE\')"/><property name="by" expression="json-eval($.by)"/></log></sequence>',
      ],
    })
    const lines = ctx.logged.filter(({ text }) => text.includes('by = ')).map(({ text }) => text)
    expect(lines.toSorted().map(line => line.slice(line.indexOf('n = ')))).toEqual([
      'n = 1/2, by = a',
      'n = 2/2, by = b',
    ])
    expect([a.received[0]!.body, b.received[0]!.body]).toEqual(['{"x":1}', '{"x":1}'])
  })

  test('a failure of one copy does not touch the others', async () => {
    await using b = await named('b')
    const list = `<recipientlist>${await down()}${b.endpoint}</recipientlist>`
    const ctx = await mediate(`<send><endpoint>${list}</endpoint></send>`, json({}))
    expect(b.received).toHaveLength(1)
    expect(ctx.logged.filter(({ text }) => text.includes('ERROR_CODE : 101503'))).toHaveLength(1)
  })

  test('takes addresses from the message', async () => {
    await using a = await named('a')
    await using b = await named('b')
    const set = `<property name="list" value="${a.url}, ${b.url}"/>`
    const list = `<recipientlist><endpoints value="{get-property('list')}" max-cache="1"/></recipientlist>`
    await mediate(`${set}<send><endpoint>${list}</endpoint></send>`, json({}), { request: { postfix: '' } })
    expect([a.received.length, b.received.length]).toEqual([1, 1])
  })

  test('is fault 303000 where there is nobody', async () => {
    const list = `<recipientlist><endpoints value="{get-property('none')}"/></recipientlist>`
    expect((await mediate(`<send><endpoint>${list}</endpoint></send>`)).fault?.code).toBe(303000)
  })
})
