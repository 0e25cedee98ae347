import { describe, expect, test } from 'vitest'
import { MessageContext } from '../../src/core/context.ts'
import { Fault } from '../../src/core/fault.ts'
import { STOP, type Step } from '../../src/core/step.ts'
import { Source } from '../../src/language/source.ts'
import { ContentError } from '../../src/message/content-error.ts'
import { Message } from '../../src/message/message.ts'
import { chain, enterFault, guard } from '../../src/sequences/pipeline.ts'
import { deployed, RecordingOrigin } from '../support/mediate.ts'

const FILES = {
  'test.xml': '<sequence name="s"><drop/></sequence>',
  'proxy.xml': '<proxy name="test"><target inSequence="s"/></proxy>',
}

function context(): MessageContext {
  const { service } = deployed(FILES).services[0]!
  return new MessageContext(service, new RecordingOrigin(), Message.empty())
}

const source = new Source('flow.xml', '<a>\n  <b/>\n    <c/>\n</a>')
const PLACES = [
  { source, start: 6, end: 8 },
  { source, start: 15, end: 17 },
]

/** Steps that write down their names. */
function named(trail: string[]) {
  return (name: string): Step =>
    () => {
      trail.push(name)
    }
}

const stops: Step = () => STOP
const waits: Step = () => Promise.resolve(undefined)
const stopsLater: Step = () => Promise.resolve(STOP)
const fails: Step = () => {
  throw new Fault(101503, 'no backend')
}
const failsLater: Step = () => Promise.reject(new Error('a bug'))

describe('chain', () => {
  test('stays synchronous while no step waits', () => {
    const trail: string[] = []
    const step = named(trail)
    expect(chain([step('a'), step('b')])(context())).toBeUndefined()
    expect(trail).toEqual(['a', 'b'])
    expect(chain([])(context())).toBeUndefined()
  })

  test('waits for a step that waits, and goes on in order', async () => {
    const trail: string[] = []
    const step = named(trail)
    let letGo = (): void => {}
    const held: Step = () => new Promise<undefined>(resolve => (letGo = () => resolve(undefined)))
    const outcome = chain([step('a'), held, step('b'), waits, step('c')])(context())
    expect(outcome).toBeInstanceOf(Promise)
    expect(trail).toEqual(['a'])
    letGo()
    expect(await outcome).toBeUndefined()
    expect(trail).toEqual(['a', 'b', 'c'])
  })

  test.each([
    ['at once', stops],
    ['later', stopsLater],
  ])('STOP, %s, ends all pipelines around it', async (_when, stop) => {
    const trail: string[] = []
    const step = named(trail)
    const inner = chain([step('a'), stop, step('b')])
    const outer = chain([chain([inner, step('c')]), step('d')])
    expect(await outer(context())).toBe(STOP)
    expect(trail).toEqual(['a'])
  })

  test('a thousand steps that wait do not pile up', async () => {
    let count = 0
    const step: Step = async () => {
      count++
    }
    await chain(Array<Step>(1_000).fill(step))(context())
    expect(count).toBe(1_000)
  })

  test.each([
    ['at once', [fails, waits], { line: 2, column: 3 }],
    ['after one that waited', [waits, fails], { line: 3, column: 5 }],
    ['later', [waits, failsLater], { line: 3, column: 5 }],
    ['later, as the first', [failsLater, waits], { line: 2, column: 3 }],
  ])('what fails %s leaves as a fault that knows its place', async (_when, steps, place) => {
    const run = async (): Promise<unknown> => chain(steps, PLACES)(context())
    const fault = await run().catch((thrown: unknown) => thrown)
    expect(fault).toBeInstanceOf(Fault)
    expect((fault as Fault).place).toEqual({ file: 'flow.xml', ...place })
  })

  test('the innermost place counts', async () => {
    const inner = chain([waits, fails], PLACES)
    const run = async (): Promise<unknown> => chain([inner], [PLACES[0]!])(context())
    const fault = (await run().catch((thrown: unknown) => thrown)) as Fault
    expect(fault.place?.line).toBe(3)
  })

  test('faults keep their code, unreadable content is 601000, and bugs are 0', () => {
    const codeOf = (thrown: unknown): number | string => Fault.from(thrown).code
    expect(codeOf(new Fault(101504, 'x'))).toBe(101504)
    expect(codeOf(new ContentError('the payload is no JSON'))).toBe(601000)
    expect(codeOf(new TypeError('x is undefined'))).toBe(0)
    expect(Fault.from('just text').message).toBe('just text')
  })
})

