import type { MessageContext } from '../core/context.ts'
import type { Handshake } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import { Content } from '../message/content.ts'
import { Message } from '../message/message.ts'
import { REPLY } from '../sequences/reply.ts'
import type { MockTarget } from './mock-address.ts'
import type { MockBook } from './mock-book.ts'
import type { MockReply, Peer } from './mock-reply.ts'
import { type MockRequest, MockScope } from './mock-scope.ts'
import type { Taken } from './mock-set.ts'
import { isIn, setState } from './mock-state.ts'
import { RATE_LIMITED } from './rate-limit.ts'
import type { MockPush, MockRule, WebSocketMock } from './websocket-mock.ts'

/** What is known of a client from its handshake. */
export function targetOf(
  { target, path, url }: Pick<Handshake, 'target' | 'path' | 'url'>,
  header: (name: string) => string | undefined,
): MockTarget {
  const host = /^[a-z]+:\/\/([^/]*)/.exec(url)?.[1] ?? ''
  return { path, query: target.slice(path.length + 1), host: host.replace(/:\d*$/, '').toLowerCase(), header }
}

/** One client of a WebSocket mock: what it has said so far, its state, and what is pushed to it. */
export class Conversation {
  readonly #book: MockBook
  readonly #peer: Peer
  readonly #target: MockTarget
  readonly #state = new Map<string, unknown>()
  readonly #turns = new Map<MockReply, number>()
  readonly #pushes = new Map<MockPush, NodeJS.Timeout>()
  #mock: WebSocketMock
  #request: MockRequest
  #received = 0

  constructor(book: MockBook, peer: Peer, target: MockTarget, { mock, found }: Taken<WebSocketMock>) {
    this.#book = book
    this.#peer = peer
    this.#target = target
    this.#mock = mock
    this.#request = requestOf(found, target)
    book.conversations.set(peer.session, this)
    book.open.add(this)
  }

