import { describe, expect, test } from 'vitest'
import { freePort } from '../support/backends.ts'
import { eventually } from '../support/eventually.ts'
import { FickleBackend } from '../support/fickle-backend.ts'
import { Flow, type FlowOptions } from '../support/flow.ts'
import { HttpBackend } from '../support/http-backend.ts'
import { findings, json, soap } from '../support/mediate.ts'

const down = async () => `<endpoint><address uri="http://localhost:${await freePort()}/x"/></endpoint>`
const callTo = (endpoint: string, options: FlowOptions = {}) =>
  new Flow('<call><endpoint key="e"/></call>', {
    ...options,
    artifacts: [`<endpoint name="e">${endpoint}</endpoint>`, ...(options.artifacts ?? [])],
  })
const weighing = (backend: HttpBackend, properties: Readonly<Record<string, number>>) =>
  backend.endpoint.replace(
    '</endpoint>',
    `${Object.entries(properties)
      .map(([name, value]) => `<property name="loadbalance.${name}" value="${value}"/>`)
      .join('')}</endpoint>`,
  )

describe('WeightedRRLC', () => {
  const ALGORITHM = 'org.apache.synapse.endpoints.algorithms.WeightedRRLCAlgorithm'
  const group = (members: string, rounds = 1) =>
    `<loadbalance algorithm="${ALGORITHM}">${members}</loadbalance><property name="loadbalance.weightedRRLC.roundsPerRecal" value="${rounds}"/>`

  /** A backend that does not answer until it is let, and one that does. */
  async function unequal() {
    const { promise: gate, resolve: open } = Promise.withResolvers<void>()
    const busy = await HttpBackend.start(() => gate.then(() => ({})))
    const idle = await HttpBackend.start()
    return { busy, idle, open }
  }

  /** Sends so many messages, one once the last one of the idle backend is answered; gives how many each got. */
  async function cycle(flow: Flow, { busy, idle }: { busy: HttpBackend; idle: HttpBackend }, count: number) {
    const before = [busy.received.length, idle.received.length] as const
    for (let i = 1; i <= count; i++) {
      let isAnswered = false
      void flow.run().then(() => {
        isAnswered = true
      })
      const ofBusy = () => busy.received.length - before[0]
      const ofIdle = () => idle.received.length - before[1]
      const idleBefore = ofIdle()
      await eventually(() => expect(ofBusy() + ofIdle()).toBe(i))
      if (ofIdle() > idleBefore) await eventually(() => expect(isAnswered).toBe(true))
    }
    return [busy.received.length - before[0], idle.received.length - before[1]]
  }

  test('moves the weights by what is in flight, cycle by cycle', async () => {
    const backends = await unequal()
    await using busy = backends.busy
    await using idle = backends.idle
    const members = weighing(busy, { weight: 2 }) + weighing(idle, { weight: 2 })
    await using flow = callTo(group(members))
    expect(await cycle(flow, backends, 4)).toEqual([2, 2])
    // 2 in flight, all at the busy one: 2 + round((0.5 - 1) x 2) = 1, and 2 + round((0.5 - 0) x 2) = 3.
    expect(await cycle(flow, backends, 4)).toEqual([1, 3])
    // 3 in flight: 2 + round(-1.5) = 1, and 2 + round(1.5) = 4.
    expect(await cycle(flow, backends, 5)).toEqual([1, 4])
    // 4 in flight: 2 - 2 = 0, and 2 + 2 = 4.
    expect(await cycle(flow, backends, 4)).toEqual([0, 4])
    backends.open()
  })

  test('within limits, and only every so many cycles', async () => {
    const backends = await unequal()
    await using busy = backends.busy
    await using idle = backends.idle
    const limits = { weight: 2, 'weight.min': 1, 'weight.max': 3 }
    await using flow = callTo(group(weighing(busy, limits) + weighing(idle, limits), 2))
    expect(await cycle(flow, backends, 4)).toEqual([2, 2])
    expect(await cycle(flow, backends, 4)).toEqual([2, 2])
    // 4 in flight would be 0 and 4.
    expect(await cycle(flow, backends, 4)).toEqual([1, 3])
    backends.open()
  })

  test('who weighs nothing takes over all the same when the others cannot', async () => {
    await using other = await HttpBackend.start()
    const members = (await down()) + weighing(other, { weight: 1 })
    await using flow = callTo(group(members))
    for (let i = 0; i < 4; i++) expect(await flow.outcome()).toBe('ok')
    expect(other.received).toHaveLength(4)
  })
})

test('turns are even while many messages are under way', async () => {
  const backends = await Promise.all([0, 1, 2].map(() => HttpBackend.start()))
  try {
    await using flow = callTo(
      `<loadbalance>${backends.map(({ endpoint }) => endpoint).join('')}</loadbalance>`,
    )
    await Promise.all(Array.from({ length: 60 }, () => flow.run()))
    expect(backends.map(({ received }) => received.length)).toEqual([20, 20, 20])
  } finally {
    for (const backend of backends) await backend[Symbol.asyncDispose]()
  }
})

