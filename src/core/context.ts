import { randomUUID } from 'node:crypto'
import type { Message } from '../message/message.ts'
import { Addressing } from './addressing.ts'
import type { Fault } from './fault.ts'
import type { Logger } from './logger.ts'
import type { Ending } from './metrics.ts'
import type { Deployment, Origin, Pipeline, Service } from './ports.ts'
import { Properties } from './properties.ts'
import type { Link, Session } from './session.ts'
import type { Step } from './step.ts'
import type { TemplateFrame } from './template-frame.ts'
import { isTrue, TransportState } from './transport-state.ts'

/**
 * What a context stands for: a message, or something that befell its session. `open` and `close` are the
 * handshake and terminate messages of the original product, `linked` its target handshake message.
 */
export type Event =
  | 'message'
  | 'open'
  | 'linked'
  | 'ping'
  | 'pong'
  | 'close'
  /** A client asks to be let in, and has no answer yet. Where this has a hook, `open` comes after the answer. */
  | 'upgrade'
  /** Nothing came or went for as long as the service says. */
  | 'idle'
  /** The connection failed, or a message did. */
  | 'error'
  /** A message that nothing is for. */
  | 'unmatched'

/** Kind of the WebSocket frame a message came in. */
export type FrameKind = 'text' | 'binary'

/** The fault sequences around a step, innermost first. */
export interface FaultHandlers {
  readonly run: Step
  readonly outer: FaultHandlers | undefined
  /** Parameters of the template the handlers stand in. */
  readonly parameters?: TemplateFrame | undefined
}

/** What all contexts made of one received message share: work that goes on beside its own way. */
export interface Exchange {
  /** Work that has to end before the exchange does; it never rejects. */
  readonly background: Set<Promise<void>>
  /** How the branches ended, where that says more than how the message itself did. */
  ending?: Ending
  /** A fault in a branch that no fault sequence handled. */
  fault?: Fault
  /** Called once when the exchange ends. */
  atEnd?: (() => void)[]
}

/** One message on its way. Made once per message; everything in it that may stay unused is made when asked for. */
export class MessageContext {
  readonly service: Service
  /** Who sent it, and where an answer goes. */
  readonly origin: Origin
  /** The WebSocket it travels on, if any. */
  readonly session: Session | undefined
  readonly event: Event
  /** The request, later the response. */
  message: Message
  direction: 'request' | 'response'
  /** Left by `send` for the out sequence. */
  reply: Message | undefined = undefined
  /** What runs for the reply in place of the outflow: the `receive` sequence of send. */
  receiver: Pipeline | undefined = undefined
  /** The fault sequences around the step that runs. */
  handlers: FaultHandlers | undefined = undefined
  /** Parameters of the template the step that runs stands in. */
  parameters: TemplateFrame | undefined = undefined
  /** Whether a call has waited for an answer since the message was made, or forked: what was around it goes on. */
  isResumed = false
  /** Set while a fault sequence runs. */
  fault: Fault | undefined = undefined
  /** Whether a fault sequence of the configuration has dealt with the fault. */
  isFaultHandled = false
  /** `OUT_ONLY`, as it was set. */
  outOnly: unknown = undefined
  /** The frame it came in, and its bytes, whatever became of the content since; those of one that is arriving come with it. */
  readonly frame: FrameKind | undefined
  frameData: Buffer | undefined
  /** The link to a backend it came over, if it did. */
  readonly link: Link | undefined
  /** Whether `send` relays the frame, and whether `respond` does, where the configuration or the type says so. */
  relaysOnSend: boolean | undefined = undefined
  relaysOnRespond: boolean | undefined
  /** Address of the endpoint it was last given to, for `To`. */
  to: string | undefined = undefined
  /** How many named sequences it is inside of. */
  depth = 0
  /** How it ended, for the counters of its service; the last one said counts. */
  ending: Ending = 'dropped'

  #id: string | undefined
  #exchange: Exchange | undefined
  #addressing: Addressing | undefined
  #properties: Properties | undefined
  #variables: Properties | undefined
  #operation: Properties | undefined
  #transport: TransportState | undefined

  constructor(service: Service, origin: Origin, message: Message, options: ContextOptions = REQUEST) {
    this.service = service
    this.origin = origin
    this.message = message
    this.session = options.session
    this.event = options.event ?? 'message'
    this.direction = options.direction ?? 'request'
    this.frame = options.frame
    this.frameData = options.frameData
    this.link = options.link
    this.relaysOnRespond = options.contentIsKnown === true ? false : undefined
  }

