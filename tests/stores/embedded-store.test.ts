import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, describe, expect, test } from 'vitest'
import { Fault } from '../../src/core/fault.ts'
import { EmbeddedDatabase } from '../../src/stores/embedded-database.ts'
import { EmbeddedFile } from '../../src/stores/embedded-file.ts'
import type { Batch, ThreadJob } from '../../src/stores/embedded-job.ts'
import { EmbeddedStore } from '../../src/stores/embedded-store.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { contextWith, textOf } from './kinds.ts'

const open: (() => unknown)[] = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'myelin-embedded-'))
  open.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

interface Opened {
  readonly file: EmbeddedFile
  readonly store: EmbeddedStore
  readonly log: RecordingLogger
}

function openStore(path: string, order: 'as they came' | 'by number' = 'as they came'): Opened {
  const log = new RecordingLogger()
  const file = new EmbeddedFile(path, log)
  open.push(() => file.stop())
  return { file, store: new EmbeddedStore('s', log, file, order), log }
}

function texts({ log }: Opened): string[] {
  return log.lines.map(({ level, text }) => `${level} ${text}`)
}

async function faultOf(promise: unknown): Promise<Fault> {
  try {
    await promise
  } catch (thrown) {
    if (thrown instanceof Fault) return thrown
    throw thrown
  }
  throw new Error('there was no fault')
}

async function drain(store: EmbeddedStore): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = []
  for (let message = await store.take(); message; message = await store.take()) {
    found.push(textOf(message))
    await store.remove(message, 'delivered')
  }
  return found
}

describe('what goes wrong with the file is a fault for who stores, and one line of the log', () => {
  test('a folder that is none', async () => {
    const folder = newFolder()
    writeFileSync(join(folder, 'data'), '')
    const opened = openStore(join(folder, 'data', 'messages.db'))
    opened.file.start()
    const faults = [await faultOf(opened.store.put(contextWith('1'))), await faultOf(opened.store.take())]
    expect(faults.map(({ code }) => code)).toEqual([306000, 306000])
    expect(faults[0]!.message).toMatch(/^message store s cannot be used: its file: E(?:EXIST|NOTDIR)/)
    expect(texts(opened)).toHaveLength(1)
    expect(texts(opened)[0]).toMatch(/^error the file of the message stores, .*messages\.db, cannot be used/)
    rmSync(join(folder, 'data'))
    await opened.store.put(contextWith('2'))
    expect(texts(opened)[1]).toMatch(/^info the file of the message stores, .*, can be used again$/)
    expect(await drain(opened.store)).toEqual(['2'])
  })

  test('a file that is no database', async () => {
    const path = join(newFolder(), 'messages.db')
    writeFileSync(path, 'something else, and long enough to be looked at'.repeat(100))
    const fault = await faultOf(openStore(path).store.put(contextWith('1')))
    expect(fault.message).toContain('it is damaged: it is no database')
    expect(readFileSync(path, 'utf8')).toMatch(/^something else/)
  })

  test('a file that is damaged inside', async () => {
    const path = join(newFolder(), 'messages.db')
    const first = openStore(path)
    for (let i = 0; i < 200; i++) await first.store.put(contextWith('x'.repeat(2_000)))
    await first.file.stop()
    const bytes = readFileSync(path)
    bytes.fill(0xff, 4096 * 2, 4096 * 40)
    writeFileSync(path, bytes)
    const second = openStore(path)
    expect((await faultOf(drain(second.store))).message).toContain('it is damaged')
  })

  test('a file of a later version', async () => {
    const path = join(newFolder(), 'messages.db')
    const db = new DatabaseSync(path)
    db.exec('PRAGMA user_version = 9')
    db.close()
    const fault = await faultOf(openStore(path).store.put(contextWith('1')))
    expect(fault.message).toContain('it is of version 9, and this program knows version 1')
  })

  test('a folder in the place of the file', async () => {
    const folder = newFolder()
    mkdirSync(join(folder, 'messages.db'))
    const fault = await faultOf(openStore(join(folder, 'messages.db')).store.put(contextWith('1')))
    expect(fault.message).toContain('cannot be used: its file: it cannot be opened')
  })

  test('a disk that is full', async () => {
    const path = join(newFolder(), 'messages.db')
    const database = new EmbeddedDatabase(path)
    const batch = (...jobs: ThreadJob[]): [Batch] => [
      { id: 1, goesOn: false, jobs, data: Buffer.alloc(200_000) },
    ]
    const put = {
      kind: 'put',
      store: 's',
      head: 100_000,
      payload: 100_000,
      sequence: undefined,
      numbered: undefined,
      maxMessages: 10,
      maxBytes: 1e9,
    } as const
    database.run(batch(put))
    database.limitPages(60)
    expect(() => database.run(batch(put))).toThrow(/full/)
    database.limitPages(1_000_000)
    database.run(batch(put))
    const [[counts]] = database.run(batch({ kind: 'counts', store: 's' })) as [[unknown]]
    expect(counts).toMatchObject({ messages: 2, stored: 2 })
    database.close()
  })

  test('of a transaction in parts all is done, or nothing', () => {
    const database = new EmbeddedDatabase(join(newFolder(), 'messages.db'))
    const part = (goesOn: boolean, ...sizes: number[]): Batch => ({
      id: 1,
      goesOn,
      jobs: sizes.map(payload => ({
        kind: 'put',
        store: 's',
        head: 0,
        payload,
        sequence: undefined,
        numbered: undefined,
        maxMessages: 10,
        maxBytes: 1e9,
      })),
      data: Buffer.alloc(sizes.reduce((sum, size) => sum + size, 0)),
    })
    const read: Batch = {
      id: 2,
      goesOn: false,
      jobs: [{ kind: 'read', store: 's', after: 0, limit: 10, maxBytes: 1e9 }],
      data: Buffer.alloc(0),
    }
    const sizes = (): number[] => {
      const [[{ rows }]] = database.run([read]) as [[{ rows: { payload: Uint8Array }[] }]]
      return rows.map(({ payload }) => payload.length)
    }

    const whole = [part(true, 1, 2), part(true, 3), part(false, 4)]
    for (const each of whole.slice(0, 2)) database.begin(each)
    expect(database.run(whole).map(answers => answers.length)).toEqual([2, 1, 1])
    expect(sizes()).toEqual([1, 2, 3, 4])

    database.limitPages(60)
    const tooMuch = [part(true, 5), part(true, 500_000), part(true, 6), part(false, 7)]
    database.begin(tooMuch[0]!)
    expect(() => database.begin(tooMuch[1]!)).toThrow(/full/)
    database.begin(tooMuch[2]!)
    expect(() => database.run(tooMuch)).toThrow(/full/)
    expect(sizes()).toEqual([1, 2, 3, 4])

    database.begin(tooMuch[0]!)
    expect(() => database.begin(tooMuch[1]!)).toThrow(/full/)
    database.limitPages(1_000_000)
    database.begin(tooMuch[2]!)
    database.run(tooMuch)
    expect(sizes()).toEqual([1, 2, 3, 4, 5, 500_000, 6, 7])
    database.close()
  })
})

