import { networkInterfaces } from 'node:os'
import type { SecureContextOptions } from 'node:tls'
import type { MessageContext } from '../core/context.ts'

/** The limits of one WebSocket connection, whichever side opened it. */
export interface ConnectionOptions {
  /** The largest message taken in, in bytes, after joining fragments; a larger one closes with 1009. Default 16 MiB. */
  readonly maxMessageBytes: number
  /** How long the other side may take to answer our close frame before the connection is cut. Default 5,000 ms. */
  readonly closeTimeoutMs: number
}

/** What a connection starts from when nothing is configured: safe on the open internet. */
export const DEFAULT_CONNECTION_OPTIONS: ConnectionOptions = {
  maxMessageBytes: 16 * 1024 * 1024,
  closeTimeoutMs: 5_000,
}

/** Certificates and checks for a `wss` connection that we open. */
export interface ClientTlsOptions
  extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase'> {
  /** Whether the server's certificate chain is checked. Default true. */
  readonly verify?: boolean
  /** Whether the certificate must name the host. Default true. */
  readonly verifyHostName?: boolean
  /** Name for SNI where it differs from the URL's host. */
  readonly serverName?: string
}

/** How to open a connection. */
export interface DialOptions extends Partial<ConnectionOptions> {
  /** Extra headers of the upgrade request. */
  readonly headers?: Readonly<Record<string, string | string[]>>
  /** Subprotocols to offer, most wanted first. Any text is allowed, `synapse(contentType='…')` included. */
  readonly subprotocols?: readonly string[]
  /** How long connecting and the handshake may take together. Default 10,000 ms; 0 waits for ever. */
  readonly handshakeTimeoutMs?: number
  /** TLS settings for `wss`. */
  readonly tls?: ClientTlsOptions
}

/** The default of `DialOptions.handshakeTimeoutMs`, in milliseconds. */
export const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000

/** A listening socket. Services with equal addresses share it. */
export interface ListenerAddress {
  /** Port to listen on; 0 takes a free one. */
  readonly port: number
  /** Address to bind; default all. */
  readonly host?: string
  readonly tls?: ListenerTlsOptions
}

/** Gives the address that stands for all of this machine's: IPv6 with IPv4, or IPv4 alone where there is no IPv6. */
export function anyHost(): string {
  const addresses = Object.values(networkInterfaces()).flatMap(list => list ?? [])
  return addresses.some(({ family }) => family === 'IPv6') ? '::' : '0.0.0.0'
}

/** Certificates and checks of a listener. */
export interface ListenerTlsOptions
  extends Pick<SecureContextOptions, 'ca' | 'cert' | 'key' | 'pfx' | 'passphrase'> {
  /** Whether clients must show a certificate of one of `ca`. Default false. */
  readonly requireClientCertificate?: boolean
  /** Whether clients may show one: what is shown must be of one of `ca`. Default false. */
  readonly asksClientCertificate?: boolean
  readonly minVersion?: SecureContextOptions['minVersion']
  readonly maxVersion?: SecureContextOptions['maxVersion']
  readonly ciphers?: string
  /** How long a client may take for the handshake, in milliseconds. Default 120,000. */
  readonly handshakeTimeout?: number
  /** How long a client may resume its TLS session, in seconds. Default 300. */
  readonly sessionTimeout?: number
  /** What it was read from; without it nothing is read anew. */
  readonly source?: TlsSource
}

/** Files that certificates come from, which may change while they are served. */
export interface TlsSource {
  readonly files: readonly string[]
  /** What was in them, as a hash. */
  readonly digest: string
  /** Reads them anew. @throws Error with what is wrong with which file */
  read(): ListenerTlsOptions
}

/** Who gets a reply: the client it is for (0), all on its path (1), or all on its path but the client (2). */
export type BroadcastLevel = 0 | 1 | 2

/** How many messages of one client may be under way, and what they keep of their order. */
export interface Concurrency {
  readonly max: number
  /** Gives what messages have in common that stay in order; without it none do. It does not throw. */
  readonly key: ((ctx: MessageContext) => string) | undefined
  /** Whether each reply waits for the end of the messages before its own. */
  readonly ordersReplies: boolean
}

/** How a service treats the WebSockets of its clients. */
export interface WebSocketServiceOptions {
  /** Subprotocols that are chosen when a client offers them. */
  readonly subprotocols: readonly string[]
  /** Content type of messages when no subprotocol tells it; '' for none. */
  readonly defaultContentType: string
  readonly broadcastLevel: BroadcastLevel
  /** Prefix, in lower case, of the properties that become headers of the backend handshake. */
  readonly customHeaderPrefix: string
  /** Whether pings and pongs run through the sequence instead of being answered here. */
  readonly passControlFrames: boolean
  /** Close code and reason for clients when the service ends. */
  readonly shutdown: { readonly code: number; readonly reason: string }
  /** Idle time after which a client, or its backend, is closed, in milliseconds; 0 never. */
  readonly clientIdleMs: number
  readonly backendIdleMs: number
  /** Set where several messages of one client may be under way; else they run one after another. */
  readonly concurrency?: Concurrency | undefined
  /** Upgrades are refused with 503 while true. */
  readonly isSuspended: boolean
}