test('an algorithm nobody knows takes turns, with a warning', () => {
  const found = findings(
    '<send><endpoint><loadbalance algorithm="com.acme.Mine"><endpoint><address uri="http://localhost:1/"/></endpoint></loadbalance></endpoint></send>',
  )
  expect(found).toEqual([
    'no-effect: There is no algorithm com.acme.Mine; the endpoints take turns. Use RoundRobin, WeightedRoundRobin or WeightedRRLC.',
  ])
})

test('a group follows its members: all switched off, it takes nothing', async () => {
  await using a = await HttpBackend.start()
  await using b = await HttpBackend.start()
  const named = (name: string, { endpoint }: HttpBackend) =>
    endpoint.replace('<endpoint>', `<endpoint name="${name}">`)
  await using flow = callTo('<loadbalance><endpoint key="a"/><endpoint key="b"/></loadbalance>', {
    artifacts: [named('a', a), named('b', b)],
  })
  flow.endpoints.switchOff('a')
  for (let i = 0; i < 3; i++) expect(await flow.outcome()).toBe('ok')
  expect([a.received.length, b.received.length]).toEqual([0, 3])
  flow.endpoints.switchOff('b')
  expect(await flow.outcome()).toBe(303000)
  flow.endpoints.switchOn('a')
  expect(await flow.outcome()).toBe('ok')
})

describe('onError of the endpoints of a group', () => {
  const says = (name: string) =>
    `<sequence name="${name}"><log level="custom"><property name="${name}" expression="get-property('ERROR_CODE')"/></log></sequence>`
  const failing = async (onError: string) =>
    (await down()).replace('<endpoint>', `<endpoint onError="${onError}">`)
  const logged = (flow: Flow) =>
    flow.log.lines
      .map(({ text }) => /(first|second|outer|whole) = \d+/.exec(text)?.[0])
      .filter(text => text !== undefined)
  const artifacts = [says('first'), says('second'), says('outer'), says('whole')]

  test('does not run where another takes the message, which carries no trace of the failure', async () => {
    await using b = await HttpBackend.start()
    await using flow = callTo(`<failover>${await failing('first')}${b.endpoint}</failover>`, { artifacts })
    const ctx = await flow.run()
    expect(ctx.fault).toBeUndefined()
    expect(logged(flow)).toEqual([])
    for (const name of ['SENDING_FAULT', 'BASE_ERROR_CODE', 'ERROR_CODE', 'ERROR_MESSAGE'])
      expect(ctx.properties.has(name), name).toBe(false)
  })

  test.each(['failover', 'loadbalance'])(
    '%s: the one of the last runs when none does, once',
    async element => {
      const members = (await failing('first')) + (await failing('second'))
      await using flow = callTo(`<${element}>${members}</${element}>`, { artifacts })
      await flow.run()
      expect(logged(flow)).toEqual(['second = 303000'])
    },
  )

  test('the one of the group runs where the last has none', async () => {
    const group = `<endpoint name="e" onError="whole"><failover>${(await failing('first')) + (await down())}</failover></endpoint>`
    await using flow = new Flow('<call><endpoint key="e"/></call>', { artifacts: [group, ...artifacts] })
    await flow.run()
    expect(logged(flow)).toEqual(['whole = 303000'])
  })

  test('a group in a group leaves it to the outer one', async () => {
    await using b = await HttpBackend.start()
    const inner = `<endpoint onError="outer"><failover>${await failing('first')}</failover></endpoint>`
    await using flow = callTo(`<failover>${inner}${b.endpoint}</failover>`, { artifacts })
    expect(await flow.outcome()).toBe('ok')
    expect(logged(flow)).toEqual([])
    await using alone = callTo(`<failover>${inner}</failover>`, { artifacts })
    await alone.run()
    expect(logged(alone)).toEqual(['first = 303000'])
  })
})

