import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { EndpointState } from '../../src/endpoints/policy.ts'
import { eventually } from '../support/eventually.ts'
import { FickleBackend, type Mood } from '../support/fickle-backend.ts'
import { Flow, type FlowOptions } from '../support/flow.ts'
import { json, message } from '../support/mediate.ts'

// Only the clock that endpoints look at stands still: sockets and timers are real.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

/** One message: how long after the last one, what the backend does, and what comes of it. */
type Try = readonly [
  after: number,
  mood: Mood,
  outcome: number | 'ok',
  state: EndpointState,
  readyInMs?: number,
]

const suspend = (children: string) => `<suspendOnFailure>${children}</suspendOnFailure>`
const mark = (children: string) => `<markForSuspension>${children}</markForSuspension>`
const codes = (list: string) => `<errorCodes>${list}</errorCodes>`
const initial = (ms: number) => `<initialDuration>${ms}</initialDuration>`
const factor = (by: number) => `<progressionFactor>${by}</progressionFactor>`
const maximum = (ms: number) => `<maximumDuration>${ms}</maximumDuration>`
const retries = (count: number, delayMs = 0) =>
  `<retriesBeforeSuspension>${count}</retriesBeforeSuspension><retryDelay>${delayMs}</retryDelay>`

async function follow(
  flow: Flow,
  backend: FickleBackend,
  tries: readonly Try[],
  settled = async (_oks: number) => {},
): Promise<void> {
  let oks = 0
  for (const [i, [after, mood, outcome, state, readyInMs = 0]] of tries.entries()) {
    vi.advanceTimersByTime(after)
    await backend.become(mood)
    await settled(oks)
    const waits = json({ wait: mood === 'silent' ? 60 : 60_000 })
    expect(await flow.outcome(waits), `outcome of try ${i + 1}`).toBe(outcome)
    expect(flow.endpoints.find('e'), `state after try ${i + 1}`).toEqual({ name: 'e', state, readyInMs })
    if (outcome === 'ok') oks++
  }
}

