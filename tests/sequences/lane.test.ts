import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MessageContext } from '../../src/core/context.ts'
import type { Pipeline } from '../../src/core/ports.ts'
import { Message } from '../../src/message/message.ts'
import { Lane } from '../../src/sequences/lane.ts'
import { deployed, RecordingOrigin } from '../support/mediate.ts'

const FILES = {
  's.xml': '<sequence name="s"><drop/></sequence>',
  'p.xml': '<proxy name="test"><target inSequence="s"/></proxy>',
}

/** A lane with a source that counts, and messages that write down when they start and end. */
class Setup {
  readonly trail: string[] = []
  readonly service = deployed(FILES).services[0]!.service
  readonly lane: Lane
  isReading = true
  #letGo = new Map<string, () => void>()

  constructor() {
    this.lane = new Lane({
      pause: () => {
        expect(this.isReading).toBe(true)
        this.isReading = false
      },
      resume: () => {
        expect(this.isReading).toBe(false)
        this.isReading = true
      },
    })
  }

  push(hook: Pipeline): void {
    this.lane.push(new MessageContext(this.service, new RecordingOrigin(), Message.empty()), hook)
  }

  /** A message that need not wait. */
  quick(name: string): void {
    this.push({ run: () => void this.trail.push(name) })
  }

  /** A message that waits until it is let go. */
  slow(name: string): void {
    this.push({
      run: () => {
        this.trail.push(`${name} starts`)
        return new Promise(resolve => {
          this.#letGo.set(name, () => {
            this.trail.push(`${name} ends`)
            resolve(undefined)
          })
        })
      },
    })
  }

  async letGo(name: string): Promise<void> {
    this.#letGo.get(name)!()
    await new Promise(setImmediate)
  }
}

test('messages that need not wait go through at once', () => {
  const setup = new Setup()
  for (const name of ['a', 'b', 'c']) {
    setup.quick(name)
    expect(setup.trail.at(-1)).toBe(name)
  }
  expect(setup.lane.isIdle).toBe(true)
  expect(setup.isReading).toBe(true)
})

test('while one waits the next are kept in order, and the source is paused', async () => {
  const setup = new Setup()
  setup.slow('a')
  expect(setup.isReading).toBe(true)
  setup.quick('b')
  expect(setup.isReading).toBe(false)
  setup.quick('c')
  expect(setup.trail).toEqual(['a starts'])
  await setup.letGo('a')
  expect(setup.trail).toEqual(['a starts', 'a ends', 'b', 'c'])
  expect(setup.isReading).toBe(true)
  expect(setup.lane.isIdle).toBe(true)
})

test('the source goes on when several had to wait one after another', async () => {
  const setup = new Setup()
  setup.slow('a')
  setup.slow('b')
  setup.slow('c')
  await setup.letGo('a')
  expect(setup.isReading).toBe(false)
  await setup.letGo('b')
  await setup.letGo('c')
  expect(setup.trail).toEqual(['a starts', 'a ends', 'b starts', 'b ends', 'c starts', 'c ends'])
  expect(setup.isReading).toBe(true)
})

test('a message that fails does not hold up the next', async () => {
  const setup = new Setup()
  setup.push({ run: () => Promise.reject(new Error('broken')) })
  setup.push({
    run: () => {
      throw new Error('broken')
    },
  })
  setup.quick('b')
  await setup.lane.idle()
  expect(setup.trail).toEqual(['b'])
  expect(setup.isReading).toBe(true)
  expect(setup.service.counters.ended.faulted).toBe(2)
})

test('idle resolves at once when nothing is under way, else when all is through, for all who ask', async () => {
  const setup = new Setup()
  await setup.lane.idle()
  setup.slow('a')
  setup.quick('b')
  const told: string[] = []
  const asked = ['first', 'second'].map(async name => {
    await setup.lane.idle()
    told.push(`${name} after ${setup.trail.at(-1)}`)
  })
  expect(setup.lane.isIdle).toBe(false)
  await setup.letGo('a')
  await Promise.all(asked)
  expect(told).toEqual(['first after b', 'second after b'])
})

test('clear lets go of what has not started, and the source is read on', async () => {
  const setup = new Setup()
  setup.slow('a')
  setup.quick('b')
  setup.quick('c')
  expect(setup.lane.clear()).toBe(2)
  expect(setup.isReading).toBe(true)
  await setup.letGo('a')
  expect(setup.trail).toEqual(['a starts', 'a ends'])
  expect(setup.lane.clear()).toBe(0)
  expect(setup.isReading).toBe(true)
})

test('whatever waits and whatever does not: the order stays, and the source reads in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 20 }), async turns => {
      const setup = new Setup()
      turns.forEach((wait, i) => {
        setup.push({
          run: () => {
            const done = (): undefined => void setup.trail.push(String(i))
            if (wait === 0) return done()
            let waited: Promise<void> = Promise.resolve()
            for (let turn = 1; turn < wait; turn++) waited = waited.then(() => {})
            return waited.then(done)
          },
        })
      })
      await setup.lane.idle()
      expect(setup.trail).toEqual(turns.map((_, i) => String(i)))
      expect(setup.isReading).toBe(true)
    }),
  )
})
