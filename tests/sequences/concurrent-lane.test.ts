import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Event, MessageContext } from '../../src/core/context.ts'
import { STOP } from '../../src/core/step.ts'
import { Content } from '../../src/message/content.ts'
import { Message } from '../../src/message/message.ts'
import { ConcurrentLane } from '../../src/sequences/concurrent-lane.ts'
import { deployed, RecordingOrigin } from '../support/mediate.ts'

const FILES = {
  's.xml': '<sequence name="s"><drop/></sequence>',
  'p.xml': '<proxy name="test"><target inSequence="s"/></proxy>',
}

interface Options {
  readonly max?: number
  /** Whether what stands before the first `-` of a name is its key. */
  readonly isKeyed?: boolean
  readonly ordersReplies?: boolean
}

/** A lane with a source that checks who calls it, and messages that write down when they start and end. */
class Setup {
  readonly trail: string[] = []
  readonly service = deployed(FILES).services[0]!.service
  readonly lane: ConcurrentLane
  isReading = true
  active = 0
  mostActive = 0
  #letGo = new Map<string, () => void>()

  constructor({ max = 2, isKeyed = false, ordersReplies = false }: Options = {}) {
    const key = isKeyed ? (ctx: MessageContext) => ctx.message.content.text().split('-')[0]! : undefined
    const source = {
      pause: () => {
        expect(this.isReading).toBe(true)
        this.isReading = false
      },
      resume: () => {
        expect(this.isReading).toBe(false)
        this.isReading = true
      },
    }
    this.lane = new ConcurrentLane(source, { max, key, ordersReplies })
  }

  /** Pushes a message that runs what it is told. */
  push(name: string, run: (ctx: MessageContext) => void | Promise<void>, event: Event = 'message'): void {
    const message = new Message(Content.ofText(name))
    const ctx = new MessageContext(this.service, new RecordingOrigin(), message, {
      event,
      frameData: Buffer.from(name),
    })
    const step = (): typeof STOP | Promise<typeof STOP> => {
      this.active++
      this.mostActive = Math.max(this.mostActive, this.active)
      const done = (): typeof STOP => {
        this.active--
        return STOP
      }
      const outcome = run(ctx)
      return outcome instanceof Promise ? outcome.then(done) : done()
    }
    this.lane.push(ctx, { run: step })
  }

  /** Pushes messages that wait until they are let go. */
  slow(...names: string[]): void {
    for (const name of names) this.event(name, 'message')
  }