describe('an http address', () => {
  // Only who is told to say nothing is waited for shortly: machines may be slow.
  const TIMEOUT = '<timeout><duration>{json-eval($.wait)}</duration></timeout>'
  const flowTo = (backend: FickleBackend, policy: string, options: FlowOptions = {}) =>
    new Flow('<call><endpoint key="e"/></call>', {
      artifacts: [
        `<endpoint name="e"><address uri="${backend.http}">${TIMEOUT}${policy}</address></endpoint>`,
      ],
      ...options,
    })

  test.each<[what: string, policy: string, tries: readonly Try[]]>([
    [
      'without a policy: 30 s for any failure, a try then, and back after a success',
      '',
      [
        [0, 'refuse', 101503, 'suspended', 30_000],
        [29_999, 'ok', 303001, 'suspended', 1],
        [1, 'ok', 'ok', 'active'],
        [0, 'refuse', 101503, 'suspended', 30_000],
      ],
    ],
    [
      'each suspension by the factor longer, up to the longest, and as at first after a success',
      suspend(initial(1_000) + factor(2) + maximum(3_000)),
      [
        [0, 'refuse', 101503, 'suspended', 1_000],
        [1_000, 'nonsense', 101506, 'suspended', 2_000],
        [2_000, 'refuse', 101503, 'suspended', 3_000],
        [3_000, 'refuse', 101503, 'suspended', 3_000],
        [2_999, 'ok', 303001, 'suspended', 1],
        [1, 'ok', 'ok', 'active'],
        [0, 'refuse', 101503, 'suspended', 1_000],
      ],
    ],
    [
      'a factor below 1 makes them shorter',
      suspend(initial(1_000) + factor(0.5)),
      [
        [0, 'refuse', 101503, 'suspended', 1_000],
        [1_000, 'refuse', 101503, 'suspended', 500],
        [500, 'refuse', 101503, 'suspended', 250],
      ],
    ],
    [
      'timeouts are let pass so often, each with its delay; a success counts anew',
      mark(codes('101504') + retries(2, 100)) + suspend(initial(5_000)),
      [
        [0, 'silent', 101504, 'timeout', 100],
        [99, 'ok', 303001, 'timeout', 1],
        [1, 'silent', 101504, 'timeout', 100],
        [100, 'ok', 'ok', 'active'],
        [0, 'silent', 101504, 'timeout', 100],
        [100, 'silent', 101504, 'timeout', 100],
        [100, 'silent', 101504, 'suspended', 5_000],
        [4_999, 'ok', 303001, 'suspended', 1],
      ],
    ],
    [
      'once the retries are used up every timeout suspends, until a success',
      mark(codes('101504') + retries(1)) + suspend(initial(1_000) + factor(2)),
      [
        [0, 'silent', 101504, 'timeout'],
        [0, 'silent', 101504, 'suspended', 1_000],
        [1_000, 'silent', 101504, 'suspended', 2_000],
        [2_000, 'ok', 'ok', 'active'],
        [0, 'silent', 101504, 'timeout'],
      ],
    ],
    [
      'without a list 101504 and 101505 are timeouts',
      mark(retries(2, 10)) + suspend(initial(1_000)),
      [
        [0, 'hang up', 101505, 'timeout', 10],
        [10, 'silent', 101504, 'timeout', 10],
        [10, 'refuse', 101503, 'suspended', 1_000],
        [1_000, 'silent', 101504, 'suspended', 1_000],
      ],
    ],
    [
      'a failure while it is marked suspends it if its code is listed, and changes nothing if not',
      mark(codes('101504') + retries(3, 100)) + suspend(codes('101503') + initial(1_000)),
      [
        [0, 'silent', 101504, 'timeout', 100],
        [100, 'nonsense', 101506, 'timeout'],
        [0, 'refuse', 101503, 'suspended', 1_000],
      ],
    ],
    [
      'a code in neither list changes nothing',
      mark(codes('101504')) + suspend(codes('101508') + initial(1_000)),
      [
        [0, 'refuse', 101503, 'active'],
        [0, 'nonsense', 101506, 'active'],
      ],
    ],
    [
      'a code in both lists is a timeout',
      mark(codes('101503') + retries(1, 50)) + suspend(codes('101503') + initial(1_000)),
      [
        [0, 'refuse', 101503, 'timeout', 50],
        [50, 'refuse', 101503, 'suspended', 1_000],
      ],
    ],
    [
      'a code with the phase added is as good as the plain one: 101505 while waiting is 101508',
      mark(codes('101504')) + suspend(codes('101508') + initial(1_000)),
      [[0, 'hang up', 101505, 'suspended', 1_000]],
    ],
    [
      '101506 while waiting is 101509',
      mark(codes('101509') + retries(1, 70)) + suspend(codes('101503') + initial(1_000)),
      [[0, 'nonsense', 101506, 'timeout', 70]],
    ],
    [
      'code -1 never suspends',
      mark(codes('-1')) + suspend(codes('-1')),
      [
        [0, 'refuse', 101503, 'active'],
        [0, 'silent', 101504, 'active'],
      ],
    ],
    [
      'a duration of 0 leaves it in use',
      suspend(initial(0)),
      [
        [0, 'refuse', 101503, 'suspended'],
        [0, 'refuse', 101503, 'suspended'],
        [0, 'ok', 'ok', 'active'],
      ],
    ],
    ['a duration below 0 is 30 s', suspend(initial(-1)), [[0, 'refuse', 101503, 'suspended', 30_000]]],
    [
      'the older spelling is in seconds',
      '<suspendDurationOnFailure>2</suspendDurationOnFailure>',
      [[0, 'refuse', 101503, 'suspended', 2_000]],
    ],
    [
      'an answer with status 500 is a success',
      suspend(initial(1_000)),
      [
        [0, '500', 'ok', 'active'],
        [0, 'refuse', 101503, 'suspended', 1_000],
        [1_000, '500', 'ok', 'active'],
      ],
    ],
  ])('%s', async (_what, policy, tries) => {
    await using backend = await FickleBackend.start()
    await using flow = flowTo(backend, policy)
    await follow(flow, backend, tries)
  })

  test('switched off it takes nothing, however long; switched on it is as new', async () => {
    await using backend = await FickleBackend.start()
    await using flow = flowTo(backend, suspend(initial(1_000) + factor(2)))
    await follow(flow, backend, [[0, 'refuse', 101503, 'suspended', 1_000]])
    expect(flow.endpoints.switchOff('e')).toBe(true)
    await follow(flow, backend, [
      [0, 'ok', 303001, 'off'],
      [1_000_000, 'ok', 303001, 'off'],
    ])
    expect((await flow.run()).fault?.message).toBe('endpoint e is switched off')
    flow.endpoints.switchOn('e')
    await follow(flow, backend, [
      [0, 'refuse', 101503, 'suspended', 1_000],
      [1_000, 'ok', 'ok', 'active'],
    ])
    expect(flow.endpoints.switchOff('nobody')).toBe(false)
    expect(flow.endpoints.all().map(({ name }) => name)).toEqual(['e'])
  })

  test('a SOAP fault counts where FORCE_ERROR_ON_SOAP_FAULT asks for it', async () => {
    await using backend = await FickleBackend.start()
    await using flow = flowTo(backend, suspend(codes('500000') + initial(1_000)))
    const force = '<property name="FORCE_ERROR_ON_SOAP_FAULT" value="true"/>'
    await follow(flow, backend, [[0, 'soap fault', 'ok', 'active']])
    flow.redeploy(`${force}<call><endpoint key="e"/></call>`)
    await follow(flow, backend, [[0, 'soap fault', 500000, 'suspended', 1_000]])
  })

  test('a message that cannot be written says nothing about the backend', async () => {
    await using backend = await FickleBackend.start()
    const type = '<property name="messageType" value="application/xml" scope="axis2"/>'
    await using flow = flowTo(backend, '')
    flow.redeploy(`${type}<call><endpoint key="e"/></call>`)
    expect(await flow.outcome(message('{', 'application/json'))).toBe(601000)
    expect(flow.endpoints.find('e')?.state).toBe('active')
    flow.redeploy('<property name="X" value="a&#10;b" scope="transport"/><call><endpoint key="e"/></call>')
    expect(await flow.outcome()).toBe(101500)
    expect(flow.endpoints.find('e')?.state).toBe('active')
  })

  test('a message for nobody does not suspend the endpoint for the others', async () => {
    await using backend = await FickleBackend.start()
    const artifacts = ['<endpoint name="e"><default/></endpoint>']
    await using flow = new Flow('<call><endpoint key="e"/></call>', { artifacts })
    expect(await flow.outcome()).toBe(303001)
    flow.redeploy(`<header name="To" value="${backend.http}"/><call><endpoint key="e"/></call>`)
    await follow(flow, backend, [
      [0, 'ok', 'ok', 'active'],
      [0, 'refuse', 101503, 'suspended', 30_000],
    ])
  })

  test.each<[what: string, settings: FlowOptions['settings'], policy: string, tries: readonly Try[]]>([
    [
      'those of the process hold where it says nothing',
      { global_endpoint_suspend_duration: 700, global_endpoint_suspend_progression_factor: 3 },
      '',
      [
        [0, 'refuse', 101503, 'suspended', 700],
        [700, 'refuse', 101503, 'suspended', 2_100],
      ],
    ],
    [
      'its own come first',
      { global_endpoint_suspend_duration: 700 },
      suspend(initial(200) + factor(2)),
      [[0, 'refuse', 101503, 'suspended', 200]],
    ],
    [
      'unless those of the process are to hold for all',
      {
        global_endpoint_suspend_duration: 700,
        global_endpoint_suspend_progression_factor: 3,
        override_endpoint_suspend_config_with_global_values: true,
      },
      suspend(initial(200) + factor(2) + maximum(2_000)),
      [
        [0, 'refuse', 101503, 'suspended', 700],
        [700, 'refuse', 101503, 'suspended', 2_000],
      ],
    ],
  ])('durations: %s', async (_what, given, policy, tries) => {
    const settings = Object.fromEntries(
      Object.entries(given!).map(([key, value]) => [`synapse_properties.synapse.${key}`, value]),
    )
    await using backend = await FickleBackend.start()
    await using flow = flowTo(backend, policy, { settings })
    await follow(flow, backend, tries)
  })

  test('a suspension lives through a deployment that leaves the endpoint as it is, and no other', async () => {
    await using backend = await FickleBackend.start()
    await using flow = flowTo(backend, '')
    await follow(flow, backend, [[0, 'refuse', 101503, 'suspended', 30_000]])
    flow.redeploy('<log/><call><endpoint key="e"/></call>')
    await follow(flow, backend, [[10_000, 'ok', 303001, 'suspended', 20_000]])
    const changed = `<endpoint name="e"><address uri="${backend.http}">${suspend(initial(5))}</address></endpoint>`
    flow.redeploy('<call><endpoint key="e"/></call>', [changed])
    await follow(flow, backend, [[0, 'ok', 'ok', 'active']])
  })
})

