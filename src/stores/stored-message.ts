import { Addressing } from '../core/addressing.ts'
import { type FrameKind, MessageContext } from '../core/context.ts'
import type { Service } from '../core/ports.ts'
import type { Properties, PropertyValue } from '../core/properties.ts'
import { TransportState } from '../core/transport-state.ts'
import type { Message } from '../message/message.ts'
import { NOBODY } from '../sequences/internal.ts'

/** A name and its value; undefined hides a name that has a value of its own. */
export type KeptValue = readonly [name: string, value: PropertyValue]

/** All that is kept of a message. Nobody changes what is in it: who works on the message gets a copy. */
export interface KeptMessage {
  readonly id: string
  /** When it was stored, in milliseconds since 1970. */
  readonly storedAt: number
  readonly message: Message
  readonly properties: readonly KeptValue[]
  readonly variables: readonly KeptValue[]
  readonly transport: TransportState | undefined
  readonly addressing: Addressing | undefined
  readonly outOnly: unknown
  readonly to: string | undefined
  /** The kind of WebSocket frame it came in, and whether its payload is that frame as it came. */
  readonly frame: FrameKind | undefined
  readonly isFrame: boolean
}

/** A message in a store: payload, headers, properties, variables, addresses and the axis2 scope. */
export class StoredMessage {
  readonly id: string
  /** Size of the payload; everything else is small beside it. */
  readonly bytes: number
  readonly mediaType: string
  /** When it was stored, in milliseconds since 1970. */
  readonly storedAt: number
  readonly kept: KeptMessage
  /** How often it was handed out before, as far as the store knows. */
  handOuts = 0

  constructor(kept: KeptMessage) {
    this.id = kept.id
    this.bytes = kept.message.content.bytes.length
    this.mediaType = kept.message.content.mediaType
    this.storedAt = kept.storedAt
    this.kept = kept
  }

  /** Takes what is to be kept of a message, whose payload has come in. */
  static of(ctx: MessageContext): StoredMessage {
    return new StoredMessage({
      id: ctx.id,
      storedAt: Date.now(),
      message: ctx.message.share(),
      properties: entriesOf(ctx.propertiesIfAny),
      variables: ctx.variables.entries(),
      transport: ctx.transportIfAny && forLater(ctx.transportIfAny),
      addressing: ctx.addressingIfAny && new Addressing(ctx.addressingIfAny),
      outOnly: ctx.outOnly,
      to: ctx.to,
      frame: ctx.frame,
      isFrame: isFrame(ctx),
    })
  }

  /** Makes a context around a copy of the message, for the service that takes it up again. */
  restore(service: Service): MessageContext {
    const { kept } = this
    const message = kept.message.share()
    const ctx = new MessageContext(service, NOBODY, message, {
      ...(kept.frame && { frame: kept.frame }),
      ...(kept.isFrame && { frameData: message.content.bytes }),
    })
    restoreInto(ctx.properties, kept.properties)
    restoreInto(ctx.variables, kept.variables)
    if (kept.transport) ctx.transportIfAny = new TransportState(kept.transport)
    if (kept.addressing) Object.assign(ctx.addressing, kept.addressing)
    ctx.addressing.messageId = this.id
    ctx.outOnly = kept.outOnly
    ctx.to = kept.to
    return ctx
  }
}

/** What is stored is the payload: a frame that was told to be sent in spite of a change is not kept beside it. */
function isFrame({ message: { content }, frameData, sendsFrame }: MessageContext): boolean {
  return sendsFrame && content.form === 'bytes' && content.bytes === frameData
}

function entriesOf(properties: Properties | undefined): readonly KeptValue[] {
  return properties ? properties.entries() : NONE
}

const NONE: readonly KeptValue[] = []

function restoreInto(properties: Properties, values: readonly KeptValue[]): void {
  for (const [name, value] of values) {
    if (value === undefined) properties.hide(name)
    else properties.set(name, value)
  }
}

/** What concerns the answer to the caller of old means nothing to a message that is sent later. */
function forLater(state: TransportState): TransportState {
  const copy = new TransportState(state)
  copy.forceAccepted = undefined
  copy.status = undefined
  return copy
}
