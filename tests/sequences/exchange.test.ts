import { describe, expect, test } from 'vitest'
import { MessageContext } from '../../src/core/context.ts'
import { Fault } from '../../src/core/fault.ts'
import type { Ending } from '../../src/core/metrics.ts'
import type { Pipeline, Service } from '../../src/core/ports.ts'
import { STOP, type Step } from '../../src/core/step.ts'
import { exchange } from '../../src/sequences/exchange.ts'
import { deployed, mediate, message, type RecordingLogger, RecordingOrigin } from '../support/mediate.ts'

const stopsLater: Step = () => Promise.resolve(STOP)

const pipeline = (run: Step): Pipeline => ({ run })

function setup(outflow: Step = () => undefined) {
  const { services, log } = deployed({
    's.xml': '<sequence name="s"><drop/></sequence>',
    'p.xml': '<proxy name="test"><target inSequence="s"/></proxy>',
  })
  const service: Service = { ...services[0]!.service, outflow: pipeline(outflow) }
  const origin = new RecordingOrigin()
  const ctx = new MessageContext(service, origin, message('request'))
  service.counters.received++
  return { ctx, origin, log, counters: service.counters }
}

describe('what a hook does', () => {
  test('stays synchronous when nothing waits, and tells the caller once', () => {
    const { ctx, origin, counters } = setup()
    expect(
      exchange(
        ctx,
        pipeline(() => undefined),
      ),
    ).toBeUndefined()
    expect(origin.ends).toBe(1)
    expect(counters.inFlight).toBe(0)
  })

  test('is waited for', async () => {
    const { ctx, origin, counters } = setup()
    const outcome = exchange(ctx, pipeline(stopsLater))
    expect(outcome).toBeInstanceOf(Promise)
    expect([origin.ends, counters.inFlight]).toEqual([0, 1])
    await outcome
    expect([origin.ends, counters.inFlight]).toEqual([1, 0])
  })
})

describe('a reply', () => {
  const leavesReply: Step = ctx => {
    ctx.reply = message('reply')
    ctx.ending = 'delivered'
    return STOP
  }

  test.each([
    ['at once', leavesReply],
    [
      'later',
      async ctx => {
        await Promise.resolve()
        return leavesReply(ctx)
      },
    ],
  ] as [string, Step][])('left %s runs the outflow as a response', async (_when, hook) => {
    const seen: string[] = []
    const { ctx, counters } = setup(ctx => {
      seen.push(`${ctx.direction} ${ctx.message.content.text()}`)
      ctx.ending = 'answered'
    })
    await exchange(ctx, pipeline(hook))
    expect(seen).toEqual(['response reply'])
    expect(ctx.reply).toBeUndefined()
    expect(counters.ended.answered).toBe(1)
  })

  test('an outflow that waits is waited for', async () => {
    const { ctx, origin } = setup(stopsLater)
    const outcome = exchange(ctx, pipeline(leavesReply))
    expect(origin.ends).toBe(0)
    await outcome
    expect(origin.ends).toBe(1)
  })
})

describe('a fault that no sequence handles', () => {
  const throws: Step = () => {
    throw new Fault(101504, 'no answer')
  }
  const rejects: Step = () => Promise.reject(new TypeError('a bug'))
  const replies: Step = ctx => {
    ctx.reply = message('reply')
    return STOP
  }

  test.each([
    ['thrown by the hook', throws, () => undefined, 101504],
    ['rejected by the hook', rejects, () => undefined, 0],
    ['thrown by the outflow', replies, throws, 101504],
    ['rejected by the outflow', replies, rejects, 0],
  ] as [string, Step, Step, number][])('%s ends there', async (_what, hook, outflow, code) => {
    const { ctx, origin, counters, log } = setup(outflow)
    await exchange(ctx, pipeline(hook))
    expect(ctx.fault?.code).toBe(code)
    expect(ctx.isFaultHandled).toBe(false)
    expect(origin.ends).toBe(1)
    expect(counters.ended.faulted).toBe(1)
    expect(counters.inFlight).toBe(0)
    expect(errors(log)).toEqual([expect.stringMatching(/fault \d+ that no fault sequence handled: /)])
  })

  function errors(log: RecordingLogger): string[] {
    return log.lines.filter(({ level }) => level === 'error').map(({ text }) => text)
  }
})

describe('every message is counted once, under what became of it', () => {
  test.each([
    ['<drop/>', 'dropped'],
    ['', 'dropped'],
    ['<respond/>', 'answered'],
    ['<sequence key="nowhere"/>', 'faulted'],
  ] as [string, Ending][])('%s: %s', async (fragment, ending) => {
    const { counters } = await mediate(fragment, message('hello'))
    expect(counters.received).toBe(1)
    expect(counters.ended[ending]).toBe(1)
    expect(counters.inFlight).toBe(0)
  })
})

test.each([
  ['at once', (): undefined => undefined],
  ['later', stopsLater],
])(
  'a message whose end fails %s is counted all the same, once, and what waits behind it goes on',
  async (_when, run: Step) => {
    const { ctx, origin, log, counters } = setup()
    let ended = 0
    origin.ended = () => {
      ended++
      throw new Error('no way to answer')
    }

    await exchange(ctx, pipeline(run))

    expect(ended).toBe(1)
    expect([counters.ended.faulted, counters.inFlight]).toEqual([1, 0])
    expect(log.lines.map(({ text }) => text)).toEqual([
      expect.stringContaining('the end of a message failed'),
    ])
  },
)
