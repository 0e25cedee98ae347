import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import { headerOf } from '../message/codecs/soap.ts'
import { isSoapType } from '../message/content-type.ts'
import type { Message } from '../message/message.ts'
import type { XmlElement } from '../message/xml/tree.ts'
import { whenWhole } from '../sequences/whole.ts'
import type { LoadBalanceEndpoint } from './load-balance.ts'
import type { SessionBindings } from './session-bindings.ts'

/** By what a session is known. */
export type SessionType = 'http' | 'soap' | 'simpleClientSession'

const DEFAULT_TIMEOUT_MS = 120_000

/** How sessions are told apart and remembered. */
export interface AffinityOptions {
  readonly type: SessionType
  /** How long a session is remembered without a message; default 120000. */
  readonly timeoutMs: number | undefined
  readonly bindings: SessionBindings
}

/** Keeps the messages of a session at the member of a group that had the first one. */
export class SessionAffinity implements Endpoint {
  readonly name: string
  readonly #group: LoadBalanceEndpoint
  readonly #type: SessionType
  readonly #timeoutMs: number
  readonly #bindings: SessionBindings

  constructor(
    group: LoadBalanceEndpoint,
    { type, timeoutMs = DEFAULT_TIMEOUT_MS, bindings }: AffinityOptions,
  ) {
    this.name = group.name
    this.#group = group
    this.#type = type
    this.#timeoutMs = timeoutMs
    this.#bindings = bindings
  }

  get isReady(): boolean {
    return this.#group.isReady
  }

  get keepsLinks(): boolean {
    return this.#group.keepsLinks
  }

  /**
   * Gives a message to the member of its session: sessions are not moved.
   * @throws Fault 309001 when that member is not ready, or none is for a new session; 309002 when it is no member any
   * more; 309003 when it fails
   */
  deliver(ctx: MessageContext): MaybePromise<Message | undefined> {
    // What ends a connection has no session to be found by.
    if (ctx.event !== 'message' && ctx.event !== 'open') return this.#group.deliver(ctx)
    return this.#type === 'http' ? this.#route(ctx) : whenWhole(ctx, () => this.#route(ctx))
  }

  #route(ctx: MessageContext): MaybePromise<Message | undefined> {
    const keys = keysOfRequest(ctx, this.#type)
    for (const key of keys) {
      const member = this.#bindings.get(key)
      if (member !== undefined) return this.#goOn(ctx, keys, member)
    }
    return this.#begin(ctx, keys)
  }

  /** The first message of a session may go to any member. */
  #begin(ctx: MessageContext, keys: readonly string[]): MaybePromise<Message | undefined> {
    if (!this.#group.isReady)
      throw new Fault(309001, `no endpoint of group ${this.name} is ready for a session`)
    let member: Endpoint | undefined
    const answer = this.#group.deliver(ctx, taken => {
      member = taken
    })
    return answer instanceof Promise
      ? answer.then(message => this.#note(message, keys, member))
      : this.#note(answer, keys, member)
  }

  #goOn(ctx: MessageContext, keys: readonly string[], bound: string): MaybePromise<Message | undefined> {
    const member = this.#group.members.find((each, i) => idOf(each, i) === bound)
    if (!member)
      throw new Fault(309002, `the endpoint of the session, ${bound}, is no member of ${this.name}`)
    if (member.isReady === false)
      throw new Fault(309001, `the endpoint of the session is not ready, in group ${this.name}`)
    for (const key of keys) if (this.#bindings.get(key) === bound) this.#bind(key, bound)
    let answer: MaybePromise<Message | undefined>
    try {
      answer = member.deliver(ctx)
    } catch (thrown) {
      throw this.#failed(thrown)
    }
    if (!(answer instanceof Promise)) return this.#note(answer, keys, member)
    return answer.then(
      message => this.#note(message, keys, member),
      thrown => {
        throw this.#failed(thrown)
      },
    )
  }

  #failed(thrown: unknown): Fault {
    const fault = Fault.from(thrown)
    if (fault.isSettled || (!fault.isDelivery && fault.code !== 500000)) return fault
    const message = `the endpoint of the session failed, in group ${this.name}: ${fault.message}`
    return new Fault(309003, message, { cause: fault })
  }

  /** The answer says what the session will be known by. */
  #note(
    answer: Message | undefined,
    keys: readonly string[],
    member: Endpoint | undefined,
  ): MaybePromise<Message | undefined> {
    if (!member) return answer
    if (answer && this.#type === 'soap' && answer.content.isArriving && isSoapType(answer.content.mediaType))
      return answer.content.collect().then(() => this.#note(answer, keys, member))
    const id = idOf(member, this.#group.members.indexOf(member))
    for (const key of this.#keysOf(keys, answer)) this.#bind(key, id)
    return answer
  }

  #keysOf(ofRequest: readonly string[], answer: Message | undefined): readonly string[] {
    if (this.#type === 'simpleClientSession') return ofRequest
    if (!answer) return []
    if (this.#type === 'soap') return groupIds(answer)
    return answer.headers.fields().flatMap(({ name, value }) => {
      const pair = value.split(';', 1)[0]!.trim()
      return pair === '' || name.toLowerCase() !== 'set-cookie' ? [] : [pair]
    })
  }

  #bind(key: string, member: string): void {
    this.#bindings.bind(key, member, this.#timeoutMs)
  }
}

/** What a member is remembered by: its name, or the place it stands at. */
function idOf({ name }: Endpoint, place: number): string {
  return name || `number ${place + 1}`
}

function keysOfRequest(ctx: MessageContext, type: SessionType): string[] {
  if (type === 'http') {
    const cookies = ctx.message.headers.get('Cookie')
    return cookies === undefined ? [] : cookies.split(/[;,]/).map(cookie => cookie.trim())
  }
  if (type === 'soap') return groupIds(ctx.message)
  const id = soapHeader(ctx.message)?.children.find(({ localName }) => localName === 'ClientID')
  const text = id?.text.trim()
  return text ? [text] : []
}

function groupIds(message: Message): string[] {
  const found: string[] = []
  const search = (element: XmlElement): void => {
    if (element.localName === 'ServiceGroupId') found.push(element.text.trim())
    for (const inner of element.children) search(inner)
  }
  const header = soapHeader(message)
  if (header) search(header)
  return found
}

function soapHeader({ content }: Message): XmlElement | undefined {
  return isSoapType(content.mediaType) ? headerOf(content.envelope()) : undefined
}