  /** Greets the client. */
  open(): MaybePromise<void> {
    const { onConnect, state } = this.#mock
    const scope = this.#scope('')
    this.#mock.used++
    setState(state, scope, this.#state)
    this.#startPushes()
    if (!onConnect) return
    setState(onConnect.set, scope, this.#state)
    if (onConnect.reply) return this.#send(onConnect.reply, scope)
  }

  /** Answers a message of the client. */
  message(ctx: MessageContext): MaybePromise<unknown> {
    const { rateLimit, latency } = this.#mock
    const { content } = ctx.message
    const scope = this.#scope(content.text(), ctx.frame === 'binary' ? content.bytes : undefined)
    this.#received++
    if (this.#pushes.size < this.#mock.pushes.length) this.#startPushes()
    const { remoteAddress } = this.#peer.session.handshake
    if (rateLimit?.take(remoteAddress, this.#target.header).isOver) return replyWith(ctx, RATE_LIMITED)
    if (!latency) return this.#answer(ctx, scope)
    return latency.pass().then(trouble => {
      if (trouble === 'none') return this.#answer(ctx, scope)
      if (trouble === 'failure') this.#peer.session.close(1011, 'the mock failed as it was to')
      return undefined
    })
  }

  #answer(ctx: MessageContext, scope: MockScope): MaybePromise<unknown> {
    const { rules, matchesAll } = this.#mock
    let last: Promise<unknown> | undefined
    let isMatched = false
    for (const rule of rules) {
      if (!this.#matches(rule, scope)) continue
      if (!isMatched) this.#book.journal.note('ws', this.#target.path, scope.message, true)
      isMatched = true
      rule.used++
      const { reply } = rule
      if (rule.set.length > 0) setState(rule.set, scope, this.#state)
      if (!matchesAll) return reply && this.#reply(ctx, reply, scope)
      if (!reply) continue
      const { bindings } = scope
      const act = (): MaybePromise<void> => {
        scope.bindings = bindings
        return this.#send(reply, scope)
      }
      ctx.ending = 'answered'
      const sent = last ? last.then(act) : act()
      if (sent instanceof Promise) last = sent
    }
    return isMatched ? last : this.#unmatched(ctx, scope)
  }

  #matches({ pattern, when, after, span }: MockRule, scope: MockScope): boolean {
    if (this.#received <= after || (when.length > 0 && !isIn(when, this.#state))) return false
    const found = pattern.match(scope)
    if (found === 'too slow') {
      const { line } = span.source.locate(span.start)
      this.#book.log.warn(
        { path: this.#target.path },
        `the pattern in line ${line} of ${span.source.path} took too long for a message and was left out`,
      )
      return false
    }
    if (found === false) return false
    scope.bindings = found === true ? undefined : found
    return true
  }

  #unmatched(ctx: MessageContext, scope: MockScope): MaybePromise<unknown> {
    const { reply, close, isLogged } = this.#mock.unmatched
    const { path } = this.#target
    this.#book.journal.note('ws', path, scope.message, false)
    if (isLogged)
      this.#book.log.info({ path }, `no pattern of ${path} matches: ${scope.message.slice(0, 200)}`)
    if (close) this.#peer.session.close(close.code, close.reason)
    return reply && this.#reply(ctx, reply, scope)
  }

  #reply(ctx: MessageContext, reply: MockReply, scope: MockScope): MaybePromise<unknown> {
    const text = reply.onlyText(scope)
    if (text !== undefined) return replyWith(ctx, text)
    ctx.ending = 'answered'
    return this.#send(reply, scope)
  }

  #send(reply: MockReply, scope: MockScope): MaybePromise<void> {
    const turn = this.#turns.get(reply) ?? 0
    this.#turns.set(reply, turn + 1)
    return reply.send(this.#peer, scope, turn)
  }

  #startPushes(): void {
    for (const push of this.#mock.pushes) {
      if (this.#pushes.has(push) || this.#received < push.after) continue
      let sent = 0
      const timer = setInterval(() => {
        const { session } = this.#peer
        if (!session.isOpen) this.end()
        // What a client does not read would pile up.
        else if (session.drained !== undefined) return
        else if (push.when.length === 0 || isIn(push.when, this.#state)) {
          void this.#push(push.reply)
          if (++sent >= push.times) clearInterval(timer)
        }
      }, push.everyMs)
      this.#pushes.set(push, timer.unref())
    }
  }

  async #push(reply: MockReply): Promise<void> {
    try {
      await this.#send(reply, this.#scope(''))
    } catch (error) {
      this.#book.log.warn(
        { path: this.#target.path, err: error },
        `a push failed: ${(error as Error).message}`,
      )
    }
  }

  /** Takes the mock that is there now for the path; where there is none any more, the one it has stays. */
  renew(): void {
    const taken = this.#book.set.webSocket(this.#target)
    if (!taken || 'status' in taken.found) return
    this.#stopPushes()
    this.#mock = taken.mock
    this.#request = requestOf(taken.found, this.#target)
    this.#startPushes()
  }

  /** Nothing more is sent. */
  end(): void {
    this.#stopPushes()
    this.#book.open.delete(this)
  }

  #stopPushes(): void {
    for (const timer of this.#pushes.values()) clearInterval(timer)
    this.#pushes.clear()
  }

  #scope(message: string, bytes?: Buffer): MockScope {
    return new MockScope(this.#request, message, this.#state, bytes)
  }
}

function requestOf(found: Taken<WebSocketMock>['found'], { header }: MockTarget): MockRequest {
  if ('status' in found) throw new Error('a client that is refused has no conversation')
  return { ...found, header }
}

function replyWith(ctx: MessageContext, text: string): MaybePromise<unknown> {
  ctx.message = new Message(Content.ofText(text))
  ctx.direction = 'response'
  return REPLY.run(ctx)
}
