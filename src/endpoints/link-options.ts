import type { MessageContext } from '../core/context.ts'
import type { Link } from '../core/session.ts'
import type { MaybePromise } from '../core/step.ts'
import type { Backoff, ReconnectPolicy } from '../websocket/backoff.ts'
import type { HeartbeatOptions } from '../websocket/heartbeat.ts'
import type { DialOptions } from '../websocket/options.ts'
import type { OutgoingStream } from '../websocket/outgoing-stream.ts'
import type { ConnectGate } from './connect-gate.ts'
import type { SlowLink } from './link-delivery.ts'

/** How a link is opened and bounded. */
export interface LinkOptions {
  readonly dial: DialOptions
  /** Lets attempts to connect through. */
  readonly gate: ConnectGate
  /** How opening it is tried again; without it one failure is the end. */
  readonly reconnect?: ReconnectPolicy | undefined
  /** Watches over it while it is open. */
  readonly heartbeat?: HeartbeatOptions | undefined
  /** What may wait for the handshake. */
  readonly queue: { readonly maxMessages: number; readonly maxBytes: number }
  /** What happens while the backend reads slowly; without it whoever sends is to wait. */
  readonly slow?: SlowLink | undefined
  /** Content type of the backend's messages; '' when the handshake settles none. */
  readonly contentType: string
  /** Idle time after which the link is closed, in milliseconds; 0 never. */
  readonly idleMs: number
}

/** A link that messages are sent over. */
export interface SendingLink extends Link {
  readonly isOpen: boolean
  readonly isBehind: boolean
  /** Hands over a message, as it was made for a context where there is one. @throws Fault when that cannot be */
  send(data: Buffer, isBinary: boolean, ctx?: MessageContext): MaybePromise<void>
  /** Begins a message that is sent as it comes; undefined where it has to be sent as a whole. */
  startMessage?(isBinary: boolean): OutgoingStream | undefined
  /** Resolves when messages can go. @throws Fault when they never will */
  opened(): MaybePromise<void>
}

/** What is known of links to the same backend that came before. */
export interface LinkHistory {
  /** The waits between attempts go on from there: the first one is waited for too. */
  readonly backoff?: Backoff | undefined
  /** Told the number of a ping that was answered: all that was sent before it has arrived. */
  readonly proved?: (ping: number) => void
}
