import { randomUUID } from 'node:crypto'
import type { Message } from '../message/message.ts'
import type { Fault } from './fault.ts'
import type { Logger } from './logger.ts'
import type { Ending } from './metrics.ts'
import type { Deployment, Origin, Service } from './ports.ts'
import { Properties } from './properties.ts'
import type { Link, Session } from './session.ts'
import { isTrue, TransportState } from './transport-state.ts'

/**
 * What a context stands for: a message, or something that befell its session. `open` and `close` are the
 * handshake and terminate messages of the original product, `linked` its target handshake message.
 */
export type Event = 'message' | 'open' | 'linked' | 'ping' | 'pong' | 'close'

/** Kind of the WebSocket frame a message came in. */
export type FrameKind = 'text' | 'binary'

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
  /** Set while a fault sequence runs. */
  fault: Fault | undefined = undefined
  /** Whether a fault sequence of the configuration has dealt with the fault. */
  isFaultHandled = false
  /** `OUT_ONLY`, as it was set. */
  outOnly: unknown = undefined
  /** The frame it came in, and its bytes, whatever became of the content since. */
  readonly frame: FrameKind | undefined
  readonly frameData: Buffer | undefined
  /** The link to a backend it came over, if it did. */
  readonly link: Link | undefined
  /** Whether `send` relays the frame as it came (axis2 flag), and whether `respond` does (default flag). */
  sendsFrame: boolean
  respondsFrame: boolean
  /** Address of the endpoint it was last given to, for `To`. */
  to: string | undefined = undefined
  /** How many named sequences it is inside of. */
  depth = 0
  /** How it ended, for the counters of its service; the last one said counts. */
  ending: Ending = 'dropped'

  #id: string | undefined
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
    this.sendsFrame = options.frame !== undefined
    this.respondsFrame = this.sendsFrame && options.contentIsKnown !== true
  }

  /** Identifies the message in logs and answers: `urn:uuid:…`, made when first read. */
  get id(): string {
    this.#id ??= `urn:uuid:${randomUUID()}`
    return this.#id
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
