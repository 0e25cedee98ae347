import { Readable } from 'node:stream'
import type { ArrivingBody } from '../message/arriving-body.ts'
import { BodyError } from '../message/body-error.ts'
import { MessageBuffer } from './message-buffer.ts'
import { flushLater, type HeldBack } from './turn.ts'

/** From how many bytes on a message that is not complete yet is handed on as it comes. */
export const STREAM_FROM_BYTES = 64 * 1024

/** So much of a message is taken in before somebody takes it. */
const MAX_HELD_BYTES = 256 * 1024

/** As much is put together of small pieces before it goes on. */
const BLOCK_BYTES = 64 * 1024

/** Who takes a message piece by piece. */
export interface PieceTaker {
  take(piece: Buffer): void
  /** There are no more: the message is complete. */
  end(): void
  /** There are no more, though the message is not complete. */
  broken(error: BodyError): void
}

/** Where a message comes from. */
export interface StreamSource {
  /** Whose message it is. */
  readonly of: 'request' | 'answer'
  /** Reading is to stop, or may go on. */
  holdUp(isHeldUp: boolean): void
  /** All of it is there, for who looks into it. */
  collected(data: Buffer): void
}

/**
 * A message of a peer that is still coming in. Its pieces are handed on at the end of each read, joined; nobody gets them
 * before it is known who that is, and until then little is taken in.
 */
export class MessageStream implements ArrivingBody, HeldBack {
  readonly length = undefined
  readonly isFrame = true
  readonly #source: StreamSource
  #pieces: Buffer[] = []
  #bytes = 0
  #taker: PieceTaker | undefined
  #isHeldUp = false
  #isComplete = false
  #broken: BodyError | undefined
  #isOver = false

  constructor(source: StreamSource) {
    this.#source = source
  }

  /** Whether more is to come. */
  get isComing(): boolean {
    return !this.#isComplete && !this.#broken
  }

  // — what the reader brings —

  /** Takes the next piece, which is then the stream's. */
  push(piece: Buffer): void {
    if (this.#isOver || !this.isComing) return
    this.#pieces.push(piece)
    this.#bytes += piece.length
    if (this.#bytes >= BLOCK_BYTES) this.flush()
    else if (this.#pieces.length === 1) flushLater(this)
  }

  /** The message is complete. */
  end(): void {
    if (!this.isComing) return
    this.#isComplete = true
    this.flush()
    this.#finish()
  }

  /** It will not be: its sender has left, or broke the protocol. */
  break(why: string): void {
    if (!this.isComing) return
    this.#broken = new BodyError(this.#source.of, 'broken-off', why)
    this.#pieces = []
    this.#bytes = 0
    this.#finish()
  }

  /** Hands on what there is. Called at the end of a read. */
  flush(): void {
    if (this.#pieces.length === 0) return
    const block = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces, this.#bytes)
    if (this.#taker) {
      this.#pieces = []
      this.#bytes = 0
      this.#taker.take(block)
    } else {
      this.#pieces = [block]
      if (this.#bytes >= MAX_HELD_BYTES) this.#holdUp(true)
    }
  }

  // — who takes it —

  /** Hands it all to somebody; resolves when it is complete. @throws BodyError when it breaks off */
  pipe(taker: Omit<PieceTaker, 'broken'>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#give({
        take: piece => taker.take(piece),
        end: () => {
          taker.end()
          resolve()
        },
        broken: reject,
      })
    })
  }

  async collect(): Promise<Buffer> {
    const buffer = new MessageBuffer()
    await this.pipe({
      take: piece => buffer.add(piece, piece.length, Number.POSITIVE_INFINITY),
      end() {},
    })
    const data = buffer.take()
    this.#source.collected(data)
    return data
  }

  stream(): Readable {
    const readable = new Readable({
      read: () => this.#holdUp(false),
      destroy: (error, done) => {
        this.discard()
        done(error)
      },
    })
    this.#give({
      take: piece => {
        if (!readable.push(piece)) this.#holdUp(true)
      },
      end: () => readable.push(null),
      broken: error => readable.destroy(error),
    })
    return readable
  }

  /** Nobody wants it, or the rest of it: what still comes is let go of. */
  discard(): void {
    this.#isOver = true
    this.#pieces = []
    this.#bytes = 0
    this.#taker = undefined
    this.#holdUp(false)
  }

  #give(taker: PieceTaker): void {
    this.#taker = taker
    this.flush()
    this.#holdUp(false)
    if (!this.isComing) this.#finish()
  }

  #finish(): void {
    const taker = this.#taker
    if (taker) {
      this.#taker = undefined
      if (this.#broken) taker.broken(this.#broken)
      else taker.end()
    }
    this.#holdUp(false)
  }

  #holdUp(isHeldUp: boolean): void {
    if (this.#isHeldUp === isHeldUp) return
    this.#isHeldUp = isHeldUp
    this.#source.holdUp(isHeldUp)
  }
}
