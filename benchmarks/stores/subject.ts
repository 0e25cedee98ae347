import type { ReadableStore } from '../../src/stores/readable-store.ts'

/** A durable store that is opened for a measurement. */
export interface OpenedStore extends AsyncDisposable {
  readonly store: ReadableStore
}

/** What a store is built on, used as directly as it goes and as durably. */
export interface Engine extends AsyncDisposable {
  /** Adds rows of the bytes given; resolves when all are as safe as the store's. */
  add(rows: readonly Buffer[]): Promise<void>
  /** Reads the oldest rows, makes messages of them, and removes them; gives how many there were. */
  removeOldest(count: number): Promise<number>
}

/** A durable store and what it is built on. */
export interface StoreSubject {
  readonly name: string
  open(): Promise<OpenedStore>
  openEngine(): Promise<Engine>
}
