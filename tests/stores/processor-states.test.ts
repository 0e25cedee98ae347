// Whether a processor is at work outlives restarts, once somebody has switched it.

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Alone } from '../../src/cluster/alone.ts'
import type { Bus, Cluster, SharedKeys } from '../../src/core/cluster.ts'
import { ProcessorFile } from '../../src/stores/processor-file.ts'
import { ProcessorStates } from '../../src/stores/processor-states.ts'
import { eventually } from '../support/eventually.ts'
import { json, RecordingLogger } from '../support/mediate.ts'
import { logging, processor } from './processing.ts'
import { Running } from './running.ts'

const root = mkdtempSync(join(tmpdir(), 'myelin-states-'))
const folder = join(root, 'data')
const file = join(folder, 'processors.json')
beforeEach(() => mkdirSync(root, { recursive: true }))
afterEach(() => rmSync(root, { recursive: true, force: true }))

const xml = (isActive: boolean): string =>
  `<messageStore name="s"/>${processor('p', 'sampling', { sequence: 'seen', 'is.active': isActive })}${logging('seen')}`

describe('in one process', () => {
  test('what nobody switches is kept nowhere', async () => {
    await using running = await Running.start(xml(true), folder)
    await running.store('s', json(1))
    await eventually(() => expect(running.logged('seen = 1')).toHaveLength(1))
    await running.processor('p').switchTo(true)
    expect(existsSync(folder)).toBe(false)
  })

  test.each([true, false])(
    'what was switched counts, not the configuration (is.active %s)',
    async isActive => {
      const first = await Running.start(xml(isActive), folder)
      expect(first.processor('p')).toMatchObject({ name: 'p', kind: 'sampling', store: 's', isActive })
      await first.processor('p').switchTo(!isActive)
      expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
        processors: { p: isActive ? 'inactive' : 'active' },
      })
      await first[Symbol.asyncDispose]()
      await using second = await Running.start(xml(isActive), folder)
      expect(second.processor('p').isActive).toBe(!isActive)
      await second.processor('p').switchTo(isActive)
      await using third = await Running.start(xml(isActive), folder)
      expect(third.processor('p').isActive).toBe(isActive)
      expect(readdirSync(folder)).toEqual(['processors.json'])
    },
  )

  test('several processors are kept side by side, whatever they are called', async () => {
    const names = ['p', '__proto__', 'a "b" ü']
    const all = names
      .map(name => processor(name.replaceAll('"', '&quot;'), 'sampling', { sequence: 'seen' }))
      .join('')
    const artifacts = `<messageStore name="s"/>${all}${logging('seen')}`
    const first = await Running.start(artifacts, folder)
    await Promise.all(names.map(name => first.processor(name).switchTo(false)))
    await first[Symbol.asyncDispose]()
    await using second = await Running.start(artifacts, folder)
    expect(names.map(name => second.processor(name).isActive)).toEqual([false, false, false])
  })

  test('a file that cannot be read is said, and the configuration counts', async () => {
    const first = await Running.start(xml(true), folder)
    await first.processor('p').switchTo(false)
    await first[Symbol.asyncDispose]()
    writeFileSync(file, '{"processors":')
    await using second = await Running.start(xml(true), folder)
    expect(second.processor('p').isActive).toBe(true)
    expect(second.logged('processors.json cannot be read')).toHaveLength(1)
  })

  test('a file that cannot be read is kept as it is', async () => {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, '{"processors": {"other": "inactive"}')
    await using running = await Running.start(xml(true), folder)
    void running.processor('p').switchTo(false)
    await eventually(() => expect(running.logged('cannot be kept')).toHaveLength(1))
    expect(readFileSync(file, 'utf8')).toBe('{"processors": {"other": "inactive"}')
    expect(readdirSync(folder)).toEqual(['processors.json'])
  })

  test('a lock that a process left behind is taken over', async () => {
    mkdirSync(folder, { recursive: true })
    const lock = `${file}.lock`
    writeFileSync(lock, 'somebody')
    utimesSync(lock, new Date(0), new Date(0))
    await using running = await Running.start(xml(true), folder)
    await running.processor('p').switchTo(false)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ processors: { p: 'inactive' } })
    expect(readdirSync(folder)).toEqual(['processors.json'])
  })

  test('nothing is written while another process holds the lock', async () => {
    mkdirSync(folder, { recursive: true })
    const lock = `${file}.lock`
    writeFileSync(lock, 'somebody')
    await using running = await Running.start(xml(true), folder)
    const switched = running.processor('p').switchTo(false)
    await eventually(() => expect(running.processor('p').isActive).toBe(false))
    writeFileSync(file, '{"processors": {"other": "inactive"}}')
    rmSync(lock)
    await switched
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      processors: { other: 'inactive', p: 'inactive' },
    })
  })

  test('what several write at the same time is all kept', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `p${i}`)
    await Promise.all(names.map(name => new ProcessorFile(folder, new RecordingLogger()).set(name, false)))
    const { processors } = JSON.parse(readFileSync(file, 'utf8')) as { processors: object }
    expect(Object.keys(processors).sort()).toEqual(names.sort())
  })

  test('a folder that cannot be written to is said, and the processor is switched all the same', async () => {
    writeFileSync(folder, 'a file in its place')
    await using running = await Running.start(xml(true), folder)
    void running.processor('p').switchTo(false)
    await eventually(() => expect(running.logged('cannot be kept')).toHaveLength(1))
    expect(running.processor('p').isActive).toBe(false)
  })
})

