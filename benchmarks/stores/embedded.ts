import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { EmbeddedFile } from '../../src/stores/embedded-file.ts'
import { EmbeddedStore } from '../../src/stores/embedded-store.ts'
import { readRow } from './messages.ts'
import { QUIET } from './quiet-log.ts'
import type { StoreSubject } from './subject.ts'

/** The embedded store, and `node:sqlite` by itself: same journal, same sync, in the thread that asks. */
export const embedded: StoreSubject = {
  name: 'embedded',

  async open() {
    const folder = newFolder()
    const file = new EmbeddedFile(join(folder, 'messages.db'), QUIET)
    return {
      store: new EmbeddedStore('bench', QUIET, file),
      async [Symbol.asyncDispose]() {
        await file.stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },

  async openEngine() {
    const folder = newFolder()
    const db = new DatabaseSync(join(folder, 'bare.db'))
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    db.exec('CREATE TABLE rows (number INTEGER PRIMARY KEY, data BLOB NOT NULL)')
    const insert = db.prepare('INSERT INTO rows (data) VALUES (?)')
    const select = db.prepare('SELECT number, data FROM rows ORDER BY number LIMIT ?')
    const remove = db.prepare('DELETE FROM rows WHERE number = ?')
    return {
      async add(rows) {
        db.exec('BEGIN IMMEDIATE')
        for (const row of rows) insert.run(row)
        db.exec('COMMIT')
      },
      async removeOldest(count) {
        const rows = select.all(count)
        for (const { data } of rows) readRow(asBuffer(data as Uint8Array))
        db.exec('BEGIN IMMEDIATE')
        for (const { number } of rows) remove.run(number!)
        db.exec('COMMIT')
        return rows.length
      },
      async [Symbol.asyncDispose]() {
        db.close()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}

function newFolder(): string {
  return mkdtempSync(join(tmpdir(), 'bench-store-'))
}