describe('a message that cannot be read', () => {
  async function withHead(head: string): Promise<Opened> {
    const path = join(newFolder(), 'messages.db')
    const first = openStore(path)
    for (const text of ['1', '2', '3']) await first.store.put(contextWith(text))
    await first.file.stop()
    const db = new DatabaseSync(path)
    db.prepare('UPDATE messages_1 SET head = ? WHERE number = 2').run(Buffer.from(head))
    db.close()
    return openStore(path)
  }

  test('becomes a dead letter, and the others go on', async () => {
    const opened = await withHead('{"v":1')
    expect(await drain(opened.store)).toEqual(['1', '3'])
    const [letter] = await opened.store.deadLetters.list(10)
    expect(letter).toMatchObject({
      id: 'unreadable:2',
      reason: 'a stored message cannot be read: its head is damaged',
    })
    expect(texts(opened)[0]).toContain('error message store s: message 2 becomes a dead letter')
  })

  test('but by a later version holds up the others', async () => {
    const opened = await withHead('{"v":2}')
    const message = await opened.store.take()
    expect(textOf(message)).toBe('1')
    const faults = [await faultOf(opened.store.take()), await faultOf(opened.store.take())]
    expect(faults.map(fault => fault.message)).toEqual(
      Array(2).fill('a stored message is of form 2; this version knows form 1'),
    )
    expect(await opened.store.deadLetters.count()).toBe(0)
  })
})

