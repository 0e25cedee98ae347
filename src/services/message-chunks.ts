import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { MessageContext } from '../core/context.ts'

/**
 * A message in the chunks it comes in: text for a text message, bytes for a binary one. The next is read when it is
 * asked for, and while nobody asks the client is not read. It is taken once; leaving the loop lets go of the rest.
 */
export class MessageChunks implements AsyncIterable<string | Buffer> {
  readonly isBinary: boolean
  /** Resolves when all was taken, or nobody takes more. */
  readonly over: Promise<void>
  readonly #source: Readable | Buffer
  #isTaken = false
  #end: () => void

  /** What a context holds; of a message that is coming in, what is taken is gone. */
  constructor(ctx: MessageContext) {
    const { content } = ctx.message
    this.isBinary = ctx.frame === 'binary'
    const { promise, resolve } = Promise.withResolvers<void>()
    this.over = promise
    this.#end = resolve
    if (!content.isArriving) {
      this.#source = content.bytes
      return
    }
    const source = content.takeBody().stream()
    // One that breaks off is told to who reads; where nobody does it is nobody's failure.
    source.on('error', () => {}).once('close', resolve)
    this.#source = source
    ctx.atEnd(() => source.destroy())
  }

  /** @throws BodyError where the client leaves before it is complete, TypeError where it was taken before */
  async *[Symbol.asyncIterator](): AsyncGenerator<string | Buffer> {
    if (this.#isTaken) throw new TypeError('the chunks of a message are taken once')
    this.#isTaken = true
    try {
      if (Buffer.isBuffer(this.#source)) {
        if (this.#source.length > 0) yield this.isBinary ? this.#source : this.#source.toString()
      } else if (this.isBinary) yield* this.#source as AsyncIterable<Buffer>
      else yield* texts(this.#source)
    } finally {
      this.#end()
    }
  }
}

/** A character may begin in one piece and end in the next. */
async function* texts(source: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  for await (const piece of source) {
    const text = decoder.write(piece)
    if (text !== '') yield text
  }
}