  /** Identifies the message in logs and answers: `urn:uuid:…`, made when first read. */
  get id(): string {
    if (this.#addressing?.messageId !== undefined) return this.#addressing.messageId
    this.#id ??= `urn:uuid:${randomUUID()}`
    return this.#id
  }

  /** Whether `send` relays the frame as it came: as long as the payload is what it was, unless somebody said (axis2 flag). */
  get sendsFrame(): boolean {
    return this.frame !== undefined && (this.relaysOnSend ?? this.#isPayloadFrame())
  }

  /** Whether `respond` relays the frame as it came: decided as for `send`, by the default flag. */
  get respondsFrame(): boolean {
    return this.frame !== undefined && (this.relaysOnRespond ?? this.#isPayloadFrame())
  }

  // No getter: the engine looks up a private one each time.
  #isPayloadFrame(): boolean {
    const { content } = this.message
    if (content.isArriving) return content.arriving!.isFrame === true
    return content.form === 'bytes' && content.bytes === this.frameData
  }

  /** The default scope. */
  get properties(): Properties {
    this.#properties ??= new Properties()
    return this.#properties
  }

  /** The default scope if anything was ever set in it. */
  get propertiesIfAny(): Properties | undefined {
    return this.#properties
  }

  /** What the variable mediator keeps. */
  get variables(): Properties {
    this.#variables ??= new Properties()
    return this.#variables
  }

  /** Properties that request and response share. */
  get operation(): Properties {
    this.#operation ??= new Properties()
    return this.#operation
  }

  /** The axis2 scope; made when asked for. Code that only reads asks `transportIfAny`. */
  get transport(): TransportState {
    this.#transport ??= new TransportState()
    return this.#transport
  }

  /** The axis2 scope if anything was ever set in it. */
  get transportIfAny(): TransportState | undefined {
    return this.#transport
  }

  /** The axis2 scope is left behind: that of another message takes its place. */
  set transportIfAny(state: TransportState | undefined) {
    this.#transport = state
  }

  /** Addresses that were set on the message; made when asked for. */
  get addressing(): Addressing {
    this.#addressing ??= new Addressing()
    return this.#addressing
  }

  /** Addresses of the message if any was ever set. */
  get addressingIfAny(): Addressing | undefined {
    return this.#addressing
  }

  /**
   * Makes a copy for a branch of its own, with another id: payload, headers, properties, variables and the axis2
   * scope are its own, the operation scope, the caller and the session are shared. It counts as part of the same
   * exchange.
   */
  fork(): MessageContext {
    const { session, event, direction, frame, frameData, link } = this
    const copy = new MessageContext(this.service, this.origin, this.message.share(), {
      ...(session && { session }),
      event,
      direction,
      ...(frame && { frame }),
      ...(frameData && { frameData }),
      ...(link && { link }),
    })
    copy.relaysOnSend = this.relaysOnSend
    copy.relaysOnRespond = this.relaysOnRespond
    copy.outOnly = this.outOnly
    copy.to = this.to
    copy.depth = this.depth
    copy.fault = this.fault
    copy.isFaultHandled = this.isFaultHandled
    copy.handlers = this.handlers
    copy.parameters = this.parameters
    copy.#exchange = this.exchange
    if (this.#addressing) copy.#addressing = new Addressing(this.#addressing)
    if (copy.#addressing) copy.#addressing.messageId = undefined
    if (this.#properties) copy.#properties = new Properties(this.#properties)
    if (this.#variables) copy.#variables = new Properties(this.#variables)
    if (this.#transport) copy.#transport = new TransportState(this.#transport)
    copy.#operation = this.operation
    return copy
  }

  /** Takes the answer of a backend in place of the message: headers, status and the axis2 scope are the answer's. */
  receive(answer: Message): void {
    this.message = answer
    this.isResumed = true
    this.relaysOnSend = undefined
    this.relaysOnRespond = undefined
    this.#transport = undefined
    if (answer.status !== undefined) this.transport.status = answer.status
  }

  /** What this context shares with those forked from the same message. */
  get exchange(): Exchange {
    this.#exchange ??= { background: new Set() }
    return this.#exchange
  }

  /** The shared part if anything was ever shared. */
  get exchangeIfAny(): Exchange | undefined {
    return this.#exchange
  }

  /** Lets work go on beside the message; the exchange ends after it. The work must never reject. */
  spawn(work: Promise<void>): void {
    const { background } = this.exchange
    background.add(work)
    void work.finally(() => background.delete(work))
  }

  /** Calls back once when the exchange this message belongs to ends. */
  atEnd(callback: () => void): void {
    const { exchange } = this
    exchange.atEnd ??= []
    exchange.atEnd.push(callback)
  }

  /** Whether nothing will come back for this message, `OUT_ONLY`. */
  get isOneWay(): boolean {
    return isTrue(this.outOnly)
  }

  /** The deployment this message began in. */
  get deployment(): Deployment {
    return this.service.deployment
  }

  get log(): Logger {
    return this.service.log
  }
}

/** How a context differs from a plain request. */
export interface ContextOptions {
  readonly session?: Session
  readonly event?: Event
  readonly direction?: 'request' | 'response'
  readonly frame?: FrameKind
  readonly frameData?: Buffer
  /** Whether respond sends the content, which has a type, rather than the frame. */
  readonly contentIsKnown?: boolean
  /** The link a backend's message came over. */
  readonly link?: Link
}

const REQUEST: ContextOptions = {}