/** Keys and a bus that several processes share; they can be away. */
class Shared {
  isThere = true
  readonly values = new Map<string, Buffer>()
  readonly #listeners = new Map<string, ((message: Buffer, from: string) => void)[]>()

  process(nodeId: string): Cluster {
    const reach = async <T>(act: () => T): Promise<T> => {
      if (!this.isThere) throw new Error('nobody answers')
      return act()
    }
    const keys: SharedKeys = {
      isThere: true,
      get: key => reach(() => this.values.get(key)),
      set: (key, value) => reach(() => void this.values.set(key, value)),
      delete: key => reach(() => void this.values.delete(key)),
      count: () => reach(() => ({ count: 0, leftMs: 0 })),
    }
    const listeners = this.#listeners
    listeners.set(nodeId, [])
    const bus: Bus = {
      get others() {
        return [...listeners.keys()].filter(each => each !== nodeId)
      },
      publish: (_topic, message) => {
        if (!this.isThere) return false
        for (const [other, takers] of listeners)
          if (other !== nodeId) for (const take of takers) take(message, nodeId)
        return true
      },
      sendTo: () => false,
      subscribe(_topic, take) {
        listeners.get(nodeId)!.push(take)
        return () => listeners.set(nodeId, [])
      },
    }
    const alone = new Alone(nodeId)
    const inOneProcess: Cluster['inOneProcess'] = (name, work) => alone.inOneProcess(name, work)
    return {
      nodeId,
      keys,
      bus,
      repeating: (name, repetition) => alone.repeating(name, repetition),
      inOneProcess,
    }
  }
}

describe('in several processes', () => {
  const storage = { dataFolder: folder, redisUrl: 'redis://localhost' }
  const statesOf = (shared: Shared, nodeId: string, log = new RecordingLogger()): ProcessorStates =>
    new ProcessorStates(shared.process(nodeId), storage, log)

  test('all know what one was told, and those that come later', async () => {
    const shared = new Shared()
    const [a, b] = [statesOf(shared, 'a'), statesOf(shared, 'b')]
    const [here, there] = [a.of('p', true), b.of('p', true)]
    await a.switchTo(here, false)
    expect(there.isActive).toBe(false)
    await b.switchTo(there, true)
    expect(here.isActive).toBe(true)
    await b.switchTo(there, false)
    const late = statesOf(shared, 'c')
    const state = late.of('p', true)
    await late.restore(state)
    expect(state.isActive).toBe(false)
    expect(existsSync(folder)).toBe(false)
    for (const each of [a, b, late]) await each.stop()
  })

  test('what cannot be told is told when they can be reached again', async () => {
    const shared = new Shared()
    const log = new RecordingLogger()
    const [a, b] = [statesOf(shared, 'a', log), statesOf(shared, 'b')]
    const [here, there] = [a.of('p', true), b.of('p', true)]
    shared.isThere = false
    const switched = a.switchTo(here, false)
    await eventually(() => expect(log.lines.some(({ text }) => text.includes('cannot be kept'))).toBe(true))
    expect([here.isActive, there.isActive]).toEqual([false, true])
    await a.restore(here)
    expect(here.isActive).toBe(false)
    shared.isThere = true
    await switched
    expect(there.isActive).toBe(false)
    for (const each of [a, b]) await each.stop()
  })
})