describe('sessions', () => {
  const id = (name: string) => `<c:ClientID xmlns:c="http://ws.apache.org/ns/synapse">${name}</c:ClientID>`
  const of = (name: string) => soap('<q/>', id(name))
  const member = (backend: FickleBackend, name = '') =>
    `<endpoint${name && ` name="${name}"`}><address uri="${backend.http}"><suspendOnFailure><errorCodes>101503</errorCodes></suspendOnFailure></address></endpoint>`
  const group = (members: string, type = 'simpleClientSession') =>
    `<session type="${type}"><sessionTimeout>60000</sessionTimeout></session><loadbalance>${members}</loadbalance>`

  test('are not moved: 309003 when their endpoint fails, 309001 while it is not ready', async () => {
    await using a = await FickleBackend.start()
    await using b = await FickleBackend.start()
    await using flow = callTo(group(member(a) + member(b)))
    expect(await flow.outcome(of('ann'))).toBe('ok')
    expect(await flow.outcome(of('bob'))).toBe('ok')
    await a.become('hang up')
    const { fault } = await flow.run(of('ann'))
    expect([fault?.code, fault?.message]).toEqual([
      309003,
      expect.stringMatching(/^the endpoint of the session failed, in group e: .* closed the connection/),
    ])
    expect(await flow.outcome(of('ann'))).toBe(309001)
    expect(await flow.outcome(of('bob'))).toBe('ok')
  })

  test('a new one goes to another when the first fails; 309001 when none is ready', async () => {
    await using a = await FickleBackend.start()
    await using b = await FickleBackend.start()
    await using flow = callTo(group(member(a) + member(b)))
    await a.become('refuse')
    expect(await flow.outcome(of('ann'))).toBe('ok')
    expect(b.asks).toBe(1)
    await b.become('refuse')
    expect(await flow.outcome(of('bob'))).toBe(303000)
    expect(await flow.outcome(of('bob'))).toBe(309001)
  })

  test('live through a deployment; 309002 where their endpoint is no member any more', async () => {
    await using a = await FickleBackend.start()
    await using b = await FickleBackend.start()
    const call = '<call><endpoint key="e"/></call>'
    const e = (members: string) => `<endpoint name="e">${group(members)}</endpoint>`
    await using flow = new Flow(call, { artifacts: [e(member(a, 'A') + member(b, 'B'))] })
    await flow.run(of('ann'))
    flow.redeploy(call, [e(member(b, 'B') + member(a, 'A'))])
    await flow.run(of('ann'))
    expect([a.asks, b.asks]).toEqual([2, 0])
    flow.redeploy(call, [e(member(b, 'B'))])
    expect(await flow.outcome(of('ann'))).toBe(309002)
    expect(await flow.outcome(of('bob'))).toBe('ok')
  })

  test('soap: by the ServiceGroupId that the answer names', async () => {
    const group1 =
      '<a:ServiceGroupId xmlns:a="http://ws.apache.org/namespaces/axis2">urn:1</a:ServiceGroupId>'
    const answers = () => ({
      headers: { 'Content-Type': 'text/xml' },
      body: soap('<r/>', group1).content.text(),
    })
    await using a = await HttpBackend.start(answers)
    await using b = await HttpBackend.start(answers)
    await using flow = callTo(group(a.endpoint + b.endpoint, 'soap'))
    await flow.run(soap('<q/>'))
    await flow.run(soap('<q/>', group1))
    await flow.run(soap('<q/>', group1))
    expect([a.received.length, b.received.length]).toEqual([3, 0])
    await flow.run(soap('<q/>'))
    expect([a.received.length, b.received.length]).toEqual([3, 1])
  })

  test('an answer keeps its payload', async () => {
    await using a = await HttpBackend.start(() => ({
      headers: { 'Set-Cookie': 'JSESSIONID=1; Path=/', 'Content-Type': 'application/json' },
      body: '{"by":"a"}',
    }))
    await using flow = callTo(group(a.endpoint, 'http'))
    const { message } = await flow.run()
    if (message.content.isArriving) await message.content.collect()
    expect(message.content.text()).toBe('{"by":"a"}')
  })

  test('<session> beside anything else is reported', () => {
    const found = findings(
      '<send><endpoint><session type="http"/><address uri="http://localhost:1/"/></endpoint></send>',
    )
    expect(found).toEqual(['no-effect: <session> has no effect: it belongs to a loadbalance endpoint.'])
  })
})

describe('hosts', () => {
  test('take https where the message came by https, or is for it', async () => {
    const [http, https] = [await freePort(), await freePort()]
    const host = `<member hostName="localhost" httpPort="${http}" httpsPort="${https}"/>`
    await using flow = callTo(`<loadbalance failover="false">${host}</loadbalance>`)
    expect((await flow.run()).fault?.message).toContain(`http://localhost:${http}/`)
    await using other = new Flow(
      `<header name="To" value="https://old.example/orders/7"/><call><endpoint><loadbalance failover="false">${host}</loadbalance></endpoint></call>`,
    )
    expect((await other.run()).fault?.message).toContain(`https://localhost:${https}/orders/7`)
  })

  test('dynamicLoadbalance takes turns over the members its handler lists', async () => {
    await using a = await HttpBackend.start()
    await using b = await HttpBackend.start()
    const list = [a, b].map(({ url }) => new URL(url).host).join(', ')
    const handler = (value: string) =>
      `<dynamicLoadbalance><membershipHandler class="com.acme.Members"><property name="members" value="${value}"/></membershipHandler></dynamicLoadbalance>`
    await using flow = callTo(handler(list))
    for (let i = 0; i < 4; i++) expect(await flow.outcome(json({}))).toBe('ok')
    expect([a.received.length, b.received.length]).toEqual([2, 2])
    expect(findings(`<send><endpoint>${handler('nowhere')}</endpoint></send>`)).toEqual([
      'bad-value: "nowhere" is no member; expected host:port.',
    ])
    expect(findings(`<send><endpoint>${handler(' ')}</endpoint></send>`)).toEqual([
      'missing: Property members lists none.',
    ])
  })
})