describe('after a sudden end', () => {
  test('counts what was in hand at most, and no more', async () => {
    const path = join(newFolder(), 'messages.db')
    const first = openStore(path)
    for (const text of ['1', '2', '3', '4', '5', '6', '7']) await first.store.put(contextWith(text))
    const taken = [await first.store.take(), await first.store.take(), await first.store.take()]
    await first.store.remove(taken[0]!, 'delivered')
    // Nothing says that it ends; the second one is there while the first still is.
    const second = openStore(path)
    const again = [await second.store.take(), await second.store.take(), await second.store.take()]
    // The first had up to three in hand at once, for which four are written down.
    expect(again.map(message => [textOf(message), message!.handOuts])).toEqual([
      ['2', 1],
      ['3', 1],
      ['4', 1],
    ])
    expect((await second.store.tally()).redelivered).toBe(4)
    expect(texts(second)[0]).toContain('up to 4 of its messages may have been delivered')
  })

  test('counts nothing where nothing was in hand', async () => {
    const path = join(newFolder(), 'messages.db')
    const first = openStore(path)
    await first.store.put(contextWith('1'))
    await first.store.put(contextWith('2'))
    await first.store.remove((await first.store.take())!, 'delivered')
    await first.file.stop()
    const second = openStore(path)
    expect((await second.store.take())!.handOuts).toBe(0)
    expect((await second.store.tally()).redelivered).toBe(0)
  })
})

describe('several processes', () => {
  test('write into one store', async () => {
    const path = join(newFolder(), 'messages.db')
    const stores = [openStore(path), openStore(path), openStore(path)]
    const puts = Array.from({ length: 300 }, (_, i) => stores[i % 3]!.store.put(contextWith(`m${i}`)))
    await Promise.all(puts)
    const found = await drain(stores[0]!.store)
    expect(found.toSorted()).toEqual(Array.from({ length: 300 }, (_, i) => `m${i}`).toSorted())
    expect(await stores[1]!.store.tally()).toMatchObject({ stored: 300, delivered: 300 })
  })

  test('take over reading from each other', async () => {
    const path = join(newFolder(), 'messages.db')
    const [a, b] = [openStore(path), openStore(path)]
    for (let i = 1; i <= 6; i++) await a.store.put(contextWith(`m${i}`))
    const first = (await a.store.take())!
    await a.store.remove(first, 'delivered')
    expect(await drain(b.store)).toEqual(['m2', 'm3', 'm4', 'm5', 'm6'])
    await a.store.put(contextWith('m7'))
    // What was read ahead is trusted for a second.
    const from = performance.now()
    let next = await a.store.take()
    while (textOf(next) !== 'm7' && performance.now() - from < 10_000) next = await a.store.take()
    expect(textOf(next)).toBe('m7')
  }, 20_000)
})

describe('a store that goes by numbers', () => {
  function bySequence(path: string, timeoutMs: number): Opened {
    const opened = openStore(path, 'by number')
    opened.store.resequencing = { timeoutMs, numberOf: ctx => Number(ctx.message.content.text()) }
    return opened
  }

  async function put({ store }: Opened, ...numbers: number[]): Promise<void> {
    for (const number of numbers) await store.put(contextWith(String(number)))
  }

  test('hands out in their order, and waits for one that is missing', async () => {
    const path = join(newFolder(), 'messages.db')
    const opened = bySequence(path, -1)
    await put(opened, 3, 2, 5)
    expect(await drain(opened.store)).toEqual([])
    await put(opened, 1)
    expect(await drain(opened.store)).toEqual(['1', '2', '3'])
    await opened.file.stop()
    const again = bySequence(path, -1)
    expect(await drain(again.store)).toEqual([])
    await put(again, 4)
    expect(await drain(again.store)).toEqual(['4', '5'])
  })

  test('goes on after its time, and gives late ones at once', async () => {
    const opened = bySequence(join(newFolder(), 'messages.db'), 0)
    await put(opened, 7, 9)
    expect(await drain(opened.store)).toEqual(['7', '9'])
    expect(texts(opened)[0]).toContain('number 1 did not come in time; it goes on with 7')
    await put(opened, 10, 8)
    expect(await drain(opened.store)).toEqual(['8', '10'])
  })

  test('gives one that was put back before the next', async () => {
    const opened = bySequence(join(newFolder(), 'messages.db'), -1)
    await put(opened, 2, 1)
    const first = (await opened.store.take())!
    opened.store.release(first)
    const again = (await opened.store.take())!
    expect([textOf(again), again.handOuts]).toEqual(['1', 1])
    await opened.store.remove(again, 'delivered')
    expect(await drain(opened.store)).toEqual(['2'])
  })
})

test('a folder is made when the first message comes, and not before', async () => {
  const folder = newFolder()
  mkdirSync(join(folder, 'a'))
  const opened = openStore(join(folder, 'a', 'b', 'messages.db'))
  await opened.store.put(contextWith('1'))
  await opened.file.stop()
  expect((await faultOf(opened.store.put(contextWith('2')))).message).toContain('the gateway is stopping')
})
