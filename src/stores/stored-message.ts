import { Addressing } from '../core/addressing.ts'
import { MessageContext } from '../core/context.ts'
import type { Service } from '../core/ports.ts'
import { Properties } from '../core/properties.ts'
import { TransportState } from '../core/transport-state.ts'
import type { Message } from '../message/message.ts'
import { NOBODY } from '../sequences/internal.ts'

/** What is kept of a message: payload, headers, properties, variables, addresses and the axis2 scope. */
export class StoredMessage {
  readonly id: string
  /** Size of the payload; everything else is small beside it. */
  readonly bytes: number
  readonly mediaType: string
  /** When it was stored, in milliseconds since 1970. */
  readonly storedAt = Date.now()
  readonly #message: Message
  readonly #properties: Properties | undefined
  readonly #variables: readonly (readonly [string, unknown])[]
  readonly #transport: TransportState | undefined
  readonly #addressing: Addressing | undefined
  readonly #outOnly: unknown
  readonly #to: string | undefined

  constructor(ctx: MessageContext) {
    this.id = ctx.id
    this.#message = ctx.message.share()
    this.bytes = this.#message.content.bytes.length
    this.mediaType = this.#message.content.mediaType
    this.#properties = ctx.propertiesIfAny && new Properties(ctx.propertiesIfAny)
    this.#variables = ctx.variables.entries()
    this.#transport = ctx.transportIfAny && forLater(ctx.transportIfAny)
    this.#addressing = ctx.addressingIfAny
    this.#outOnly = ctx.outOnly
    this.#to = ctx.to
  }

  /** Makes a context around a copy of the message, for the service that takes it up again. */
  restore(service: Service): MessageContext {
    const ctx = new MessageContext(service, NOBODY, this.#message.share())
    for (const [name, value] of this.#properties?.entries() ?? []) ctx.properties.set(name, value)
    for (const [name, value] of this.#variables) ctx.variables.set(name, value)
    if (this.#transport) ctx.transportIfAny = new TransportState(this.#transport)
    if (this.#addressing) Object.assign(ctx.addressing, new Addressing(this.#addressing))
    ctx.addressing.messageId = this.id
    ctx.outOnly = this.#outOnly
    ctx.to = this.#to
    return ctx
  }
}

/** What concerns the answer to the caller of old means nothing to a message that is sent later. */
function forLater(state: TransportState): TransportState {
  const copy = new TransportState(state)
  copy.forceAccepted = undefined
  copy.status = undefined
  return copy
}
