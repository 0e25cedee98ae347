import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Service } from '../core/ports.ts'
import type { RequestHead, Route } from '../core/route.ts'
import type { MaybePromise, Outcome, Step } from '../core/step.ts'
import { Conversation, targetOf } from './conversation.ts'
import type { MockBook } from './mock-book.ts'

/** Makes the step that all events of a mock's WebSocket clients run through. */
export function webSocketFlow(book: MockBook): Step {
  return ctx => {
    const outcome = take(book, ctx)
    if (outcome instanceof Promise)
      return outcome.then(ended, (error: unknown) => {
        throw failed(ctx, error)
      })
    return ended(outcome)
  }
}

function take(book: MockBook, ctx: MessageContext): MaybePromise<unknown> {
  try {
    const { session } = ctx
    if (!session) return undefined
    const conversation = book.conversations.get(session)
    if (ctx.event === 'message') return conversation?.message(ctx)
    if (ctx.event === 'open') return begin(book, ctx)
    if (ctx.event === 'close') conversation?.end()
    return undefined
  } catch (error) {
    throw failed(ctx, error)
  }
}

function begin(book: MockBook, ctx: MessageContext): MaybePromise<void> {
  const { service, origin, message } = ctx
  const session = ctx.session!
  const { headers } = message
  const target = targetOf(session.handshake, name => headers.get(name))
  const taken = book.set.webSocket(target)
  if (taken && !('status' in taken.found)) {
    const peer = { service, origin, session }
    return new Conversation(book, peer, target, taken).open()
  }
  // The file has changed since the client was let in.
  session.close(1011, 'the mock is gone')
}

/** A template that lacks a value it must have: the client is told. */
function failed(ctx: MessageContext, error: unknown): unknown {
  if (error instanceof Fault) ctx.session?.close(1011, error.message.slice(0, 100))
  return error
}

function ended(outcome: unknown): Outcome {
  return typeof outcome === 'symbol' ? (outcome as Outcome) : undefined
}

/** Says who takes an upgrade: the service, or nobody, with the status the client is refused with. */
export function upgradeRoute(book: MockBook, service: Service): (head: RequestHead) => Route {
  return head => {
    const { path, target, headers } = head
    const url = `ws://${String(headers.host ?? '')}`
    const found = targetOf({ path, target, url }, name => headers[name] as string | undefined)
    if (!book.set.knows(found.host)) return refused(403, 'the host is unknown')
    const taken = book.set.webSocket(found)
    if (!taken) {
      book.journal.note('ws', path, '', false)
      return refused(404, 'no mock takes a WebSocket here')
    }
    const { found: fits } = taken
    return 'status' in fits ? refused(fits.status, fits.error) : { service }
  }
}

function refused(status: number, body: string): Route {
  return { answer: { status, body } }
}
