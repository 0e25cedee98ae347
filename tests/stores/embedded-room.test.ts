import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { EmbeddedFile } from '../../src/stores/embedded-file.ts'
import { EmbeddedStore } from '../../src/stores/embedded-store.ts'
import { eventually } from '../support/eventually.ts'
import { RecordingLogger } from '../support/recording-logger.ts'
import { contextWith, textOf } from './kinds.ts'

const MIB = 1024 * 1024

/** A store in a file of its own. */
class Kept implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'myelin-room-'))
  #file = this.#open()
  store = new EmbeddedStore('s', new RecordingLogger(), this.#file)

  get path(): string {
    return join(this.#folder, 'messages.db')
  }

  /** Puts many bytes in, in messages of 64 KiB. */
  async fill(mib: number): Promise<void> {
    const text = 'x'.repeat(MIB / 16)
    await Promise.all(Array.from({ length: 16 * mib }, () => this.store.put(contextWith(text))))
  }

  async empty(): Promise<void> {
    for (let message = await this.store.take(); message; message = await this.store.take())
      void this.store.remove(message, 'delivered')
    while ((await this.store.size()) > 0);
  }

  /** How large the file is on the disk, with its log. */
  get mib(): number {
    return (statSync(this.path).size + statSync(`${this.path}-wal`).size) / MIB
  }

  /** Closes it, does something, and opens it again. */
  async between(act: (path: string) => void): Promise<void> {
    await this.#file.stop()
    act(this.path)
    this.#file = this.#open()
    this.store = new EmbeddedStore('s', new RecordingLogger(), this.#file)
  }

  #open(): EmbeddedFile {
    return new EmbeddedFile(this.path, new RecordingLogger())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

test('the file gets smaller after a backlog has gone, while messages come and go', async () => {
  await using kept = new Kept()
  await kept.fill(32)
  expect(kept.mib).toBeGreaterThan(32)
  await kept.empty()
  expect(kept.mib).toBeGreaterThan(32)

  let isSmall = false
  const texts: (string | undefined)[] = []
  const working = (async () => {
    for (let i = 0; !isSmall; i++) {
      await kept.store.put(contextWith(`${i}`))
      const message = await kept.store.take()
      texts.push(textOf(message))
      await kept.store.remove(message!, 'delivered')
    }
  })()
  await eventually(() => expect(kept.mib).toBeLessThan(8))
  isSmall = true
  await working
  expect(texts).toEqual(texts.map((_, i) => `${i}`))
})

test('what holds messages stays as large as they are', async () => {
  await using kept = new Kept()
  await kept.fill(24)
  for (let i = 0; i < 16 * 20; i++) void kept.store.remove((await kept.store.take())!, 'delivered')
  await eventually(() => expect(kept.mib).toBeLessThan(12))
  expect(kept.mib).toBeGreaterThan(4)
  expect(await kept.store.size()).toBe(16 * 4)
  await kept.empty()
  expect(await kept.store.tally()).toMatchObject({ stored: 16 * 24, delivered: 16 * 24 })
})

test('a file of an earlier version does so too', async () => {
  await using kept = new Kept()
  await kept.store.put(contextWith('first'))
  await kept.between(path => {
    const old = new DatabaseSync(path)
    old.exec('PRAGMA auto_vacuum = NONE; VACUUM')
    old.close()
  })
  await kept.fill(16)
  await kept.empty()
  await eventually(() => expect(kept.mib).toBeLessThan(8))
  await kept.store.put(contextWith('last'))
  expect(textOf(await kept.store.take())).toBe('last')
})