  event(name: string, event: Event): void {
    const run = (): Promise<void> => {
      this.trail.push(name)
      return new Promise(resolve => this.#letGo.set(name, resolve))
    }
    this.push(name, run, event)
  }

  /** Pushes a message that waits until it is let go, and then for its turn to reply. */
  asking(name: string): void {
    this.push(name, async ctx => {
      await new Promise<void>(resolve => this.#letGo.set(name, resolve))
      await this.lane.turnOf(ctx)
      this.trail.push(name)
    })
  }

  async letGo(...names: string[]): Promise<void> {
    for (const name of names) {
      this.#letGo.get(name)!()
      await new Promise(setImmediate)
    }
  }
}

test('as many run beside each other as may, and the next when one has ended', async () => {
  const setup = new Setup({ max: 2 })
  setup.slow('a', 'b')
  expect(setup.isReading).toBe(true)
  setup.slow('c', 'd')
  expect(setup.trail).toEqual(['a', 'b'])
  expect(setup.isReading).toBe(false)
  await setup.letGo('b')
  expect(setup.trail).toEqual(['a', 'b', 'c'])
  expect(setup.isReading).toBe(false)
  await setup.letGo('c')
  expect(setup.trail).toEqual(['a', 'b', 'c', 'd'])
  expect(setup.isReading).toBe(true)
  await setup.letGo('a', 'd')
  expect(setup.lane.isIdle).toBe(true)
})

test('messages of one key run one after another, and hold up no other key', async () => {
  const setup = new Setup({ max: 2, isKeyed: true })
  setup.slow('x-1', 'x-2', 'x-3', 'y-1')
  expect(setup.trail).toEqual(['x-1', 'y-1'])
  await setup.letGo('x-1')
  expect(setup.trail).toEqual(['x-1', 'y-1', 'x-2'])
  await setup.letGo('y-1', 'x-2')
  expect(setup.trail).toEqual(['x-1', 'y-1', 'x-2', 'x-3'])
  setup.slow('y-2')
  expect(setup.trail.at(-1)).toBe('y-2')
  await setup.letGo('x-3', 'y-2')
  expect(setup.lane.isIdle).toBe(true)
})

test('of messages that may start, the one that came first does', async () => {
  const setup = new Setup({ max: 2, isKeyed: true })
  setup.slow('x-1', 'y-1', 'x-2', 'z-1')
  await setup.letGo('x-1')
  expect(setup.trail).toEqual(['x-1', 'y-1', 'x-2'])
})

test('while some wait for their key the source is read on, up to a number of messages', async () => {
  const setup = new Setup({ max: 2, isKeyed: true })
  setup.slow('x-0')
  let taken = 0
  for (; setup.isReading && taken < 5_000; taken++) setup.slow(`x-${taken + 1}`)
  expect(taken).toBe(1_024)
  expect(setup.trail).toEqual(['x-0'])
  await setup.letGo('x-0')
  expect(setup.isReading).toBe(true)
})

test('while some wait for their key the source is read on, up to a number of bytes', async () => {
  const setup = new Setup({ max: 2, isKeyed: true })
  setup.slow('x-0')
  const [one, two, three] = ['1', '2', '3'].map(n => `x-${n.repeat(400_000)}`) as [string, string, string]
  setup.slow(one, two)
  expect(setup.isReading).toBe(true)
  setup.slow(three)
  expect(setup.isReading).toBe(false)
  await setup.letGo('x-0')
  expect(setup.isReading).toBe(true)
  await setup.letGo(one)
  setup.slow('x-4')
  expect(setup.isReading).toBe(true)
  setup.slow(`${one}again`, `${two}again`)
  expect(setup.isReading).toBe(false)
  expect(setup.lane.clear()).toBe(4)
  expect(setup.isReading).toBe(true)
})

test.each(['open', 'close'] as const)(
  'what is %s has all before it behind it, and nothing beside it',
  async event => {
    const setup = new Setup({ max: 4, isKeyed: true })
    setup.slow('x-1', 'x-2')
    setup.event('event', event)
    setup.slow('y-1', 'y-2', 'z-1')
    expect(setup.trail).toEqual(['x-1'])
    expect(setup.isReading).toBe(false)
    await setup.letGo('x-1')
    expect(setup.trail).toEqual(['x-1', 'x-2'])
    await setup.letGo('x-2')
    expect(setup.trail).toEqual(['x-1', 'x-2', 'event'])
    await setup.letGo('event')
    expect(setup.trail).toEqual(['x-1', 'x-2', 'event', 'y-1', 'z-1'])
    await setup.letGo('y-1', 'z-1', 'y-2')
    expect(setup.isReading).toBe(true)
    expect(setup.lane.isIdle).toBe(true)
  },
)

test('replies leave in the order of their messages where they are to', async () => {
  const setup = new Setup({ max: 3, ordersReplies: true })
  for (const name of ['a', 'b', 'c', 'd']) setup.asking(name)
  await setup.letGo('c', 'b')
  expect(setup.trail).toEqual([])
  await setup.letGo('a')
  expect(setup.trail).toEqual(['a', 'b', 'c'])
  await setup.letGo('d')
  expect(setup.trail).toEqual(['a', 'b', 'c', 'd'])
})

test('a message that waits for its key and for room is not kept from both by replies that wait for it', async () => {
  const setup = new Setup({ max: 2, isKeyed: true, ordersReplies: true })
  for (const name of ['x-1', 'x-2', 'y-1', 'z-1']) setup.asking(name)
  await setup.letGo('y-1', 'x-1', 'x-2', 'z-1')
  expect(setup.trail).toEqual(['x-1', 'x-2', 'y-1', 'z-1'])
  expect(setup.lane.isIdle).toBe(true)
})

test('what was not sent by a message of the lane has its turn at once', () => {
  const setup = new Setup({ ordersReplies: true })
  setup.slow('a')
  const other = new MessageContext(setup.service, new RecordingOrigin(), Message.empty())
  expect(setup.lane.turnOf(other)).toBeUndefined()
})

test('clear lets go of what has not started, wherever it waits, and the rest goes on', async () => {
  const setup = new Setup({ max: 2, isKeyed: true })
  setup.slow('x-1', 'y-1', 'x-2', 'z-1', 'z-2')
  setup.event('close', 'close')
  setup.slow('v-1')
  expect(setup.lane.clear()).toBe(5)
  expect(setup.isReading).toBe(true)
  expect(setup.lane.clear()).toBe(0)
  setup.slow('x-3', 'z-3')
  await setup.letGo('x-1', 'y-1')
  expect(setup.trail).toEqual(['x-1', 'y-1', 'x-3', 'z-3'])
})

test('a reply whose predecessors were let go of has its turn', async () => {
  const setup = new Setup({ max: 2, isKeyed: true, ordersReplies: true })
  for (const name of ['x-1', 'x-2', 'y-1']) setup.asking(name)
  await setup.letGo('y-1')
  setup.lane.clear()
  await setup.letGo('x-1')
  expect(setup.trail).toEqual(['x-1', 'y-1'])
})

test('a message that fails makes room as any other', async () => {
  const setup = new Setup({ max: 2, isKeyed: true, ordersReplies: true })
  setup.push('x-1', () => Promise.reject(new Error('broken')))
  setup.push('x-2', () => {
    throw new Error('broken')
  })
  setup.push('x-3', () => void setup.trail.push('x-3'))
  await setup.lane.idle()
  expect(setup.trail).toEqual(['x-3'])
  expect(setup.isReading).toBe(true)
  expect(setup.service.counters.ended.faulted).toBe(2)
})

test('idle resolves at once when nothing is under way, else when all is through', async () => {
  const setup = new Setup()
  await setup.lane.idle()
  setup.slow('a', 'b', 'c')
  let isIdle = false
  const idle = setup.lane.idle().then(() => {
    isIdle = true
  })
  await setup.letGo('a', 'b')
  expect(isIdle).toBe(false)
  await setup.letGo('c')
  await idle
})

test('whatever waits: no more than may run, each key in order, none lost, replies in order if asked', async () => {
  const message = fc.record({
    key: fc.constantFrom('x', 'y', 'z'),
    wait: fc.integer({ min: 0, max: 4 }),
    event: fc.constantFrom<Event>('message', 'message', 'message', 'message', 'ping', 'open'),
  })
  const options = fc.record({
    max: fc.integer({ min: 2, max: 4 }),
    isKeyed: fc.boolean(),
    ordersReplies: fc.boolean(),
  })
  await fc.assert(
    fc.asyncProperty(options, fc.array(message, { maxLength: 30 }), async (given, messages) => {
      const setup = new Setup(given)
      const started: string[] = []
      const names = messages.map(({ key }, i) => `${key}-${i}`)
      messages.forEach(({ wait, event }, i) => {
        const name = names[i]!
        const run = (ctx: MessageContext): void | Promise<void> => {
          started.push(name)
          if (event === 'open') expect(setup.active).toBe(1)
          if (wait === 0 && !given.ordersReplies) return void setup.trail.push(name)
          let waited: Promise<void> = Promise.resolve()
          for (let turn = 1; turn < wait; turn++) waited = waited.then(() => {})
          return waited.then(() => setup.lane.turnOf(ctx)).then(() => void setup.trail.push(name))
        }
        setup.push(name, run, event)
      })
      await setup.lane.idle()
      expect(setup.trail.toSorted()).toEqual(names.toSorted())
      expect(setup.mostActive).toBeLessThanOrEqual(given.max)
      expect(setup.isReading).toBe(true)
      if (given.ordersReplies) expect(setup.trail).toEqual(names)
      const isMessage = (name: string): boolean => messages[Number(name.slice(2))]!.event === 'message'
      for (const key of given.isKeyed ? ['x', 'y', 'z'] : []) {
        const ofKey = (list: string[]): string[] => list.filter(name => name[0] === key && isMessage(name))
        expect(ofKey(started)).toEqual(ofKey(names))
        expect(ofKey(setup.trail)).toEqual(ofKey(names))
      }
    }),
  )
})
