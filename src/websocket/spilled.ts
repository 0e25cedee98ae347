import { randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { backlog } from './backlog.ts'
import type { Outgoing, Waiting } from './waiting.ts'

/** What is read from disk at a time, and written as soon as there is so much of it. */
const BLOCK_BYTES = 64 * 1024

/** A file holds so much; it goes when all of it was read. */
const FILE_BYTES = 16 * 1024 * 1024

/** With more than this still to be written, the disk is behind too. */
const MAX_UNWRITTEN_BYTES = 1024 * 1024

/** Before each message in a file: its length, that of its tag, which comes next, and what else is known of it. */
const HEADER_BYTES = 9

const BINARY = 1
const UNCOMPRESSED = 2
const TAGGED = 4

interface SpillFile {
  readonly handle: FileHandle
  written: number
  read: number
}

/** Where messages are kept, and who is told what happens there. */
export interface SpillOptions {
  readonly folder: string
  readonly maxBytes: number
  /** Something was written or read: there may be room again, or a next message. */
  went(): void
  /** The disk does not take more, or does not give back what it took. */
  failed(error: Error): void
}

/**
 * Keeps messages in order, the first in memory and the others on disk. Files have no name once they are open, so none
 * stays behind however the process ends.
 */
export class Spilled implements Waiting {
  readonly #options: SpillOptions
  #size = 0
  /** The next ones, latest first. */
  #head: Outgoing[] = []
  #headBytes = 0
  readonly #files: SpillFile[] = []
  /** In files and not read yet, or on the way there. */
  #fileBytes = 0
  /** The last ones, which are to be written. */
  #tail: Outgoing[] = []
  #tailBytes = 0
  #isBusy = false
  #isOver = false

  constructor(options: SpillOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#size
  }

  get isFull(): boolean {
    return (
      this.#fileBytes + this.#tailBytes >= this.#options.maxBytes || this.#tailBytes >= MAX_UNWRITTEN_BYTES
    )
  }

  add(message: Outgoing): number {
    this.#size++
    this.#tail.push(message)
    this.#tailBytes += message.data.length
    backlog.change(message.data.length)
    this.#work()
    return 0
  }

  next(): Outgoing | undefined {
    if (this.#head.length === 0 && this.#fileBytes === 0 && !this.#isBusy) this.#takeTail()
    const message = this.#head.pop()
    if (message) {
      this.#size--
      this.#headBytes -= message.data.length
      backlog.change(-message.data.length)
    }
    if (this.#head.length === 0) this.#work()
    return message
  }

  clear(): number {
    const size = this.#size
    this.#isOver = true
    this.#size = 0
    backlog.change(-this.#headBytes - this.#tailBytes)
    this.#head = []
    this.#tail = []
    this.#headBytes = 0
    this.#tailBytes = 0
    if (!this.#isBusy) this.#closeFiles()
    return size
  }

  #takeTail(): void {
    this.#head = this.#tail.reverse()
    this.#headBytes = this.#tailBytes
    this.#tail = []
    this.#tailBytes = 0
  }

  #work(): void {
    if (this.#isBusy || this.#isOver) return
    const reads = this.#head.length === 0 && this.#fileBytes > 0
    if (!reads && this.#tailBytes < BLOCK_BYTES) return
    this.#isBusy = true
    void (reads ? this.#read() : this.#write())
      .catch(error => {
        if (!this.#isOver) this.#options.failed(error)
      })
      .finally(() => {
        this.#isBusy = false
        if (this.#isOver) this.#closeFiles()
        else {
          this.#options.went()
          this.#work()
        }
      })
  }

  async #write(): Promise<void> {
    const messages = this.#tail
    const bytes = this.#tailBytes
    this.#tail = []
    let tagBytes = 0
    for (const { tag } of messages) if (tag) tagBytes += Buffer.byteLength(tag)
    const block = Buffer.allocUnsafeSlow(bytes + tagBytes + messages.length * HEADER_BYTES)
    let at = 0
    for (const message of messages) at = encode(message, block, at)
    this.#tailBytes = 0
    this.#fileBytes += block.length
    try {
      const file = await this.#fileToWrite()
      for (let done = 0; done < block.length; ) {
        const { bytesWritten } = await file.handle.write(
          block,
          done,
          block.length - done,
          file.written + done,
        )
        done += bytesWritten
      }
      file.written += block.length
    } finally {
      backlog.change(-bytes)
    }
  }

  async #fileToWrite(): Promise<SpillFile> {
    const last = this.#files.at(-1)
    if (last && last.written < FILE_BYTES) return last
    const { folder } = this.#options
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const path = join(folder, `${process.pid}-${randomUUID()}`)
    const file = { handle: await open(path, 'wx+', 0o600), written: 0, read: 0 }
    this.#files.push(file)
    await unlink(path)
    return file
  }

  async #read(): Promise<void> {
    const [file] = this.#files
    if (!file) throw new Error('what was written is gone')
    let block = await readAt(file, BLOCK_BYTES)
    const first = bytesAt(block, 0)
    if (first > block.length) block = await readAt(file, first)
    if (this.#isOver) return
    const messages: Outgoing[] = []
    let at = 0
    while (at + HEADER_BYTES <= block.length) {
      const end = at + bytesAt(block, at)
      if (end > block.length) break
      const message = decode(block, at)
      messages.push(message)
      this.#headBytes += message.data.length
      backlog.change(message.data.length)
      at = end
    }
    this.#head = messages.reverse()
    file.read += at
    this.#fileBytes -= at
    if (file.read === file.written) {
      this.#files.shift()
      await file.handle.close()
    }
  }

  #closeFiles(): void {
    for (const { handle } of this.#files.splice(0)) void handle.close().catch(() => {})
  }
}

/** Writes a message at a place, and gives the place behind it. */
function encode({ data, isBinary, compress, tag }: Outgoing, block: Buffer, at: number): number {
  const tagBytes = tag ? block.write(tag, at + HEADER_BYTES) : 0
  block.writeUInt32BE(data.length, at)
  block.writeUInt32BE(tagBytes, at + 4)
  block[at + 8] =
    (isBinary ? BINARY : 0) | (compress === false ? UNCOMPRESSED : 0) | (tag === undefined ? 0 : TAGGED)
  block.set(data, at + HEADER_BYTES + tagBytes)
  return at + HEADER_BYTES + tagBytes + data.length
}

/** How many bytes a message at a place takes up. */
function bytesAt(block: Buffer, at: number): number {
  return HEADER_BYTES + block.readUInt32BE(at) + block.readUInt32BE(at + 4)
}

function decode(block: Buffer, at: number): Outgoing {
  const start = at + HEADER_BYTES + block.readUInt32BE(at + 4)
  const flags = block[at + 8]!
  return {
    data: block.subarray(start, start + block.readUInt32BE(at)),
    isBinary: (flags & BINARY) !== 0,
    compress: (flags & UNCOMPRESSED) === 0,
    tag: (flags & TAGGED) === 0 ? undefined : block.toString('utf8', at + HEADER_BYTES, start),
  }
}

/** Reads so many bytes of what was written, or what there is. */
async function readAt(file: SpillFile, bytes: number): Promise<Buffer> {
  const block = Buffer.allocUnsafeSlow(Math.min(bytes, file.written - file.read))
  for (let done = 0; done < block.length; ) {
    const { bytesRead } = await file.handle.read(block, done, block.length - done, file.read + done)
    if (bytesRead === 0) throw new Error('a file ended too soon')
    done += bytesRead
  }
  return block
}
