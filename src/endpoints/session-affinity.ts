import type { MessageContext } from '../core/context.ts'
import { Fault } from '../core/fault.ts'
import type { Endpoint } from '../core/ports.ts'
import type { MaybePromise } from '../core/step.ts'
import { headerOf } from '../message/codecs/soap.ts'
import { isSoapType } from '../message/content-type.ts'
import type { Message } from '../message/message.ts'
import type { XmlElement } from '../message/xml/tree.ts'
import type { LoadBalanceEndpoint } from './load-balance.ts'

/** By what a session is known. */
export type SessionType = 'http' | 'soap' | 'simpleClientSession'

interface Binding {
  readonly member: Endpoint
  readonly expiresAt: number
}

const DEFAULT_TIMEOUT_MS = 120_000

/** Keeps the messages of a session at the member of a group that had the first one. */
export class SessionAffinity implements Endpoint {
  readonly name: string
  readonly #group: LoadBalanceEndpoint
  readonly #type: SessionType
  readonly #timeoutMs: number
  /** In the order in which they run out. */
  readonly #bindings = new Map<string, Binding>()

  constructor(group: LoadBalanceEndpoint, type: SessionType, timeoutMs = DEFAULT_TIMEOUT_MS) {
    this.name = group.name
    this.#group = group
    this.#type = type
    this.#timeoutMs = timeoutMs
  }

  get isReady(): boolean {
    return this.#group.isReady
  }

  /** @throws Fault 309001 when the member of the session is not ready: sessions are not moved */
  deliver(ctx: MessageContext): MaybePromise<Message | undefined> {
    const keys = keysOfRequest(ctx, this.#type)
    const bound = this.#find(keys)
    if (!bound) {
      let member: Endpoint | undefined
      const answer = this.#group.deliver(ctx, taken => {
        member = taken
      })
      const note = (message: Message | undefined): Message | undefined => {
        for (const key of this.#keysOf(keys, message)) this.#bind(key, member)
        return message
      }
      return answer instanceof Promise ? answer.then(note) : note(answer)
    }
    if (bound.isReady === false)
      throw new Fault(309001, `the endpoint of the session is not ready, in group ${this.name}`)
    for (const key of keys) if (this.#bindings.has(key)) this.#bind(key, bound)
    return bound.deliver(ctx)
  }

  #find(keys: readonly string[]): Endpoint | undefined {
    for (const key of keys) {
      const binding = this.#bindings.get(key)
      if (binding && binding.expiresAt > performance.now()) return binding.member
    }
    return undefined
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

  #bind(key: string, member: Endpoint | undefined): void {
    if (!member) return
    const now = performance.now()
    this.#bindings.delete(key)
    this.#bindings.set(key, { member, expiresAt: now + this.#timeoutMs })
    for (const [old, { expiresAt }] of this.#bindings) {
      if (expiresAt > now) break
      this.#bindings.delete(old)
    }
  }
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
