import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { HttpBackend } from '../support/http-backend.ts'
import { findings, json, mediate } from '../support/mediate.ts'
import { type ArrivalOptions, Serving } from '../support/serving.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

const rule = (grant: string, callers = 'other', type = 'IP') =>
  `<wsp:Policy><throttle:ID throttle:type="${type}">${callers}</throttle:ID><wsp:Policy>${grant}</wsp:Policy></wsp:Policy>`

const limit = (count: number, unitTime: number, prohibit?: number) =>
  `<throttle:Control><wsp:Policy><throttle:MaximumCount>${count}</throttle:MaximumCount><throttle:UnitTime>${unitTime}</throttle:UnitTime>${
    prohibit === undefined
      ? ''
      : `<throttle:ProhibitTimePeriod wsp:Optional="true">${prohibit} </throttle:ProhibitTimePeriod>`
  }</wsp:Policy></throttle:Control>`

const policy = (inside: string, namespace = 'http://www.wso2.org/products/wso2commons/throttle') =>
  `<wsp:Policy xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy" xmlns:throttle="${namespace}"><throttle:MediatorThrottleAssertion>${inside}</throttle:MediatorThrottleAssertion></wsp:Policy>`

const BRANCHES =
  '<onAccept><property name="went" value="accept"/></onAccept><onReject><property name="went" value="reject"/></onReject>'

class Throttled extends Serving {
  constructor(inside: string, after = '') {
    super(`<throttle id="T"><policy>${policy(inside)}</policy>${BRANCHES}</throttle>${after}`)
  }

  async went(options: ArrivalOptions = {}): Promise<unknown> {
    return (await this.take(json({}), options)).properties.get('went')
  }

  async wentBy(...addresses: readonly string[]): Promise<unknown[]> {
    const all = []
    for (const remoteAddress of addresses) all.push(await this.went({ request: { remoteAddress } }))
    return all
  }
}

describe('a limit in a time', () => {
  test('lets so many through, and more again when the window is over', async () => {
    await using service = new Throttled(rule(limit(2, 1000)))
    expect([await service.went(), await service.went(), await service.went()]).toEqual([
      'accept',
      'accept',
      'reject',
    ])
    vi.advanceTimersByTime(999)
    expect(await service.went()).toBe('reject')
    vi.advanceTimersByTime(1)
    expect([await service.went(), await service.went(), await service.went()]).toEqual([
      'accept',
      'accept',
      'reject',
    ])
  })

  test('the window begins with the first request', async () => {
    await using service = new Throttled(rule(limit(2, 1000)))
    await service.went()
    vi.advanceTimersByTime(900)
    await service.went()
    vi.advanceTimersByTime(100)
    expect(await service.went()).toBe('accept')
  })

  test('one too many has callers wait for the prohibited time', async () => {
    await using service = new Throttled(rule(limit(1, 100, 5000)))
    expect([await service.went(), await service.went()]).toEqual(['accept', 'reject'])
    vi.advanceTimersByTime(4999)
    expect(await service.went()).toBe('reject')
    vi.advanceTimersByTime(1)
    expect(await service.went()).toBe('accept')
  })

  test('all callers of a rule share its count', async () => {
    await using service = new Throttled(rule(limit(2, 1000)))
    expect(await service.wentBy('10.0.0.1', '10.0.0.2', '10.0.0.3')).toEqual(['accept', 'accept', 'reject'])
  })

  test('of none refuses all', async () => {
    await using service = new Throttled(rule(limit(0, 1000)))
    expect(await service.went()).toBe('reject')
  })
})

describe('callers', () => {
  const DENY = '<throttle:Deny/>'
  const ALLOW = '<throttle:Allow/>'

  test.each([
    ['10.0.0.5', ['10.0.0.5'], ['10.0.0.50', '11.0.0.5']],
    ['10.0.0.*', ['10.0.0.1', '10.0.0.255', '::ffff:10.0.0.9'], ['10.0.1.1', '110.0.0.1']],
    ['10.0.0.5-10.0.0.9', ['10.0.0.5', '10.0.0.9'], ['10.0.0.4', '10.0.0.10', '10.0.1.7']],
    ['2001:db8::1', ['2001:DB8::1'], ['2001:db8::2']],
  ])('of %s', async (callers, inside, outside) => {
    await using service = new Throttled(rule(DENY, callers) + rule(ALLOW))
    expect(await service.wentBy(...inside)).toEqual(inside.map(() => 'reject'))
    expect(await service.wentBy(...outside)).toEqual(outside.map(() => 'accept'))
  })

  test('without a rule are let through', async () => {
    await using service = new Throttled(rule(DENY, '10.0.0.5'))
    expect(await service.went()).toBe('accept')
  })

  test('are known by the first address in X-Forwarded-For', async () => {
    await using service = new Throttled(rule(DENY, '10.0.0.5'))
    expect(await service.went({ headers: { 'X-Forwarded-For': '10.0.0.5, 10.0.0.6' } })).toBe('reject')
    expect(await service.went({ headers: { 'X-Forwarded-For': '10.0.0.6, 10.0.0.5' } })).toBe('accept')
  })

  test('are known by their host where a rule for hosts has it', async () => {
    await using service = new Throttled(rule(DENY, '*.example.com', 'DOMAIN') + rule(ALLOW))
    expect(await service.went({ headers: { 'X-Forwarded-Host': 'a.Example.com' } })).toBe('reject')
    expect(await service.went({ headers: { 'X-Forwarded-Host': 'example.org' } })).toBe('accept')
    expect(await service.went()).toBe('accept')
  })

  test('a policy may say what it means beside an inner policy', async () => {
    const flat = `<wsp:Policy><throttle:ID throttle:type="IP">other</throttle:ID><throttle:UnitTime>0</throttle:UnitTime><throttle:MaximumCount>0</throttle:MaximumCount><wsp:Policy><throttle:Allow/></wsp:Policy></wsp:Policy>`
    await using service = new Throttled(flat)
    expect(await service.went()).toBe('accept')
  })
})