describe('guard', () => {
  test.each([
    ['at once', fails],
    ['later', failsLater],
  ])('what is thrown %s runs the fault pipeline and stops', async (_when, step) => {
    const trail: string[] = []
    const ctx = context()
    expect(await guard(chain([step]), chain([named(trail)('fault')]))(ctx)).toBe(STOP)
    expect(trail).toEqual(['fault'])
    expect(ctx.isFaultHandled).toBe(true)
  })

  test('a fault pipeline that waits is waited for, and the outcome is STOP whatever it says', async () => {
    const trail: string[] = []
    const outcome = guard(fails, chain([waits, named(trail)('fault')]))(context())
    expect(outcome).toBeInstanceOf(Promise)
    expect(await outcome).toBe(STOP)
    expect(trail).toEqual(['fault'])
  })

  test('what succeeds passes through, promise or not', async () => {
    const onFault: Step = () => {
      throw new Error('must not run')
    }
    expect(guard(stops, onFault)(context())).toBe(STOP)
    expect(guard(chain([]), onFault)(context())).toBeUndefined()
    expect(await guard(stopsLater, onFault)(context())).toBe(STOP)
  })

  test.each([
    ['at once', fails],
    ['later', failsLater],
  ])('an error in a fault pipeline, %s, goes to the guard around it', async (_when, step) => {
    const trail: string[] = []
    const ctx = context()
    const inner = guard(
      () => {
        throw new Fault(101504, 'first')
      },
      chain([named(trail)('inner'), step]),
    )
    expect(await guard(inner, chain([named(trail)('outer')]))(ctx)).toBe(STOP)
    expect(trail).toEqual(['inner', 'outer'])
    expect(ctx.properties.get('ERROR_MESSAGE')).not.toBe('first')
    expect(ctx.fault?.message).toBe(ctx.properties.get('ERROR_MESSAGE'))
  })

  test('an error no guard takes comes out', async () => {
    const inner = guard(fails, failsLater)
    await expect((async () => inner(context()))()).rejects.toThrow('a bug')
  })
})

describe('entering a fault', () => {
  test('shows it in properties, and in the log with its place', () => {
    const ctx = context()
    const fault = new Fault(101503, 'connection refused\nby the peer', { detail: 'to ws://localhost:1' })
    fault.place = { file: 'flow.xml', line: 2, column: 3 }
    enterFault(ctx, fault)
    expect(Object.fromEntries(ctx.properties.entries())).toEqual({
      ERROR_CODE: 101503,
      ERROR_MESSAGE: 'connection refused',
      ERROR_DETAIL: 'to ws://localhost:1',
      ERROR_EXCEPTION: 'Fault: connection refused\nby the peer',
    })
    expect(ctx.fault).toBe(fault)
    expect(ctx.ending).toBe('faulted')
    const [line] = (ctx.log as unknown as { lines: { level: string; fields: unknown }[] }).lines
    expect(line?.level).toBe('warn')
    expect(line?.fields).toMatchObject({ code: 101503, at: 'flow.xml:2:3' })
  })

  test('a later fault shows its own values, not those of one before', () => {
    const ctx = context()
    enterFault(ctx, new Fault(101503, 'first'))
    enterFault(ctx, new Fault(0, 'second'))
    expect(ctx.properties.get('ERROR_CODE')).toBe(0)
    expect(ctx.properties.get('ERROR_MESSAGE')).toBe('second')
    expect(ctx.properties.get('ERROR_DETAIL')).toBe('second')
  })

  test('the detail of a bug is its stack', () => {
    expect(Fault.from(new TypeError('x is undefined')).detail).toMatch(
      /^TypeError: x is undefined\n\s+at .*pipeline\.test/,
    )
  })
})