test('who is switched off stays so through deployments', async () => {
  await using backend = await FickleBackend.start()
  const e = (policy: string) =>
    `<endpoint name="e"><address uri="${backend.http}">${policy}</address></endpoint>`
  const call = '<call><endpoint key="e"/></call>'
  await using flow = new Flow(call, { artifacts: [e('')] })
  flow.endpoints.switchOff('e')
  flow.redeploy(call, [e(suspend(initial(5)))])
  expect(await flow.outcome()).toBe(303001)
  flow.endpoints.switchOn('e')
  expect(await flow.outcome()).toBe('ok')
})

describe('a ws address', () => {
  const settings = { 'transport.ws.handshake_timeout_ms': 300 }
  const flowTo = (backend: FickleBackend, policy: string) =>
    new Flow('<send><endpoint key="e"/></send>', {
      artifacts: [`<endpoint name="e"><address uri="${backend.ws}">${policy}</address></endpoint>`],
      settings,
    })
  /** What the last success opened has to be gone before the next message. */
  const cut = (flow: Flow) => (oks: number) =>
    eventually(() =>
      expect(flow.log.lines.filter(({ text }) => text.includes('ERROR_CODE : 101505')).length).toBe(oks),
    )

  test.each<[what: string, policy: string, tries: readonly Try[]]>([
    [
      'is never suspended where it says nothing',
      '',
      [
        [0, 'refuse', 101503, 'active'],
        [100, 'silent', 101508, 'active'],
        [100, 'ok', 'ok', 'active'],
      ],
    ],
    [
      'by a refused connection, longer each time',
      suspend(initial(1_000) + factor(2) + maximum(3_000)),
      [
        [0, 'refuse', 101503, 'suspended', 1_000],
        [999, 'ok', 303001, 'suspended', 1],
        [1, 'refuse', 101503, 'suspended', 2_000],
        [2_000, 'refuse', 101503, 'suspended', 3_000],
        [3_000, 'ok', 'ok', 'active'],
        [0, 'refuse', 101503, 'suspended', 1_000],
      ],
    ],
    [
      'by a handshake that takes too long, as often as is let pass',
      mark(codes('101508') + retries(1, 100)) + suspend(initial(1_000)),
      [
        [0, 'silent', 101508, 'timeout', 100],
        [99, 'ok', 303001, 'timeout', 1],
        [1, 'silent', 101508, 'suspended', 1_000],
        [1_000, 'ok', 'ok', 'active'],
        [0, 'silent', 101508, 'timeout', 100],
      ],
    ],
    [
      'by no other than the listed codes',
      suspend(codes('101508') + initial(1_000)),
      [
        [0, 'refuse', 101503, 'active'],
        [0, 'silent', 101508, 'suspended', 1_000],
      ],
    ],
    [
      'by a code in both lists as by a timeout',
      mark(codes('101503') + retries(1, 50)) + suspend(codes('101503') + initial(1_000)),
      [
        [0, 'refuse', 101503, 'timeout', 50],
        [50, 'refuse', 101503, 'suspended', 1_000],
      ],
    ],
  ])('%s', async (_what, policy, tries) => {
    await using backend = await FickleBackend.start()
    await using flow = flowTo(backend, policy)
    await follow(flow, backend, tries, cut(flow))
  })

  test('by a connection that is closing, 101505, which is a timeout where none is listed', async () => {
    await using backend = await FickleBackend.start()
    await using flow = flowTo(backend, mark(retries(1, 100)) + suspend(initial(1_000)))
    await backend.become('closing')
    let outcome: number | string = 'ok'
    while (outcome === 'ok') outcome = await flow.outcome()
    expect(outcome).toBe(101505)
    expect(flow.endpoints.find('e')).toEqual({ name: 'e', state: 'timeout', readyInMs: 100 })
    vi.advanceTimersByTime(100)
    expect(await flow.outcome(json({ again: true }))).toBe(101505)
    expect(flow.endpoints.find('e')).toEqual({ name: 'e', state: 'suspended', readyInMs: 1_000 })
  })

  test('switched off it takes nothing, with or without a policy', async () => {
    await using backend = await FickleBackend.start()
    await using flow = flowTo(backend, '')
    flow.endpoints.switchOff('e')
    expect(await flow.outcome()).toBe(303001)
    vi.advanceTimersByTime(1e9)
    expect(await flow.outcome()).toBe(303001)
    flow.endpoints.switchOn('e')
    expect(await flow.outcome()).toBe('ok')
  })
})