describe('requests at the same time', () => {
  const CONCURRENT = '<throttle:MaximumConcurrentAccess>1</throttle:MaximumConcurrentAccess>'

  test('are limited until everything made of one has ended', async () => {
    let answer: () => void = () => {}
    const held = new Promise<void>(resolve => {
      answer = resolve
    })
    await using backend = await HttpBackend.start(async () => {
      await held
      return {}
    })
    await using service = new Throttled(
      CONCURRENT,
      `<filter source="$ctx:went" regex="accept"><then><send>${backend.endpoint}</send></then></filter>`,
    )
    const first = service.went()
    expect(await service.went()).toBe('reject')
    answer()
    expect(await first).toBe('accept')
    expect(await service.went()).toBe('accept')
  })

  test('a fault gives its place back', async () => {
    await using service = new Throttled(CONCURRENT, '<throwError/>')
    for (let i = 0; i < 3; i++) expect(await service.went()).toBe('accept')
  })

  test('what a rule refuses gives its place back', async () => {
    await using service = new Throttled(CONCURRENT + rule('<throttle:Deny/>', '10.0.0.5'))
    expect(await service.wentBy('10.0.0.5', '10.0.0.5', '10.0.0.6')).toEqual(['reject', 'reject', 'accept'])
  })
})

describe('what runs', () => {
  const DENIED = policy(rule('<throttle:Deny/>'))
  const AFTER = '<property name="after" value="yes"/>'

  test('without onReject a message that is refused ends', async () => {
    await using service = new Serving(`<throttle id="T"><policy>${DENIED}</policy></throttle>${AFTER}`)
    expect((await service.take(json({}))).properties.has('after')).toBe(false)
  })

  test('without a policy everything goes on', async () => {
    await using service = new Serving(`<throttle id="T"/>${AFTER}`)
    expect((await service.take(json({}))).properties.get('after')).toBe('yes')
  })

  test('responses pass', async () => {
    const throttle = `<throttle id="T"><policy>${DENIED}</policy></throttle>`
    await using service = new Serving(`<property name="RESPONSE" value="true"/>${throttle}${AFTER}`)
    expect((await service.take(json({}))).properties.get('after')).toBe('yes')
  })

  test('sequences may be named, and the policy may be an entry', async () => {
    await using service = new Serving(
      `<throttle id="T" onAccept="yes" onReject="no"><policy key="policies"/></throttle>`,
      {
        artifacts: [
          `<localEntry key="policies">${policy(rule(limit(1, 1000)))}</localEntry>`,
          '<sequence name="yes"><property name="went" value="accept"/></sequence>',
          '<sequence name="no"><property name="went" value="reject"/></sequence>',
        ],
      },
    )
    const went = []
    for (let i = 0; i < 2; i++) went.push((await service.take(json({}))).properties.get('went'))
    expect(went).toEqual(['accept', 'reject'])
  })
})

test('what cannot be limited as it is meant to be does not pass', async () => {
  const ctx = await mediate(`<throttle id="T"><policy><a xmlns="urn:none"/></policy></throttle><respond/>`)
  expect(ctx.replies).toEqual([])
  expect(ctx.fault?.message).toBe('the policy of throttle is none')
})

const throttle = (inside: string) => `<throttle id="T"><policy>${inside}</policy></throttle>`

test.each([
  ['no id', '<throttle/>', 'missing: <throttle> needs attribute id.'],
  [
    'another namespace',
    throttle(policy(rule(limit(1, 1)), 'http://www.wso2.org/products/google/throttle')),
    'bad-policy: The policy of <throttle> is none, and reaching it is a fault; expected a MediatorThrottleAssertion in the namespace http://www.wso2.org/products/wso2commons/throttle.',
  ],
  [
    'no assertion',
    throttle('<wsp:Policy xmlns:wsp="http://schemas.xmlsoap.org/ws/2004/09/policy"/>'),
    'bad-policy: The policy of <throttle> is none, and reaching it is a fault; expected a policy with a MediatorThrottleAssertion.',
  ],
  [
    'no count',
    throttle(policy(rule('<throttle:Control><throttle:UnitTime>1</throttle:UnitTime></throttle:Control>'))),
    'bad-policy: The policy of <throttle> is none, and reaching it is a fault; expected a MaximumCount in each Control.',
  ],
  [
    'no time',
    throttle(
      policy(rule('<throttle:Control><throttle:MaximumCount>1</throttle:MaximumCount></throttle:Control>')),
    ),
    'bad-policy: The policy of <throttle> is none, and reaching it is a fault; expected a UnitTime in each Control.',
  ],
  [
    'a range over two networks',
    throttle(policy(rule('<throttle:Deny/>', '10.0.0.1-10.0.1.1'))),
    'bad-policy: The policy of <throttle> is none, and reaching it is a fault; expected a range of addresses that differ in their last number, not "10.0.0.1-10.0.1.1".',
  ],
  [
    'a role',
    throttle(policy(rule('<throttle:Deny/>', 'gold', 'ROLE'))),
    'bad-policy: The policy of <throttle> is none, and reaching it is a fault; expected an ID of type IP or DOMAIN, not ROLE.',
  ],
  [
    'an entry that is not there',
    '<throttle id="T"><policy key="gone"/></throttle>',
    'missing-entry: There is no entry named gone; using it is a fault.',
  ],
])('%s is a finding', (_what, fragment, finding) => {
  expect(findings(fragment)).toContainEqual(finding)
})
