import type { MessageContext } from './context.ts'
import type { Fault } from './fault.ts'
import type { RequestFacts } from './ports.ts'
import type { MaybePromise } from './step.ts'

/** What a client said when it connected. */
export interface Handshake extends RequestFacts {
  /** The path alone. */
  readonly path: string
  /** The subprotocol agreed on; empty when there is none. */
  readonly subprotocol: string
}

/** A WebSocket to a backend, owned by a session or shared by the callers of an address. */
export interface Link {
  readonly address: string
  /** Whether its handshake is done and no side has begun to close. */
  readonly isOpen: boolean
  /** The subprotocol agreed on; empty when there is none, or none yet. */
  readonly subprotocol: string
  /** Ends the link; null for a code sends a close frame without a status. */
  close(code: number | undefined, reason: string): void
  ping(data: Buffer): void
  pong(data: Buffer): void
  pause(): void
  resume(): void
  /** Finds out whether it was cut while it is not read. */
  probe(): void
}

/** How the end of a link that was to be replaced, and could not be, is told. */
export interface LinkLoss {
  readonly fault: Fault
  /** What the client is closed with. */
  readonly code: number
  readonly reason: string
  /** What the fault sequence gets to know, in scope default. */
  readonly properties: Readonly<Record<string, string | number>>
}

/** Who takes a message piece by piece. */
export interface PieceSink {
  push(piece: Buffer): void
  end(): void
}

/** Who gets what comes back over a link. */
export interface LinkOwner {
  /** A message of the backend; the content type is '' where the handshake did not settle one. */
  fromBackend(link: Link, data: Buffer, isBinary: boolean, contentType: string): void
  /** A long message of the backend that is not complete: gives who takes its pieces, or nobody for it to be joined. */
  longFromBackend?(link: Link, isBinary: boolean, contentType: string): PieceSink | undefined
  /** A ping or pong of the backend. Set where control frames are passed on instead of being answered. */
  readonly controlFromBackend?: (link: Link, kind: 'ping' | 'pong', data: Buffer) => void
  /**
   * The link is over, by the backend's close or by its loss; not called after `close`. With code 1006 the reason is
   * what broke it, where that is known. A loss says how the end is told where that is known better than by the code.
   */
  linkClosed(link: Link, code: number, reason: string, loss?: LinkLoss): void
  /** The link can take data again after it was behind. */
  linkDrained(link: Link): void
}

/** A client's WebSocket. */
export interface Session extends LinkOwner {
  /** Names the connection in logs and for `websocket.source.channel.identifier`. */
  readonly id: string
  readonly handshake: Handshake
  readonly isOpen: boolean
  /** The link to an address, if there is one. */
  link(key: string): Link | undefined
  addLink(key: string, link: Link): void
  removeLink(key: string, link: Link): void
  /** Runs the out-dispatch pipeline with the event `linked`. */
  linkOpened(link: Link): void
  /** Headers of the client that go along when a link is opened, besides those of the settings. */
  readonly forwardedHeaders: readonly (readonly [name: string, value: string])[]
  /** Whether the client waits for the answer of a backend to its handshake. */
  readonly isHeld: boolean
  /** How much of the frames of its links is logged. */
  readonly frameLogging: 'off' | 'headers' | 'frames'
  /** Idle time after which its links are closed, in milliseconds; 0 never. */
  readonly linkIdleMs: number
  /** Reads nothing more from the client until the link has drained. */
  waitFor(link: Link): void
  /** What hooks keep with it; made when first asked for. */
  readonly attributes?: Map<string, unknown>
  /** How it was closed: by the client, or by us; undefined while it is open. */
  readonly closed?: { readonly code: number; readonly reason: string } | undefined
  /** Sends the client a message in the turn of the one a context holds; false where it does not get it. */
  answer?(ctx: MessageContext, data: Buffer, isBinary: boolean): MaybePromise<boolean>
  /** Sends the client a message at once; false where it does not get it. */
  deliver?(data: Buffer, isBinary: boolean): boolean
  ping?(data: Buffer): void
  pong?(data: Buffer): void
  /** Resolves when the client has read enough for more to be sent, or is gone; undefined where that is now. */
  readonly drained?: Promise<void> | undefined
  /** Sends the client what a context holds, as `respond` does. */
  reply(ctx: MessageContext): void
  close(code: number | undefined, reason: string): void
}
