import { Readable } from 'node:stream'
import type { Fault } from '../core/fault.ts'
import type { Content } from '../message/content.ts'
import { Headers } from '../message/headers.ts'
import { contentOfStream } from '../message/http-body.ts'
import { Message } from '../message/message.ts'
import type { CorrelatedCall, Replies } from './correlated-call.ts'
import { isJsonReply } from './correlated-replies.ts'

/** With this many bytes nobody has taken yet the link is read no further. */
const FAR_BEHIND_BYTES = 1024 * 1024

const EVENTS = 'text/event-stream'
const LINES = 'application/x-ndjson'

/** Passes the replies of a call on as they come, one line or event each. The answer begins with the first. */
export class StreamedReplies implements Replies {
  readonly #call: CorrelatedCall
  readonly #isEvents: boolean
  readonly #maxBytes: number
  readonly #stream: Readable
  #isBegun = false
  #isPaused = false
  #isEnded = false

  /** `maxBytes` bounds what is kept where somebody wants all replies before going on. */
  constructor(call: CorrelatedCall, maxBytes: number) {
    this.#call = call
    this.#maxBytes = maxBytes
    this.#isEvents = /\btext\/event-stream\b/i.test(call.ctx.message.headers.get('Accept') ?? '')
    this.#stream = new Readable({
      highWaterMark: FAR_BEHIND_BYTES,
      read: () => this.#resume(),
      destroy: (error, done) => {
        this.#resume()
        this.#call.leave()
        done(error)
      },
    })
  }

  add(reply: Content, isLast: boolean): Message | undefined {
    if (this.#stream.destroyed) return undefined
    const isRoomLeft = this.#stream.push(this.#isEvents ? eventOf(reply) : lineOf(reply))
    if (isLast) this.#end()
    else if (!isRoomLeft) this.#pause()
    if (this.#isBegun) return undefined
    this.#isBegun = true
    return this.#answer()
  }

  fail(fault: Fault): void {
    if (this.#isEnded) return
    this.#isEnded = true
    // Nobody has it before the first reply is in.
    if (this.#isBegun) this.#stream.destroy(fault.isSettled ? undefined : fault)
  }

  #answer(): Message {
    const headers = new Headers()
    const contentType = this.#isEvents ? EVENTS : LINES
    if (this.#isEvents) headers.set('Cache-Control', 'no-cache')
    // A sequence may have no use for it, or nobody is there any more.
    this.#stream.on('error', () => {})
    this.#call.ctx.atEnd(() => this.#stream.destroy())
    const options = { of: 'answer', headers, maxBytes: this.#maxBytes } as const
    return new Message(contentOfStream(this.#stream, contentType, options), headers)
  }

  #end(): void {
    this.#isEnded = true
    this.#stream.push(null)
  }

  /** One who does not read must not fill memory; all others on the link wait for it, but not longer than a call may. */
  #pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#call.link?.pause()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#call.link?.resume()
  }
}

const LINE_ENDS = /\r\n|\r|\n/

/** In JSON a line end is white space, or wrong: within a text it is written as an escape. */
function lineOf(reply: Content): Buffer {
  const text = isJsonReply(reply) ? reply.text() : JSON.stringify(reply.text())
  return Buffer.from(`${text.replaceAll('\n', ' ').replaceAll('\r', ' ')}\n`)
}

function eventOf(reply: Content): Buffer {
  const lines = reply.text().split(LINE_ENDS)
  return Buffer.from(`${lines.map(line => `data: ${line}\n`).join('')}\n`)
}
